// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/sync_messages.h"

#include <array>

namespace configsync {
namespace {

namespace pb = lockstep::admin;

constexpr std::array<std::string_view, 4> kConflictNames{"both-changed", "deleted-and-changed",
                                                         "same-place", "moved-apart"};
constexpr std::array<std::string_view, kModeCount> kModeNames{"active-passive", "active-active"};

template <typename Enum, std::size_t N>
std::string NameIn(const std::array<std::string_view, N>& names, Enum value) {
  return std::string(names[static_cast<std::size_t>(value)]);
}

std::string PrintedOr(const NodePtr& node, const SchemaText& text) {
  return node == nullptr ? "" : CutValue(text.Printed(*node));
}

// How many there was no room for.
std::size_t Fill(const std::vector<Renumbering>& renumbered, pb::ManualResponse& message) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < renumbered.size() && count < kDifferencesMax && bytes < kDifferencesBytesMax) {
    const Renumbering& each = renumbered[count++];
    pb::RenumberedText& row = *message.add_renumbered();
    row.set_path(PathText(each.path));
    row.set_before(each.before);
    row.set_after(each.after);
    bytes += row.ByteSizeLong();
  }
  return renumbered.size() - count;
}

}  // namespace

void Fill(const Reason& reason, pb::ReasonText& message) {
  const ReasonRow& row = RowOf(reason.code);
  message.set_code(std::string(row.name));
  message.set_subject(reason.subject);
  message.set_remote(reason.remote);
  message.set_severity(std::string(NameOf(SeverityOf(reason))));
  message.set_blocks(std::string(NameOf(BlocksOf(reason))));
  message.set_evidence(reason.evidence.empty() ? std::string(row.meaning) : reason.evidence);
  message.set_remedy(std::string(row.remedy));
}

void Fill(const RemoteStatus& remote, pb::RemoteStatus& message) {
  message.set_name(remote.name);
  message.set_address(remote.address);
  message.set_device(remote.device);
  message.set_device_name(remote.device_name);
  message.set_state(std::string(NameOf(remote.state)));
  for (const Reason& reason : remote.reasons) {
    Fill(reason, *message.add_reasons());
  }
  for (const Reason& reason : remote.their_reasons) {
    Fill(reason, *message.add_their_reasons());
  }
  if (remote.heard_ms_ago >= 0) {
    message.set_heard_ms_ago(static_cast<std::uint64_t>(remote.heard_ms_ago));
  }
  message.set_role(std::string(NameOf(remote.role)));
  message.set_running(remote.running);
  message.set_startup(remote.startup);
  message.set_my_hash(remote.my_hash);
  message.set_their_hash(remote.their_hash);
  message.set_pending(remote.pending);
  message.set_agreed(remote.agreed);
  message.set_may_push(remote.may_push);
}

void Fill(const SyncStatus& status, pb::SyncStatus& message) {
  message.set_device(status.device);
  message.set_role(std::string(NameOf(status.role)));
  message.set_term(status.term);
  message.set_enabled(status.is_enabled);
  message.set_pinned(status.is_pinned);
  message.set_pinned_revision(status.pinned);
  message.set_source(status.source);
  message.set_source_name(status.source_name);
  message.mutable_path()->Add(status.path.begin(), status.path.end());
  for (const RemoteStatus& remote : status.remotes) {
    Fill(remote, *message.add_remotes());
  }
  for (const Reason& reason : status.reasons) {
    Fill(reason, *message.add_reasons());
  }
}

void Fill(const Explanation& explanation, pb::ExplainResponse& message) {
  message.set_path(explanation.path);
  for (const Explanation::ModeAnswer& answer : explanation.answers) {
    pb::ModeAnswer& row = *message.add_answers();
    row.set_mode(NameIn(kModeNames, answer.mode));
    row.set_travels(answer.travels);
    row.set_decided_by(answer.decided_by);
    row.set_text(answer.text);
  }
}

void Fill(const ManualOutcome& outcome, const SchemaText& text, pb::ManualResponse& message) {
  message.set_done(outcome.done);
  Fill(outcome.problems, *message.mutable_problems());
  message.set_omitted_here(Fill(outcome.here, text, *message.mutable_here()));
  message.set_omitted_there(Fill(outcome.there, text, *message.mutable_there()));
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < outcome.conflicts.size() && count < kDifferencesMax &&
         bytes < kDifferencesBytesMax) {
    const Conflict& conflict = outcome.conflicts[count++];
    pb::ConflictText& row = *message.add_conflicts();
    row.set_path(PathText(conflict.path));
    row.set_reason(NameIn(kConflictNames, conflict.reason));
    row.set_base(PrintedOr(conflict.base, text));
    row.set_mine(PrintedOr(conflict.mine, text));
    row.set_theirs(PrintedOr(conflict.theirs, text));
    bytes += row.ByteSizeLong();
  }
  message.set_omitted_conflicts(outcome.conflicts.size() - count);
  message.set_omitted_renumbered(Fill(outcome.renumbered, message));
  message.set_nothing_to_push(outcome.is_nothing_to_push);
  message.set_told(outcome.is_told);
  message.set_revision(outcome.revision);
  message.set_remote_revision(outcome.remote_revision);
  message.set_restore_point(outcome.restore_point);
  message.mutable_warnings()->Add(outcome.warnings.begin(), outcome.warnings.end());
}

}  // namespace configsync
