// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What operators of the simulation configure, over the modules of the product, so that classes,
// categories and references are the real ones; and how a checker looks at it.
//
// A commit sets a stamp, a number of its own, at two places of each category that it changes. A
// configuration is whole if both places of a category have the same stamp, whatever pushes, merges
// and crashes it has gone through.
//
// Threads: one.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/engine/judge.h"
#include "configsync/schema/schema.h"
#include "configsync/tree/edit.h"
#include "configsync/tree/tree.h"

namespace configsync {

using Stamp = std::uint64_t;  // 0: none.

inline constexpr std::array<std::string_view, 3> kStampedCategories = {"objects", "firewall",
                                                                       "zones"};

class Content {
 public:
  explicit Content(const SchemaNode& root) : root_(root) {}

  // Words as an operator types them: a list's or leaf-list's name is followed by its keys.
  [[nodiscard]] Path PathOf(std::string_view words) const;
  [[nodiscard]] Edit Set(std::string_view words, std::string_view value = "") const;
  [[nodiscard]] Edit Delete(std::string_view words) const;

  // Both places of a category.
  [[nodiscard]] std::vector<Edit> StampEdits(std::string_view category, Stamp stamp) const;
  // What a node needs to synchronise: HA, and its remotes (name, address).
  [[nodiscard]] std::vector<Edit> SyncEdits(
      const std::map<std::string, std::string>& remotes) const;

  // "" if it is whole, else what is torn.
  [[nodiscard]] std::string TornPart(const Tree& tree) const;
  [[nodiscard]] Stamp StampOf(const Tree& tree, std::string_view category) const;
  // Everything that is equal on nodes in sync, as text.
  [[nodiscard]] std::string SharedText(const Tree& tree) const;
  // Everything that is each node's own.
  [[nodiscard]] std::string OwnText(const Tree& tree) const;
  [[nodiscard]] std::string Value(const Tree& tree, std::string_view words) const;

 private:
  const SchemaNode& root_;
};

// Secrets and own values of the simulation have these texts in them: none may be in a message.
inline constexpr std::string_view kSecretMark = "s3cret-";
inline constexpr std::string_view kOwnMark = "own-";

// Finds wrong: a reference without target, and what a test says.
class ContentJudge final : public Judge {
 public:
  explicit ContentJudge(const Content& content, const SchemaNode& root)
      : content_(content), root_(root) {}
  const SchemaNode& root() const override { return root_; }
  std::vector<Edit> ReadJson(std::string_view, const Tree&, Problems&) const override { return {}; }
  Tree WithIds(const Tree& running, const Tree& tree, Problems& problems) const override;
  Cost Verdict(const Tree& tree, Problems& problems) const override;
  std::vector<std::string> Warnings(std::span<const Change>) const override { return {}; }

  bool refuses_firewall = false;  // Stamps of the firewall that are odd.

 private:
  const Content& content_;
  const SchemaNode& root_;
};

}  // namespace configsync
