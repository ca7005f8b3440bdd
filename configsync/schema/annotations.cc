// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/annotations.h"

#include <libyang/libyang.h>

#include <array>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

constexpr std::string_view kModule = "lockstep-annotations";

struct ClassName {
  std::string_view name;
  SyncClass sync;
};
constexpr std::array<ClassName, 5> kClasses{{
    {"shared", SyncClass::kShared},
    {"unique", SyncClass::kUnique},
    {"never", SyncClass::kNever},
    {"presence-name", SyncClass::kPresenceName},
    {"conditional", SyncClass::kConditional},
}};

constexpr std::array<std::string_view, 3> kConditions{"virtual-router-sync", "qos-sync",
                                                      "floating-address"};

struct TriggerName {
  std::string_view name;
  SyncTrigger trigger;
};
constexpr std::array<TriggerName, 3> kTriggers{{
    {"on-save", SyncTrigger::kOnSave},
    {"on-apply", SyncTrigger::kOnApply},
    {"manual", SyncTrigger::kManual},
}};

bool IsCategoryName(std::string_view name) {
  if (name.empty()) return false;
  for (const char c : name) {
    if ((c < 'a' || c > 'z') && c != '-') return false;
  }
  return true;
}

// Reads "shared" or "conditional NAME" into one mode. False: it is neither.
bool SetClass(std::string_view argument, Mode mode, SchemaNode& node) {
  const std::size_t blank = argument.find(' ');
  const std::string_view name = argument.substr(0, blank);
  const std::string_view condition =
      blank == std::string_view::npos ? std::string_view() : argument.substr(blank + 1);
  for (const ClassName& known : kClasses) {
    if (known.name != name) continue;
    bool condition_known = false;
    for (const std::string_view known_condition : kConditions) {
      condition_known = condition_known || condition == known_condition;
    }
    if ((known.sync == SyncClass::kConditional) != condition_known ||
        (!condition_known && blank != std::string_view::npos)) {
      return false;
    }
    node.sync[static_cast<std::size_t>(mode)] = known.sync;
    node.condition[static_cast<std::size_t>(mode)] = std::string(condition);
    return true;
  }
  return false;
}

void Inherit(SchemaNode& node) {
  if (node.parent == nullptr) return;
  node.sync = node.parent->sync;
  node.condition = node.parent->condition;
  node.category = node.parent->category;
  node.trigger = node.parent->trigger;
  node.edit_lock = node.parent->edit_lock;
  node.stored_only = node.parent->stored_only;
  node.depends = node.parent->depends;
  node.reload = node.parent->reload;
}

// What of its own a node has said already, to find what it says twice.
struct Said {
  bool sync = false;
  bool sync_active_active = false;
  bool category = false;
  bool trigger = false;
  bool reload = false;
};

bool Once(bool& said) { return !std::exchange(said, true); }

// One annotation; empty: well, else what is allowed.
std::string Apply(std::string_view name, std::string_view argument, Said& said, SchemaNode& node) {
  static constexpr std::string_view kClassHelp =
      "one of shared, unique, never, presence-name, or conditional with virtual-router-sync, "
      "qos-sync or floating-address; once";
  if (name == "sync") {
    const bool good = SetClass(argument, Mode::kActivePassive, node) &&
                      (said.sync_active_active || SetClass(argument, Mode::kActiveActive, node));
    return good && Once(said.sync) ? "" : std::string(kClassHelp);
  }
  if (name == "sync-active-active") {
    return SetClass(argument, Mode::kActiveActive, node) && Once(said.sync_active_active)
               ? ""
               : std::string(kClassHelp);
  }
  if (name == "category") {
    node.category = std::string(argument);
    return IsCategoryName(argument) && Once(said.category) ? ""
                                                           : "lower case letters and '-'; once";
  }
  if (name == "trigger") {
    for (const TriggerName& known : kTriggers) {
      if (known.name == argument && Once(said.trigger)) {
        node.trigger = known.trigger;
        return "";
      }
    }
    return "one of on-save, on-apply, manual; once";
  }
  if (name == "secret") {
    node.secret = true;
    return node.is_leaf() && !node.is_key && node.type == LeafType::kString
               ? ""
               : "only on leaves that are strings and no keys";
  }
  if (name == "edit-lock") {
    node.edit_lock = true;
    return "";
  }
  if (name == "stored-only") {
    node.stored_only = true;
    return node.is_key ? "a key is what its list is" : "";
  }
  if (name == "auto-id") {
    node.auto_id = true;
    return node.is_leaf() && node.type == LeafType::kInteger && !node.mandatory &&
                   node.defaults.empty()
               ? ""
               : "only on integer leaves that are neither mandatory nor have a default";
  }
  if (name == "depends") {
    node.depends.emplace_back(argument);
    return argument.starts_with('/') ? "" : "the path of a node, as /users";
  }
  if (name == "reload") {
    if (Once(said.reload)) node.reload.clear();
    node.reload.emplace_back(argument);
    return IsCategoryName(argument) ? "" : "the name of a service: lower case letters and '-'";
  }
  return "one of sync, sync-active-active, category, trigger, secret, edit-lock, stored-only, "
         "auto-id, "
         "depends, reload";
}

}  // namespace

void Annotate(const lysc_node& compiled, SchemaNode& node, std::vector<std::string>& mistakes) {
  Inherit(node);
  Said said;
  for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(compiled.exts); ++i) {
    const lysc_ext_instance& instance = compiled.exts[i];
    if (instance.def->module->name != kModule) continue;
    const char* argument = instance.argument == nullptr ? "" : instance.argument;
    const std::string allowed = Apply(instance.def->name, argument, said, node);
    if (!allowed.empty()) {
      mistakes.push_back(absl::StrCat(node.path, ": ls:", instance.def->name, " \"", argument,
                                      "\": must be ", allowed));
    }
  }
  const bool own_class = said.sync || said.sync_active_active;
  if (node.is_key && own_class) {
    mistakes.push_back(
        absl::StrCat(node.path, ": a key has the class of its list; remove ls:sync"));
  }
  for (const SyncClass sync : node.sync) {
    if (sync == SyncClass::kUnset) {
      mistakes.push_back(absl::StrCat(
          node.path, ": no sync class here or above; add ls:sync to its top container"));
      break;
    }
  }
  if (node.category.empty()) {
    mistakes.push_back(absl::StrCat(
        node.path, ": no category here or above; add ls:category to its top container"));
  }
}

}  // namespace configsync
