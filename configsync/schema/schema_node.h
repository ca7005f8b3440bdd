// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One node of the schema, as the rest of configsync sees it: plain values made from the YANG
// modules by schema/load.h. Nothing here knows libyang.
//
// What a node means for synchronisation is data in the modules (extensions of
// lockstep-annotations.yang). A node without an annotation of its own has its parent's; the values
// here are the effective ones.
//
// Threads: immutable once loaded.  Memory: owned by the Schema; addresses are stable, so a pointer
// names a node.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace configsync {

enum class NodeKind : std::uint8_t {
  kContainer,
  kPresenceContainer,  // Its existence means something.
  kList,
  kLeaf,
  kLeafList,
};

enum class ListOrder : std::uint8_t {
  kSystem,  // A set: order means nothing.
  kUser,    // A sequence: order is configuration, such as rules.
};

// Of the built-in type under all typedefs; a union is kUnion, whatever its members are.
enum class LeafType : std::uint8_t {
  kString,
  kBoolean,
  kInteger,
  kDecimal,
  kEnumeration,
  kIdentity,
  kBits,
  kBinary,
  kEmpty,
  kLeafref,
  kUnion,
};

// How RFC 7951 writes a value. All members of a union have the same form: a module that mixes them
// does not load.
enum class JsonForm : std::uint8_t {
  kString,  // Also 64-bit integers and decimals.
  kNumber,
  kBoolean,
  kEmpty,  // [null]
};

enum class Mode : std::uint8_t { kActivePassive = 0, kActiveActive = 1 };
inline constexpr std::size_t kModeCount = 2;

// May a node travel to the peer?
enum class SyncClass : std::uint8_t {
  kUnset,         // No annotation on the way to the root: a mistake in a module.
  kShared,        // Equal on both nodes.
  kUnique,        // Each node keeps its own.
  kNever,         // Not even an include rule of a sync map makes it travel.
  kConditional,   // kShared where `condition` holds, else kUnique.
  kPresenceName,  // The names of the entries must be equal, their contents are each node's own.
};

// When a change of a category goes to the peer.
enum class SyncTrigger : std::uint8_t { kOnSave, kOnApply, kManual };

struct SchemaNode {
  NodeKind kind = NodeKind::kContainer;
  ListOrder order = ListOrder::kSystem;  // Of lists and leaf-lists.
  LeafType type = LeafType::kString;     // Of leaves and leaf-lists.
  std::uint32_t index = 0;               // In document order over all modules; orders siblings.
  std::string name;                      // "rule"; empty: the root.
  std::string module;                    // "lockstep-policy".
  std::string path;                      // "/policy/rule/action"; "/" for the root.
  const SchemaNode* parent = nullptr;
  std::vector<const SchemaNode*> children;  // By index; the keys of a list first.
  std::uint32_t key_count = 0;              // Of a list: children[0..key_count).

  bool is_key = false;
  bool mandatory = false;
  std::uint32_t min_elements = 0;  // Of lists and leaf-lists.
  std::uint32_t max_elements = 0;  // 0: no limit.
  std::vector<std::string> defaults;
  const SchemaNode* leafref_target = nullptr;  // Also of a union's leafref member, if it has one.
  // All targets of a union's leafref members; leafref_target is the first. Names of objects that
  // one union may mean begin with a letter and are of one name space.
  std::vector<const SchemaNode*> leafref_targets;
  std::vector<std::string> values;  // Of enumerations and bits, also in a union: for completion.
  std::vector<std::string> value_help;  // First sentence on each of `values`.
  JsonForm json = JsonForm::kString;    // Of leaves and leaf-lists.
  std::int64_t integer_min = 0;         // Bounds over all ranges of an integer.
  std::uint64_t integer_max = 0;
  // Of a list: sets of leaves whose values together are different in each entry that has them all.
  std::vector<std::vector<const SchemaNode*>> uniques;
  std::string type_text;  // For help: "uint16 1..65535".
  std::string units;
  std::string description;  // First sentence of the module's text.

  // Effective annotations. [Mode].
  std::array<SyncClass, kModeCount> sync{};
  std::array<std::string, kModeCount> condition;  // Of kConditional: name of a condition.
  std::string category;                           // "firewall", …
  SyncTrigger trigger = SyncTrigger::kOnSave;
  bool secret = false;       // Never printed, logged or stored in the clear.
  bool edit_lock = false;    // Not to be edited while HA is armed (F61).
  bool stored_only = false;  // No process acts on it yet: a commit that changes it says so.
  bool auto_id = false;      // A missing value is chosen at commit: the smallest free number.
  std::vector<std::string> depends;  // Schema paths that must travel with it, beside leafrefs.
  std::vector<std::string> reload;   // Services to reload after a change.

  const void* origin = nullptr;  // For schema/: libyang's compiled node.

  [[nodiscard]] bool is_leaf() const { return kind == NodeKind::kLeaf; }
  [[nodiscard]] bool is_list() const { return kind == NodeKind::kList; }
  [[nodiscard]] bool has_children() const {
    return kind == NodeKind::kContainer || kind == NodeKind::kPresenceContainer || is_list();
  }
  // The child of this name; null: there is none. A module's name may stand before it: "m:name".
  [[nodiscard]] const SchemaNode* Child(std::string_view child_name) const;
  // Whether this value of a leaf or leaf-list names an entry of one of leafref_targets: of a
  // leafref always; of a union with leafrefs if it looks like a name ([A-Za-z][A-Za-z0-9_.-]*) and
  // is none of `values`.
  [[nodiscard]] bool IsReference(std::string_view value) const;
};

}  // namespace configsync
