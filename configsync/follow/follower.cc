// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/follow/follower.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/follow/control_client.h"
#include "configsync/follow/translate.h"

namespace configsync {
namespace {

using lockstep::control::ForwardingRequest;
using lockstep::control::ForwardingState;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kProblemsInText = 3;

// A revision as the dataplane gets it.
struct Target {
  ForwardingRequest request;
  const SchemaNode* root = nullptr;
  Problems problems;  // Not empty: it cannot be said to a dataplane.
};

using TargetPtr = std::shared_ptr<const Target>;

std::shared_ptr<Target> TargetOf(const Tree& tree) {
  auto target = std::make_shared<Target>();
  *target->request.mutable_forwarding() = Translate(tree, target->problems);
  target->request.set_hash(HexOf(tree.hash()));
  target->root = &tree.schema();
  return target;
}

std::string TextOf(const Problems& problems) {
  std::string text;
  for (std::size_t i = 0; i < std::min(problems.list.size(), kProblemsInText); ++i) {
    const Problem& problem = problems.list[i];
    absl::StrAppend(&text, text.empty() ? "" : "; ", problem.path, problem.path.empty() ? "" : ": ",
                    problem.value, problem.value.empty() ? "" : ": ", problem.text);
  }
  const std::size_t count = problems.list.size() + problems.omitted_count;
  if (count > kProblemsInText) {
    absl::StrAppend(&text, "; and ", count - kProblemsInText, " more");
  }
  return text;
}

// Whether the dataplane has judged the request, so that repeating it leads nowhere. No memory for
// its tables, and a message that is too large, are verdicts too: a dataplane that is only busy says
// that it is unavailable.
bool IsRefusal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status) ||
         absl::IsUnimplemented(status) || absl::IsOutOfRange(status) ||
         absl::IsResourceExhausted(status);
}

bool operator==(const FollowStatus& a, const FollowStatus& b) {
  return a.state == b.state && a.revision == b.revision && a.text == b.text;
}

}  // namespace

struct Follower::Impl {
  explicit Impl(FollowerOptions given)
      : options(std::move(given)),
        client(options.socket),
        pause(options.pause_min),
        thread([this] { Run(); }) {}

  void Run() {
    std::unique_lock lock(mutex);
    while (!is_stopping) {
      changed.wait_until(lock, next_at, [this] { return is_stopping || is_kicked; });
      is_kicked = false;
      if (is_stopping || target == nullptr) {
        next_at = Steady::now() + options.poll_interval;
        continue;
      }
      const TargetPtr current = target;
      lock.unlock();
      const std::chrono::milliseconds wait = Reconcile(current);
      lock.lock();
      if (current == target) {
        is_settled = is_settled || current_status.state != FollowState::kApplying;
        next_at = Steady::now() + wait;
      }
      changed.notify_all();
    }
  }

  // One look at the dataplane, and an apply if it is needed. Returns when to look again.
  std::chrono::milliseconds Reconcile(const TargetPtr& target_now) {
    const Target& wanted = *target_now;
    const auto state = client.Get(options.get_deadline);
    if (!state.ok()) {
      Say(wanted, {FollowState::kUnreachable, 0, NoAnswer(state.status())});
      return LongerPause();
    }
    const RevisionId has = state->revision();
    if (!wanted.problems.empty()) {
      Say(wanted, {FollowState::kRefused, has, TextOf(wanted.problems)});
      return options.poll_interval;
    }
    if (has == wanted.request.revision() && state->hash() == wanted.request.hash()) {
      pause = options.pause_min;
      Say(wanted, {FollowState::kFollowing, has, ""});
      return options.poll_interval;
    }
    if (has == 0 && wanted.request.forwarding().interfaces().empty()) {
      Say(wanted, {FollowState::kFollowing, 0,
                   "no interface is configured: the dataplane forwards by its node file"});
      return options.poll_interval;
    }
    if (target_now == refused && state->boot_id() == refused_boot_id &&
        Steady::now() < refused_until) {
      return options.poll_interval;
    }
    return Apply(target_now, *state);
  }

  std::chrono::milliseconds Apply(const TargetPtr& target_now, const ForwardingState& state) {
    const Target& wanted = *target_now;
    Say(wanted, {FollowState::kApplying, state.revision(), ""});
    const auto applied = client.Apply(wanted.request, options.apply_deadline);
    if (applied.ok()) {
      Say(wanted, {FollowState::kFollowing, wanted.request.revision(), ""});
      // If it says something else when asked next, it is not asked to apply five times a second.
      return std::max(options.poll_interval, LongerPause());
    }
    if (IsRefusal(applied.status())) {
      Problems problems;
      AddRefusal(std::string(applied.status().message()), wanted.request.forwarding(), *wanted.root,
                 problems);
      refused = target_now;
      refused_boot_id = state.boot_id();
      refused_until = Steady::now() + options.refusal_pause;
      Say(wanted, {FollowState::kRefused, state.revision(), TextOf(problems)});
      return options.poll_interval;
    }
    Say(wanted, {FollowState::kApplying, state.revision(),
                 absl::StrCat("not applied yet: ", applied.status().message())});
    return LongerPause();
  }

  std::chrono::milliseconds LongerPause() {
    const std::chrono::milliseconds now = pause;
    pause = std::min(pause * 2, options.pause_max);
    return now;
  }

  [[nodiscard]] std::string NoAnswer(const absl::Status& status) const {
    const bool is_late = absl::IsDeadlineExceeded(status);
    return absl::StrCat(
        "no answer at ", options.socket,
        is_late ? absl::StrCat(" within ", options.get_deadline.count(), " ms") : "",
        is_late ? ": the dataplane stands still; it forwards by what it has"
                : ": the dataplane does not run, or does not let this user in");
  }

  // The status of a target that has been replaced meanwhile is nobody's.
  void Say(const Target& wanted, FollowStatus now) {
    {
      const std::lock_guard lock(mutex);
      if (&wanted != target.get() || now == current_status) {
        return;
      }
      current_status = now;
    }
    options.on_change(now);
  }

  // The message for a tree; a commit plans and applies the same one.
  std::shared_ptr<Target> Translated(const Tree& tree) {
    const std::string hash = HexOf(tree.hash());
    {
      const std::lock_guard lock(mutex);
      if (planned != nullptr && planned->request.hash() == hash) {
        return std::exchange(planned, nullptr);
      }
    }
    return TargetOf(tree);
  }

  const FollowerOptions options;
  ControlClient client;

  mutable std::mutex mutex;  // Guards what follows, up to the blank line.
  std::condition_variable changed;
  TargetPtr target;                 // What is to run.
  std::shared_ptr<Target> planned;  // Of the last Plan().
  FollowStatus current_status;
  bool is_settled = false;  // The thread has an outcome for `target`.
  bool is_kicked = false;
  bool is_stopping = false;
  Steady::time_point next_at = Steady::now();

  // Of the thread alone.
  std::chrono::milliseconds pause;
  TargetPtr refused;
  std::uint64_t refused_boot_id = 0;
  Steady::time_point refused_until;

  std::thread thread;  // Last: it uses all of the above.
};

Follower::Follower(FollowerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Follower::~Follower() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_stopping = true;
  }
  impl_->changed.notify_all();
  impl_->client.Cancel();
  impl_->thread.join();
}

SessionEffect Follower::Plan(const Tree& tree, Problems& problems) {
  std::shared_ptr<Target> target = TargetOf(tree);
  SessionEffect effect;
  if (!target->problems.empty()) {
    for (Problem& problem : target->problems.list) {
      problems.Add(std::move(problem));
    }
    problems.omitted_count += target->problems.omitted_count;
    return effect;
  }
  const auto plan = impl_->client.Plan(target->request, impl_->options.plan_deadline);
  if (plan.ok()) {
    effect.known = true;
    effect.kept = plan->sessions_kept();
    effect.ended = plan->sessions_ended();
    effect.ended_examples.assign(plan->ended_examples().begin(), plan->ended_examples().end());
  } else if (IsRefusal(plan.status()) && !absl::IsUnimplemented(plan.status())) {
    AddRefusal(std::string(plan.status().message()), target->request.forwarding(), *target->root,
               problems);
  }
  const std::lock_guard lock(impl_->mutex);
  impl_->planned = std::move(target);
  return effect;
}

FollowStatus Follower::Follow(RevisionId revision, const Tree& tree) {
  std::shared_ptr<Target> target = impl_->Translated(tree);
  target->request.set_revision(revision);
  std::unique_lock lock(impl_->mutex);
  impl_->target = target;
  impl_->is_settled = false;
  impl_->is_kicked = true;
  impl_->current_status.state = FollowState::kApplying;
  impl_->current_status.text.clear();
  impl_->changed.notify_all();
  impl_->changed.wait_for(lock, impl_->options.follow_deadline, [&] {
    return impl_->is_stopping || impl_->target != target || impl_->is_settled;
  });
  return impl_->current_status;
}

FollowStatus Follower::status() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->current_status;
}

}  // namespace configsync
