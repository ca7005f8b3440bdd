// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/config_calls.h"

#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "configsync/admin/host_names.h"
#include "configsync/admin/messages.h"
#include "configsync/admin/page_text.h"
#include "configsync/admin/reasons.h"
#include "configsync/admin/sync_messages.h"

namespace configsync {
namespace {

namespace pb = lockstep::admin;

Operator OperatorOf(const Caller& caller) { return {caller.user, caller.name}; }

std::vector<std::string> WordsOf(const google::protobuf::RepeatedPtrField<std::string>& words) {
  return {words.begin(), words.end()};
}

// Engine and pair may know of the same thing, each in its words.
void AddOthers(std::span<const Reason> others, std::vector<Reason>& reasons) {
  for (const Reason& other : others) {
    const bool is_known = std::ranges::any_of(reasons, [&](const Reason& reason) {
      return reason.code == other.code && reason.subject == other.subject &&
             reason.remote == other.remote;
    });
    if (!is_known) {
      reasons.push_back(other);
    }
  }
}

absl::StatusOr<Tree> ViewOf(ConfigEngine& engine, const Caller& caller, const std::string& name,
                            std::string_view default_name) {
  const absl::StatusOr<ViewName> view = ReadView(name.empty() ? default_name : name);
  if (!view.ok()) {
    return view.status();
  }
  return engine.View(OperatorOf(caller), *view);
}

}  // namespace

absl::Status ConfigCalls::GetStatus(const Caller& caller, const pb::GetStatusRequest&,
                                    pb::ConfigStatus& response) {
  const EngineStatus status = setup_.engine->Status();
  const absl::StatusOr<Tree> running = setup_.engine->View(OperatorOf(caller), ViewName{});
  if (!running.ok()) {
    return running.status();
  }
  response.set_version(setup_.version);
  response.set_pid(static_cast<std::uint32_t>(getpid()));
  response.set_running(status.running);
  response.set_running_hash(status.running_hash);
  response.set_startup(status.startup);
  response.set_startup_hash(status.startup_hash);
  Fill(status.follow, *response.mutable_follow());
  if (status.confirm.has_value()) {
    pb::PendingConfirm& confirm = *response.mutable_confirm();
    confirm.set_revision(status.confirm->revision);
    confirm.set_back_to(status.confirm->back_to);
    confirm.set_remaining_s(status.confirm->remaining_s);
    confirm.set_by(status.confirm->by);
  }
  if (status.lock.has_value()) {
    response.mutable_lock()->set_by(status.lock->by.name);
    response.mutable_lock()->set_remaining_s(status.lock->remaining_s);
  }
  response.set_ha_armed(status.ha_armed);
  if (status.rearms_in_s.has_value()) {
    response.set_rearms_in_s(*status.rearms_in_s);
  }
  response.set_master_key_fingerprint(status.master_key_fingerprint);
  response.set_host_name(LeafOr(*running, {"system", "host-name"}));
  response.set_virtual_host_name(LeafOr(*running, {"ha", "virtual-host-name"}));
  std::vector<Reason> reasons = ReasonsOf(status, *running);
  if (setup_.pair != nullptr) {
    const SyncStatus sync = setup_.pair->Status();
    for (const RemoteStatus& remote : sync.remotes) {
      Fill(remote, *response.add_remotes());
    }
    AddOthers(sync.reasons, reasons);
  }
  for (const Reason& reason : reasons) {
    response.add_reasons(TextOf(reason));
  }
  response.set_schema(setup_.text->digest());
  const absl::StatusOr<Tree> candidate =
      setup_.engine->View(OperatorOf(caller), {.kind = ViewName::Kind::kCandidate});
  response.set_candidate_changed(candidate.ok() && !(*candidate == *running));
  return absl::OkStatus();
}

absl::Status ConfigCalls::Show(const Caller& caller, const pb::ShowRequest& request,
                               pb::ShowResponse& response) {
  const bool as_commands = request.format() == "commands";
  const bool as_page = request.format() == "page";
  if (!as_commands && !as_page && !request.format().empty() && request.format() != "json") {
    return absl::InvalidArgumentError(absl::StrCat("format '", request.format().substr(0, 64),
                                                   "' is none of json, commands, page"));
  }
  if (absl::Status status = CheckWords(request.path()); !status.ok()) {
    return status;
  }
  const absl::StatusOr<Tree> tree = ViewOf(*setup_.engine, caller, request.view(), "running");
  if (!tree.ok()) {
    return tree.status();
  }
  Problems problems;
  const std::optional<Path> path = setup_.text->ReadPath(WordsOf(request.path()), problems);
  if (!path.has_value() || !problems.empty()) {
    Fill(problems, *response.mutable_problems());
    return absl::OkStatus();
  }
  if (!as_page && !path->empty() && tree->Find(*path) == nullptr) {
    return absl::NotFoundError(absl::StrCat(PathText(*path), ": nothing is configured there"));
  }
  std::string text = as_page       ? PageText(*tree, *path)
                     : as_commands ? setup_.text->Commands(*tree, *path)
                                   : setup_.text->Json(*tree, *path);
  if (text.size() > kAdminMessageBytesMax - 1'024) {
    return absl::ResourceExhaustedError(absl::StrCat(PathText(*path), ": ", text.size(),
                                                     " bytes of text, an answer holds ",
                                                     kAdminMessageBytesMax, "; show a part of it"));
  }
  response.set_text(std::move(text));
  return absl::OkStatus();
}

absl::Status ConfigCalls::Compare(const Caller& caller, const pb::CompareRequest& request,
                                  pb::CompareResponse& response) {
  const absl::StatusOr<Tree> first = ViewOf(*setup_.engine, caller, request.first(), "running");
  if (!first.ok()) {
    return first.status();
  }
  const absl::StatusOr<Tree> second = ViewOf(*setup_.engine, caller, request.second(), "candidate");
  if (!second.ok()) {
    return second.status();
  }
  response.set_omitted(Fill(Diff(*first, *second), *setup_.text, *response.mutable_differences()));
  return absl::OkStatus();
}

absl::Status ConfigCalls::GetHistory(const Caller&, const pb::GetHistoryRequest& request,
                                     pb::GetHistoryResponse& response) {
  const std::uint32_t limit = request.limit() == 0 ? kHistoryDefault : request.limit();
  if (limit > kHistoryMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit ", limit, ": at most ", kHistoryMax, " revisions are kept"));
  }
  const absl::StatusOr<std::vector<RevisionInfo>> revisions = setup_.engine->History(limit);
  if (!revisions.ok()) {
    return revisions.status();
  }
  for (const RevisionInfo& revision : *revisions) {
    Fill(revision, *response.add_revisions());
  }
  return absl::OkStatus();
}

absl::Status ConfigCalls::GetAudit(const Caller&, const pb::GetAuditRequest& request,
                                   pb::GetAuditResponse& response) {
  const std::uint32_t limit = request.limit() == 0 ? kHistoryDefault : request.limit();
  if (limit > kHistoryMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit ", limit, ": at most ", kHistoryMax, " records at once"));
  }
  const absl::StatusOr<std::vector<AuditRecord>> records = setup_.engine->Audit(limit);
  if (!records.ok()) {
    return records.status();
  }
  for (const AuditRecord& record : *records) {
    Fill(record, *response.add_records());
  }
  return absl::OkStatus();
}

absl::Status ConfigCalls::Complete(const Caller& caller, const pb::CompleteRequest& request,
                                   pb::CompleteResponse& response) {
  if (absl::Status status = CheckWords(request.words()); !status.ok()) {
    return status;
  }
  const absl::StatusOr<Tree> tree = ViewOf(*setup_.engine, caller, "", "candidate");
  if (!tree.ok()) {
    return tree.status();
  }
  for (WordChoice& choice :
       setup_.text->Complete(*tree, request.verb(), WordsOf(request.words()), request.partial())) {
    pb::Completion& row = *response.add_completions();
    row.set_word(std::move(choice.word));
    row.set_help(std::move(choice.help));
    row.set_kind(std::move(choice.kind));
  }
  return absl::OkStatus();
}

absl::Status ConfigCalls::VerifyStore(const Caller&, const pb::VerifyStoreRequest&,
                                      pb::VerifyStoreResponse& response) {
  const absl::StatusOr<StoreReport> report = setup_.engine->VerifyStore();
  if (!report.ok()) {
    return report.status();
  }
  response.set_revisions(report->revisions);
  response.set_audit_records(report->audit_records);
  response.mutable_faults()->Add(report->faults.begin(), report->faults.end());
  return absl::OkStatus();
}

}  // namespace configsync
