// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Where a remote is, as an operator writes it (F7): 10.10.20.2, 10.10.20.2:4792, fd00::2,
// [fd00::2]:4792, https://10.10.20.2, https://[fd00::2]:4792/. No names: nothing that can be
// spoofed or be down decides whom a node speaks to.
//
// Threads: values and functions.

#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace configsync {

// An address of the internet and a port.
struct Endpoint {
  int family = AF_INET;
  std::string address;  // "10.10.20.2", "fd00::2": as the system prints it.
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
[[nodiscard]] std::string TextOf(const Endpoint& endpoint);    // "[fd00::2]:4792".
[[nodiscard]] std::string TargetOf(const Endpoint& endpoint);  // Of gRPC: "ipv6:[fd00::2]:4792".
// For connect() and bind(); its length.
socklen_t ToSocketAddress(const Endpoint& endpoint, sockaddr_storage& storage);
[[nodiscard]] std::optional<Endpoint> FromSocketAddress(const sockaddr& address);

// Errors: kInvalidArgument with text, what is wrong and the forms.
[[nodiscard]] absl::StatusOr<Endpoint> ParseRemoteAddress(std::string_view text,
                                                          std::uint16_t default_port);

// An address of this node with its subnet.
struct LocalAddress {
  std::string interface;
  int family = AF_INET;
  std::string address;
  int prefix_bits = 0;
  bool is_running = false;  // Has a carrier, and is up.
  friend bool operator==(const LocalAddress&, const LocalAddress&) = default;
};
// Of all interfaces, at present. Empty if the system does not say.
[[nodiscard]] std::vector<LocalAddress> ListLocalAddresses();

// The HA1 address of this node, of `ha1` (as in LinksSetup), in whose subnet `remote` is.
// Errors with a reason: HA1_NOT_SYNC_INTERFACE with what there is; HA1_DOWN, if the interface has
// no carrier.
[[nodiscard]] absl::StatusOr<LocalAddress> FindSyncInterface(
    const Endpoint& remote, const std::vector<std::string>& ha1,
    const std::vector<LocalAddress>& local);

}  // namespace configsync
