// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What must hold of a simulated pair while it runs, and when it has come to rest; and the breaks
// that are planted to see whether that is noticed.

#include <algorithm>

#include "tests/sim/pair/world.h"

namespace configsync {
namespace {

constexpr std::int64_t kSettleMs = 60'000;  // Longer than any timer and any pause of a link.
constexpr std::int64_t kDecideMs = 3'000;

std::string TextOf(const RemoteStatus& status) {
  std::string text = std::string(NameOf(status.state));
  for (const Reason& reason : status.reasons) text += " " + TextOf(reason);
  for (const Reason& reason : status.their_reasons) text += " (there: " + NameOf(reason) + ")";
  return text;
}

}  // namespace

// Who says `in sync` right after an exchange in which nobody lied, is.
void PairWorld::CheckHonesty(int number) {
  if (exchanged_.empty()) return;
  for (const RemoteStatus& status : node(number).sync->Status().remotes) {
    if (status.state != SyncState::kInSync) continue;
    for (const auto& [from, to] : exchanged_) {
      if (from != number || node(to).name != status.name) continue;
      const std::string here = content_.SharedText(RunningOf(number));
      const std::string there = content_.SharedText(RunningOf(to));
      if (here != there) {
        Fail("node " + node(number).name + " says in sync with " + status.name + ": '" + here +
             "' and '" + there + "'");
      }
    }
  }
}

void PairWorld::Settle() {
  KillAt(0);
  link_faults = {};
  cuts.clear();
  Trace("settles");
  for (const auto& each : nodes_) {
    each->dataplane.refuses_plan = false;
    each->judge.refuses_firewall = false;
    each->store.SetFull(false);
    each->facts.facts.features.clear();
    if (each->is_running()) (void)each->engine->Unlock({.user_id = 2, .name = "bob"}, true);
  }
  Pass(kSettleMs);
  for (int i = 0; i < node_count() && failure_.empty(); ++i) {
    const std::string wrong = ledger_.CheckTrials(i, RunningOf(i));
    if (!wrong.empty()) Fail(wrong);
    for (const int remote : RemotesOf(i)) CheckSettled(i, remote);
  }
}

void PairWorld::CheckSettled(int number, int remote) {
  const bool is_equal =
      content_.SharedText(RunningOf(number)) == content_.SharedText(RunningOf(remote));
  for (const RemoteStatus& status : node(number).sync->Status().remotes) {
    if (status.name != node(remote).name) continue;
    Trace(node(number).name + " of " + status.name + ": " + TextOf(status));
    const bool is_said = status.state == SyncState::kInSync;
    if (is_said && !is_equal) Fail(node(number).name + " says in sync, and is not");
    if (is_said) return;
    if (!status.reasons.empty() || !status.their_reasons.empty()) return;
    Fail(node(number).name + " is not in sync with " + status.name + ", and does not say why");
  }
}

bool PairWorld::DecideAll() {
  if (!failure_.empty() || IsAllInSync()) return false;
  Trace("decides");
  for (const auto& each : nodes_) {
    if (each->is_running()) (void)each->sync->Pin({.user_id = 1, .name = "ann"}, false);
  }
  const std::string top = "ha configuration-synchronization ";
  CommitEdits(active_, {content_.Set(top + "push", "on-commit"),
                        content_.Set(top + "policy", "best-effort")});
  Pass(kDecideMs);
  Manual(active_, {.kind = ManualKind::kPush});
  Pass(kDecideMs);
  if (!IsAllInSync()) Manual(active_, {.kind = ManualKind::kOverwrite});
  Pass(kDecideMs);
  if (failure_.empty() && !IsAllInSync()) {
    for (int i = 0; i < node_count(); ++i) {
      for (const RemoteStatus& status : node(i).sync->Status().remotes) {
        Trace(node(i).name + " of " + status.name + ": " + TextOf(status));
      }
    }
    Fail("a decision did not make them equal");
  }
  return true;
}

bool PairWorld::IsAllInSync() {
  for (int i = 0; i < node_count(); ++i) {
    const std::vector<RemoteStatus> remotes = node(i).sync->Status().remotes;
    if (remotes.empty()) return false;
    for (const RemoteStatus& status : remotes) {
      if (status.state != SyncState::kInSync) return false;
    }
  }
  return true;
}

void PairWorld::Spoil(int number, Transaction& transaction) {
  const int sender = ServeOf(number).sender;
  if (!transaction.revision.has_value()) return;
  RevisionDraft& draft = *transaction.revision;
  if (options_.plant == Plant::kLoseWrite && sender < 0 && draft.info.id > 5) {
    draft.tree = RunningOf(number);
    draft.info.hash = draft.tree.hash();
  }
  if (sender < 0) return;
  const auto change = [&](const Edit& edit) {
    draft.tree = *draft.tree.Apply(std::vector<Edit>{edit});
    draft.info.hash = draft.tree.hash();
  };
  switch (options_.plant) {
    case Plant::kForgetSource:
      transaction.notes.erase("sync/source");
      break;
    case Plant::kHalfApply:
      change(content_.Set("objects service stamp description", "0"));
      break;
    case Plant::kTakeOwn:
      change(content_.Set("system host-name", kOwnMark));
      break;
    case Plant::kForgetTimer:
      if (!transaction.confirm.has_value()) break;
      transaction.confirm.reset();
      transaction.startup = draft.info.id;
      break;
    case Plant::kNone:
    case Plant::kLoseWrite:
    case Plant::kSealNothing:
    case Plant::kBelieveEqual:
      break;
  }
}

}  // namespace configsync
