// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What of a configuration travels to a remote, as a value that both nodes know.
//
// The sender makes it from its configuration (SpecFor); the receiver applies the same to its own,
// so that parts can be compared by hash. What a schema says never travels does not, whatever a
// selection asks for: each node filters by its own classes.
//
// Threads: values; a Selection is one object, one thread.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "configsync/schema/problem.h"
#include "configsync/tree/edit.h"
#include "configsync/tree/hash.h"
#include "configsync/tree/tree.h"

namespace configsync {

inline constexpr std::size_t kMapRulesMax = 1'000;
inline constexpr std::size_t kLocationBytesMax = 4'096;
inline constexpr std::size_t kCategoriesMax = 64;
inline constexpr std::size_t kFloatingAddressesMax = 1'024;
inline constexpr std::size_t kDependenciesMax = 65'536;
inline constexpr std::size_t kSpecBytesMax = 16 << 20;

// A rule of a sync map (F27). The most specific one that matches decides: more steps first, then
// more steps that are not `*`, then more keys that are not '*'; of equal ones the higher number.
struct MapRule {
  std::uint32_t number = 0;
  bool include = true;
  std::string location;
  friend bool operator==(const MapRule&, const MapRule&) = default;
};

struct SelectionSpec {
  Mode mode = Mode::kActivePassive;
  bool virtual_router_sync = false;  // Active/active: virtual routers are the same (F112).
  bool qos_sync = false;             // The same of quality of service (F113).
  // Active/active: the sender's virtual addresses; objects that have one travel (F114 to F117).
  std::vector<std::string> floating_addresses;  // Sorted, unique.
  std::vector<std::string> categories;          // That travel; sorted, unique.
  bool has_map = false;
  std::vector<MapRule> rules;  // By number.
  // Paths (PathText) of entries and containers that travel because others refer to them; sorted.
  std::vector<std::string> dependencies;
  friend bool operator==(const SelectionSpec&, const SelectionSpec&) = default;
};

// Text, one line each, for the wire and the store; equal selections have equal texts. Errors:
// kInvalidArgument with the line; what Encode would not have written is refused.
[[nodiscard]] std::string Encode(const SelectionSpec& spec);
[[nodiscard]] absl::StatusOr<SelectionSpec> DecodeSpec(std::string_view text);
[[nodiscard]] Hash IdOf(const SelectionSpec& spec);  // SHA-256 of its text.

// A spec bound to a schema. Paths and locations that the schema does not have select nothing.
class Selection {
 public:
  Selection(SelectionSpec spec, const SchemaNode& root);
  ~Selection();
  Selection(Selection&&) noexcept;
  Selection& operator=(Selection&&) noexcept;

  [[nodiscard]] const SelectionSpec& spec() const;
  [[nodiscard]] const Hash& id() const;
  // The part of `tree`. Cost: O(what differs from the last tree · log n), the first time O(n).
  [[nodiscard]] Tree PartOf(const Tree& tree);
  // Of the last PartOf. kResourceExhausted: the names that stay make a list too deep (sequence.h),
  // and the list is missing in the part, which must not be used then.
  [[nodiscard]] const absl::Status& status() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What the sender's circumstances add.
struct Gates {
  std::vector<std::string> withheld;  // Categories that do not travel now, as "interfaces" (F19).
};

// The selection for a remote of `running`'s /ha/configuration-synchronization, with the
// dependencies of what `target` has selected (F16): entries that selected ones refer to, and what
// those need, as far as they are not selected anyway; never against a class or a withheld category.
// An unknown remote name: one without a map. More than kDependenciesMax become their whole lists.
// Cost: the first time O(target); then O(what changed · log n), and O(dependencies) if what is
// referred to has changed. Where every target of a reference is selected anyway: O(1).
class SelectionMaker {
 public:
  explicit SelectionMaker(std::string remote);
  ~SelectionMaker();
  SelectionMaker(SelectionMaker&&) noexcept;
  SelectionMaker& operator=(SelectionMaker&&) noexcept;
  // Valid until the next call.
  [[nodiscard]] const SelectionSpec& SpecFor(const Tree& running, const Tree& target,
                                             const Gates& gates);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// `running` with the nodes of `categories` as `held` has them: what waits for an apply or a manual
// push. Dependencies of what is not held are as in running; what held nodes refer to and running
// has no longer is as in held. Cost: O(what differs · log n); a walk over both if what differs are
// targets of references.
[[nodiscard]] Tree WithHeld(const Tree& running, const std::vector<std::string>& categories,
                            const Tree& held);

// Categories of the schema that may travel, sorted; and those with a trigger.
[[nodiscard]] std::vector<std::string> CategoriesOf(const SchemaNode& root);
[[nodiscard]] std::vector<std::string> CategoriesOf(const SchemaNode& root, SyncTrigger trigger);
// Categories of the nodes that a difference touches, sorted.
[[nodiscard]] std::vector<std::string> CategoriesOf(std::span<const Change> changes);

// Mistakes in sync maps that the schema cannot see: a location that names no node, and an include
// that names nothing but nodes of class never (F26). An include above such a node is fine: it stays
// at home.
inline constexpr std::string_view kLocationUnknown = "LOCATION_UNKNOWN";
inline constexpr std::string_view kNeverSync = "NEVER_SYNC";
void CheckMaps(const Tree& tree, Problems& problems);
// Sentences: includes over unique leaves (F25), switches that select nothing.
[[nodiscard]] std::vector<std::string> MapWarnings(const Tree& tree);

// Edits that switch all categories on, or off (F14).
[[nodiscard]] std::vector<Edit> CategorySwitches(const Tree& tree, bool enabled);

// N19: why a node travels to a remote, or not, in both modes.
struct Explanation {
  struct ModeAnswer {
    Mode mode = Mode::kActivePassive;
    bool travels = false;
    std::string decided_by;  // "class", "category", "map", "dependency", "condition", "hardware".
    std::string text;        // A sentence with the rule, class, edge or condition.
  };
  std::string path;
  std::vector<ModeAnswer> answers;  // Both modes; the one in force first.
};
[[nodiscard]] Explanation Explain(const Tree& running, const std::string& remote, const Path& path,
                                  const Gates& gates);

}  // namespace configsync
