// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha/ha1_link.h"

#include <sys/socket.h>

namespace dataplane {
namespace {

// A stall of many seconds leaves no more than this to read in one turn; the rest comes next turn.
constexpr int kBeatsPerTurnMax = 64;

}  // namespace

absl::StatusOr<Ha1Link> Ha1Link::Create(statesync::HeartbeatPath path, const Ha1Path& options) {
  absl::StatusOr<Ha1Endpoint> endpoint =
      ParseEndpoint(path == statesync::HeartbeatPath::kHa1 ? "ha1" : "ha1 backup", options);
  if (!endpoint.ok()) return endpoint.status();
  absl::StatusOr<Descriptor> beats = OpenHeartbeatSocket(*endpoint);
  if (!beats.ok()) return beats.status();
  absl::StatusOr<Liveness> liveness = Liveness::Create(*endpoint);
  if (!liveness.ok()) return liveness.status();
  return Ha1Link(path, endpoint->heartbeat_peer, std::move(*beats), std::move(*liveness));
}

void Ha1Link::AddTo(std::vector<pollfd>& polled) const {
  polled.push_back({beats_.get(), POLLIN, 0});
  liveness_.AddTo(polled);
}

void Ha1Link::ReceiveBeats(statesync::Instant now, HeartbeatGuard& guard, const OnBeat& on_beat) {
  std::array<std::uint8_t, kHeartbeatBytesMax + 1> buffer;
  for (int i = 0; i < kBeatsPerTurnMax; ++i) {
    const ssize_t bytes = ::recv(beats_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (bytes < 0) return;
    statesync::Statement statement;
    const BeatVerdict verdict =
        guard.Check(std::span(buffer).first(static_cast<std::size_t>(bytes)), path_, statement);
    if (verdict == BeatVerdict::kAccepted) last_heard_ = now;
    on_beat(verdict, statement);
  }
}

bool Ha1Link::SendBeat(const statesync::Statement& own, HeartbeatGuard& guard) {
  HeartbeatBuffer buffer;
  guard.Make(own, path_, buffer);
  return ::sendto(beats_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&peer_), sizeof(peer_)) >= 0;
}

}  // namespace dataplane
