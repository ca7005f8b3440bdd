// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/host_names.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

const Node* ChildNamed(const Node& node, std::string_view name) {
  const SchemaNode* const schema = node.schema().Child(name);
  return schema == nullptr ? nullptr : node.Child(*schema);
}

std::string WithoutLength(std::string_view address) {
  return std::string(address.substr(0, address.find('/')));
}

// A leaf, or each value of a leaf-list.
void AppendAddresses(const Node* node, std::vector<std::string>& addresses) {
  if (node == nullptr) {
    return;
  }
  if (node->role() == NodeRole::kLeaf) {
    addresses.push_back(WithoutLength(node->value()));
    return;
  }
  node->VisitEntries([&](const Node& value) {
    addresses.push_back(
        WithoutLength(value.role() == NodeRole::kValue ? value.value() : value.key(0)));
    return true;
  });
}

// Addresses of all entries of one list of interfaces: physical ones, VLANs, loopbacks, tunnels.
void AppendEntries(const Node& list, HostNames& names) {
  if (list.role() != NodeRole::kList) {
    return;
  }
  list.VisitEntries([&](const Node& entry) {
    AppendAddresses(ChildNamed(entry, "address"), names.host_addresses);
    if (const Node* const virtuals = ChildNamed(entry, "virtual-address")) {
      virtuals->VisitEntries([&](const Node& group) {
        AppendAddresses(ChildNamed(group, "address"), names.active_addresses);
        return true;
      });
    }
    return true;
  });
}

absl::Status Failed(const std::string& path, std::string_view action) {
  const int error = errno;
  return absl::ErrnoToStatus(error,
                             absl::StrCat("hosts file ", path, ": cannot ", std::string(action)));
}

}  // namespace

HostNames NamesOf(const Tree& running) {
  HostNames names;
  names.host = LeafOr(running, {"system", "host-name"});
  names.of_active = LeafOr(running, {"ha", "virtual-host-name"});
  if (const Node* const interfaces = ChildNamed(running.root(), "interfaces")) {
    for (const NodePtr& list : interfaces->children()) {
      AppendEntries(*list, names);
    }
  }
  if (std::string address = LeafOr(running, {"ha", "virtual-host-address"}); !address.empty()) {
    names.active_addresses = {WithoutLength(address)};
  }
  return names;
}

std::string HostsText(const HostNames& names) {
  std::string text =
      "# Written by lockstep-configd when the running configuration changes; see hosts(5).\n";
  if (!names.host.empty()) {
    for (const std::string& address : names.host_addresses) {
      absl::StrAppend(&text, address, " ", names.host, "\n");
    }
  }
  if (!names.of_active.empty()) {
    for (const std::string& address : names.active_addresses) {
      absl::StrAppend(&text, address, " ", names.of_active, "\n");
    }
  }
  return text;
}

absl::Status WriteWhole(const std::string& path, std::string_view text) {
  const std::string draft = path + ".new";
  const int descriptor = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return Failed(draft, "write it");
  }
  const bool is_written =
      fchmod(descriptor, 0644) == 0 &&
      write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      fsync(descriptor) == 0;
  const absl::Status status = is_written ? absl::OkStatus() : Failed(draft, "write it");
  close(descriptor);
  if (!status.ok()) {
    unlink(draft.c_str());
    return status;
  }
  return std::rename(draft.c_str(), path.c_str()) == 0 ? absl::OkStatus()
                                                       : Failed(path, "replace it");
}

std::string LeafOr(const Tree& tree, const std::vector<std::string_view>& names) {
  const SchemaNode* schema = &tree.schema();
  const Node* node = &tree.root();
  for (const std::string_view name : names) {
    schema = schema->Child(name);
    if (schema == nullptr) {
      return "";
    }
    node = node == nullptr ? nullptr : node->Child(*schema);
  }
  if (node != nullptr) {
    return std::string(node->value());
  }
  return schema->defaults.empty() ? "" : schema->defaults.front();
}

}  // namespace configsync
