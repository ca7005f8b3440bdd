// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/render_config.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "tools/lockstepctl/columns.h"
#include "tools/lockstepctl/fields.h"
#include "tools/lockstepctl/render_sync.h"

namespace lockstepctl {
namespace {

namespace pb = lockstep::admin;

// A comment is free text: it stays on its line, and sends nothing to the terminal.
std::string Plain(std::string text) {
  for (char& c : text) {
    c = static_cast<unsigned char>(c) < ' ' || c == 0x7f ? ' ' : c;
  }
  return text;
}

struct Sign {
  std::string_view kind;
  char sign;
  std::string_view colour;
};
constexpr Sign kSigns[] = {{"added", '+', "\033[32m"},
                           {"removed", '-', "\033[31m"},
                           {"modified", '~', "\033[33m"},
                           {"moved", '>', "\033[36m"}};

const Sign& SignOf(const std::string& kind) {
  for (const Sign& sign : kSigns) {
    if (sign.kind == kind) {
      return sign;
    }
  }
  return kSigns[2];
}

// " value" on the same line, or the lines of a subtree below.
void AppendValue(std::string& text, char sign, const std::string& value) {
  if (value.find('\n') == std::string::npos) {
    absl::StrAppend(&text, value.empty() ? "" : "  ", value, "\n");
    return;
  }
  text += '\n';
  for (std::size_t begin = 0; begin < value.size();) {
    const std::size_t end = std::min(value.find('\n', begin), value.size());
    absl::StrAppend(&text, std::string(1, sign), "     ", value.substr(begin, end - begin), "\n");
    begin = end + 1;
  }
}

std::string DifferenceText(const pb::Difference& row, char sign) {
  std::string text = absl::StrCat(std::string(1, sign), " ", row.path());
  if (!row.place().empty()) {
    absl::StrAppend(&text, "  (", row.place(), ")");
  }
  if (row.kind() == "modified") {
    absl::StrAppend(&text, "  ", row.before(), " -> ", row.after(), "\n");
  } else {
    AppendValue(text, sign, row.kind() == "removed" ? row.before() : row.after());
  }
  return text;
}

std::string SessionsText(const pb::SessionEffect& sessions, bool check_only) {
  if (!sessions.known()) {
    return "sessions: not known, no dataplane answers\n";
  }
  std::string text =
      absl::StrCat("sessions: ", sessions.ended(), check_only ? " would end, " : " ended, ",
                   sessions.kept(), check_only ? " would stay\n" : " stayed\n");
  for (const std::string& example : sessions.ended_examples()) {
    absl::StrAppend(&text, "  ", example, "\n");
  }
  return text;
}

std::string ServicesText(const google::protobuf::RepeatedPtrField<pb::ServiceAction>& services,
                         bool check_only) {
  std::string text;
  for (const pb::ServiceAction& action : services) {
    absl::StrAppend(&text, "service ", action.service(),
                    check_only ? " would reload: " : " reloads: ", action.reason(), "\n");
  }
  return text;
}

// Each once: a remote says the same when it judges and when it applies.
std::string WarningsText(const google::protobuf::RepeatedPtrField<std::string>& warnings) {
  std::string text;
  for (auto warning = warnings.begin(); warning != warnings.end(); ++warning) {
    if (std::find(warnings.begin(), warning, *warning) == warning) {
      absl::StrAppend(&text, "warning: ", *warning, "\n");
    }
  }
  return text;
}

// What became of the change on a remote, or would.
std::string FateText(const pb::RemoteCommit& remote, bool check_only) {
  if (remote.state() == "validated") {
    return "it would take this";
  }
  if (remote.state() == "applied") {
    return absl::StrCat("applied, its revision ", remote.revision(), ", proven by hash ",
                        remote.hash().substr(0, kHashDigits));
  }
  if (remote.state() == "pending") {
    return check_only ? "pending: it would get this later" : "pending: it gets this later";
  }
  return remote.state() == "untouched" ? "nothing of this is for it" : remote.state();
}

bool AreSame(const Differences& first, const Differences& second) {
  return std::equal(first.begin(), first.end(), second.begin(), second.end(),
                    [](const pb::Difference& a, const pb::Difference& b) {
                      return a.SerializeAsString() == b.SerializeAsString();
                    });
}

// Of a plan with its differences; what was committed was planned before.
std::string RemoteText(const pb::RemoteCommit& remote, const pb::CommitResponse& commit,
                       bool check_only, Paint paint) {
  std::string text = absl::StrCat("on ", remote.remote(), ": ", FateText(remote, check_only), "\n");
  if (check_only && remote.differences_size() > 0) {
    text += AreSame(remote.differences(), commit.differences())
                ? "the same differences as here\n"
                : DifferencesText(remote.differences(), remote.omitted_differences(), paint);
  }
  for (const pb::Dependency& dependency : remote.dependencies()) {
    absl::StrAppend(&text, "needed: ", dependency.path(), ": ", dependency.reason(), "\n");
  }
  if (remote.omitted_dependencies() > 0) {
    absl::StrAppend(&text, "needed: ", remote.omitted_dependencies(), " more\n");
  }
  text += ServicesText(remote.services(), check_only);
  if (remote.state() == "validated" || remote.state() == "applied") {
    text += SessionsText(remote.sessions(), check_only);
  }
  text += WarningsText(remote.warnings());
  for (const pb::ReasonText& reason : remote.reasons()) {
    absl::StrAppend(&text, "reason: ", ReasonLine(reason), "\n");
  }
  return text;
}

std::string FollowText(const pb::Follow& follow) {
  std::string text = follow.state();
  if (follow.revision() > 0) {
    absl::StrAppend(&text, ", runs revision ", follow.revision());
  }
  return follow.text().empty() ? text : absl::StrCat(text, ": ", follow.text());
}

std::string RevisionText(std::uint64_t revision, const std::string& hash) {
  return revision == 0 ? "" : absl::StrCat(revision, "  ", hash.substr(0, kHashDigits));
}

}  // namespace

Paint PaintOfStdout() {
  const char* const terminal = std::getenv("TERM");
  const bool has_colours = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr &&
                           terminal != nullptr && std::string_view(terminal) != "dumb";
  return has_colours ? Paint::kColours : Paint::kPlain;
}

std::string ProblemsText(const pb::Problems& problems, std::string_view outcome) {
  const std::uint64_t count = static_cast<std::uint64_t>(problems.list_size()) + problems.omitted();
  std::string text =
      absl::StrCat(count, count == 1 ? " problem" : " problems", "; ", std::string(outcome), "\n");
  int number = 0;
  for (const pb::Problem& problem : problems.list()) {
    absl::StrAppend(&text, ++number, ".\n");
    AddField(text, "PATH", problem.path());
    AddField(text, "VALUE", problem.value());
    AddField(text, "PROBLEM", absl::StrCat(problem.text(), " (", problem.code(), ")"));
    AddField(text, "REMEDY", problem.remedy());
  }
  if (problems.omitted() > 0) {
    absl::StrAppend(&text, "and ", problems.omitted(), " more\n");
  }
  return text;
}

std::string DifferencesText(const Differences& differences, std::uint64_t omitted, Paint paint) {
  std::string text;
  for (const pb::Difference& row : differences) {
    const Sign& sign = SignOf(row.kind());
    const std::string plain = DifferenceText(row, sign.sign);
    if (paint == Paint::kColours) {
      absl::StrAppend(&text, std::string(sign.colour), plain, "\033[0m");
    } else {
      text += plain;
    }
  }
  if (omitted > 0) {
    absl::StrAppend(&text, "and ", omitted, " more\n");
  }
  return text;
}

std::string CommitText(const pb::CommitResponse& response, bool check_only, Paint paint) {
  const bool has_effect = response.differences_size() > 0 || response.committed();
  std::string text = response.remotes_size() > 0 && has_effect ? "on this node:\n" : "";
  text += DifferencesText(response.differences(), response.omitted_differences(), paint);
  text += ServicesText(response.services(), check_only);
  if (has_effect) {
    text += SessionsText(response.sessions(), check_only);
  }
  text += WarningsText(response.warnings());
  // A paragraph for each node, and what comes of it at the end.
  const char* const gap = text.empty() || response.remotes().empty() ? "" : "\n";
  for (const pb::RemoteCommit& remote : response.remotes()) {
    text += gap;
    text += RemoteText(remote, response, check_only, paint);
  }
  text += gap;
  if (response.committed()) {
    absl::StrAppend(&text, "revision ", response.revision(), " is running; dataplane ",
                    FollowText(response.follow()), "\n");
  } else if (check_only && has_effect) {
    text += "valid; nothing was committed\n";
  } else {
    text += "the candidate is the running configuration: nothing to commit\n";
  }
  return text;
}

std::string ConfigStatusText(const pb::ConfigStatus& status, Paint paint) {
  std::string text;
  AddLine(text, "HOST_NAME", status.host_name());
  AddLine(text, "VIRTUAL_HOST_NAME", status.virtual_host_name());
  AddLine(text, "RUNNING", RevisionText(status.running(), status.running_hash()));
  AddLine(text, "STARTUP", RevisionText(status.startup(), status.startup_hash()));
  AddLine(text, "CANDIDATE", status.candidate_changed() ? "yours is changed" : "as running");
  AddLine(text, "FOLLOW", FollowText(status.follow()));
  AddLine(text, "CONFIRM",
          status.has_confirm()
              ? absl::StrCat("revision ", status.confirm().revision(), " of ",
                             status.confirm().by(), " goes back to ", status.confirm().back_to(),
                             " in ", status.confirm().remaining_s(), " s")
              : "");
  AddLine(text, "LOCK",
          status.has_lock() ? absl::StrCat("of ", status.lock().by(), ", ",
                                           status.lock().remaining_s(), " s left")
                            : "");
  AddLine(text, "FAILOVER", HaEditText(status));
  text.pop_back();  // HaEditText() ends its line by itself.
  AddLine(text, "MASTER_KEY", status.master_key_fingerprint());
  AddLine(text, "SCHEMA", status.schema().substr(0, kHashDigits));
  AddLine(text, "VERSION", absl::StrCat(status.version(), ", pid ", status.pid()));
  for (const pb::RemoteStatus& remote : status.remotes()) {
    AddLine(text, "SYNC " + remote.name(), RemoteLine(remote));
  }
  for (const std::string& reason : status.reasons()) {
    AddLine(text, "REASON", Coloured(reason.substr(0, reason.find(' ')), reason, paint));
  }
  return text;
}

std::string HaEditText(const pb::ConfigStatus& status) {
  if (status.ha_armed()) {
    return "armed\n";
  }
  return status.has_rearms_in_s()
             ? absl::StrCat("off for an edit, armed again in ", status.rearms_in_s(), " s\n")
             : "off\n";
}

std::string HistoryText(const pb::GetHistoryResponse& history) {
  Columns columns({"REVISION", "TIME", "AUTHOR", "ORIGIN", "CHANGES", "HASH", "COMMENT"});
  for (const pb::Revision& row : history.revisions()) {
    columns.Add({absl::StrCat(row.id()), row.time(), row.author(), row.origin(),
                 absl::StrCat(row.changes()), row.hash().substr(0, kHashDigits),
                 Plain(row.comment())});
  }
  return columns.Text();
}

std::string AuditText(const pb::GetAuditResponse& audit) {
  Columns columns({"RECORD", "TIME", "AUTHOR", "ACTION", "OUTCOME", "DETAIL"});
  for (const pb::AuditRecord& row : audit.records()) {
    columns.Add({absl::StrCat(row.sequence()), row.time(), row.author(), row.action(),
                 row.outcome(), Plain(row.detail())});
  }
  return columns.Text();
}

std::string VerifyText(const pb::VerifyStoreResponse& report) {
  std::string text =
      absl::StrCat(report.revisions(), " revisions, ", report.audit_records(), " audit records: ");
  if (report.faults().empty()) {
    return text + "all is well\n";
  }
  absl::StrAppend(&text, report.faults_size(),
                  report.faults_size() == 1 ? " fault\n" : " faults\n");
  for (const std::string& fault : report.faults()) {
    absl::StrAppend(&text, "  ", fault, "\n");
  }
  return text;
}

std::string CompletionsText(const pb::CompleteResponse& response) {
  std::string text;
  for (const pb::Completion& row : response.completions()) {
    absl::StrAppend(&text, row.word(), "\t", row.help(), "\n");
  }
  return text;
}

}  // namespace lockstepctl
