// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One HA1 path at work: its heartbeat socket, its liveness connections, and when it last heard.
//
// Threads: the ha thread.  Memory: descriptors and a datagram buffer on the stack.

#pragma once

#include <poll.h>

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/ha/heartbeat.h"
#include "dataplane/ha/liveness.h"
#include "dataplane/ha/sockets.h"
#include "statesync/role/role_machine.h"

namespace dataplane {

class Ha1Link {
 public:
  // Errors: those of ParseEndpoint and of the sockets.
  static absl::StatusOr<Ha1Link> Create(statesync::HeartbeatPath path, const Ha1Path& options);

  void AddTo(std::vector<pollfd>& polled) const;

  // Called for every datagram that was checked.
  using OnBeat = std::function<void(BeatVerdict, const statesync::Statement&)>;
  // Reads at most a burst of heartbeats that have arrived.
  void ReceiveBeats(statesync::Instant now, HeartbeatGuard& guard, const OnBeat& on_beat);

  // Sends one heartbeat. False if the kernel refused it; the link may be down, which is no error.
  bool SendBeat(const statesync::Statement& own, HeartbeatGuard& guard);

  LivenessEvents TurnLiveness(statesync::Instant now) { return liveness_.Turn(now); }

  [[nodiscard]] statesync::HeartbeatPath path() const { return path_; }
  [[nodiscard]] statesync::Instant last_heard() const { return last_heard_; }
  [[nodiscard]] bool liveness_connected() const { return liveness_.connected(); }

 private:
  Ha1Link(statesync::HeartbeatPath path, const sockaddr_in& peer, Descriptor beats,
          Liveness liveness)
      : path_(path), peer_(peer), beats_(std::move(beats)), liveness_(std::move(liveness)) {}

  statesync::HeartbeatPath path_;
  sockaddr_in peer_;  // Where heartbeats go.
  Descriptor beats_;
  Liveness liveness_;
  statesync::Instant last_heard_{};  // Last accepted heartbeat.
};

}  // namespace dataplane
