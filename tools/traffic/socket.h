// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Non-blocking kernel sockets of IPv4, and the questions this program asks about them.

#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>

namespace traffic {

// An IPv4 address and port, both in network order.
struct Endpoint {
  std::uint32_t address = 0;
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

[[nodiscard]] sockaddr_in ToSockaddr(const Endpoint& endpoint) noexcept;

// Reads "10.2.0.100"; false if it is not an IPv4 address.
[[nodiscard]] bool ParseAddress(const std::string& text, std::uint32_t& address) noexcept;

// The calls below return a descriptor, or minus the error number.
[[nodiscard]] int ListenTcp(const Endpoint& local) noexcept;
[[nodiscard]] int ConnectTcp(const Endpoint& server) noexcept;  // Goes on in the background.
[[nodiscard]] int BindUdp(const Endpoint& local) noexcept;
[[nodiscard]] int ConnectUdp(const Endpoint& server) noexcept;

[[nodiscard]] int TakeError(int fd) noexcept;              // SO_ERROR: clears it, too.
[[nodiscard]] std::uint64_t InodeOf(int fd) noexcept;      // Names one socket while it lives.
[[nodiscard]] std::uint16_t LocalPortOf(int fd) noexcept;  // Host order.
[[nodiscard]] std::uint8_t TcpStateOf(int fd) noexcept;    // TCP_ESTABLISHED and so on.

// Allows as many descriptors as the machine does.
void RaiseDescriptorLimit() noexcept;

}  // namespace traffic
