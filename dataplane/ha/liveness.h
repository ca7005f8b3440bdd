// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The liveness connections of one HA1 path: the peer's kernel closes them when its process dies,
// however it dies. Nothing is ever sent over them. Both nodes listen and connect.
//
// Threads: one.  Memory: a fixed number of descriptors.

#pragma once

#include <poll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/ha/descriptor.h"
#include "dataplane/ha/sockets.h"
#include "statesync/types.h"

namespace dataplane {

struct LivenessEvents {
  int opened = 0;
  int closed = 0;  // Established connections that the peer's kernel ended (FIN or RST).
};

class Liveness {
 public:
  // Errors: those of OpenLivenessListener().
  static absl::StatusOr<Liveness> Create(const Ha1Endpoint& endpoint);

  // Appends what to poll for.
  void AddTo(std::vector<pollfd>& polled) const;

  // Accepts, connects, and notices ends. Cheap when nothing happened: one non-blocking call each.
  LivenessEvents Turn(statesync::Instant now);

  [[nodiscard]] bool connected() const;

 private:
  // A peer has one connection to us at a time; more are leftovers that its kernel has yet to end.
  static constexpr std::size_t kAcceptedMax = 4;

  explicit Liveness(const Ha1Endpoint& endpoint, Descriptor listener)
      : endpoint_(endpoint), listener_(std::move(listener)) {}
  void Accept(LivenessEvents& events);
  void Connect(statesync::Instant now, LivenessEvents& events);

  Ha1Endpoint endpoint_;
  Descriptor listener_;
  std::array<Descriptor, kAcceptedMax> accepted_;
  Descriptor outgoing_;
  bool outgoing_established_ = false;
  statesync::Instant next_connect_{};
};

}  // namespace dataplane
