// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What looks, and what asks for no decision.

#include "configsync/admin/sync_calls.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "configsync/admin/remote_name.h"
#include "configsync/admin/sync_messages.h"

namespace configsync {
namespace {

namespace pb = lockstep::admin;

Operator OperatorOf(const Caller& caller) { return {caller.user, caller.name}; }

}  // namespace

absl::Status NoSync() {
  return absl::FailedPreconditionError(
      "this lockstep-configd knows no other node: start it with --ha1 ADDRESS, then `lockstepctl "
      "pair`");
}

absl::Status SyncCalls::GetSync(const Caller&, const pb::GetSyncRequest&,
                                pb::SyncStatus& response) {
  if (setup_.pair == nullptr) return NoSync();
  Fill(setup_.pair->Status(), response);
  return absl::OkStatus();
}

absl::Status SyncCalls::GetDifference(const Caller&, const pb::GetDifferenceRequest& request,
                                      pb::DifferenceResponse& response) {
  if (setup_.pair == nullptr) return NoSync();
  const absl::StatusOr<RemoteStatus> remote = FindRemote(setup_.pair->Status(), request.remote());
  if (!remote.ok()) {
    return remote.status();
  }
  const absl::StatusOr<PartsOfBoth> parts = setup_.pair->Parts(remote->name);
  if (!parts.ok()) {
    // That the remote is away is an answer of this node, and must not look as if this one were.
    return absl::FailedPreconditionError(
        absl::StrCat("no comparison with ", remote->name, ": ", parts.status().message()));
  }
  response.set_remote(remote->name);
  response.set_my_hash(HexOf(parts->mine.hash()));
  response.set_their_hash(HexOf(parts->theirs.hash()));
  response.set_omitted(
      Fill(Diff(parts->theirs, parts->mine), *setup_.text, *response.mutable_differences()));
  return absl::OkStatus();
}

absl::Status SyncCalls::Explain(const Caller&, const pb::ExplainRequest& request,
                                pb::ExplainResponse& response) {
  if (setup_.pair == nullptr) return NoSync();
  if (absl::Status status = CheckWords(request.path()); !status.ok()) {
    return status;
  }
  const SyncStatus status = setup_.pair->Status();
  std::string remote = request.remote();
  // Without any remote there is no map: what class and category say is an answer as well.
  if (!remote.empty() || !status.remotes.empty()) {
    const absl::StatusOr<RemoteStatus> found = FindRemote(status, remote);
    if (!found.ok()) {
      return found.status();
    }
    remote = found->name;
  }
  Problems problems;
  const std::vector<std::string> words(request.path().begin(), request.path().end());
  const std::optional<Path> path = setup_.text->ReadPath(words, problems);
  if (!path.has_value() || !problems.empty()) {
    Fill(problems, *response.mutable_problems());
    return absl::OkStatus();
  }
  const absl::StatusOr<Explanation> explanation = setup_.pair->ExplainPath(remote, *path);
  if (!explanation.ok()) {
    return explanation.status();
  }
  Fill(*explanation, response);
  return absl::OkStatus();
}

absl::Status SyncCalls::ApplyHeld(const Caller& caller, const pb::ApplyHeldRequest&,
                                  pb::ApplyHeldResponse& response) {
  if (setup_.pair == nullptr) return NoSync();
  const absl::StatusOr<std::uint32_t> revisions = setup_.pair->ApplyHeld(OperatorOf(caller));
  if (!revisions.ok()) {
    return revisions.status();
  }
  response.set_revisions(*revisions);
  return absl::OkStatus();
}

absl::Status SyncCalls::Pin(const Caller& caller, const pb::PinRequest& request,
                            pb::PinResponse& response) {
  if (setup_.pair == nullptr) return NoSync();
  absl::Status status = setup_.pair->Pin(OperatorOf(caller), request.pinned());
  response.set_revision(setup_.engine->Status().running);
  return status;
}

}  // namespace configsync
