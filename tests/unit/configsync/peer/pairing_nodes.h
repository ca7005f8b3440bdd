// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two nodes that can be paired, over a way that loses what a test wants lost, with a clock that a
// test moves.
//
// Threads: as Pairing's; a test moves the clock from its own.

#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "configsync/devices/device.h"
#include "configsync/peer/pairing.h"
#include "proto/peersync.pb.h"

namespace configsync {

inline const Operator kAnna{.user_id = 1'000, .name = "anna"};
inline const Operator kBert{.user_id = 1'001, .name = "bert"};

// Waits for what another thread does; gives up after some tens of seconds.
inline bool Eventually(const std::function<bool()>& is_so) {
  for (int i = 0; i < 10'000; ++i) {
    if (is_so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
  return false;
}

struct TestNode {
  explicit TestNode(const std::string& node_name) : name(node_name) {
    std::string pattern = ::testing::TempDir() + "/pairing-XXXXXX";
    folder = mkdtemp(pattern.data());
    devices = *DeviceStore::Open(folder + "/device", name);
    // As configd makes it: random, 64 digits.
    master_key = std::string(63, '1') + (name == "fw-a" ? "a" : "b");
  }
  ~TestNode() {
    pairing.reset();
    std::filesystem::remove_all(folder);
  }
  TestNode(const TestNode&) = delete;
  TestNode& operator=(const TestNode&) = delete;

  PairingSetup Setup() {
    PairingSetup setup;
    setup.devices = devices.get();
    setup.node_name = name;
    setup.pair_secret_file = secret_path();
    setup.password = [this] {
      return local_password.empty() ? devices->own_password() : local_password;
    };
    setup.read_master_key = [this]() -> absl::StatusOr<std::string> { return master_key; };
    setup.take_master_key = [this](const Operator&, const std::string& key) {
      if (!master_key_refusal.ok()) return master_key_refusal;
      master_key = key;
      return absl::OkStatus();
    };
    setup.audit = [this](const Operator& by, const std::string& detail,
                         const std::string& outcome) {
      const std::lock_guard lock(mutex);
      audit.push_back(by.name + " " + outcome + ": " + detail);
    };
    return setup;
  }
  [[nodiscard]] std::string secret_path() const { return folder + "/pair.secret"; }
  [[nodiscard]] std::string ReadSecret() const {
    std::ifstream file(secret_path());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Records are written behind the pairing's back.
  [[nodiscard]] bool Audits(const std::string& words) {
    return Eventually([&] { return Audit().find(words) != std::string::npos; });
  }
  [[nodiscard]] std::string Audit() {
    const std::lock_guard lock(mutex);
    std::string all;
    for (const std::string& record : audit) all += record + "\n";
    return all;
  }
  [[nodiscard]] PairingState state() { return pairing->Status().state; }

  const std::string name;
  std::string folder, master_key, local_password;
  absl::Status master_key_refusal;
  std::unique_ptr<DeviceStore> devices;
  std::unique_ptr<Pairing> pairing;
  std::mutex mutex;  // Of `audit`.
  std::vector<std::string> audit;
};

enum class Fate { kArrives, kRequestLost, kAnswerLost };

// Calls of one node to another without a network, in the order in which they are made.
class TestWay final : public PairingWay {
 public:
  using Decide = std::function<Fate(const std::string& method)>;
  // `begun`: what Begin commits to, for a test that repeats what was said.
  TestWay(PairingCalls& other, std::string other_pem, std::string own_pem, Decide decide,
          std::string* begun)
      : other_(other),
        other_pem_(std::move(other_pem)),
        caller_{.certificate_pem = std::move(own_pem), .address = "ipv4:10.9.1.1:41000"},
        decide_(std::move(decide)),
        begun_(begun) {}

  absl::Status Begin(const lockstep::peersync::PairingBegin& request,
                     lockstep::peersync::PairingAnswer& answer) override {
    *begun_ = request.commitment();
    return Carry("Begin", [&] { return other_.OnBegin(caller_, request, answer); });
  }
  absl::Status Reveal(const lockstep::peersync::PairingReveal& request) override {
    return Carry("Reveal", [&] { return other_.OnReveal(caller_, request); });
  }
  absl::Status Finish(const lockstep::peersync::PairingFinish& request,
                      lockstep::peersync::PairingFinished& answer) override {
    const char* name = request.confirmed() ? "HandOver" : "Finish";
    return Carry(name, [&] { return other_.OnFinish(caller_, request, answer); });
  }
  absl::Status End(const lockstep::peersync::PairingEnd& request) override {
    return Carry("End", [&] { return other_.OnEnd(caller_, request); });
  }
  std::string their_certificate() override { return other_pem_; }

 private:
  absl::Status Carry(const std::string& method, const std::function<absl::Status()>& call) {
    const Fate fate = decide_(method);
    if (fate == Fate::kRequestLost) return absl::UnavailableError("cut");
    const absl::Status status = call();
    return fate == Fate::kAnswerLost ? absl::DeadlineExceededError("cut") : status;
  }

  PairingCalls& other_;
  const std::string other_pem_;
  const PairingCaller caller_;
  const Decide decide_;
  std::string* const begun_;
};

// fw-a starts, fw-b accepts.
class PairingTest : public ::testing::Test {
 protected:
  PairingTest() {
    Make(b_, nullptr);
    Make(a_, b_.get());
  }

  void Make(const std::unique_ptr<TestNode>& node, TestNode* other) {
    PairingSetup setup = node->Setup();
    setup.now_ms = [this] { return now_ms_.load(); };
    setup.wall_s = [] { return std::int64_t{1'800'000'000}; };
    setup.connect = [this, other, own = node.get()](const std::string&) {
      return std::make_unique<TestWay>(
          *other->pairing, other->devices->own().pem, own->devices->own().pem,
          [this](const std::string& method) { return Decide(method); }, &begun_);
    };
    node->pairing = Pairing::Make(setup);
  }

  Fate Decide(const std::string& method) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(method);
    return fate_ == nullptr ? Fate::kArrives : fate_(method);
  }
  void SetFate(std::function<Fate(const std::string&)> fate) {
    const std::lock_guard lock(mutex_);
    fate_ = std::move(fate);
  }
  [[nodiscard]] std::size_t CallCount() {
    const std::lock_guard lock(mutex_);
    return calls_.size();
  }

  // Until both show their codes.
  void Meet(const PairingOptions& a_options = {}, const PairingOptions& b_options = {}) {
    ASSERT_TRUE(b_->pairing->Accept(kBert, b_options).ok());
    ASSERT_TRUE(a_->pairing->Begin(kAnna, "10.9.1.2", a_options).ok());
    ASSERT_TRUE(Eventually([this] {
      return a_->state() == PairingState::kComparing && b_->state() == PairingState::kComparing;
    })) << a_->pairing->Status().text;
  }
  absl::Status ConfirmAtA() { return a_->pairing->Confirm(kAnna, b_->pairing->Status().code); }
  absl::Status ConfirmAtB() { return b_->pairing->Confirm(kBert, a_->pairing->Status().code); }
  void ConfirmBoth() {
    const std::string code = b_->pairing->Status().code;  // B's may end before A types.
    ASSERT_TRUE(ConfirmAtB().ok());
    ASSERT_TRUE(a_->pairing->Confirm(kAnna, code).ok());
  }
  [[nodiscard]] bool BothEnd(PairingState state) {
    return Eventually([this, state] { return a_->state() == state && b_->state() == state; });
  }
  void ExpectNothingStored() {
    for (TestNode* node : {a_.get(), b_.get()}) {
      EXPECT_TRUE(node->devices->Known().empty()) << node->name;
      EXPECT_FALSE(std::filesystem::exists(node->secret_path())) << node->name;
    }
    EXPECT_NE(a_->master_key, b_->master_key);
  }

  std::atomic<std::int64_t> now_ms_ = 1'000'000;
  std::mutex mutex_;  // Of the two that follow.
  std::function<Fate(const std::string&)> fate_;
  std::vector<std::string> calls_;
  std::string begun_;  // Read when a pairing has ended.
  // A's thread calls B until A is gone.
  std::unique_ptr<TestNode> b_ = std::make_unique<TestNode>("fw-b");
  std::unique_ptr<TestNode> a_ = std::make_unique<TestNode>("fw-a");
};

}  // namespace configsync
