// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the sync classes and the switched categories let travel, for each node of the schema, before
// any map: the answers that do not depend on names.
//
// Threads: one object, one thread (tables are made when they are first asked for).

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/schema/schema_node.h"
#include "configsync/tree/project.h"

namespace configsync {

inline constexpr std::string_view kFloatingAddress = "floating-address";
inline constexpr std::string_view kVirtualRouterSync = "virtual-router-sync";
inline constexpr std::string_view kQosSync = "qos-sync";

// How the condition that is asked of each object is taken.
enum class Floating : std::uint8_t {
  kDoesNotHold,
  kHolds,
  kEither,  // Of what is above objects: whole only without them, inside with them.
};

class ClassTables {
 public:
  struct Settings {
    Mode mode = Mode::kActivePassive;
    bool virtual_router_sync = false;
    bool qos_sync = false;
    std::vector<std::string> categories;  // That travel; sorted.
    bool all_categories = false;          // Whatever `categories` says.
  };
  ClassTables(const SchemaNode& root, Settings settings);

  // As a selector answers. `beside`: a category that travels here too; null: none.
  [[nodiscard]] Keep Answer(const SchemaNode& node, bool is_entry, Floating floating,
                            const std::string* beside) const;
  // Whether something at or below may travel, if its category does and its condition holds.
  [[nodiscard]] bool MayTravel(const SchemaNode& node) const;
  // Whether the class of the node itself, in this mode, asks for a floating address.
  [[nodiscard]] bool AsksForFloating(const SchemaNode& node) const;
  [[nodiscard]] bool HasFloating() const { return has_floating_; }
  [[nodiscard]] bool IsOn(const std::string& category) const;

 private:
  struct Flags {
    bool is_named = false;  // The node itself travels; of presence-name: its entries do.
    bool all = false;       // Everything at and below.
    bool any = false;
  };
  using Table = std::vector<Flags>;
  struct Pair {
    std::array<Table, 2> by_floating;  // Does not hold, holds.
  };
  struct Question {
    bool floating = false;
    const std::string* beside = nullptr;
    bool all_categories = false;
  };

  const Pair& PairFor(const std::string* beside) const;
  Flags Judge(const SchemaNode& node, const Question& question, Table& table) const;
  [[nodiscard]] bool ClassLets(const SchemaNode& node, bool floating) const;

  const SchemaNode* root_;
  Settings settings_;
  std::uint32_t first_index_ = 0;
  std::size_t count_ = 0;
  bool has_floating_ = false;
  Table may_;
  mutable std::map<std::string, std::unique_ptr<Pair>> pairs_;  // By the category beside.
};

}  // namespace configsync
