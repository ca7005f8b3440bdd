// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/follow/role_watch.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "configsync/follow/control_client.h"

namespace configsync {
namespace {

constexpr int kReasonsMax = 64;  // More are cut: the dataplane has fewer.

DataplaneView ViewOf(const lockstep::control::Status& status,
                     const absl::StatusOr<lockstep::control::Peer>& peer) {
  DataplaneView view;
  view.answers = true;
  view.role = status.role();
  view.term = status.term();
  view.readiness = status.readiness();
  view.readiness_reason = status.readiness_reason();
  view.peer_readiness = status.peer_readiness();
  view.peer_readiness_reason = status.peer_readiness_reason();
  view.exposure_changes = status.exposure_changes();
  for (const std::string& reason : status.reasons()) {
    if (view.reasons.size() == kReasonsMax) {
      break;
    }
    view.reasons.push_back(reason);
  }
  if (!peer.ok()) {
    return view;
  }
  view.has_ha = peer->ha1_size() > 0 || peer->ha2_size() > 0;
  for (const lockstep::control::Ha2LinkStatus& link : peer->ha2()) {
    view.links.push_back({.name = link.name(),
                          .heard_ms_ago = link.has_last_heard_ms_ago()
                                              ? static_cast<std::int64_t>(link.last_heard_ms_ago())
                                              : -1,
                          .is_used = link.used()});
  }
  return view;
}

}  // namespace

struct RoleWatch::Impl {
  explicit Impl(RoleWatchOptions with)
      : options(std::move(with)), client(options.socket), thread([this] { Run(); }) {}

  void Run() {
    std::unique_lock lock(mutex);
    while (!is_stopping) {
      lock.unlock();
      const DataplaneView read = Ask();
      lock.lock();
      view = read;
      lock.unlock();
      options.on_poll(read);
      lock.lock();
      stopped.wait_for(lock, options.poll_interval, [this] { return is_stopping; });
    }
  }

  DataplaneView Ask() {
    const absl::StatusOr<lockstep::control::Status> status = client.GetStatus(options.deadline);
    return status.ok() ? ViewOf(*status, client.GetPeer(options.deadline)) : DataplaneView{};
  }

  const RoleWatchOptions options;
  ControlClient client;
  std::mutex mutex;  // Guards what follows.
  std::condition_variable stopped;
  DataplaneView view;
  bool is_stopping = false;
  std::thread thread;  // Last: it uses all of the above.
};

RoleWatch::RoleWatch(RoleWatchOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

RoleWatch::~RoleWatch() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_stopping = true;
  }
  impl_->stopped.notify_all();
  impl_->client.Cancel();
  impl_->thread.join();
}

DataplaneView RoleWatch::view() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->view;
}

}  // namespace configsync
