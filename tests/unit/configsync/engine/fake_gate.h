// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A gate that writes down what it is asked, and answers as a test says.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "configsync/engine/engine.h"

namespace configsync {

class FakeGate final : public PairGate {
 public:
  std::vector<RemoteOutcome> Prepare(const Question& question, Problems& problems) override {
    calls.push_back("prepare " + std::to_string(question.next_revision) + " " + question.origin);
    prepared_hash = HexOf(question.next.hash());
    change_count = question.changes.size();
    if (during_prepare) during_prepare();
    if (refuses) {
      problems.Add({.code = "PEER_REFUSED",
                    .path = "/policy",
                    .value = {},
                    .text = "fw-b: no",
                    .remedy = "ask fw-b"});
    }
    RemoteOutcome remote;
    remote.remote = "fw-b";
    remote.state = refuses ? RemoteOutcome::State::kRefused : RemoteOutcome::State::kValidated;
    return {remote};
  }
  Notes NotesFor(const Question& question) override {
    calls.push_back("notes " + std::to_string(question.next_revision));
    return notes;
  }
  void Finish(bool is_committed, std::vector<RemoteOutcome>& remotes) override {
    calls.push_back(is_committed ? "finish" : "abort");
    if (during_finish) during_finish();
    if (!is_committed) return;
    remotes[0].state = applies ? RemoteOutcome::State::kApplied : RemoteOutcome::State::kPending;
    remotes[0].revision = 41;
  }
  void ConfirmRemotes(RevisionId revision) override {
    calls.push_back("confirm " + std::to_string(revision));
  }
  void Wake() override { calls.push_back("wake"); }

  // What was called since the last time somebody asked.
  std::vector<std::string> Calls() { return std::exchange(calls, {}); }

  bool refuses = false;
  bool applies = true;
  Notes notes;
  std::function<void()> during_prepare, during_finish;
  std::vector<std::string> calls;
  std::string prepared_hash;
  std::size_t change_count = 0;
};

}  // namespace configsync
