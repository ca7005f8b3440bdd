// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/messages.h"

#include <ctime>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "configsync/admin/config_calls.h"
#include "configsync/admin/sync_messages.h"

namespace configsync {
namespace {

constexpr std::string_view kFollowNames[] = {"unreachable", "applying", "following", "refused"};
constexpr std::string_view kRemoteStates[] = {"untouched", "validated", "applied", "pending",
                                              "refused"};
constexpr std::string_view kChangeNames[] = {"added", "removed", "modified", "moved"};

// "first", or "after name='web'" as in a path.
std::string PlaceText(const Change& change) {
  if (change.after->empty()) {
    return "first";
  }
  Path path = change.path;
  path.back().keys = *change.after;
  const std::string text = PathText({path.back()});
  const std::size_t bracket = text.find('[');
  std::string keys = bracket == std::string::npos ? text : text.substr(bracket);
  for (std::size_t at = keys.find("]["); at != std::string::npos; at = keys.find("][")) {
    keys.replace(at, 2, " ");
  }
  return keys.size() < 2 ? "" : absl::StrCat("after ", keys.substr(1, keys.size() - 2));
}

}  // namespace

// At a line's end, so that no character is cut in two.
std::string CutValue(std::string value) {
  if (value.size() <= kDifferenceBytesMax) {
    return value;
  }
  const std::size_t end = value.rfind('\n', kDifferenceBytesMax);
  const std::size_t kept = end == std::string::npos ? 0 : end + 1;
  const std::size_t left_out = value.size() - kept;
  value.resize(kept);
  return absl::StrCat(value, "… ", left_out, " bytes more: `config show` prints all");
}

absl::Status CheckWords(const Words& words) {
  if (static_cast<std::size_t>(words.size()) > kEditWordsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("path of ", words.size(), " words: at most ", kEditWordsMax));
  }
  for (const std::string& word : words) {
    if (word.size() > kWordBytesMax) {
      return absl::InvalidArgumentError(absl::StrCat(
          "word of ", word.size(), " bytes, '", word.substr(0, 32), "…': at most ", kWordBytesMax));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ViewName> ReadView(std::string_view name) {
  ViewName view;
  if (name == "candidate") {
    view.kind = ViewName::Kind::kCandidate;
  } else if (name == "running") {
    view.kind = ViewName::Kind::kRunning;
  } else if (name == "startup") {
    view.kind = ViewName::Kind::kStartup;
  } else if (absl::SimpleAtoi(absl::string_view(name.data(), name.size()), &view.revision) &&
             view.revision > 0) {
    view.kind = ViewName::Kind::kRevision;
  } else {
    return absl::InvalidArgumentError(absl::StrCat(
        "configuration '", std::string(name.substr(0, 64)),
        "' is none of candidate, running, startup or a revision's number; see `config history`"));
  }
  return view;
}

std::string TimeText(std::int64_t wall_ms) {
  const std::time_t seconds = wall_ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

void Fill(const Problems& problems, lockstep::admin::Problems& message) {
  for (const Problem& problem : problems.list) {
    lockstep::admin::Problem& row = *message.add_list();
    row.set_code(problem.code);
    row.set_path(problem.path);
    row.set_value(problem.value);
    row.set_text(problem.text);
    row.set_remedy(problem.remedy);
  }
  message.set_omitted(problems.omitted_count);
}

void Fill(const FollowStatus& follow, lockstep::admin::Follow& message) {
  message.set_state(std::string(kFollowNames[static_cast<std::size_t>(follow.state)]));
  message.set_revision(follow.revision);
  message.set_text(follow.text);
}

void Fill(const RevisionInfo& revision, lockstep::admin::Revision& message) {
  message.set_id(revision.id);
  message.set_parent(revision.parent);
  message.set_time(TimeText(revision.wall_ms));
  message.set_author(revision.author.name);
  message.set_origin(revision.origin);
  message.set_comment(revision.comment);
  message.set_hash(HexOf(revision.hash));
  message.set_changes(revision.change_count);
}

void Fill(const AuditRecord& record, lockstep::admin::AuditRecord& message) {
  message.set_sequence(record.sequence);
  message.set_time(TimeText(record.wall_ms));
  message.set_author(record.by.name);
  message.set_user_id(record.by.user_id);
  message.set_action(record.action);
  message.set_detail(record.detail);
  message.set_outcome(record.outcome);
  message.set_hash(HexOf(record.hash));
}

void Fill(const Change& change, const SchemaText& text, lockstep::admin::Difference& message) {
  message.set_kind(std::string(kChangeNames[static_cast<std::size_t>(change.kind)]));
  message.set_path(PathText(change.path));
  if (change.kind != ChangeKind::kMoved) {
    if (change.before != nullptr) {
      message.set_before(CutValue(text.Printed(*change.before)));
    }
    if (change.after_node != nullptr) {
      message.set_after(CutValue(text.Printed(*change.after_node)));
    }
  }
  if (change.after.has_value()) {
    message.set_place(PlaceText(change));
  }
}

std::size_t Fill(std::span<const Change> changes, const SchemaText& text, Differences& message,
                 std::size_t share) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < changes.size() && count < kDifferencesMax / share &&
         bytes < kDifferencesBytesMax / share) {
    lockstep::admin::Difference& row = *message.Add();
    Fill(changes[count++], text, row);
    bytes += row.ByteSizeLong();
  }
  return changes.size() - count;
}

namespace {

void Fill(std::span<const ServiceAction> actions,
          google::protobuf::RepeatedPtrField<lockstep::admin::ServiceAction>& message) {
  for (const ServiceAction& action : actions) {
    lockstep::admin::ServiceAction& row = *message.Add();
    row.set_service(action.service);
    row.set_reason(action.reason);
  }
}

void Fill(const SessionEffect& sessions, lockstep::admin::SessionEffect& message) {
  message.set_known(sessions.known);
  message.set_kept(sessions.kept);
  message.set_ended(sessions.ended);
  message.mutable_ended_examples()->Add(sessions.ended_examples.begin(),
                                        sessions.ended_examples.end());
}

void Fill(const RemoteOutcome& remote, const SchemaText& text, std::size_t remote_count,
          lockstep::admin::RemoteCommit& message) {
  message.set_remote(remote.remote);
  message.set_state(std::string(kRemoteStates[static_cast<std::size_t>(remote.state)]));
  message.set_revision(remote.revision);
  message.set_hash(remote.hash);
  message.set_omitted_differences(
      Fill(remote.changes, text, *message.mutable_differences(), remote_count));
  Fill(remote.services, *message.mutable_services());
  Fill(remote.sessions, *message.mutable_sessions());
  message.mutable_warnings()->Add(remote.warnings.begin(), remote.warnings.end());
  for (const Reason& reason : remote.reasons) {
    Fill(reason, *message.add_reasons());
  }
}

}  // namespace

void Fill(const CommitOutcome& outcome, const SchemaText& text,
          lockstep::admin::CommitResponse& message) {
  message.set_committed(outcome.committed);
  message.set_revision(outcome.revision);
  message.set_hash(outcome.hash);
  Fill(outcome.problems, *message.mutable_problems());
  message.mutable_warnings()->Add(outcome.warnings.begin(), outcome.warnings.end());
  message.set_omitted_differences(Fill(outcome.changes, text, *message.mutable_differences()));
  Fill(outcome.services, *message.mutable_services());
  Fill(outcome.sessions, *message.mutable_sessions());
  Fill(outcome.follow, *message.mutable_follow());
  message.set_difference_cpu_us(static_cast<std::uint64_t>(outcome.difference_cpu_us));
  message.set_validation_cpu_us(static_cast<std::uint64_t>(outcome.validation_cpu_us));
  for (const RemoteOutcome& remote : outcome.remotes) {
    Fill(remote, text, outcome.remotes.size(), *message.add_remotes());
  }
}

}  // namespace configsync
