// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/probe.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

// Ports that hardly anybody listens on and hardly anybody blocks one by one: a machine that is
// there refuses at least one of them.
constexpr std::array<std::uint16_t, 2> kOtherPorts = {9, 64'999};

class Attempt {
 public:
  Attempt(const Endpoint& remote, const LocalAddress& local) {
    descriptor_ = socket(remote.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_storage address{};
    // Out of the interface of HA1, whatever the routes say.
    const Endpoint from{local.family, local.address, 0};
    socklen_t length = ToSocketAddress(from, address);
    if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
      error_ = errno;
      return;
    }
    length = ToSocketAddress(remote, address);
    error_ =
        connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), length) == 0 ? 0 : errno;
  }
  ~Attempt() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  // 0: connected; EINPROGRESS: no answer yet.
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] pollfd wait() const { return {descriptor_, POLLOUT, 0}; }
  void Look() {
    socklen_t length = sizeof(error_);
    getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error_, &length);
  }

 private:
  int descriptor_ = -1;
  int error_ = 0;
};

// The kernel's ARP table has the address as one that did not answer.
bool IsFailedNeighbour(const Endpoint& remote) {
  std::ifstream table("/proc/net/arp");
  std::string line;
  while (std::getline(table, line)) {
    std::istringstream words(line);
    std::string address;
    std::string type;
    std::string flags;
    if (words >> address >> type >> flags && address == remote.address) {
      return flags == "0x0";
    }
  }
  return false;
}

bool IsNoRoute(int error) {
  return error == EHOSTUNREACH || error == ENETUNREACH || error == ENETDOWN || error == EHOSTDOWN ||
         error == EADDRNOTAVAIL;
}

ProbeAnswer AnswerOf(const Endpoint& remote, int error, bool is_alive) {
  using Kind = ProbeAnswer::Kind;
  if (error == 0) {
    return {Kind::kOpen, 0};
  }
  if (error == ECONNREFUSED) {
    return {Kind::kRefused, 0};
  }
  if (IsNoRoute(error)) {
    return {Kind::kNoRoute, error};
  }
  if (is_alive) {
    return {Kind::kBlocked, 0};
  }
  if (remote.family == AF_INET && IsFailedNeighbour(remote)) {
    return {Kind::kNoRoute, EHOSTUNREACH};
  }
  return {Kind::kSilent, 0};
}

}  // namespace

ProbeAnswer Probe(const Endpoint& remote, const LocalAddress& local) {
  Endpoint other = remote;
  other.port = kOtherPorts[0];
  Attempt first(other, local);
  other.port = kOtherPorts[1];
  Attempt second(other, local);
  Attempt own(remote, local);
  const std::array<Attempt*, 3> attempts = {&own, &first, &second};
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kProbeMs);
  // Until the port has answered, or the time is up: others answer sooner than a slow port.
  while (own.error() == EINPROGRESS) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    std::array<pollfd, 3> waits{};
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      waits.at(i) = attempts.at(i)->wait();
      waits.at(i).fd = attempts.at(i)->error() == EINPROGRESS ? waits.at(i).fd : -1;
    }
    if (left.count() <= 0 ||
        poll(waits.data(), waits.size(), static_cast<int>(left.count())) <= 0) {
      break;
    }
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      if (waits.at(i).revents != 0) {
        attempts.at(i)->Look();
      }
    }
  }
  const auto answers = [](const Attempt& attempt) {
    return attempt.error() == 0 || attempt.error() == ECONNREFUSED;
  };
  return AnswerOf(remote, own.error(), answers(first) || answers(second));
}

std::optional<Reason> ReasonOfProbe(const Endpoint& remote, const LocalAddress& local,
                                    const ProbeAnswer& answer) {
  const std::string where = TextOf(remote);
  switch (answer.kind) {
    case ProbeAnswer::Kind::kOpen:
      return std::nullopt;
    case ProbeAnswer::Kind::kRefused:
      return Reason{.code = ReasonCode::kPeerApiDown,
                    .evidence = absl::StrCat(where, " refuses connections: nobody listens there")};
    case ProbeAnswer::Kind::kNoRoute:
      return Reason{.code = ReasonCode::kHa1Down,
                    .subject = local.interface,
                    .evidence = absl::StrCat("from ", local.address, " of ", local.interface,
                                             " there is no way to ", where, ": ",
                                             strerrorname_np(answer.error))};
    case ProbeAnswer::Kind::kBlocked:
      return Reason{
          .code = ReasonCode::kPeerPortBlocked,
          .evidence = absl::StrCat(where, " is silent, other ports of the address answer")};
    case ProbeAnswer::Kind::kSilent:
      break;
  }
  return Reason{.code = ReasonCode::kPeerUnreachable,
                .evidence = absl::StrCat(where, " does not answer, on no port")};
}

}  // namespace configsync
