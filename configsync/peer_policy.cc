// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer_policy.h"

#include <algorithm>
#include <string_view>

#include "configsync/admin/host_names.h"
#include "configsync/peer/peer_server.h"
#include "configsync/peer/remote_address.h"

namespace configsync {
namespace {

const Node* Down(const Node& top, std::initializer_list<std::string_view> names) {
  const Node* node = &top;
  for (const std::string_view name : names) {
    const SchemaNode* const schema = node->schema().Child(name);
    node = schema == nullptr ? nullptr : node->Child(*schema);
    if (node == nullptr) {
      return nullptr;
    }
  }
  return node;
}

}  // namespace

PeerPolicy PeerPolicyOf(const Tree& running) {
  PeerPolicy policy;
  policy.is_enabled = LeafOr(running, {"ha", "configuration-synchronization", "enabled"}) == "true";
  policy.has_interface =
      LeafOr(running, {"ha", "configuration-synchronization", "peer-interface"}) != "false";
  policy.password = LeafOr(running, {"ha", "configuration-synchronization", "local-password"});
  const Node* const remotes =
      Down(running.root(), {"ha", "configuration-synchronization", "remote"});
  if (remotes == nullptr) {
    return policy;
  }
  remotes->VisitEntries([&](const Node& remote) {
    for (const char* leaf : {"address", "backup-address"}) {
      const Node* const node = Down(remote, {leaf});
      if (node == nullptr) {
        continue;
      }
      if (const auto endpoint = ParseRemoteAddress(node->value(), kPeersyncPort); endpoint.ok()) {
        policy.addresses.push_back(endpoint->address);
      }
    }
    ++policy.remotes;
    return true;
  });
  return policy;
}

bool IsExpected(const PeerPolicy& policy, const std::string& address, std::size_t known_devices,
                bool is_pairing) {
  return is_pairing || known_devices > policy.remotes ||
         std::ranges::find(policy.addresses, address) != policy.addresses.end();
}

}  // namespace configsync
