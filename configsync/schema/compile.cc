// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/compile.h"

#include <libyang/libyang.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "configsync/schema/annotations.h"
#include "configsync/schema/compile_type.h"
#include "configsync/schema/limits.h"

namespace configsync {
namespace {

const lysc_type* TypeOf(const lysc_node& compiled) {
  if (compiled.nodetype == LYS_LEAF) {
    return reinterpret_cast<const lysc_node_leaf&>(compiled).type;
  }
  if (compiled.nodetype == LYS_LEAFLIST) {
    return reinterpret_cast<const lysc_node_leaflist&>(compiled).type;
  }
  return nullptr;
}

// The type as the module wrote it: it has the names of typedefs. LY_CTX_SET_PRIV_PARSED put the
// parsed node there.
const lysp_type* ParsedTypeOf(const lysc_node& compiled) {
  const auto* parsed = static_cast<const lysp_node*>(compiled.priv);
  if (parsed == nullptr) return nullptr;
  if (parsed->nodetype == LYS_LEAF) {
    return &reinterpret_cast<const lysp_node_leaf*>(parsed)->type;
  }
  if (parsed->nodetype == LYS_LEAFLIST) {
    return &reinterpret_cast<const lysp_node_leaflist*>(parsed)->type;
  }
  return nullptr;
}

class Compiler {
 public:
  Compiler(const ly_ctx& context, std::deque<SchemaNode>& nodes, std::vector<std::string>& mistakes)
      : context_(context), nodes_(nodes), mistakes_(mistakes) {}

  void Run() {
    SchemaNode& root = nodes_.emplace_back();
    root.path = "/";
    std::vector<const lys_module*> modules;
    std::uint32_t index = 0;
    while (const lys_module* module = ly_ctx_get_module_iter(&context_, &index)) {
      if (module->implemented != 0 && std::string_view(module->name).starts_with("lockstep-")) {
        modules.push_back(module);
      }
    }
    std::ranges::sort(modules, {}, [](const lys_module* m) { return std::string_view(m->name); });
    for (const lys_module* module : modules) {
      AddChildren(root, nullptr, module->compiled);
    }
    for (SchemaNode& node : nodes_) {
      if (node.origin == nullptr) continue;
      ResolveTargets(node);
      ResolveUniques(node);
      CheckDepends(node);
    }
  }

 private:
  void AddMistake(const SchemaNode& node, std::string_view text) {
    mistakes_.push_back(node.path + ": " + std::string(text));
  }

  void AddChildren(SchemaNode& parent, const lysc_node* compiled_parent,
                   const lysc_module* module) {
    const lysc_node* compiled = nullptr;
    while ((compiled = lys_getnext(compiled, compiled_parent, module, LYS_GETNEXT_WITHCHOICE)) !=
           nullptr) {
      Add(parent, *compiled);
    }
    if (parent.children.size() > kChildrenMax) {
      AddMistake(parent, absl::StrCat("has ", parent.children.size(), " children; at most ",
                                      kChildrenMax, ": put some into a container"));
    }
    for (const SchemaNode* child : parent.children) {
      parent.key_count += child->is_key ? 1 : 0;
    }
  }

  void Add(SchemaNode& parent, const lysc_node& compiled) {
    SchemaNode& node = nodes_.emplace_back();
    node.index = static_cast<std::uint32_t>(nodes_.size() - 1);
    node.name = compiled.name;
    node.module = compiled.module->name;
    node.path = absl::StrCat(parent.path == "/" ? "" : parent.path, "/", node.name);
    node.parent = &parent;
    node.origin = &compiled;
    node.description = FirstSentence(compiled.dsc);
    if (parent.Child(node.name) != nullptr) {
      AddMistake(node, "another module has a node of this name; rename one");
    }
    if (node.description.empty()) AddMistake(node, "no description; add one");
    if (!FillKind(compiled, node)) {
      AddMistake(node, "this kind of node is not supported; use containers, lists and leaves");
    }
    if ((compiled.flags & LYS_CONFIG_R) != 0) AddMistake(node, "is state, not configuration");
    node.order = (compiled.flags & LYS_ORDBY_USER) != 0 ? ListOrder::kUser : ListOrder::kSystem;
    by_origin_.emplace(&compiled, &node);
    parent.children.push_back(&node);
    Annotate(compiled, node, mistakes_);
    if (node.has_children()) AddChildren(node, &compiled, nullptr);
    if (node.is_list() && node.key_count == 0) AddMistake(node, "a list needs a key; add one");
  }

  bool FillKind(const lysc_node& compiled, SchemaNode& node) {
    switch (compiled.nodetype) {
      case LYS_CONTAINER:
        node.kind = (compiled.flags & LYS_PRESENCE) != 0 ? NodeKind::kPresenceContainer
                                                         : NodeKind::kContainer;
        return true;
      case LYS_LIST: {
        const auto& list = reinterpret_cast<const lysc_node_list&>(compiled);
        node.kind = NodeKind::kList;
        node.min_elements = list.min;
        node.max_elements = list.max == UINT32_MAX ? 0 : list.max;
        return true;
      }
      case LYS_LEAF:
        FillLeaf(reinterpret_cast<const lysc_node_leaf&>(compiled), node);
        return true;
      case LYS_LEAFLIST:
        FillLeafList(reinterpret_cast<const lysc_node_leaflist&>(compiled), node);
        return true;
      default:
        return false;
    }
  }

  void FillTypeOf(const lysc_node& compiled, SchemaNode& node) {
    const std::string problem = FillType(*TypeOf(compiled), ParsedTypeOf(compiled), node);
    if (!problem.empty()) AddMistake(node, problem);
  }

  void FillLeaf(const lysc_node_leaf& leaf, SchemaNode& node) {
    node.kind = NodeKind::kLeaf;
    node.is_key = (leaf.flags & LYS_KEY) != 0;
    node.mandatory = (leaf.flags & LYS_MAND_TRUE) != 0 && !node.is_key;
    node.units = leaf.units == nullptr ? "" : leaf.units;
    if (leaf.dflt != nullptr) {
      node.defaults.emplace_back(lyd_value_get_canonical(&context_, leaf.dflt));
    }
    FillTypeOf(reinterpret_cast<const lysc_node&>(leaf), node);
  }

  void FillLeafList(const lysc_node_leaflist& list, SchemaNode& node) {
    node.kind = NodeKind::kLeafList;
    node.units = list.units == nullptr ? "" : list.units;
    node.min_elements = list.min;
    node.max_elements = list.max == UINT32_MAX ? 0 : list.max;
    for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(list.dflts); ++i) {
      node.defaults.emplace_back(lyd_value_get_canonical(&context_, list.dflts[i]));
    }
    FillTypeOf(reinterpret_cast<const lysc_node&>(list), node);
  }

  // The leaf that a leafref's path leads to. The atoms of a path without predicates are the nodes
  // on its way, of which only the target is a leaf.
  void AddTarget(const lysc_type& type, SchemaNode& node) {
    const auto& reference = reinterpret_cast<const lysc_type_leafref&>(type);
    const auto* compiled = static_cast<const lysc_node*>(node.origin);
    if (reference.require_instance != 0) {
      AddMistake(node, "say require-instance false: our own pass looks for the target");
    }
    ly_set* atoms = nullptr;
    std::vector<const SchemaNode*> leaves;
    if (lys_find_expr_atoms(compiled, compiled->module, reference.path, reference.prefixes, 0,
                            &atoms) == LY_SUCCESS) {
      for (std::uint32_t i = 0; i < atoms->count; ++i) {
        const lysc_node* atom = atoms->snodes[i];
        const auto found = by_origin_.find(atom);
        if (TypeOf(*atom) != nullptr && atom != compiled && found != by_origin_.end()) {
          leaves.push_back(found->second);
        }
      }
    }
    ly_set_free(atoms, nullptr);
    if (leaves.size() != 1 || !leaves[0]->is_key) {
      AddMistake(node, "a reference must lead to the key of a list, without predicates");
      return;
    }
    node.leafref_targets.push_back(leaves[0]);
    if (node.leafref_target == nullptr) node.leafref_target = leaves[0];
    if (node.type == LeafType::kLeafref) {
      node.type_text = absl::StrCat("name of ", leaves[0]->parent->path);
    }
  }

  void ResolveTargets(SchemaNode& node) {
    const lysc_type* type = TypeOf(*static_cast<const lysc_node*>(node.origin));
    if (type == nullptr) return;
    if (type->basetype == LY_TYPE_LEAFREF) {
      AddTarget(*type, node);
    } else if (type->basetype == LY_TYPE_UNION) {
      const auto& members = reinterpret_cast<const lysc_type_union*>(type)->types;
      for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(members); ++i) {
        if (members[i]->basetype == LY_TYPE_LEAFREF) AddTarget(*members[i], node);
      }
      // The members' own texts say "reference", once; where to is known only now.
      const std::size_t at = node.type_text.find("reference");
      if (at != std::string::npos && !node.leafref_targets.empty()) {
        std::vector<std::string> names;
        for (const SchemaNode* target : node.leafref_targets) {
          names.push_back(absl::StrCat("name of ", target->parent->path));
        }
        node.type_text.replace(at, std::string_view("reference").size(),
                               absl::StrJoin(names, " | "));
      }
    }
  }

  void ResolveUniques(SchemaNode& node) {
    if (!node.is_list()) return;
    const auto& uniques = static_cast<const lysc_node_list*>(node.origin)->uniques;
    for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(uniques); ++i) {
      std::vector<const SchemaNode*> leaves;
      for (LY_ARRAY_COUNT_TYPE j = 0; j < LY_ARRAY_COUNT(uniques[i]); ++j) {
        const auto found = by_origin_.find(&uniques[i][j]->node);
        const bool is_child = found != by_origin_.end() && found->second->parent == &node;
        if (!is_child) AddMistake(node, "unique must name leaves of the list itself");
        if (is_child) leaves.push_back(found->second);
      }
      node.uniques.push_back(std::move(leaves));
    }
  }

  void CheckDepends(const SchemaNode& node) {
    for (const std::string& path : node.depends) {
      const bool known =
          std::ranges::any_of(nodes_, [&](const SchemaNode& other) { return other.path == path; });
      if (!known)
        AddMistake(node, absl::StrCat("ls:depends \"", path, "\": there is no such node"));
    }
  }

  const ly_ctx& context_;
  std::deque<SchemaNode>& nodes_;
  std::vector<std::string>& mistakes_;
  std::unordered_map<const lysc_node*, SchemaNode*> by_origin_;
};

}  // namespace

void CompileNodes(const ly_ctx& context, std::deque<SchemaNode>& nodes,
                  std::vector<std::string>& mistakes) {
  Compiler(context, nodes, mistakes).Run();
}

}  // namespace configsync
