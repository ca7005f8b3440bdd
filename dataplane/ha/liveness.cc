// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha/liveness.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace dataplane {
namespace {

using statesync::Instant;

constexpr statesync::Duration kConnectInterval = statesync::Millis(100);

enum class Ending { kNone, kByPeer, kByNetwork };

// A read tells whether a connection lives. What a stranger might send is thrown away.
Ending EndingOf(int descriptor) {
  std::array<char, 64> ignored;
  for (int i = 0; i < 4; ++i) {  // Bounded: somebody who sends without end is not listened to.
    const ssize_t bytes = ::recv(descriptor, ignored.data(), ignored.size(), MSG_DONTWAIT);
    if (bytes == 0) return Ending::kByPeer;
    if (bytes > 0) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return Ending::kNone;
    return errno == ECONNRESET ? Ending::kByPeer : Ending::kByNetwork;
  }
  return Ending::kNone;
}

}  // namespace

absl::StatusOr<Liveness> Liveness::Create(const Ha1Endpoint& endpoint) {
  absl::StatusOr<Descriptor> listener = OpenLivenessListener(endpoint);
  if (!listener.ok()) return listener.status();
  return Liveness(endpoint, std::move(*listener));
}

void Liveness::AddTo(std::vector<pollfd>& polled) const {
  polled.push_back({listener_.get(), POLLIN, 0});
  for (const Descriptor& connection : accepted_) {
    if (connection.open()) polled.push_back({connection.get(), POLLIN, 0});
  }
  if (outgoing_.open()) {
    const short wanted = outgoing_established_ ? POLLIN : POLLOUT;
    polled.push_back({outgoing_.get(), wanted, 0});
  }
}

LivenessEvents Liveness::Turn(Instant now) {
  LivenessEvents events;
  Accept(events);
  for (Descriptor& connection : accepted_) {
    if (!connection.open()) continue;
    const Ending ending = EndingOf(connection.get());
    if (ending == Ending::kNone) continue;
    connection.Close();
    if (ending == Ending::kByPeer) ++events.closed;
  }
  Connect(now, events);
  return events;
}

void Liveness::Accept(LivenessEvents& events) {
  for (std::size_t i = 0; i < kAcceptedMax; ++i) {
    sockaddr_in from{};
    socklen_t bytes = sizeof(from);
    Descriptor connection(::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&from), &bytes,
                                    SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection.open()) return;
    if (from.sin_addr.s_addr != endpoint_.liveness_peer.sin_addr.s_addr) continue;
    const auto free =
        std::ranges::find_if(accepted_, [](const Descriptor& d) { return !d.open(); });
    if (free == accepted_.end()) continue;  // Refused by being closed; the peer tries again.
    SetLivenessOptions(connection.get());
    *free = MoveHigh(std::move(connection));
    ++events.opened;
  }
}

void Liveness::Connect(Instant now, LivenessEvents& events) {
  if (outgoing_established_) {
    const Ending ending = EndingOf(outgoing_.get());
    if (ending == Ending::kNone) return;
    if (ending == Ending::kByPeer) ++events.closed;
    outgoing_.Close();
    outgoing_established_ = false;
    next_connect_ = now + kConnectInterval;
    return;
  }
  if (outgoing_.open()) {
    pollfd polled{outgoing_.get(), POLLOUT, 0};
    if (::poll(&polled, 1, 0) > 0) {
      int error = 0;
      socklen_t bytes = sizeof(error);
      ::getsockopt(outgoing_.get(), SOL_SOCKET, SO_ERROR, &error, &bytes);
      if (error == 0 && (polled.revents & (POLLERR | POLLHUP)) == 0) {
        outgoing_established_ = true;
        ++events.opened;
      } else {
        outgoing_.Close();  // Nobody listens yet.
      }
      return;
    }
    if (now < next_connect_) return;
    outgoing_.Close();  // The kernel's next attempt would come after a second; ours is sooner.
  }
  if (now < next_connect_) return;
  next_connect_ = now + kConnectInterval;
  outgoing_ = BeginLivenessConnect(endpoint_);
}

bool Liveness::connected() const {
  return outgoing_established_ ||
         std::ranges::any_of(accepted_, [](const Descriptor& d) { return d.open(); });
}

}  // namespace dataplane
