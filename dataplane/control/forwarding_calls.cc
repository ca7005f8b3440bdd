// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/forwarding_calls.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "dataplane/config/forwarding.h"
#include "dataplane/config/mistakes.h"
#include "dataplane/log/log.h"

namespace dataplane {
namespace {

using lockstep::control::ForwardingPlan;
using lockstep::control::ForwardingRequest;

constexpr std::size_t kHashBytesMax = 128;

ForwardingPlan PlanOf(ForwardingEffect effect) {
  ForwardingPlan plan;
  plan.set_sessions_kept(effect.sessions_kept);
  plan.set_sessions_ended(effect.sessions_ended);
  for (std::string& line : effect.ended_examples) plan.add_ended_examples(std::move(line));
  return plan;
}

}  // namespace

ForwardingCalls::ForwardingCalls(const Options& options, ForwardingTarget* target,
                                 std::uint64_t boot_id)
    : options_(options), target_(target), boot_id_(boot_id), thread_([this] { Run(); }) {}

ForwardingCalls::~ForwardingCalls() { Stop(); }

bool ForwardingCalls::Post(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (stop_ || waiting_.size() == kWaitingMax) return false;
  waiting_.push_back(std::move(job));
  changed_.notify_one();
  return true;
}

void ForwardingCalls::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void ForwardingCalls::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::function<void()> job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

absl::StatusOr<ForwardingPlan> ForwardingCalls::Plan(const ForwardingRequest& request) {
  if (target_ == nullptr) return absl::UnimplementedError("this node forwards nothing");
  absl::StatusOr<ForwardingOptions> next = ReadForwarding(request.forwarding(), options_);
  if (!next.ok()) return next.status();
  absl::StatusOr<ForwardingEffect> effect = target_->Plan(*next);
  if (!effect.ok()) return effect.status();
  return PlanOf(*std::move(effect));
}

absl::StatusOr<ForwardingPlan> ForwardingCalls::Apply(const ForwardingRequest& request) {
  if (target_ == nullptr) return absl::UnimplementedError("this node forwards nothing");
  if (request.hash().size() > kHashBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("hash: ", Quoted(request.hash()),
                                                   ": must be at most ", kHashBytesMax, " bytes"));
  }
  absl::StatusOr<ForwardingOptions> next = ReadForwarding(request.forwarding(), options_);
  if (!next.ok()) return next.status();
  absl::StatusOr<ForwardingEffect> effect = target_->Apply(*next);
  if (!effect.ok()) {
    Log(LogLevel::kWarning, "forwarding",
        absl::StrCat("revision ", request.revision(),
                     " was not applied: ", std::string(effect.status().message())));
    return effect.status();
  }
  {
    const std::lock_guard lock(mutex_);
    revision_ = request.revision();
    hash_ = request.hash();
  }
  Log(LogLevel::kNotice, "forwarding",
      absl::StrCat("revision ", request.revision(), ": ", next->interfaces.size(), " interfaces, ",
                   next->rules.size(), " rules; ", effect->sessions_kept, " sessions kept, ",
                   effect->sessions_ended, " ended"));
  return PlanOf(*std::move(effect));
}

lockstep::control::ForwardingState ForwardingCalls::State() const {
  lockstep::control::ForwardingState state;
  state.set_boot_id(boot_id_);
  if (target_ != nullptr) state.set_sessions_ended(target_->sessions_ended());
  const std::lock_guard lock(mutex_);
  state.set_revision(revision_);
  state.set_hash(hash_);
  return state;
}

}  // namespace dataplane
