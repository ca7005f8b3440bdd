// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/peer_listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

constexpr int kBacklog = 64;
constexpr int kOutOfDescriptorsPauseMs = 100;
constexpr std::chrono::milliseconds kTryPause{1'000};  // An address that was not there.
constexpr unsigned int kSilentMsMax =
    10'000;  // What is sent and not acknowledged ends the connection.

absl::Status Failed(const Endpoint& endpoint, const char* what, int error) {
  return absl::UnavailableError(
      absl::StrCat("peer service on ", TextOf(endpoint), ": ", what, ": ", std::strerror(error)));
}

}  // namespace

void CloseAtOnce(int descriptor) {
  const linger none{1, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
  close(descriptor);
}

absl::StatusOr<std::unique_ptr<PeerListener>> PeerListener::Start(Setup setup) {
  std::unique_ptr<PeerListener> listener(new PeerListener(std::move(setup)));
  listener->missing_ = listener->setup_.listen;
  listener->BindMissing();
  if (listener->listeners_.empty() && !listener->missing_.empty()) {
    return absl::UnavailableError(listener->fault());
  }
  listener->stop_ = eventfd(0, EFD_CLOEXEC);
  if (listener->stop_ < 0) {
    return absl::UnavailableError(absl::StrCat("peer service: ", std::strerror(errno)));
  }
  listener->thread_ = std::thread([raw = listener.get()] { raw->Run(); });
  return listener;
}

std::vector<Endpoint> PeerListener::listening() const {
  const std::lock_guard lock(mutex_);
  return listening_;
}

std::string PeerListener::fault() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

void PeerListener::BindMissing() {
  std::string fault;
  std::erase_if(missing_, [&](const Endpoint& endpoint) {
    const absl::Status bound = Bind(endpoint);
    if (!bound.ok()) {
      absl::StrAppend(&fault, fault.empty() ? "" : "; ", bound.message());
    }
    return bound.ok();
  });
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
}

absl::Status PeerListener::Bind(const Endpoint& endpoint) {
  const int descriptor = socket(endpoint.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) {
    return Failed(endpoint, "socket", errno);
  }
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (endpoint.family == AF_INET6) {
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  sockaddr_storage address{};
  socklen_t length = ToSocketAddress(endpoint, address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool is_bound = bind(descriptor, generic, length) == 0;
  if (!is_bound || listen(descriptor, kBacklog) != 0) {
    const int error = errno;
    close(descriptor);
    return Failed(endpoint, is_bound ? "listen" : "bind", error);
  }
  listeners_.push_back(descriptor);
  length = sizeof(address);
  getsockname(descriptor, generic, &length);
  const std::lock_guard lock(mutex_);
  listening_.push_back(FromSocketAddress(*generic).value_or(endpoint));
  return absl::OkStatus();
}

void PeerListener::Stop() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(stop_, &one, sizeof(one));
    thread_.join();
  }
  for (const int descriptor : listeners_) {
    close(descriptor);
  }
  listeners_.clear();
  if (stop_ >= 0) {
    close(std::exchange(stop_, -1));
  }
}

void PeerListener::Run() {
  auto next_try = std::chrono::steady_clock::now() + kTryPause;
  while (true) {
    std::vector<pollfd> waits{{stop_, POLLIN, 0}};
    for (const int descriptor : listeners_) {
      waits.push_back({descriptor, POLLIN, 0});
    }
    const int pause_ms = missing_.empty() ? -1 : static_cast<int>(kTryPause.count());
    if (poll(waits.data(), waits.size(), pause_ms) < 0 && errno != EINTR) {
      return;
    }
    if (waits[0].revents != 0) {
      return;
    }
    for (std::size_t i = 1; i < waits.size(); ++i) {
      if (waits[i].revents != 0) {
        Accept(waits[i].fd);
      }
    }
    if (!missing_.empty() && std::chrono::steady_clock::now() >= next_try) {
      BindMissing();
      next_try = std::chrono::steady_clock::now() + kTryPause;
    }
  }
}

void PeerListener::Accept(int listener) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const int descriptor = accept4(listener, generic, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (descriptor < 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
      pollfd pause{stop_, POLLIN, 0};  // It would be readable again at once.
      poll(&pause, 1, kOutOfDescriptorsPauseMs);
    }
    return;
  }
  const auto from = FromSocketAddress(*generic);
  if (!from) {
    CloseAtOnce(descriptor);
    return;
  }
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &kSilentMsMax, sizeof(kSilentMsMax));
  setup_.on_connection(descriptor, *from);
}

}  // namespace configsync
