// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The thread sanitizer of gcc 12 does not know pthread_mutex_clocklock(), which
// std::timed_mutex::try_lock_for() calls: it would take the mutex for unlocked. It knows this one.

#if defined(__SANITIZE_THREAD__)

#include <pthread.h>

#include <ctime>

// NOLINTNEXTLINE: the name is the system's.
extern "C" int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                                       const struct timespec* until) noexcept {
  constexpr long kNsPerSecond = 1'000'000'000;
  timespec now{}, wall{};
  clock_gettime(clock, &now);
  clock_gettime(CLOCK_REALTIME, &wall);
  wall.tv_sec += until->tv_sec - now.tv_sec;
  wall.tv_nsec += until->tv_nsec - now.tv_nsec;
  if (wall.tv_nsec < 0) {
    wall.tv_nsec += kNsPerSecond;
    --wall.tv_sec;
  } else if (wall.tv_nsec >= kNsPerSecond) {
    wall.tv_nsec -= kNsPerSecond;
    ++wall.tv_sec;
  }
  return pthread_mutex_timedlock(mutex, &wall);
}

#endif
