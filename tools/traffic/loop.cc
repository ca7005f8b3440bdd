// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/traffic/loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>

#include "statesync/ensure.h"
#include "tools/traffic/clock.h"
#include "tools/traffic/limits.h"

namespace traffic {

Loop::Loop() : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)) { ENSURE(epoll_fd_ >= 0); }

Loop::~Loop() { close(epoll_fd_); }

void Loop::Add(int fd, std::uint32_t events, Handler& handler) {
  epoll_event event{.events = events, .data = {.fd = fd}};
  ENSURE(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0);
  handlers_[fd] = &handler;
}

void Loop::Modify(int fd, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.fd = fd}};
  ENSURE(epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event) == 0);
}

void Loop::Remove(int fd) {
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  handlers_.erase(fd);
}

void Loop::ArmTimer(std::uint64_t at_nanos, Handler& handler) {
  timers_.push({.at_nanos = at_nanos, .order = timer_count_++, .handler = &handler});
}

void Loop::RunTimers() {
  const std::uint64_t now = NowNanos();
  // A timer armed by these calls waits for the next turn: descriptors are never starved.
  const std::uint64_t order_end = timer_count_;
  while (!timers_.empty() && timers_.top().at_nanos <= now && timers_.top().order < order_end) {
    Handler* const handler = timers_.top().handler;
    timers_.pop();
    handler->OnTimer(now);
  }
}

void Loop::Run() {
  std::array<epoll_event, kEventsPerTurnMax> events;
  while (!stopped_) {
    timespec wait{.tv_sec = 1, .tv_nsec = 0};
    if (!timers_.empty()) {
      const std::uint64_t now = NowNanos();
      const std::uint64_t at = timers_.top().at_nanos;
      const std::uint64_t left = at > now ? at - now : 0;
      if (left < kNanosPerSecond) wait = {.tv_sec = 0, .tv_nsec = static_cast<long>(left)};
    }
    const int count =
        epoll_pwait2(epoll_fd_, events.data(), static_cast<int>(events.size()), &wait, nullptr);
    const std::uint64_t now = NowNanos();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      // A handler served earlier in this turn may have removed this one.
      const auto found = handlers_.find(event.data.fd);
      if (found != handlers_.end()) found->second->OnReady(event.events, now);
    }
    RunTimers();
  }
}

}  // namespace traffic
