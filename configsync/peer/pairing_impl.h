// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Pairing's one object, in three files by who asks: pairing.cc (the operator), pairing_answer.cc
// (the other node), pairing_call.cc (the own thread, which calls the other node).
//
// Threads: everything with a lock; `mutex_` is not held while another node is asked.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "configsync/peer/pairing.h"
#include "configsync/peer/pairing_audit.h"
#include "configsync/peer/pairing_code.h"
#include "proto/peersync.pb.h"

namespace configsync {

// One pairing, from the command to its end.
struct PairingRun {
  std::uint64_t number = 0;  // Of the runs of this process.
  bool is_caller = false;
  PairingOptions options;
  Operator by;  // Who began, or who has confirmed.
  std::int64_t deadline_ms = 0;
  PairingState state = PairingState::kNone;
  std::int64_t ended_ms = 0;  // Of kDone, kFailed.
  std::string text;

  std::string address;
  Certificate theirs;  // Empty until there is a caller, or an answer.
  std::string their_name;
  std::int64_t heard_ms = 0;

  PairingTranscript transcript;
  std::string commitment;
  std::string shown_code, expected_code;  // Empty until both nonces are known.

  bool is_wrong_code = false;                  // Of a failed run: the caller tells the other.
  bool is_handing_over = false;                // A thread stores; nobody else may.
  lockstep::peersync::PairingFinished answer;  // Of kDone, to be given again.
};

class PairingImpl final : public Pairing {
 public:
  explicit PairingImpl(PairingSetup setup) : setup_(std::move(setup)), audit_(setup_.audit) {}
  ~PairingImpl() override;

  absl::Status Begin(const Operator& by, const std::string& address,
                     const PairingOptions& options) override;
  absl::Status Accept(const Operator& by, const PairingOptions& options) override;
  absl::Status Confirm(const Operator& by, const std::string& code) override;
  void Cancel(const Operator& by) override;
  PairingStatus Status() override;

  bool is_open() override;
  absl::Status OnBegin(const PairingCaller& caller, const lockstep::peersync::PairingBegin& request,
                       lockstep::peersync::PairingAnswer& answer) override;
  absl::Status OnReveal(const PairingCaller& caller,
                        const lockstep::peersync::PairingReveal& request) override;
  absl::Status OnFinish(const PairingCaller& caller,
                        const lockstep::peersync::PairingFinish& request,
                        lockstep::peersync::PairingFinished& answer) override;
  absl::Status OnEnd(const PairingCaller& caller,
                     const lockstep::peersync::PairingEnd& request) override;

 private:
  using Lock = std::unique_lock<std::mutex>;

  // pairing.cc. All that take a Lock need it held.
  [[nodiscard]] bool IsActive(const Lock& lock) const;
  void Expire(const Lock& lock);
  absl::Status NewRun(const Lock& lock, const Operator& by, const PairingOptions& options);
  void Fail(const Lock& lock, std::string text);
  void Succeed(const Lock& lock, const std::vector<std::string>& notes);
  void ShowCodes(const Lock& lock);
  // Bounds of a certificate and a name, not this node itself, a place in the pair (GROUP_FULL).
  absl::Status TakeOther(const Lock& lock, const std::string& pem, const std::string& name);
  [[nodiscard]] KnownDevice OtherDevice(const Lock& lock, const std::string& password) const;

  [[nodiscard]] bool IsRecent(const Lock& lock) const;  // It has ended, a moment ago.

  // pairing_answer.cc.
  absl::Status CheckCaller(const Lock& lock, const PairingCaller& caller,
                           const std::string& commitment) const;
  absl::Status NotOpen() const;
  absl::Status WhyOver(const Lock& lock, const PairingCaller& caller,
                       const std::string& commitment) const;
  absl::Status Refuse(const Lock& lock, const PairingCaller& caller, absl::Status why);
  absl::Status TakeOver(Lock& lock, const lockstep::peersync::PairingFinish& gift,
                        lockstep::peersync::PairingFinished& answer);

  // pairing_call.cc. `number`: a run that is over, or another one, ends the thread's work.
  void Call(std::uint64_t number, PairingWay& way);
  absl::Status Meet(Lock& lock, std::uint64_t number, PairingWay& way);
  absl::Status Compare(Lock& lock, std::uint64_t number, PairingWay& way);
  absl::Status HandOver(Lock& lock, std::uint64_t number, PairingWay& way);
  absl::Status Repeat(Lock& lock, std::uint64_t number, const std::function<absl::Status()>& ask);
  [[nodiscard]] bool IsCurrent(const Lock& lock, std::uint64_t number);
  void Pause(Lock& lock, std::uint64_t number);

  const PairingSetup setup_;
  PairingAudit audit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  PairingRun run_;
  bool is_stopping_ = false;
  std::thread thread_;  // Of who starts; the one before has ended, or is about to.
};

}  // namespace configsync
