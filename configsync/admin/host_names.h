// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Names of this node and of the pair (F60), and the hosts file that other programs resolve them by.
//
// A node keeps its own host name; the virtual host name is of whoever is active: it stands for
// /ha/virtual-host-address, or without it for all virtual addresses, which move with the role.
//
// Threads: values only.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "configsync/tree/tree.h"

namespace configsync {

struct HostNames {
  std::string host;                           // Empty: not configured.
  std::string of_active;                      // The virtual host name; empty: not configured.
  std::vector<std::string> host_addresses;    // Of the interfaces, without lengths; in order.
  std::vector<std::string> active_addresses;  // Virtual ones.
  friend bool operator==(const HostNames&, const HostNames&) = default;
};

[[nodiscard]] HostNames NamesOf(const Tree& running);

// As hosts(5).
[[nodiscard]] std::string HostsText(const HostNames& names);

// Replaces `path` by `text` whole: readers see the old file or the new one, mode 0644. Errors: what
// the system says, with the path.
[[nodiscard]] absl::Status WriteWhole(const std::string& path, std::string_view text);

// Value of the leaf at names from the root ("ha", "mode"), else its default, else "".
[[nodiscard]] std::string LeafOr(const Tree& tree, const std::vector<std::string_view>& names);

}  // namespace configsync
