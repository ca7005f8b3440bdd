// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// PlanForwarding, ApplyForwarding and GetForwarding, without gRPC: one change at a time, on a
// thread of their own, because building tables and judging sessions takes a while.
//
// Threads: any; Post's jobs run one after the other on the object's thread.
// Memory:  the requests that wait, at most kWaitingMax.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "dataplane/config/forwarding_target.h"
#include "proto/control.pb.h"

namespace dataplane {

class ForwardingCalls {
 public:
  static constexpr std::size_t kWaitingMax = 4;

  // target: null if this node forwards nothing that could change.
  ForwardingCalls(const Options& options, ForwardingTarget* target, std::uint64_t boot_id);
  ~ForwardingCalls();
  ForwardingCalls(const ForwardingCalls&) = delete;
  ForwardingCalls& operator=(const ForwardingCalls&) = delete;

  // Runs `job` on the object's thread, after those before it. False: too many wait, or Stop was
  // called; the job is not run.
  bool Post(std::function<void()> job);
  // Ends the thread when the job that runs is over. Those that wait are run too.
  void Stop();

  // Errors: kInvalidArgument, one mistake a line, "path: text"; else as ForwardingTarget says.
  absl::StatusOr<lockstep::control::ForwardingPlan> Plan(
      const lockstep::control::ForwardingRequest& request);
  absl::StatusOr<lockstep::control::ForwardingPlan> Apply(
      const lockstep::control::ForwardingRequest& request);
  [[nodiscard]] lockstep::control::ForwardingState State() const;

 private:
  void Run();

  const Options& options_;
  ForwardingTarget* const target_;
  const std::uint64_t boot_id_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool stop_ = false;
  std::uint64_t revision_ = 0;  // As last applied.
  std::string hash_;
  std::thread thread_;  // Last: it uses the rest.
};

}  // namespace dataplane
