// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha/real_time.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include <ctime>

#include "absl/strings/str_format.h"

namespace dataplane {

absl::Status BecomeRealTime(int fifo_priority, int cpu) {
  absl::Status result = absl::OkStatus();
  ::pthread_setname_np(::pthread_self(), "lockstep-ha");
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  if (cpu >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
    if (const int error = ::pthread_setaffinity_np(::pthread_self(), sizeof(set), &set)) {
      result = absl::ErrnoToStatus(
          error, absl::StrFormat("ha thread: CPU %d; choose one that this process may use", cpu));
    }
  }
  if (fifo_priority > 0) {
    sched_param parameter{};
    parameter.sched_priority = fifo_priority;
    const int error = ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &parameter);
    if (error != 0 && result.ok()) {
      result = absl::ErrnoToStatus(
          error, absl::StrFormat("ha thread: real-time priority %d; run as root or with "
                                 "CAP_SYS_NICE, else heartbeats are late on a busy machine",
                                 fifo_priority));
    }
  }
  return result;
}

statesync::Instant MonotonicNow() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return {static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec};
}

}  // namespace dataplane
