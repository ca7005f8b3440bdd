// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The methods of admin.proto that change something.

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "configsync/admin/config_calls.h"
#include "configsync/admin/dependencies.h"
#include "configsync/admin/messages.h"

namespace configsync {
namespace {

namespace pb = lockstep::admin;

Operator OperatorOf(const Caller& caller) { return {caller.user, caller.name}; }

absl::Status CheckEdit(const pb::EditText& edit, int number) {
  const auto refuse = [&](const auto&... parts) {
    return absl::InvalidArgumentError(absl::StrCat("edit ", number, ": ", parts...));
  };
  if (edit.op() != pb::EditText::SET && edit.op() != pb::EditText::DELETE &&
      edit.op() != pb::EditText::MOVE) {
    return refuse("operation ", static_cast<int>(edit.op()), " is none of set, delete, move");
  }
  if (static_cast<std::size_t>(edit.words_size() + edit.after_size()) > kEditWordsMax) {
    return refuse(edit.words_size() + edit.after_size(), " words: at most ", kEditWordsMax);
  }
  if (edit.first() && edit.after_size() > 0) {
    return refuse("both `first` and `after`: give one");
  }
  if (edit.op() == pb::EditText::MOVE && !edit.first() && edit.after_size() == 0) {
    return refuse("a move needs `first` or `after`");
  }
  if (edit.op() == pb::EditText::DELETE && (edit.first() || edit.after_size() > 0)) {
    return refuse("a delete has no `first` or `after`");
  }
  for (const auto* words : {&edit.words(), &edit.after()}) {
    for (const std::string& word : *words) {
      if (word.size() > kWordBytesMax) {
        // What is too long may be a secret: it is not repeated.
        return refuse("a word of ", word.size(), " bytes: at most ", kWordBytesMax);
      }
    }
  }
  return absl::OkStatus();
}

EditOp OpOf(pb::EditText::Op op) {
  return op == pb::EditText::DELETE ? EditOp::kDelete
         : op == pb::EditText::MOVE ? EditOp::kMove
                                    : EditOp::kSet;
}

}  // namespace

absl::Status ConfigCalls::Edit(const Caller& caller, const pb::EditRequest& request,
                               pb::EditResponse& response) {
  if (static_cast<std::size_t>(request.edits_size()) > kEditsMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        request.edits_size(), " edits in one call: at most ", kEditsMax, "; load a file instead"));
  }
  Problems problems;
  std::vector<configsync::Edit> edits;
  for (int i = 0; i < request.edits_size(); ++i) {
    const pb::EditText& row = request.edits(i);
    if (absl::Status status = CheckEdit(row, i + 1); !status.ok()) {
      return status;
    }
    const std::vector<std::string> words(row.words().begin(), row.words().end());
    std::optional<configsync::Edit> edit = setup_.text->ReadEdit(OpOf(row.op()), words, problems);
    if (!edit.has_value()) {
      continue;
    }
    if (row.first() || row.after_size() > 0) {
      edit->after = After(row.after().begin(), row.after().end());
    }
    edits.push_back(*std::move(edit));
  }
  if (problems.empty() && !edits.empty()) {
    problems = setup_.engine->EditCandidate(OperatorOf(caller), std::move(edits));
  }
  Fill(problems, *response.mutable_problems());
  return absl::OkStatus();
}

absl::Status ConfigCalls::Load(const Caller& caller, const pb::LoadRequest& request,
                               pb::EditResponse& response) {
  Fill(setup_.engine->LoadCandidate(OperatorOf(caller), request.json(), request.replace()),
       *response.mutable_problems());
  return absl::OkStatus();
}

absl::Status ConfigCalls::Reset(const Caller& caller, const pb::ResetRequest& request,
                                pb::EditResponse& response) {
  const absl::StatusOr<ViewName> view = ReadView(request.view());
  if (!view.ok()) {
    return view.status();
  }
  Fill(setup_.engine->ResetCandidate(OperatorOf(caller), *view), *response.mutable_problems());
  return absl::OkStatus();
}

absl::Status ConfigCalls::Commit(const Caller& caller, const pb::CommitRequest& request,
                                 pb::CommitResponse& response) {
  if (request.comment().size() > kCommentBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("comment of ", request.comment().size(),
                                                   " bytes: at most ", kCommentBytesMax));
  }
  CommitOptions options;
  options.comment = request.comment();
  options.check_only = request.check_only();
  options.save = request.save();
  if (request.has_confirm_within_s()) {
    options.confirm_within_s = request.confirm_within_s();
    if (*options.confirm_within_s < 1 || *options.confirm_within_s > kConfirmSecondsMax) {
      return absl::InvalidArgumentError(absl::StrCat("confirm within ", *options.confirm_within_s,
                                                     " s: 1 to ", kConfirmSecondsMax));
    }
  }
  options.from_central_manager = request.from_central_manager();
  if (options.from_central_manager && !caller.roles.Has(Role::kAdmin)) {
    return absl::PermissionDeniedError(
        RefusalText("Commit of a central manager", Role::kAdmin, caller, setup_.groups));
  }
  const CommitOutcome outcome = setup_.engine->Commit(OperatorOf(caller), options);
  Fill(outcome, *setup_.text, response);
  if (options.check_only) {
    const absl::StatusOr<Tree> next =
        setup_.engine->View(OperatorOf(caller), {.kind = ViewName::Kind::kCandidate});
    for (std::size_t i = 0; next.ok() && i < outcome.remotes.size(); ++i) {
      FillDependencies(outcome.remotes[i], *next, *setup_.text,
                       *response.mutable_remotes(static_cast<int>(i)));
    }
  }
  return absl::OkStatus();
}

absl::Status ConfigCalls::Confirm(const Caller& caller, const pb::ConfirmRequest&,
                                  pb::ConfirmResponse& response) {
  const absl::Status status = setup_.engine->Confirm(OperatorOf(caller));
  response.set_revision(setup_.engine->Status().running);
  return status;
}

absl::Status ConfigCalls::Save(const Caller& caller, const pb::SaveRequest&,
                               pb::SaveResponse& response) {
  const absl::Status status = setup_.engine->Save(OperatorOf(caller));
  response.set_revision(setup_.engine->Status().startup);
  return status;
}

absl::Status ConfigCalls::Lock(const Caller& caller, const pb::LockRequest& request,
                               pb::LockResponse&) {
  return setup_.engine->Lock(OperatorOf(caller),
                             request.lease_s() == 0 ? kLeaseSecondsDefault : request.lease_s());
}

absl::Status ConfigCalls::Unlock(const Caller& caller, const pb::UnlockRequest& request,
                                 pb::UnlockResponse&) {
  if (request.force() && !caller.roles.Has(Role::kAdmin)) {
    return absl::PermissionDeniedError(
        RefusalText("Unlock with force", Role::kAdmin, caller, setup_.groups));
  }
  return setup_.engine->Unlock(OperatorOf(caller), request.force());
}

absl::Status ConfigCalls::BeginHaEdit(const Caller& caller, const pb::BeginHaEditRequest& request,
                                      pb::CommitResponse& response) {
  Fill(setup_.engine->BeginHaEdit(OperatorOf(caller),
                                  request.for_s() == 0 ? kLeaseSecondsDefault : request.for_s()),
       *setup_.text, response);
  return absl::OkStatus();
}

absl::Status ConfigCalls::EndHaEdit(const Caller& caller, const pb::EndHaEditRequest&,
                                    pb::CommitResponse& response) {
  Fill(setup_.engine->EndHaEdit(OperatorOf(caller)), *setup_.text, response);
  return absl::OkStatus();
}

absl::Status ConfigCalls::ChangeMasterKey(const Caller& caller,
                                          const pb::ChangeMasterKeyRequest& request,
                                          pb::ChangeMasterKeyResponse& response) {
  absl::Status status =
      setup_.engine->ChangeMasterKey(OperatorOf(caller), request.old_key(), request.new_key());
  if (status.ok()) {
    response.set_fingerprint(setup_.engine->Status().master_key_fingerprint);
  }
  return status;
}

}  // namespace configsync
