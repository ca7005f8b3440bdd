// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What this node does when another one pushes. Whatever the other says is checked against what is
// here: its base must be this node's part, its edits must make the result that it names, and the
// result must be a part by this node's own schema.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/codes.h"
#include "configsync/pair/graft.h"
#include "configsync/pair/pair_impl.h"

namespace configsync {
namespace {

constexpr int kMergeTries = 3;
constexpr std::size_t kProblemsSent = 100;

absl::Status Refuse(ReasonCode code, std::string evidence) {
  return StatusOf(MakeReason(code, {}, std::move(evidence)));
}

bool Has(const Problems& problems, std::string_view code) {
  return std::ranges::any_of(problems.list, [&](const Problem& p) { return p.code == code; });
}

void Shorten(Problems& problems) {
  if (problems.list.size() <= kProblemsSent) return;
  problems.omitted_count += problems.list.size() - kProblemsSent;
  problems.list.resize(kProblemsSent);
}

// Between characters: a half one is no text any more.
std::string Cut(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0U) == 0x80U) {
    --bytes_max;
  }
  text.resize(bytes_max);
  return text;
}

// "edit 12 of ann@fw-a (web server); 11 of bob (...)", so that the history here says who made what.
std::string CommentOf(const PrepareRequest& request) {
  std::string comment = request.comment;
  if (request.revisions.size() > 1) {
    for (const RevisionNote& note : request.revisions) {
      if (comment.size() + note.author.size() + note.comment.size() + 32 > kPeerCommentBytesMax) {
        break;
      }
      absl::StrAppend(&comment, comment.empty() ? "" : "; ", note.id, " ", note.author,
                      note.comment.empty() ? "" : ": ", note.comment);
    }
  }
  return Cut(std::move(comment), kPeerCommentBytesMax);
}

}  // namespace

// Needs `mutex_`.
absl::Status PairImpl::CheckPush(const DeviceId& from, const PrepareRequest& request) {
  if (!settings_.is_enabled) {
    return Refuse(ReasonCode::kConfigSyncDisabledPeer, "the receiver does not synchronize");
  }
  if (pinned_.has_value()) {
    return Refuse(ReasonCode::kReceivePinned, absl::StrCat("at revision ", *pinned_));
  }
  const LocalRole role = MyRole();
  if (role.role == HaRole::kActive) {
    return Refuse(ReasonCode::kSyncDirection, "the receiver is active itself");
  }
  const Facts& facts = MyFacts();
  if (request.path.empty() || request.path.size() > kPathDevicesMax ||
      request.path.back() != from) {
    return Refuse(ReasonCode::kPeerAnswerInvalid, "the path does not end with the sender");
  }
  if (std::ranges::count(request.path, facts.device) != 0) {
    return Refuse(ReasonCode::kLoop, "the content was at the receiver before");
  }
  if (request.term > kPushTermMax) {
    return Refuse(ReasonCode::kPeerAnswerInvalid,
                  absl::StrCat("term ", request.term, ", there is none above ", kPushTermMax));
  }
  const SourceRecord& source = SourceInForce();
  if (!source.device.empty() && request.term < source.term) {
    return Refuse(ReasonCode::kStaleTerm,
                  absl::StrCat("term ", request.term, ", known is ", source.term, " of device ",
                               NameOfDevice(source.device)));
  }
  const Peer& peer = PeerOf(from);
  if (request.number <= peer.taken) {
    return Refuse(ReasonCode::kReplayed,
                  absl::StrCat("push ", request.number, ", taken was ", peer.taken));
  }
  if (request.edits.size() > kPushBytesMax) {
    return Refuse(ReasonCode::kPeerAnswerTooLarge,
                  absl::StrCat(request.edits.size(), " bytes of edits, at most ", kPushBytesMax));
  }
  // A commit here may be asking that very node; and a push of this node to it is on its way.
  Remote* const remote = RemoteOf(from);
  if (commit_.is_under_way || (remote != nullptr && remote->is_pushing)) {
    return Refuse(ReasonCode::kPeerBusy, "the receiver is pushing itself");
  }
  return absl::OkStatus();
}

// Needs `mutex_`.
absl::Status PairImpl::Merge(const DeviceId& from, Prepared& prepared) {
  Refresh();
  Peer& peer = PeerOf(from);
  const PrepareRequest& request = prepared.request;
  Selection* const selection = SelectionOf(peer, request.selection);
  if (selection == nullptr) {
    return Refuse(ReasonCode::kPeerBusy, "the receiver does not know the selection yet");
  }
  const Tree part = selection->PartOf(*running_);
  if (!selection->status().ok()) {
    return Refuse(ReasonCode::kPeerRefused, std::string(selection->status().message()));
  }
  if (part.hash() != request.base) {
    return Refuse(ReasonCode::kDiverged, "the receiver has another part than the push begins with");
  }
  const absl::StatusOr<Tree> result = part.Apply(prepared.edits);
  if (!result.ok()) {
    return Refuse(ReasonCode::kPeerRefused, std::string(result.status().message()));
  }
  if (result->hash() != request.result) {
    return Refuse(ReasonCode::kPeerHashMismatch, "the edits make another content than is named");
  }
  const absl::StatusOr<Tree> merged =
      Graft(*running_, part, *result, [&](const Tree& tree) -> absl::StatusOr<Tree> {
        Tree made = selection->PartOf(tree);
        if (!selection->status().ok()) return selection->status();
        return made;
      });
  if (!merged.ok()) {
    return Refuse(ReasonCode::kPeerRefused, std::string(merged.status().message()));
  }
  prepared.merged = *merged;
  prepared.on_running = running_->hash();
  return absl::OkStatus();
}

PeerDraft PairImpl::DraftOf(const DeviceId& from, const Prepared& prepared, bool check_only) {
  const PrepareRequest& request = prepared.request;
  // Who somebody is on the other node is that node's word; which node that is, is not.
  PeerDraft draft = {.by = {.user_id = kPeerUserId,
                            .name = absl::StrCat(Cut(request.author, 64), "@", NameOfDevice(from))},
                     .origin = "peer",
                     .comment = CommentOf(request),
                     .tree = prepared.merged,
                     .on_running = prepared.on_running,
                     .check_only = check_only,
                     .save = true,
                     .confirm_within_s = request.confirm_within_s,
                     .notes = {},
                     .asks_gate = false};
  const LocalRole role = MyRole();
  const SourceRecord source = {.device = from,
                               .term = BelievedTerm(request.term, role.role, role.term),
                               .path = request.path};
  draft.notes["sync/source"] = Encode(source);
  draft.notes[absl::StrCat("sync/taken/", from)] = absl::StrCat(request.number);
  // What was held here was the own; it is the source's now.
  draft.notes["sync/held"] = std::nullopt;
  if (Remote* const remote = RemoteOf(from); remote != nullptr) {
    RemoteRecord record = {.device = from, .agreed = {}, .offered = {}, .confirm = {}};
    record.agreed = TargetRef{.revision = revision_ + 1, .held = {}};
    // Until it is confirmed, the way back is as good; it stays that of the first push of a trial.
    if (request.confirm_within_s.has_value()) {
      if (setup_.engine->Status().confirm.has_value()) {
        record.offered = remote->record.offered;
      } else if (remote->record.agreed.has_value()) {
        record.offered.push_back(*remote->record.agreed);
      }
      // The sender has a timer of its own, and may go back though this node is told to stay.
      const std::int64_t span_ms = std::int64_t{*request.confirm_within_s} * 1'000;
      record.confirm =
          ConfirmPassed{.number = 0,
                        .revision = revision_ + 1,
                        .until_wall_ms = setup_.clock->WallMs() + span_ms + kConfirmSlackMs};
    }
    draft.notes[absl::StrCat("sync/remote/", remote->address.name)] = Encode(record);
  }
  return draft;
}

absl::StatusOr<Problems> PairImpl::MergeAndCheck(const DeviceId& from, Prepared& prepared,
                                                 PrepareResponse& response) {
  for (int i = 0; i < kMergeTries; ++i) {
    std::optional<PeerDraft> draft;
    {
      const std::lock_guard lock(mutex_);
      if (absl::Status status = Merge(from, prepared); !status.ok()) return status;
      if (prepared.merged == *running_) return Problems{};
      draft = DraftOf(from, prepared, true);
    }
    CommitOutcome outcome = setup_.engine->CommitDraft(*draft);
    if (Has(outcome.problems, problem_code::kRunningMoved)) continue;
    if (Has(outcome.problems, problem_code::kPeerBusy)) {
      return Refuse(ReasonCode::kPeerBusy, "a commit runs on the receiver");
    }
    response.changes = std::move(outcome.changes);
    response.services = std::move(outcome.services);
    response.sessions = std::move(outcome.sessions);
    response.warnings = std::move(outcome.warnings);
    return std::move(outcome.problems);
  }
  return Refuse(ReasonCode::kPeerBusy, "the receiver's configuration keeps changing");
}

absl::StatusOr<PrepareResponse> PairImpl::OnPrepare(const DeviceId& from,
                                                    const PrepareRequest& request) {
  Prepared prepared = {.request = request,
                       .edits = {},
                       .merged = setup_.store->EmptyTree(),
                       .on_running = {},
                       .until_ms = 0};
  prepared.request.edits.clear();
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    PeerOf(from).prepared.reset();
    if (absl::Status status = CheckPush(from, request); !status.ok()) return status;
  }
  absl::StatusOr<std::vector<Edit>> edits = setup_.store->OpenText(request.edits);
  if (absl::IsDataLoss(edits.status())) {
    return Refuse(ReasonCode::kMasterKeyMismatch, std::string(edits.status().message()));
  }
  if (!edits.ok()) {
    return Refuse(ReasonCode::kPeerRefused, std::string(edits.status().message()));
  }
  prepared.edits = *std::move(edits);
  PrepareResponse response;
  absl::StatusOr<Problems> problems = MergeAndCheck(from, prepared, response);
  if (!problems.ok()) return problems.status();
  response.result = request.result;
  response.problems = *std::move(problems);
  Shorten(response.problems);
  const std::lock_guard lock(mutex_);
  PeerOf(from).refused.reset();
  if (!response.problems.empty()) {
    PeerOf(from).refused = RefusalOf(response.problems, {});
    return response;
  }
  prepared.until_ms = setup_.clock->BootMs() + kPreparedMs;
  PeerOf(from).prepared = std::move(prepared);
  return response;
}

// Needs `mutex_`.
absl::Status PairImpl::TakeEqual(const DeviceId& from, PeerDraft& draft) {
  draft.notes.erase("sync/held");
  for (auto& [name, text] : draft.notes) {
    if (!name.starts_with("sync/remote/")) continue;
    RemoteRecord record = DecodeRemote(text.value_or("")).value_or(RemoteRecord{.device = from});
    record.agreed = TargetRef{.revision = revision_, .held = {}};
    text = Encode(record);
  }
  return WriteNotes(draft.by, "peer", "equal already", draft.notes);
}

ApplyResponse PairImpl::AnswerOf(const DeviceId& from, const Hash& selection,
                                 CommitOutcome outcome) {
  ApplyResponse response;
  response.problems = std::move(outcome.problems);
  Shorten(response.problems);
  const std::lock_guard lock(mutex_);
  Refresh();
  response.revision = revision_;
  response.warnings = std::move(outcome.warnings);
  if (Selection* const found = SelectionOf(PeerOf(from), selection); found != nullptr) {
    const Tree part = found->PartOf(*running_);
    if (found->status().ok()) response.part = part.hash();
  }
  Wake();
  return response;
}

absl::StatusOr<ApplyResponse> PairImpl::OnApply(const DeviceId& from, const ApplyRequest& request) {
  std::optional<Prepared> prepared;
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    Peer& peer = PeerOf(from);
    if (request.number <= peer.taken) {
      return Refuse(ReasonCode::kReplayed,
                    absl::StrCat("push ", request.number, ", taken was ", peer.taken));
    }
    const bool is_there = peer.prepared.has_value() &&
                          peer.prepared->request.number == request.number &&
                          setup_.clock->BootMs() < peer.prepared->until_ms;
    if (!is_there) {
      return Refuse(ReasonCode::kPeerRefused, "the push was never prepared, or 30 s ago");
    }
    prepared = std::exchange(peer.prepared, std::nullopt);
    // What was true at Prepare may not be so any more.
    if (absl::Status status = CheckPush(from, prepared->request); !status.ok()) return status;
  }
  for (int i = 0; i < kMergeTries; ++i) {
    std::optional<PeerDraft> draft;
    bool is_equal = false;
    {
      const std::lock_guard lock(mutex_);
      Refresh();
      if (prepared->on_running != running_->hash()) {
        if (absl::Status status = Merge(from, *prepared); !status.ok()) return status;
      }
      draft = DraftOf(from, *prepared, false);
      is_equal = prepared->merged == *running_;
      if (is_equal) {
        const absl::Status status = TakeEqual(from, *draft);
        if (!status.ok()) return Refuse(ReasonCode::kPeerStoreFull, std::string(status.message()));
      }
    }
    CommitOutcome outcome;
    if (!is_equal) {
      outcome = setup_.engine->CommitDraft(*draft);
    } else if (!prepared->request.confirm_within_s.has_value() &&
               absl::IsUnavailable(setup_.engine->Confirm(Self()))) {
      // For good: a trial of the same ends, as it would if something changed.
      return Refuse(ReasonCode::kPeerBusy, "a commit runs on the receiver");
    }
    if (Has(outcome.problems, problem_code::kRunningMoved)) continue;
    if (Has(outcome.problems, problem_code::kPeerBusy)) {
      return Refuse(ReasonCode::kPeerBusy, "a commit runs on the receiver");
    }
    for (const std::string_view code :
         {problem_code::kStoreFull, problem_code::kStoreReadOnly, problem_code::kStoreFailed}) {
      if (Has(outcome.problems, code)) {
        return Refuse(ReasonCode::kPeerStoreFull, outcome.problems.list.front().text);
      }
    }
    return AnswerOf(from, prepared->request.selection, std::move(outcome));
  }
  return Refuse(ReasonCode::kPeerBusy, "the receiver's configuration keeps changing");
}

absl::Status PairImpl::OnAbort(const DeviceId& from, const ApplyRequest& request) {
  const std::lock_guard lock(mutex_);
  Peer* const peer = FindPeer(from);
  if (peer != nullptr && peer->prepared.has_value() &&
      peer->prepared->request.number == request.number) {
    peer->prepared.reset();
  }
  return absl::OkStatus();
}

absl::Status PairImpl::OnConfirm(const DeviceId& from, const ApplyRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    const Peer* const peer = FindPeer(from);
    // A late confirm of an earlier push is none of what was taken since.
    if (source_.device != from || peer == nullptr || request.number != peer->taken) {
      return Refuse(ReasonCode::kPeerRefused, "the push to confirm is not the last one taken");
    }
  }
  absl::Status status = setup_.engine->Confirm(Self());
  if (absl::IsUnavailable(status)) {
    return Refuse(ReasonCode::kPeerBusy, std::string(status.message()));
  }
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    Remote* const remote = RemoteOf(from);  // It stays as it is, too.
    if (remote != nullptr && remote->record.confirm.has_value()) {
      ForgetConfirm(*remote, "sync-confirmed");
    }
  }
  Wake();
  // Nothing waits any more: it was confirmed before, or has gone back, which its hash says.
  return absl::IsFailedPrecondition(status) ? absl::OkStatus() : status;
}

absl::StatusOr<FetchResponse> PairImpl::OnFetch(const DeviceId& from, const Hash& selection) {
  std::optional<Tree> part;
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    if (!settings_.is_enabled) {
      return Refuse(ReasonCode::kConfigSyncDisabledPeer, "the receiver does not synchronize");
    }
    Selection* const found = SelectionOf(PeerOf(from), selection);
    if (found == nullptr) return Refuse(ReasonCode::kPeerBusy, "the selection is not known yet");
    part = found->PartOf(*running_);
    if (!found->status().ok()) {
      return Refuse(ReasonCode::kPeerRefused, std::string(found->status().message()));
    }
  }
  FetchResponse response;
  response.part = part->hash();
  absl::StatusOr<std::string> text =
      setup_.store->SealText(EditsOf(Diff(part->WithRoot(nullptr), *part)));
  if (!text.ok()) return Refuse(ReasonCode::kPeerError, std::string(text.status().message()));
  if (text->size() > kPushBytesMax) {
    return Refuse(ReasonCode::kPeerAnswerTooLarge,
                  absl::StrCat(text->size(), " bytes, at most ", kPushBytesMax));
  }
  response.edits = *std::move(text);
  return response;
}

}  // namespace configsync
