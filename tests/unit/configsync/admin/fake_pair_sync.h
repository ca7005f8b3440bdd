// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A PairSync that says what a test told it, and remembers what it was asked.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "configsync/pair/pair_sync.h"

namespace configsync {

class FakePairSync final : public PairSync {
 public:
  SyncStatus status;
  absl::StatusOr<PartsOfBoth> parts = absl::UnavailableError("no parts");
  ManualOutcome outcome;
  Explanation explanation;
  std::vector<std::string> calls;
  ManualOptions manual;

  void AddRemote(const std::string& name, const std::string& device_name) {
    RemoteStatus remote;
    remote.name = name;
    remote.device_name = device_name;
    status.remotes.push_back(std::move(remote));
  }

  std::uint32_t TickStates() override { return 1'000; }
  void TickPushes() override {}
  SyncStatus Status() override { return status; }
  absl::StatusOr<PartsOfBoth> Parts(const std::string& remote) override {
    calls.push_back("parts " + remote);
    return parts;
  }
  ManualOutcome Manual(const Operator& by, const ManualOptions& options) override {
    calls.push_back("manual " + options.remote + " by " + std::to_string(by.user_id));
    manual = options;
    return outcome;
  }
  absl::StatusOr<std::uint32_t> ApplyHeld(const Operator& by) override {
    calls.push_back("apply by " + std::to_string(by.user_id));
    return 3;
  }
  absl::Status Pin(const Operator& by, bool is_pinned) override {
    calls.push_back((is_pinned ? "pin by " : "unpin by ") + std::to_string(by.user_id));
    return absl::OkStatus();
  }
  absl::StatusOr<Explanation> ExplainPath(const std::string& remote, const Path& path) override {
    calls.push_back("explain " + remote + " " + PathText(path));
    return explanation;
  }

  // Of commits and peers: nobody asks here.
  std::vector<RemoteOutcome> Prepare(const Question&, Problems&) override { return {}; }
  Notes NotesFor(const Question&) override { return {}; }
  void Finish(bool, std::vector<RemoteOutcome>&) override {}
  void ConfirmRemotes(RevisionId) override {}
  void Wake() override {}
  absl::StatusOr<Exchange> OnExchange(const DeviceId&, const Exchange&) override {
    return Exchange{};
  }
  absl::StatusOr<PrepareResponse> OnPrepare(const DeviceId&, const PrepareRequest&) override {
    return PrepareResponse{};
  }
  absl::StatusOr<ApplyResponse> OnApply(const DeviceId&, const ApplyRequest&) override {
    return ApplyResponse{};
  }
  absl::Status OnAbort(const DeviceId&, const ApplyRequest&) override { return absl::OkStatus(); }
  absl::Status OnConfirm(const DeviceId&, const ApplyRequest&) override { return absl::OkStatus(); }
  absl::StatusOr<FetchResponse> OnFetch(const DeviceId&, const Hash&) override {
    return FetchResponse{};
  }
};

}  // namespace configsync
