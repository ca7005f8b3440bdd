// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Synchronisation by hand (F20, F74, F75). What overwrites a node needs a role of its own, and the
// node's name typed again: whoever mixes the two nodes up is stopped here.

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/admin/host_names.h"
#include "configsync/admin/remote_name.h"
#include "configsync/admin/sync_calls.h"
#include "configsync/admin/sync_messages.h"
#include "configsync/log/log.h"

namespace configsync {
namespace {

namespace pb = lockstep::admin;

struct KindRow {
  std::string_view name;
  ManualKind kind;
  std::string_view effect;  // Behind the name of the node that is overwritten.
};
constexpr std::array kKinds{
    KindRow{"push", ManualKind::kPush, ""},
    KindRow{"overwrite", ManualKind::kOverwrite,
            "becomes as this node, and loses what was changed on it"},
    KindRow{"adopt", ManualKind::kAdopt, "becomes as the remote, and loses what was changed on it"},
    KindRow{"merge", ManualKind::kMerge,
            "gets the changes of both nodes, and loses where they are in conflict"},
};

absl::StatusOr<KindRow> ReadKind(std::string_view name) {
  for (const KindRow& row : kKinds) {
    if (row.name == name) {
      return row;
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("kind '", std::string(name.substr(0, 64)),
                                                 "' is none of push, overwrite, adopt, merge"));
}

// What the message alone says. Errors: kInvalidArgument.
absl::StatusOr<ManualOptions> ReadManual(const pb::ManualRequest& request, ManualKind kind) {
  ManualOptions options;
  options.kind = kind;
  options.category = request.category();
  options.preview = request.preview();
  options.comment = request.comment();
  if (request.category().size() > kNameBytesMax || request.confirmation().size() > kNameBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("category and confirmation have at most ", kNameBytesMax, " bytes"));
  }
  if (request.comment().size() > kCommentBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("comment of ", request.comment().size(),
                                                   " bytes: at most ", kCommentBytesMax));
  }
  if (!request.category().empty() && kind != ManualKind::kPush) {
    return absl::InvalidArgumentError("a category can be pushed; the rest is for all at once");
  }
  if (request.prefer() == "mine") {
    options.prefer = Prefer::kMine;
  } else if (request.prefer() == "theirs") {
    options.prefer = Prefer::kTheirs;
  } else if (!request.prefer().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("prefer '", request.prefer().substr(0, 64), "' is neither mine nor theirs"));
  }
  if (options.prefer.has_value() && kind != ManualKind::kMerge) {
    return absl::InvalidArgumentError("only a merge has conflicts to prefer a side of");
  }
  return options;
}

// F20: one category is pushed by hand only while it is switched on.
void CheckCategory(const std::string& category, const Tree& running, const SchemaText& text,
                   Problems& problems) {
  const std::array<std::string, 5> words{"ha", "configuration-synchronization", "category",
                                         category, "enabled"};
  const std::optional<Path> path = text.ReadPath(words, problems);
  if (!path.has_value()) {
    return;
  }
  const Node* const enabled = running.Find(*path);
  if (enabled != nullptr && enabled->value() == "false") {
    problems.Add({"CATEGORY_OFF", PathText(*path), "false",
                  absl::StrCat("category ", category, " is off: nothing of it travels"),
                  absl::StrCat("switch it on: `lockstepctl config sync category ", category,
                               " on`, then commit")});
  }
}

}  // namespace

// What overwrites a node is in the audit also if it was refused. That must not fail because it
// cannot be written down.
void SyncCalls::AuditRefusal(const Caller& caller, std::string_view kind, std::string why) {
  const absl::Status written = setup_.engine->WriteAudit(
      {caller.user, caller.name}, absl::StrCat("sync-", std::string(kind)), why, "refused");
  if (!written.ok()) {
    Log(LogLevel::kError, "audit", absl::StrCat(why, ": not written: ", written.message()));
  }
}

absl::Status SyncCalls::Manual(const Caller& caller, const pb::ManualRequest& request,
                               pb::ManualResponse& response) {
  if (setup_.pair == nullptr) return NoSync();
  const absl::StatusOr<KindRow> kind = ReadKind(request.kind());
  if (!kind.ok()) {
    return kind.status();
  }
  absl::StatusOr<ManualOptions> options = ReadManual(request, kind->kind);
  if (!options.ok()) {
    return options.status();
  }
  const absl::StatusOr<RemoteStatus> remote = FindRemote(setup_.pair->Status(), request.remote());
  if (!remote.ok()) {
    return remote.status();
  }
  options->remote = remote->name;
  response.set_remote(remote->name);
  response.set_category(options->category);
  const Tree running = setup_.engine->Running().second;
  if (kind->kind != ManualKind::kPush) {
    const bool is_here = kind->kind == ManualKind::kAdopt || options->prefer == Prefer::kTheirs;
    const std::string name = is_here ? NameOfThisNode(running) : NameOfNode(*remote, running);
    response.set_must_type(name);
    const std::string what = absl::StrCat("Manual ", std::string(kind->name));
    if (!options->preview && !caller.roles.Has(Role::kHaDangerous)) {
      std::string text = RefusalText(what, Role::kHaDangerous, caller, setup_.groups);
      AuditRefusal(caller, kind->name, text);
      return absl::PermissionDeniedError(text);
    }
    if (!options->preview && request.confirmation() != name) {
      std::string text = absl::StrCat(
          std::string(kind->name), ": ", name, " ", std::string(kind->effect),
          "; look at the preview, then confirm with ", name,
          request.confirmation().empty() ? "" : absl::StrCat(", not ", request.confirmation()));
      AuditRefusal(caller, kind->name, text);
      return absl::InvalidArgumentError(text);
    }
  }
  if (!options->category.empty()) {
    Problems problems;
    CheckCategory(options->category, running, *setup_.text, problems);
    if (!problems.empty()) {
      Fill(problems, *response.mutable_problems());
      return absl::OkStatus();
    }
  }
  const ManualOutcome outcome = setup_.pair->Manual({caller.user, caller.name}, *options);
  if (!options->preview && !outcome.problems.empty()) {
    const Problem& first = outcome.problems.list.front();
    AuditRefusal(caller, kind->name,
                 absl::StrCat("remote ", remote->name, ": ", first.code, " ", first.path));
  }
  Fill(outcome, *setup_.text, response);
  return absl::OkStatus();
}

}  // namespace configsync
