// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The service that other nodes call, on HA1: peersync.proto over gRPC with mutual TLS 1.3.
//
// Who calls is what their certificate says, if it is pinned; a call of an unknown device reaches
// nothing but pairing, and that only while an operator has opened it. Then the login: a proof of
// the password of hasync, once a session (F10-F13). Bounds are checked before anything is parsed
// further. Each refusal has a reason, which the status of this node shows as well, because a
// refused TLS client sees nothing but a closed connection.
//
// This header is free of gRPC, so that main compiles fast.
//
// Threads: gRPC's; calls into PeerCalls come from a pool of a few threads.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "configsync/devices/device.h"
#include "configsync/pair/link.h"

namespace configsync {

inline constexpr std::uint16_t kPeersyncPort = 4792;

class PairingCalls;  // peer/pairing.h

struct PeerServerSetup {
  std::vector<std::string> listen;  // "10.9.1.1:4792": addresses of HA1 alone, never all.
  DeviceStore* devices = nullptr;
  PeerCalls* calls = nullptr;
  PairingCalls* pairing = nullptr;
  // Password of hasync at present: the configuration's, or the device store's.
  std::function<std::string()> password;
  // Only addresses of remotes and of an open pairing may connect (F8).
  std::function<bool(const std::string& address)> is_expected;
  // For test benches: TLS keys of all connections are appended to this file. Empty: never.
  std::string debug_tls_keys;
};

inline constexpr std::size_t kPeerConnectionsMax = 32;
inline constexpr std::size_t kPeerConnectionsOfAddressMax = 8;

class PeerServer {
 public:
  // Errors: kUnavailable with address and what the system says, if there is no address that it
  // could listen on.
  static absl::StatusOr<std::unique_ptr<PeerServer>> Start(const PeerServerSetup& setup);
  virtual ~PeerServer() = default;
  // Refused callers since the start, the newest of each kind; they clear after ten seconds without.
  [[nodiscard]] virtual std::vector<Reason> Refusals() = 0;
  // "10.9.1.1:4792", with the ports that the system chose for port 0.
  [[nodiscard]] virtual std::vector<std::string> listening() const = 0;
  // Addresses that it does not listen on yet, and why: each is tried again each second. Empty:
  // none.
  [[nodiscard]] virtual std::string fault() const = 0;
};

struct LinksSetup {
  DeviceStore* devices = nullptr;
  std::vector<std::string> local_addresses;  // Of HA1; the F7 check asks their subnets.
  std::string debug_tls_keys;                // As in PeerServerSetup.
};
// Links over gRPC; they classify what goes wrong (refused, blocked, TLS, login, late, garbage).
[[nodiscard]] std::unique_ptr<LinkMaker> MakeGrpcLinks(const LinksSetup& setup);

}  // namespace configsync
