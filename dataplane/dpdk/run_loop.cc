// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/run_loop.h"

#include <rte_pause.h>
#include <sys/prctl.h>
#include <time.h>

#include "dataplane/dpdk/clock.h"

namespace dataplane {
namespace {

// Empty turns before the first sleep: a burst of work is often followed by another.
constexpr unsigned kIdleTurnsMax = 64;
// Long enough to leave the core to others, short against a round trip through kernel sockets; a
// device with a ring of 4096 frames holds 80 million frames a second for so long.
constexpr timespec kIdleSleep = {.tv_sec = 0, .tv_nsec = 50'000};

}  // namespace

void RunLoop(const LoopSetup& setup) noexcept {
  prctl(PR_SET_TIMERSLACK, 1UL);  // The default would add 50 µs to each sleep.
  unsigned idle_turns = 0;
  while (!setup.stop->load(std::memory_order_relaxed)) {
    bool busy = false;
    if (setup.worker != nullptr) busy = setup.worker->Turn(MonotonicNow());
    if (setup.sync != nullptr) busy = setup.sync->Turn(MonotonicNow()) > 0 || busy;
    if (setup.drain != nullptr) busy = setup.drain->Turn() || busy;
    if (busy) {
      idle_turns = 0;
    } else if (setup.spin || ++idle_turns < kIdleTurnsMax) {
      rte_pause();
    } else {
      nanosleep(&kIdleSleep, nullptr);
    }
  }
}

}  // namespace dataplane
