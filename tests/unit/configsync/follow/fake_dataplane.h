// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A dataplane's control service on a real Unix socket: remembers what it was given, and fails as it
// is told.

#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "proto/control.grpc.pb.h"

namespace configsync {

class FakeDataplane final : public lockstep::control::Control::Service {
 public:
  using Request = lockstep::control::ForwardingRequest;
  using Plan = lockstep::control::ForwardingPlan;
  using State = lockstep::control::ForwardingState;

  FakeDataplane(std::string socket, std::uint64_t boot_id) : socket_(std::move(socket)) {
    state_.set_boot_id(boot_id);
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
    builder.RegisterService(this);
    builder.SetMaxReceiveMessageSize(-1);
    server_ = builder.BuildAndStart();
    EXPECT_NE(nullptr, server_);
  }
  ~FakeDataplane() override { Die(); }

  // Breaks all connections, as the end of a process does.
  void Die() {
    {
      const std::lock_guard lock(mutex_);
      is_dead_ = true;
    }
    changed_.notify_all();
    if (server_ != nullptr) {
      server_->Shutdown(std::chrono::system_clock::now());
      server_->Wait();
      server_ = nullptr;
    }
  }

  // What the next calls answer, or how long they take.
  void RefuseWith(grpc::Status status) {
    Set([&] { refusal_ = std::move(status); });
  }
  void Hang(bool all_calls, bool applies) {
    Set([&] {
      hang_ = all_calls;
      hang_in_apply_ = applies;
    });
  }
  void ForgetWhatItSays(bool forgets) {
    Set([&] { forgets_ = forgets; });
  }
  void LoseAnswers(bool loses) {
    Set([&] { loses_answers_ = loses; });
  }
  void Run(std::uint64_t revision, const std::string& hash) {
    Set([&] {
      state_.set_revision(revision);
      state_.set_hash(hash);
    });
  }

  void Say(lockstep::control::Status status, lockstep::control::Peer peer) {
    Set([&] {
      status_ = std::move(status);
      peer_ = std::move(peer);
    });
  }

  [[nodiscard]] int apply_count() const {
    const std::lock_guard lock(mutex_);
    return apply_count_;
  }
  [[nodiscard]] Request last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }
  [[nodiscard]] bool WaitForApplies(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return apply_count_ >= count; });
  }

  grpc::Status GetStatus(grpc::ServerContext*, const lockstep::control::GetStatusRequest*,
                         lockstep::control::Status* response) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !hang_ || is_dead_; });
    *response = status_;
    return Dead() ? Gone() : grpc::Status::OK;
  }
  grpc::Status GetPeer(grpc::ServerContext*, const lockstep::control::GetPeerRequest*,
                       lockstep::control::Peer* response) override {
    const std::lock_guard lock(mutex_);
    *response = peer_;
    return Dead() ? Gone() : grpc::Status::OK;
  }

  grpc::Status GetForwarding(grpc::ServerContext*, const lockstep::control::GetForwardingRequest*,
                             State* response) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !hang_ || is_dead_; });
    *response = state_;
    return Dead() ? Gone() : grpc::Status::OK;
  }

  grpc::Status PlanForwarding(grpc::ServerContext*, const Request* request,
                              Plan* response) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !hang_ || is_dead_; });
    planned_revision_ = request->revision();
    response->set_sessions_kept(40);
    response->set_sessions_ended(2);
    response->add_ended_examples("tcp 10.1.0.10:40000 10.2.0.100:80");
    return refusal_;
  }

  grpc::Status ApplyForwarding(grpc::ServerContext*, const Request* request, Plan*) override {
    std::unique_lock lock(mutex_);
    ++apply_count_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return (!hang_ && !hang_in_apply_) || is_dead_; });
    if (Dead()) {
      return Gone();
    }
    last_ = *request;
    if (refusal_.ok() && !forgets_) {
      state_.set_revision(request->revision());
      state_.set_hash(request->hash());
    }
    return loses_answers_ ? Gone() : refusal_;
  }

 private:
  template <typename Change>
  void Set(const Change& change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }
  [[nodiscard]] bool Dead() const { return is_dead_; }
  static grpc::Status Gone() { return {grpc::StatusCode::UNAVAILABLE, "connection broke"}; }

  const std::string socket_;
  std::unique_ptr<grpc::Server> server_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  State state_;
  lockstep::control::Status status_;
  lockstep::control::Peer peer_;
  Request last_;
  grpc::Status refusal_;
  std::uint64_t planned_revision_ = 0;
  int apply_count_ = 0;
  bool hang_ = false;
  bool hang_in_apply_ = false;
  bool forgets_ = false;
  bool loses_answers_ = false;
  bool is_dead_ = false;
};

}  // namespace configsync
