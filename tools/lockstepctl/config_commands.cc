// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/config_commands.h"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/lockstepctl/admin_client.h"
#include "tools/lockstepctl/device_commands.h"
#include "tools/lockstepctl/input_file.h"
#include "tools/lockstepctl/print_answer.h"
#include "tools/lockstepctl/progress.h"
#include "tools/lockstepctl/render_config.h"
#include "tools/lockstepctl/set_lines.h"
#include "tools/lockstepctl/socket_path.h"
#include "tools/lockstepctl/sync_commands.h"

namespace lockstepctl {
namespace {

namespace pb = lockstep::admin;

// A changed candidate says nothing: success is silent, as of cp(1).
std::string Silent(const pb::EditResponse&) { return ""; }

void SetPlace(const Request& request, pb::EditText& edit) {
  edit.set_first(request.is_first);
  edit.mutable_after()->Add(request.after.begin(), request.after.end());
}

absl::StatusOr<int> RunEdit(const Request& request, AdminClient& client) {
  pb::EditRequest call;
  pb::EditText& edit = *call.add_edits();
  edit.set_op(request.verb == Verb::kConfigDelete ? pb::EditText::DELETE
              : request.verb == Verb::kConfigMove ? pb::EditText::MOVE
                                                  : pb::EditText::SET);
  edit.mutable_words()->Add(request.words.begin(), request.words.end());
  if (!request.value_file.empty()) {
    absl::StatusOr<std::string> value = ReadValue(request.value_file);
    if (!value.ok()) {
      return value.status();
    }
    edit.add_words(*std::move(value));
  }
  SetPlace(request, edit);
  return PrintVerdict(request, client.Call(call), Silent);
}

absl::StatusOr<int> RunLoad(const Request& request, AdminClient& client) {
  absl::StatusOr<std::string> text = ReadInput(request.file, kAdminMessageBytesMax - 1'024);
  if (!text.ok()) {
    return text.status();
  }
  if (request.as_commands) {
    const absl::StatusOr<pb::EditRequest> edits = ReadSetLines(*text);
    if (!edits.ok()) {
      return absl::Status(edits.status().code(),
                          absl::StrCat(request.file, ": ", edits.status().message()));
    }
    return PrintVerdict(request, client.Call(*edits), Silent);
  }
  pb::LoadRequest call;
  call.set_json(*std::move(text));
  call.set_replace(request.verb == Verb::kConfigLoad);
  return PrintVerdict(request, client.Call(call), Silent);
}

absl::StatusOr<int> RunShow(const Request& request, AdminClient& client) {
  pb::ShowRequest call;
  call.set_view(request.view);
  call.mutable_path()->Add(request.words.begin(), request.words.end());
  call.set_format(request.as_commands ? "commands" : "json");
  const absl::StatusOr<pb::ShowResponse> response = client.Call(call);
  // The text is JSON already: an object of ours around it would only be in the way.
  if (request.json && !request.as_commands && response.ok() &&
      response->problems().list_size() == 0) {
    Print(response->text() + (response->text().ends_with('\n') ? "" : "\n"));
    return kStatusDone;
  }
  return PrintVerdict(request, response, [](const pb::ShowResponse& show) {
    return show.text() + (show.text().empty() || show.text().ends_with('\n') ? "" : "\n");
  });
}

absl::StatusOr<int> RunCompare(const Request& request, AdminClient& client) {
  pb::CompareRequest call;
  call.set_first(request.first);
  call.set_second(request.second);
  const absl::StatusOr<pb::CompareResponse> response = client.Call(call);
  const absl::StatusOr<int> printed =
      PrintAnswer(request, response, [](const pb::CompareResponse& compare) {
        return DifferencesText(compare.differences(), compare.omitted(), PaintOfStdout());
      });
  return printed.ok() && response->differences_size() > 0 ? kStatusDiffer : printed;
}

absl::StatusOr<int> RunCommit(const Request& request, AdminClient& client) {
  pb::CommitRequest call;
  call.set_comment(request.comment);
  call.set_check_only(request.check_only || request.verb == Verb::kConfigPlan);
  call.set_save(request.save);
  if (!request.confirm_within.empty()) {
    const absl::StatusOr<std::uint32_t> seconds =
        ReadDuration("--confirm-within", request.confirm_within);
    if (!seconds.ok()) {
      return seconds.status();
    }
    call.set_confirm_within_s(*seconds);
  }
  call.set_from_central_manager(request.from_central_manager);
  const absl::StatusOr<pb::CommitResponse> response = [&] {
    const Progress progress(request.socket);
    return client.Call(call);
  }();
  const absl::StatusOr<int> status = PrintVerdict(request, response, [&](const auto& commit) {
    std::string text = CommitText(commit, call.check_only(), PaintOfStdout());
    if (commit.committed() && call.has_confirm_within_s()) {
      absl::StrAppend(&text, "it goes back in ", call.confirm_within_s(),
                      " s unless you say `lockstepctl config confirm`\n");
    }
    return text;
  });
  return status.ok() ? StatusOfCommit(*response) : status;
}

absl::StatusOr<int> RunReset(const Request& request, AdminClient& client) {
  pb::ResetRequest call;
  call.set_view(request.verb == Verb::kConfigDiscard ? "running" : request.view);
  return PrintVerdict(request, client.Call(call), Silent);
}

absl::StatusOr<int> RunVerify(const Request& request, AdminClient& client) {
  const absl::StatusOr<pb::VerifyStoreResponse> response = client.Call(pb::VerifyStoreRequest());
  const absl::StatusOr<int> printed = PrintAnswer(request, response, VerifyText);
  return printed.ok() && response->faults_size() > 0 ? kStatusFailed : printed;
}

absl::StatusOr<int> RunComplete(const Request& request, AdminClient& client) {
  pb::CompleteRequest call;
  call.mutable_words()->Add(request.words.begin(), request.words.end());
  call.set_partial(request.partial);
  call.set_verb(request.completed_verb.empty() ? "set" : request.completed_verb);
  return PrintAnswer(request, client.Call(call), CompletionsText);
}

// Seconds of --for; 0, the service's default, without.
absl::StatusOr<std::uint32_t> Lease(const Request& request) {
  return request.duration.empty() ? 0u : ReadDuration("--for", request.duration);
}

absl::StatusOr<int> RunLock(const Request& request, AdminClient& client) {
  const absl::StatusOr<std::uint32_t> lease_s = Lease(request);
  if (!lease_s.ok()) {
    return lease_s.status();
  }
  pb::LockRequest call;
  call.set_lease_s(*lease_s);
  return PrintDone(request, client.Call(call).status(), "the lock is yours");
}

absl::StatusOr<int> RunUnlock(const Request& request, AdminClient& client) {
  pb::UnlockRequest call;
  call.set_force(request.force);
  return PrintDone(request, client.Call(call).status(), "nobody holds the lock");
}

absl::StatusOr<int> RunHaEdit(const Request& request, AdminClient& client) {
  const auto render = [&](const pb::CommitResponse& response) {
    return CommitText(response, false, PaintOfStdout()) +
           (request.verb == Verb::kHaEditBegin
                ? "failover is off: edit, commit, then `lockstepctl ha edit end`; "
                  "`lockstepctl ha edit` says when it comes on by itself\n"
                : "failover is on\n");
  };
  if (request.verb == Verb::kHaEditEnd) {
    return PrintVerdict(request, client.Call(pb::EndHaEditRequest()), render);
  }
  const absl::StatusOr<std::uint32_t> for_s = Lease(request);
  if (!for_s.ok()) {
    return for_s.status();
  }
  pb::BeginHaEditRequest call;
  call.set_for_s(*for_s);
  return PrintVerdict(request, client.Call(call), render);
}

absl::StatusOr<int> RunMasterKey(const Request& request, AdminClient& client) {
  if (request.old_key_file == "-" && request.new_key_file == "-") {
    return absl::InvalidArgumentError("only one of --old and --new can come from standard input");
  }
  absl::StatusOr<std::string> old_key = ReadValue(request.old_key_file);
  if (!old_key.ok()) {
    return old_key.status();
  }
  absl::StatusOr<std::string> new_key = ReadValue(request.new_key_file);
  if (!new_key.ok()) {
    return new_key.status();
  }
  pb::ChangeMasterKeyRequest call;
  call.set_old_key(*std::move(old_key));
  call.set_new_key(*std::move(new_key));
  return PrintAnswer(request, client.Call(call), [](const pb::ChangeMasterKeyResponse& response) {
    return absl::StrCat("all secrets are sealed under the new key, fingerprint ",
                        response.fingerprint(), "\n");
  });
}

absl::StatusOr<int> RunHistory(const Request& request, AdminClient& client) {
  pb::GetHistoryRequest call;
  call.set_limit(request.revision_limit);
  return PrintAnswer(request, client.Call(call), HistoryText);
}

absl::StatusOr<int> RunAudit(const Request& request, AdminClient& client) {
  pb::GetAuditRequest call;
  call.set_limit(request.revision_limit);
  return PrintAnswer(request, client.Call(call), AuditText);
}

absl::StatusOr<int> RunConfirm(const Request& request, AdminClient& client) {
  return PrintAnswer(request, client.Call(pb::ConfirmRequest()),
                     [](const pb::ConfirmResponse& response) {
                       return absl::StrCat("revision ", response.revision(), " stays\n");
                     });
}

absl::StatusOr<int> RunSave(const Request& request, AdminClient& client) {
  return PrintAnswer(request, client.Call(pb::SaveRequest()), [](const pb::SaveResponse& response) {
    return absl::StrCat("the next boot begins with revision ", response.revision(), "\n");
  });
}

absl::StatusOr<int> RunStatus(const Request& request, AdminClient& client) {
  return PrintAnswer(
      request, client.Call(pb::GetStatusRequest()),
      [](const pb::ConfigStatus& status) { return ConfigStatusText(status, PaintOfStdout()); });
}

struct Row {
  Verb verb;
  absl::StatusOr<int> (*run)(const Request& request, AdminClient& client);
};

constexpr Row kRows[] = {
    {Verb::kConfigShow, RunShow},
    {Verb::kConfigSet, RunEdit},
    {Verb::kConfigDelete, RunEdit},
    {Verb::kConfigMove, RunEdit},
    {Verb::kConfigLoad, RunLoad},
    {Verb::kConfigMerge, RunLoad},
    {Verb::kConfigCompare, RunCompare},
    {Verb::kConfigPlan, RunCommit},
    {Verb::kConfigCommit, RunCommit},
    {Verb::kConfigConfirm, RunConfirm},
    {Verb::kConfigRollback, RunReset},
    {Verb::kConfigDiscard, RunReset},
    {Verb::kConfigSave, RunSave},
    {Verb::kConfigHistory, RunHistory},
    {Verb::kConfigAudit, RunAudit},
    {Verb::kConfigLock, RunLock},
    {Verb::kConfigUnlock, RunUnlock},
    {Verb::kConfigStatus, RunStatus},
    {Verb::kConfigVerify, RunVerify},
    {Verb::kConfigComplete, RunComplete},
    {Verb::kHaEditBegin, RunHaEdit},
    {Verb::kHaEditEnd, RunHaEdit},
    {Verb::kHaEditStatus,
     [](const Request& request, AdminClient& client) {
       return PrintAnswer(request, client.Call(pb::GetStatusRequest()), HaEditText);
     }},
    {Verb::kMasterKeyChange, RunMasterKey},
};

}  // namespace

int StatusOfCommit(const pb::CommitResponse& commit) {
  if (commit.problems().list_size() > 0 || commit.problems().omitted() > 0) {
    return kStatusProblems;
  }
  const bool is_refused = std::ranges::any_of(
      commit.remotes(), [](const pb::RemoteCommit& row) { return row.state() == "refused"; });
  return is_refused ? kStatusFailed : kStatusDone;
}

absl::StatusOr<int> RunConfig(const Request& asked) {
  Request request = asked;
  const absl::StatusOr<std::string> socket =
      FindSocket(request.socket, "/run/lockstep", kConfigdService);
  if (!socket.ok()) {
    return socket.status();
  }
  if (absl::Status probe = ProbeSocket(*socket, kConfigdService); !probe.ok()) {
    return probe;
  }
  request.socket = *socket;
  if (request.timeout_s == kTimeoutSeconds && WaitsForRemotes(request.verb)) {
    request.timeout_s = kPeerTimeoutSeconds;
  }
  if (IsForSync(request.verb)) {
    return RunSync(request);
  }
  if (IsForDevices(request.verb)) {
    return RunDevices(request);
  }
  AdminClient client(*socket, request.timeout_s);
  for (const Row& row : kRows) {
    if (row.verb == request.verb) {
      return row.run(request, client);
    }
  }
  return absl::InvalidArgumentError("no command given");
}

}  // namespace lockstepctl
