// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <string_view>

#include "absl/strings/str_format.h"

namespace dataplane {
namespace {

constexpr int kHighDescriptor = 1000;

std::string TextOf(const sockaddr_in& address) {
  char text[INET_ADDRSTRLEN] = "?";
  ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
  return absl::StrFormat("%s:%d", text, ntohs(address.sin_port));
}

absl::Status SystemError(const Ha1Endpoint& endpoint, std::string_view what, int error,
                         std::string_view remedy) {
  return absl::ErrnoToStatus(error, absl::StrFormat("%s: %s%s%s", endpoint.name, what,
                                                    remedy.empty() ? "" : "; ", remedy));
}

absl::Status BindToInterface(const Ha1Endpoint& endpoint, int descriptor) {
  if (endpoint.interface.empty()) return absl::OkStatus();
  if (::setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, endpoint.interface.c_str(),
                   static_cast<socklen_t>(endpoint.interface.size())) == 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  return SystemError(endpoint, absl::StrFormat("binding to interface %s", endpoint.interface),
                     error,
                     error == ENODEV  ? "no such interface: check the name"
                     : error == EPERM ? "run as root or with CAP_NET_RAW"
                                      : "");
}

absl::Status BindTo(const Ha1Endpoint& endpoint, int descriptor, const sockaddr_in& local) {
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (absl::Status bound = BindToInterface(endpoint, descriptor); !bound.ok()) return bound;
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&local), sizeof(local)) == 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  return SystemError(endpoint, absl::StrFormat("binding %s", TextOf(local)), error,
                     error == EADDRNOTAVAIL ? "the address is not configured on this machine"
                     : error == EADDRINUSE
                         ? "another process uses the port: is this node running already?"
                         : "");
}

absl::StatusOr<sockaddr_in> ParseAddress(const std::string& name, const char* field,
                                         const std::string& address, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.c_str(), &result.sin_addr) != 1) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: %s \"%s\" is not an IPv4 address", name, field, address));
  }
  return result;
}

}  // namespace

absl::StatusOr<Ha1Endpoint> ParseEndpoint(const std::string& name, const Ha1Path& path) {
  Ha1Endpoint endpoint;
  endpoint.name = name;
  endpoint.interface = path.interface;
  absl::StatusOr<sockaddr_in> local =
      ParseAddress(name, "local_address", path.local_address, path.heartbeat_port);
  if (!local.ok()) return local.status();
  absl::StatusOr<sockaddr_in> peer =
      ParseAddress(name, "peer_address", path.peer_address, path.heartbeat_port);
  if (!peer.ok()) return peer.status();
  if (local->sin_addr.s_addr == peer->sin_addr.s_addr) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: local_address and peer_address are both %s", name, path.local_address));
  }
  endpoint.heartbeat_local = *local;
  endpoint.heartbeat_peer = *peer;
  endpoint.liveness_local = *local;
  endpoint.liveness_local.sin_port = htons(path.liveness_port);
  endpoint.liveness_peer = *peer;
  endpoint.liveness_peer.sin_port = htons(path.liveness_port);
  return endpoint;
}

absl::StatusOr<Descriptor> OpenHeartbeatSocket(const Ha1Endpoint& endpoint) {
  Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.open()) return SystemError(endpoint, "opening the heartbeat socket", errno, "");
  const int class_selector_6 = 0xc0;  // Network control: queues let it pass first.
  ::setsockopt(socket.get(), IPPROTO_IP, IP_TOS, &class_selector_6, sizeof(class_selector_6));
  if (absl::Status bound = BindTo(endpoint, socket.get(), endpoint.heartbeat_local); !bound.ok()) {
    return bound;
  }
  return socket;
}

absl::StatusOr<Descriptor> OpenLivenessListener(const Ha1Endpoint& endpoint) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.open()) return SystemError(endpoint, "opening the liveness socket", errno, "");
  if (absl::Status bound = BindTo(endpoint, socket.get(), endpoint.liveness_local); !bound.ok()) {
    return bound;
  }
  if (::listen(socket.get(), 4) != 0) {
    return SystemError(
        endpoint, absl::StrFormat("listening on %s", TextOf(endpoint.liveness_local)), errno, "");
  }
  return MoveHigh(std::move(socket));
}

Descriptor BeginLivenessConnect(const Ha1Endpoint& endpoint) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.open()) return socket;
  sockaddr_in local = endpoint.liveness_local;
  local.sin_port = 0;
  if (!BindTo(endpoint, socket.get(), local).ok()) return Descriptor();
  SetLivenessOptions(socket.get());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&endpoint.liveness_peer),
                sizeof(endpoint.liveness_peer)) != 0 &&
      errno != EINPROGRESS) {
    return Descriptor();
  }
  return MoveHigh(std::move(socket));
}

Descriptor MoveHigh(Descriptor descriptor) {
  const int high = ::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, kHighDescriptor);
  return high < 0 ? std::move(descriptor) : Descriptor(high);
}

void SetLivenessOptions(int descriptor) {
  const int on = 1;
  const int idle_seconds = 2;
  const int interval_seconds = 1;
  const int probes = 3;
  ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof(idle_seconds));
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval_seconds, sizeof(interval_seconds));
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

}  // namespace dataplane
