// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/inventory/inventory.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "configsync/inventory/dataplane_role.h"
#include "configsync/inventory/hardware.h"
#include "configsync/inventory/inventory_file.h"

namespace configsync {
namespace {

// Leaves of /system/features under the names that reasons have them by.
struct FeatureLeaf {
  std::string_view leaf, name;
};
constexpr std::array kFeatureLeaves{FeatureLeaf{"virtual-systems", "vsys"},
                                    FeatureLeaf{"gtp", "gtp"}, FeatureLeaf{"sctp", "sctp"},
                                    FeatureLeaf{"vpn", "vpn"}};

// The leaf down these names, else its default, else "".
std::string LeafDown(const Tree& tree, std::initializer_list<std::string_view> names) {
  const SchemaNode* schema = &tree.schema();
  const Node* node = &tree.root();
  for (const std::string_view name : names) {
    schema = schema->Child(name);
    if (schema == nullptr) {
      return {};
    }
    node = node == nullptr ? nullptr : node->Child(*schema);
  }
  if (node != nullptr) {
    return std::string(node->value());
  }
  return schema->defaults.empty() ? std::string() : schema->defaults.front();
}

void AppendPaths(const SchemaNode& node, std::vector<std::string>& paths) {
  for (const SchemaNode* const child : node.children) {
    paths.push_back(child->path);
    AppendPaths(*child, paths);
  }
}

std::vector<std::string> PathsOf(const SchemaNode& root) {
  std::vector<std::string> paths;
  AppendPaths(root, paths);
  std::ranges::sort(paths);
  return paths;
}

// Tells one content of a file from another without reading it. By the time of the last change of
// any kind, which nobody can set, unlike that of the content: rights count, too.
using FileMark = std::tuple<ino_t, off_t, std::int64_t, std::int64_t>;
std::optional<FileMark> MarkOf(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return FileMark{status.st_ino, status.st_size, std::int64_t{status.st_ctim.tv_sec},
                  std::int64_t{status.st_ctim.tv_nsec}};
}

// Numbers that grow by themselves are in the evidence, so that it is left out.
bool IsSame(const LocalRole& a, const LocalRole& b) {
  return a.role == b.role && a.term == b.term && a.is_dataplane_ready == b.is_dataplane_ready &&
         std::ranges::equal(a.reasons, b.reasons, {}, &Reason::code, &Reason::code);
}

class InventoryImpl final : public Inventory {
 public:
  explicit InventoryImpl(const InventorySetup& setup)
      : setup_(setup), paths_(PathsOf(setup.schema->root())), hardware_(HardwareOf(setup.sysfs)) {}

  Facts FactsOf(const Tree& running) override {
    Facts facts;
    facts.device = setup_.device();
    facts.schema = setup_.schema->digest();
    facts.schema_paths = paths_;
    facts.mode = LeafDown(running, {"ha", "mode"});
    facts.name = LeafDown(running, {"system", "host-name"});
    if (facts.name.empty()) {
      facts.name = setup_.node_name;
    }
    for (const FeatureLeaf& feature : kFeatureLeaves) {
      facts.features[std::string(feature.name)] =
          LeafDown(running, {"system", "features", feature.leaf}) == "true";
    }
    const std::lock_guard lock(mutex_);
    // The switch is of the configuration, and holds also while no dataplane answers.
    is_state_sync_off_ = LeafDown(running, {"ha", "state-synchronization", "enabled"}) == "false";
    facts.master_key = master_key_;
    facts.version = installed_.release.empty() ? setup_.version : installed_.release;
    facts.hardware = installed_.hardware.empty() ? hardware_ : installed_.hardware;
    facts.content_database = installed_.content_database;
    facts.licenses = installed_.licenses;
    facts.plugins = installed_.plugins;
    facts.required_plugins = installed_.required_plugins;
    for (const auto& [name, is_on] : installed_.features) {
      // Neither place can hide what the other one says is on.
      facts.features[name] = facts.features[name] || is_on;
    }
    return facts;
  }

  LocalRole Role() override {
    const std::lock_guard lock(mutex_);
    LocalRole role = role_;
    const auto has = [&](ReasonCode code) {
      return std::ranges::find(role.reasons, code, &Reason::code) != role.reasons.end();
    };
    if (is_state_sync_off_ && !has(ReasonCode::kStateSyncDisabled)) {
      Reason& reason = role.reasons.emplace_back();
      reason.code = ReasonCode::kStateSyncDisabled;
      reason.evidence = "/ha/state-synchronization/enabled is false";
    }
    if (!fault_.empty()) {
      Reason& reason = role.reasons.emplace_back();
      reason.code = ReasonCode::kInventoryInvalid;
      reason.evidence = fault_;
    }
    return role;
  }

  bool Refresh(const std::string& master_key, const DataplaneView& dataplane) override {
    LocalRole role = RoleOf(dataplane);
    const std::optional<FileMark> mark = MarkOf(setup_.file);
    std::unique_lock lock(mutex_);
    bool is_changed = !IsSame(role_, role) || master_key_ != master_key;
    role_ = std::move(role);
    master_key_ = master_key;
    if (is_read_ && mark == mark_) {
      return is_changed;
    }
    lock.unlock();
    const absl::StatusOr<Installed> installed = ReadInventoryFile(setup_.file);
    lock.lock();
    is_read_ = true;
    mark_ = mark;
    return Take(installed) || is_changed;
  }

 private:
  // What cannot be read leaves what was read before: a half-written file is no other machine.
  bool Take(const absl::StatusOr<Installed>& installed) {
    const bool is_absent = absl::IsNotFound(installed.status());
    std::string fault;
    if (!installed.ok() && !is_absent) {
      fault = std::string(installed.status().message());
    }
    const Installed next = installed.ok() ? *installed : is_absent ? Installed{} : installed_;
    const bool is_changed = !(next == installed_) || fault != fault_;
    installed_ = next;
    fault_ = std::move(fault);
    return is_changed;
  }

  const InventorySetup setup_;
  const std::vector<std::string> paths_;
  const std::string hardware_;
  std::mutex mutex_;  // Guards what follows.
  LocalRole role_;
  Installed installed_;
  std::string fault_;  // Of the file; empty: it is well, or not there.
  std::string master_key_;
  std::optional<FileMark> mark_;
  bool is_read_ = false;
  bool is_state_sync_off_ = false;
};

}  // namespace

std::unique_ptr<Inventory> Inventory::Make(const InventorySetup& setup) {
  return std::make_unique<InventoryImpl>(setup);
}

}  // namespace configsync
