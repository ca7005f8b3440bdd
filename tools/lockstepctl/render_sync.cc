// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/render_sync.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/lockstepctl/columns.h"
#include "tools/lockstepctl/fields.h"

namespace lockstepctl {
namespace {

namespace pb = lockstep::admin;

std::string Short(const std::string& hash) { return hash.substr(0, kHashDigits); }

// "fw-b (device 3fa2…)".
std::string DeviceText(const std::string& name, const std::string& device) {
  if (device.empty()) {
    return "";
  }
  return name.empty() ? device : absl::StrCat(name, " (device ", device, ")");
}

// "FEATURE_MISMATCH(vsys)".
std::string CodeText(const pb::ReasonText& reason) {
  return reason.subject().empty() ? reason.code()
                                  : absl::StrCat(reason.code(), "(", reason.subject(), ")");
}

// A sentence as a part of another one: no capital, no full stop. Names and codes stay as they are.
std::string Within(std::string sentence) {
  while (sentence.ends_with('.')) {
    sentence.pop_back();
  }
  const auto is_in = [&](std::size_t at, char first, char final) {
    return sentence.size() > at && sentence[at] >= first && sentence[at] <= final;
  };
  if (is_in(0, 'A', 'Z') && (is_in(1, 'a', 'z') || is_in(1, ' ', ' '))) {
    sentence[0] = static_cast<char>(sentence[0] - 'A' + 'a');
  }
  return sentence;
}

std::string HeardText(const pb::RemoteStatus& remote) {
  return remote.has_heard_ms_ago() ? absl::StrCat(remote.heard_ms_ago()) : "never";
}

std::string ConflictsText(const pb::ManualResponse& response) {
  const std::uint64_t count =
      static_cast<std::uint64_t>(response.conflicts_size()) + response.omitted_conflicts();
  if (count == 0) {
    return "";
  }
  std::string text = absl::StrCat(count, count == 1 ? " conflict\n" : " conflicts\n");
  int number = 0;
  for (const pb::ConflictText& conflict : response.conflicts()) {
    absl::StrAppend(&text, ++number, ".\n");
    AddField(text, "PATH", conflict.path());
    AddField(text, "REASON", conflict.reason());
    AddField(text, "BASE", conflict.base().empty() ? "-" : conflict.base());
    AddField(text, "MINE", conflict.mine().empty() ? "-" : conflict.mine());
    AddField(text, "THEIRS", conflict.theirs().empty() ? "-" : conflict.theirs());
  }
  if (response.omitted_conflicts() > 0) {
    absl::StrAppend(&text, "and ", response.omitted_conflicts(), " more\n");
  }
  return text;
}

std::string SideText(const std::string& where, const Differences& differences,
                     std::uint64_t omitted, Paint paint) {
  return absl::StrCat(where, differences.empty() ? ": nothing changes\n" : ":\n",
                      DifferencesText(differences, omitted, paint));
}

std::string NumbersText(const pb::ManualResponse& response) {
  if (response.renumbered_size() == 0) {
    return "";
  }
  std::string text =
      absl::StrCat("numbers of this node stay; these are others on ", response.remote(), ":\n");
  for (const pb::RenumberedText& row : response.renumbered()) {
    absl::StrAppend(&text, "~ ", row.path(), "  ", row.before(), " -> ", row.after(), "\n");
  }
  if (response.omitted_renumbered() > 0) {
    absl::StrAppend(&text, "and ", response.omitted_renumbered(), " more\n");
  }
  return text;
}

std::string NothingToPushText(const pb::ManualResponse& response) {
  return response.category().empty()
             ? absl::StrCat("nothing to push: nothing waits, and ", response.remote(), " has all\n")
             : absl::StrCat("nothing to push: nothing of ", response.category(), " waits, and ",
                            response.remote(), " has all of it\n");
}

}  // namespace

std::string ReasonLine(const pb::ReasonText& reason) {
  // As lockstep-configd writes reasons itself: one sentence, the remedy behind a semicolon.
  const std::string evidence = Within(reason.evidence());
  const std::string remedy = Within(reason.remedy());
  const bool names_remote = evidence.find(reason.remote()) != std::string::npos;
  return absl::StrCat(reason.severity(), " ", CodeText(reason), ": ",
                      names_remote ? "" : reason.remote() + ": ", evidence,
                      remedy.empty() ? "" : "; ", remedy);
}

std::string RemoteLine(const pb::RemoteStatus& remote) {
  std::string text = remote.state();
  if (!remote.my_hash().empty() && !remote.their_hash().empty()) {
    absl::StrAppend(&text, ": ", Short(remote.my_hash()), " here ",
                    remote.my_hash() == remote.their_hash() ? "=" : "!=", " ",
                    Short(remote.their_hash()), " there");
  }
  if (remote.running() > 0) {
    absl::StrAppend(&text, "; it runs revision ", remote.running());
    if (remote.startup() != remote.running()) {
      absl::StrAppend(&text, ", and would start with ", remote.startup());
    }
  }
  if (remote.pending() > 0) {
    absl::StrAppend(&text, "; ", remote.pending(),
                    remote.pending() == 1 ? " revision waits" : " revisions wait");
  }
  return absl::StrCat(text, remote.has_heard_ms_ago()
                                ? absl::StrCat("; heard ", remote.heard_ms_ago(), " ms ago")
                                : "; never heard");
}

std::string Coloured(const std::string& severity, const std::string& line, Paint paint) {
  if (paint == Paint::kPlain || severity == "info") {
    return line;
  }
  // Up to its code: what is to be read stays as everything else.
  const std::size_t end = std::min(line.find(": "), line.size());
  return absl::StrCat(severity == "error" ? "\033[31m" : "\033[33m", line.substr(0, end), "\033[0m",
                      line.substr(end));
}

std::string SyncStatusText(const pb::SyncStatus& status, Paint paint) {
  std::string text;
  AddLine(text, "SYNCHRONIZATION", status.enabled() ? "on" : "off");
  AddLine(text, "DEVICE", status.device());
  AddLine(
      text, "ROLE",
      status.term() > 0 ? absl::StrCat(status.role(), ", term ", status.term()) : status.role());
  AddLine(text, "PINNED",
          status.pinned() ? absl::StrCat("at revision ", status.pinned_revision()) : "no");
  AddLine(text, "SOURCE", DeviceText(status.source_name(), status.source()));
  if (status.path_size() > 1) {
    std::string path;
    for (const std::string& device : status.path()) {
      absl::StrAppend(&path, path.empty() ? "" : " > ", device);
    }
    AddLine(text, "PATH", path);
  }
  if (status.remotes_size() > 0) {
    Columns columns({"REMOTE", "NODE", "ADDRESS", "STATE", "ROLE", "MAY_PUSH", "RUNNING", "STARTUP",
                     "PENDING", "AGREED", "MY_HASH", "THEIR_HASH", "HEARD_MS_AGO"});
    for (const pb::RemoteStatus& remote : status.remotes()) {
      columns.Add({remote.name(), remote.device_name(), remote.address(), remote.state(),
                   remote.role(), remote.may_push() ? "yes" : "no", absl::StrCat(remote.running()),
                   absl::StrCat(remote.startup()), absl::StrCat(remote.pending()),
                   absl::StrCat(remote.agreed()), Short(remote.my_hash()),
                   Short(remote.their_hash()), HeardText(remote)});
    }
    absl::StrAppend(&text, "\n", columns.Text());
  }
  std::string reasons;
  for (const pb::ReasonText& reason : status.reasons()) {
    AddLine(reasons, "REASON", Coloured(reason.severity(), ReasonLine(reason), paint));
  }
  for (const pb::RemoteStatus& remote : status.remotes()) {
    for (const pb::ReasonText& reason : remote.their_reasons()) {
      // A peer says code and subject; evidence and remedy are on its own screen.
      AddLine(
          reasons, "SAID_BY " + remote.name(),
          Coloured(reason.severity(),
                   absl::StrCat(reason.severity(), " ", CodeText(reason),
                                reason.evidence().empty() ? "" : ": ", Within(reason.evidence())),
                   paint));
    }
  }
  return reasons.empty() ? text : absl::StrCat(text, "\n", reasons);
}

std::string DifferenceText(const pb::DifferenceResponse& response, Paint paint) {
  if (response.differences_size() == 0) {
    return absl::StrCat("equal to ", response.remote(), ": hash ", Short(response.my_hash()),
                        " on both\n");
  }
  // As diff(1): what + and - are of, and what proves it.
  const std::size_t width = std::max(response.remote().size(), std::string("this node").size());
  const auto side = [&](const char* sign, std::string name, const std::string& hash) {
    name.resize(width, ' ');
    return absl::StrCat(sign, " ", name, "  ", Short(hash), "\n");
  };
  return absl::StrCat(side("---", response.remote(), response.their_hash()),
                      side("+++", "this node", response.my_hash()),
                      DifferencesText(response.differences(), response.omitted(), paint));
}

std::string ExplainText(const pb::ExplainResponse& response) {
  std::string text = response.path() + "\n";
  Columns columns({"MODE", "TRAVELS", "DECIDED_BY", "BECAUSE"});
  for (const pb::ModeAnswer& answer : response.answers()) {
    columns.Add(
        {answer.mode(), answer.travels() ? "yes" : "no", answer.decided_by(), answer.text()});
  }
  return text + columns.Text();
}

std::string ManualText(const pb::ManualResponse& response, Paint paint) {
  if (response.nothing_to_push()) {
    return NothingToPushText(response);
  }
  std::string text =
      SideText("on this node", response.here(), response.omitted_here(), paint) +
      SideText("on " + response.remote(), response.there(), response.omitted_there(), paint);
  absl::StrAppend(&text, NumbersText(response), ConflictsText(response));
  for (const std::string& warning : response.warnings()) {
    absl::StrAppend(&text, "warning: ", warning, "\n");
  }
  return text;
}

std::string ManualDoneText(const pb::ManualResponse& response) {
  if (response.nothing_to_push()) {
    return NothingToPushText(response);
  }
  if (!response.done() || response.here_size() + response.there_size() == 0) {
    return absl::StrCat("nothing had to change: ", response.remote(),
                        " and this node have the same\n");
  }
  std::string text = "done";
  if (response.revision() > 0) {
    absl::StrAppend(&text, "; this node runs revision ", response.revision());
  }
  if (response.remote_revision() > 0) {
    absl::StrAppend(&text, "; ", response.remote(), " runs its revision ",
                    response.remote_revision());
  }
  text += '\n';
  if (response.restore_point() > 0) {
    absl::StrAppend(&text, "the way back, ",
                    response.revision() > 0 ? "here" : absl::StrCat("on ", response.remote()),
                    ": `lockstepctl config rollback ", response.restore_point(),
                    "`, then commit\n");
  }
  return text;
}

std::string ManualProblemsText(const pb::ManualResponse& response) {
  if (!response.told()) {
    return ProblemsText(response.problems());
  }
  const std::string here = response.revision() > 0 ? absl::StrCat("this node runs revision ",
                                                                  response.revision(), " now, and ")
                                                   : "";
  return ProblemsText(response.problems(),
                      absl::StrCat(here, response.remote(),
                                   " was told and did not say that it took it: see `lockstepctl "
                                   "config status`"));
}

}  // namespace lockstepctl
