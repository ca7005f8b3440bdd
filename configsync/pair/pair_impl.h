// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The inside of pair_sync.h, in parts: start.cc takes up notes and settings, exchange.cc speaks of
// states, participant.cc takes pushes, push.cc makes them, coordinator.cc is the engine's gate,
// loop.cc reconciles, manual.cc, push_by_hand.cc, overwrite_by_hand.cc and merge_by_hand.cc do what
// operators ask for, parts_of_both.cc compares, judge.cc says why, status.cc shows.
//
// Threads: `mutex_` guards everything and is held for moments: never while a peer is called, nor
// while the engine commits. A remote's `exchange_mutex` is held through an exchange, its
// `is_pushing` is claimed for a push; both are taken before `mutex_`. What a peer calls needs
// `mutex_` alone, or the engine's lock, for which it waits a second at most.

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "configsync/engine/rolled_back.h"
#include "configsync/pair/direction.h"
#include "configsync/pair/pair_sync.h"
#include "configsync/pair/reconcile.h"
#include "configsync/pair/records.h"
#include "configsync/pair/settings.h"
#include "configsync/pair/targets.h"

namespace configsync {

inline constexpr std::uint32_t kExchangeMs = 250;
inline constexpr std::uint32_t kExchangeMsMax = 2'000;  // While the remote does not answer.
inline constexpr std::int64_t kFreshMs = 1'000;         // What is older is not known.
inline constexpr std::int64_t kFactsMs = 50;
inline constexpr std::int64_t kPreparedMs = 30'000;
inline constexpr std::uint32_t kPushRetryMs = 1'000;
inline constexpr std::uint32_t kPushRetryMsMax = 30'000;
inline constexpr std::size_t kPushBytesMax = 128U << 20;
inline constexpr std::size_t kSelectionsKept = 4;
inline constexpr std::size_t kReasonsSent = 32;
inline constexpr std::size_t kRevisionsTold = 100;
inline constexpr std::size_t kPeersMax = 32;
inline constexpr std::size_t kOwnRevisionsMax = 10'000;
inline constexpr std::uint64_t kNumbersReserved = 1'000;
inline constexpr std::int64_t kConfirmSlackMs = 60'000;

class PairImpl final : public PairSync {
 public:
  explicit PairImpl(const Setup& setup) : setup_(setup) {}
  ~PairImpl() override;
  absl::Status Begin();

  // PairGate.
  std::vector<RemoteOutcome> Prepare(const Question& question, Problems& problems) override;
  Notes NotesFor(const Question& question) override;
  void Finish(bool is_committed, std::vector<RemoteOutcome>& remotes) override;
  void ConfirmRemotes(RevisionId revision) override;
  void Wake() override;

  // PeerCalls.
  absl::StatusOr<Exchange> OnExchange(const DeviceId& from, const Exchange& theirs) override;
  absl::StatusOr<PrepareResponse> OnPrepare(const DeviceId& from,
                                            const PrepareRequest& request) override;
  absl::StatusOr<ApplyResponse> OnApply(const DeviceId& from, const ApplyRequest& request) override;
  absl::Status OnAbort(const DeviceId& from, const ApplyRequest& request) override;
  absl::Status OnConfirm(const DeviceId& from, const ApplyRequest& request) override;
  absl::StatusOr<FetchResponse> OnFetch(const DeviceId& from, const Hash& selection) override;

  std::uint32_t TickStates() override;
  void TickPushes() override;
  SyncStatus Status() override;
  absl::StatusOr<PartsOfBoth> Parts(const std::string& remote) override;
  ManualOutcome Manual(const Operator& by, const ManualOptions& options) override;
  absl::StatusOr<std::uint32_t> ApplyHeld(const Operator& by) override;
  absl::Status Pin(const Operator& by, bool is_pinned) override;
  absl::StatusOr<Explanation> ExplainPath(const std::string& remote, const Path& path) override;

 private:
  // A push that was found good and waits for Apply.
  struct Prepared {
    PrepareRequest request;  // Without its text.
    std::vector<Edit> edits;
    Tree merged;
    Hash on_running;
    std::int64_t until_ms = 0;
  };
  // Who speaks to this node, whether or not it is a remote.
  struct Peer {
    PeerState state;
    std::int64_t heard_ms = -1;
    std::optional<Facts> facts;
    Hash told_facts;                   // Digest of ours that it has.
    std::deque<Selection> selections;  // The newest at the front.
    std::optional<Prepared> prepared;
    std::optional<Reason> refused;  // What was wrong with its last push.
    std::uint64_t taken = 0;        // Number of the last push.
    RevisionId applied = 0;         // That it made of the last push of this node, and when.
    std::int64_t applied_ms = 0;
  };
  struct PushFailure {
    Reason reason;
    Hash target, part;       // Of the push: another one is tried at once.
    RevisionId running = 0;  // Of the remote: what it judges by may be mended with the next.
    std::int64_t retry_ms = 0;
    std::uint32_t pause_ms = kPushRetryMs;
  };
  struct Known {
    TargetRef ref;
    Tree part;
  };
  struct Remote {
    explicit Remote(RemoteAddress to) : address(std::move(to)) {}
    RemoteAddress address;
    // Two, so that states go on being exchanged while a push takes its time.
    std::unique_ptr<PeerLink> exchange_link, push_link;
    std::mutex exchange_mutex;
    bool is_pushing = false;
    std::unique_ptr<Targets> targets;
    DeviceId device;  // Last known.
    DeviceId bound;   // That it is; empty: the first that answers.
    RemoteRecord record;
    std::vector<Known> known;  // Parts of agreed and offered, under `known_under`.
    Hash known_under;
    std::int64_t next_exchange_ms = 0;
    std::uint32_t pause_ms = kExchangeMs;
    std::optional<Reason> link_failure;
    std::optional<PushFailure> push_failure;
    bool is_confirm_due = false;
    // Revisions that were seen to change nothing that travels, under the selection seen last.
    std::set<RevisionId> own_revisions;
    Hash last_selection;
    // Reasons of facts, and what they were found from.
    std::vector<Reason> fact_reasons;
    Hash fact_reasons_of_part;
    Hash fact_reasons_of_mine, fact_reasons_of_theirs;
    bool are_paths_compared = false;
  };
  using RemotePtr = std::shared_ptr<Remote>;

  // Where a remote stands, from what is known just now.
  struct View {
    explicit View(Target of) : target(std::move(of)) {}
    Target target;
    Peer* peer = nullptr;          // Null: nobody knows who is there.
    bool is_fresh = false;         // Heard of within kFreshMs.
    bool is_part_current = false;  // The part known is under the selection of the target.
    PushRight right = PushRight::kSyncDirection;
    Decision decision = Decision::kWaitBlocked;
    bool is_equal = false;
    std::vector<Reason> reasons;
    std::optional<Tree> base;  // To push from.
  };
  // One push.
  struct Push {
    RemotePtr remote;
    Target target;
    TargetRef ref;
    Tree base;
    PrepareRequest request;  // The text of the edits is made when it is sent.
    std::vector<Change> changes;
    PrepareResponse answer;
    std::size_t outcome = 0;  // Index among the outcomes of a commit.
  };

  // start.cc. All need `mutex_`.
  void Refresh();
  void TakeNotes();
  void TakeRemotes(const SyncSettings& settings);
  // What runs was replaced: which remotes does that not concern? `was`: what ran before.
  void NoteOwnRevisions(const Tree& was, RevisionId was_revision);
  absl::Status WriteNotes(const Operator& by, std::string_view action, std::string detail,
                          const Notes& notes);
  std::optional<Tree> TreeOf(RevisionId revision);
  HeldRecord HoldsInForce(const HeldRecord& held, const SyncSettings& settings) const;
  // `tree` with what waits as it was; `ref` gets where it came from.
  Tree Wanted(const Tree& tree, const HeldRecord& held, TargetRef& ref);
  std::optional<Tree> TreeOf(const TargetRef& ref);
  Target TargetOf(Remote& remote);
  Gates GatesOf(const Remote& remote);
  Peer& PeerOf(const DeviceId& device);
  Peer* FindPeer(const DeviceId& device);
  RemotePtr FindRemote(std::string_view name);
  Remote* RemoteOf(const DeviceId& device);
  // None, once its device was forgotten or revoked: nobody could supersede it then.
  const SourceRecord& SourceInForce();
  const std::vector<Known>& KnownOf(Remote& remote, const Hash& selection);
  std::uint64_t TakeNumber();
  // Read again after kFactsMs, and when the configuration changes.
  const Facts& MyFacts();
  // As it was paired, never as it calls itself; else its id.
  [[nodiscard]] std::string NameOfDevice(const DeviceId& device);
  [[nodiscard]] LocalRole MyRole() const { return setup_.facts->Role(); }
  static Operator Self() { return {.user_id = kPeerUserId, .name = "lockstep-configd"}; }

  // exchange.cc.
  // Speaks with the remote until neither wants anything more. `under`: a selection to ask about
  // instead of the target's.
  absl::Status ExchangeWith(const RemotePtr& remote, const Target* under = nullptr);
  // Both need `mutex_`.
  void BindLinks(Remote& remote);
  void BindTo(Remote& remote, const DeviceId& device);
  PeerState MyState(Peer* peer, Remote* remote, const Target* under);
  void AddWanted(const Exchange* theirs, Peer* peer, const SelectionSpec* spec, Exchange& mine);
  absl::Status Take(const DeviceId& from, const Exchange& theirs);
  Selection* SelectionOf(Peer& peer, const Hash& id);

  // judge.cc. Need `mutex_`.
  View Look(Remote& remote);
  void AddPeerReasons(Remote& remote, View& view);
  const std::vector<Reason>& FactReasons(Remote& remote, Peer& peer, const Tree& part);
  void AddHoldReasons(const std::string& remote, std::vector<Reason>& reasons) const;
  Comparison Compare(Remote& remote, const Target& target, const Peer& peer, bool is_blocked,
                     std::optional<Tree>& base);
  PushRight RightOf(const Remote& remote);
  Reason RightReason(const Remote& remote, PushRight right);
  [[nodiscard]] bool IsProvenByThem(Peer& peer);
  SyncState StateOf(Remote& remote, const View& view);
  // Revisions that wait for the remote: since the last agreed one, but for own_revisions.
  std::uint32_t PendingOf(const Remote& remote, const View& view) const;

  // push.cc.
  bool Claim(Remote& remote, std::unique_lock<std::mutex>& lock, bool waits);
  void Release(Remote& remote);
  // Until nobody pushes to it, and no commit might.
  void AwaitPushes(const Remote& remote);
  // Needs `mutex_`.
  Push MakePush(const RemotePtr& remote, const Target& target, const TargetRef& ref,
                const Tree& base, const Operator& by, const std::string& comment, bool is_forced);
  // To be noted before `push` is sent: what is offered, and the confirm that it will need.
  // `revision` is the one here that has it.
  RemoteRecord OfferOf(const Push& push, RevisionId revision);
  std::vector<RevisionNote> NotesSince(const Remote& remote, RevisionId until);
  absl::StatusOr<PrepareResponse> SendPrepare(Push& push);
  absl::StatusOr<ApplyResponse> SendApply(Push& push);
  // The remote knows the selection, and says what its part under it is.
  absl::Status AskPart(const RemotePtr& remote, const Target& under);
  void TakeFailure(Remote& remote, const Push& push, const Reason& reason);

  // participant.cc.
  absl::Status CheckPush(const DeviceId& from, const PrepareRequest& request);
  // Merges with what runs; then it is in `prepared`.
  absl::StatusOr<Problems> MergeAndCheck(const DeviceId& from, Prepared& prepared,
                                         PrepareResponse& response);
  absl::Status Merge(const DeviceId& from, Prepared& prepared);
  PeerDraft DraftOf(const DeviceId& from, const Prepared& prepared, bool check_only);
  // What runs now, by the sender's selection.
  ApplyResponse AnswerOf(const DeviceId& from, const Hash& selection, CommitOutcome outcome);
  // What was pushed runs already: nothing changes but who it is of.
  absl::Status TakeEqual(const DeviceId& from, PeerDraft& draft);

  // coordinator.cc.
  struct Commit {
    std::vector<Push> pushes;
    Notes notes;
    bool is_under_way = false;
  };
  std::vector<std::string> CommonCategories(const Question& question, const SyncSettings& settings);
  HeldRecord HoldsAfter(const Question& question, const SyncSettings& settings);
  void PlanRemote(const Question& question, const SyncSettings& settings, const HeldRecord& held,
                  const RemotePtr& remote, std::vector<RemoteOutcome>& outcomes,
                  Problems& problems);
  // Makes the push from what the remote has. A reason: it cannot be asked. Needs `mutex_`.
  std::optional<Reason> MakeAsked(const Question& question, Push& push, RemoteOutcome& outcome);
  void AskRemote(const Question& question, CommitPolicy policy, Push& push, RemoteOutcome& outcome,
                 Problems& problems);
  static void CannotAsk(CommitPolicy policy, const Reason& reason, RemoteOutcome& outcome,
                        Problems& problems);

  // loop.cc.
  void PushIfDue(const RemotePtr& remote);
  void Agree(Remote& remote, const View& view);
  // Needs `mutex_`.
  void ForgetConfirm(Remote& remote, std::string_view action);
  void SettleConfirm(Remote& remote);
  void EndConfirm(Remote& remote, bool is_told);
  void ReleaseCentral();
  void DropStaleHolds();
  // What was stated while no dataplane spoke is believed as far as it knows, once it does.
  void LowerSource();
  [[nodiscard]] std::set<std::string> KeptForRemotes() const;
  void KeepOldRevisions();
  // Needs `mutex_`.
  absl::Status WriteHeld(const Operator& by, std::string_view action, const HeldRecord& held);
  bool SendAndApply(Push& push);

  // parts_of_both.cc.
  // Needs `mutex_`. Errors: of Selection::status().
  static absl::StatusOr<Tree> PartOrWhy(Remote& remote, const Hash& selection, const Tree& whole);
  // push_by_hand.cc.
  // What pushing would change if `held` were all that waits. Needs `mutex_`.
  void PlanPushByHand(Remote& remote, const HeldRecord& held, ManualOutcome& outcome);
  // False: to none of them, and why. Needs `mutex_`.
  bool MayPushToAny(const std::vector<RemotePtr>& remotes, ManualOutcome& outcome);
  void PushNow(const RemotePtr& remote);
  void PushByHand(const Operator& by, const ManualOptions& options, ManualOutcome& outcome);
  // overwrite_by_hand.cc.
  void Overwrite(const Operator& by, const RemotePtr& remote, const ManualOptions& options,
                 ManualOutcome& outcome);
  void Adopt(const Operator& by, const RemotePtr& remote, const ManualOptions& options,
             ManualOutcome& outcome);
  // merge_by_hand.cc.
  void MergeByHand(const Operator& by, const RemotePtr& remote, const ManualOptions& options,
                   ManualOutcome& outcome);
  // Both sides of a merge. False: there is nothing to do, or a problem. Needs `mutex_`.
  struct MergePlan {
    std::optional<Push> push;
    std::optional<PeerDraft> draft;
  };
  bool PlanMerge(const Operator& by, const RemotePtr& remote, const ManualOptions& options,
                 const PartsOfBoth& parts, MergePlan& plan, ManualOutcome& outcome);
  // Both nodes say what they think of the plan, and forget it.
  void JudgeMerge(MergePlan& plan, ManualOutcome& outcome);
  void DoMerge(const Operator& by, const ManualOptions& options, MergePlan& plan,
               ManualOutcome& outcome);
  // manual.cc: what they share. False: a push to it takes too long, which is a problem then.
  bool ClaimByHand(Remote& remote, std::unique_lock<std::mutex>& lock, ManualOutcome& outcome);
  // What even force does not pass by. Needs `mutex_`.
  bool MayForce(Remote& remote, ManualOutcome& outcome);
  PeerDraft DraftByHand(const Operator& by, const ManualOptions& options, const Tree& tree);
  // What is pushed while a confirm waits here is no decision for good.
  void WarnOfTrial(const std::string& remote, ManualOutcome& outcome);
  bool PrepareByHand(Push& push, ManualOutcome& outcome);
  void ApplyByHand(Push& push, ManualOutcome& outcome);

  Setup setup_;
  std::atomic<bool> is_woken_{true};
  std::mutex mutex_;
  std::condition_variable pushing_changed_;

  std::optional<Tree> running_;
  RevisionId revision_ = 0;
  SyncSettings settings_;
  std::map<std::string, RemotePtr> remotes_;
  std::map<DeviceId, Peer> peers_;
  std::map<std::string, std::string> notes_;  // As read last.
  SourceRecord source_;
  RolledBack rolled_back_;
  HeldRecord held_;               // In force.
  bool are_holds_stale_ = false;  // The note has more, which must not come back.
  std::optional<RevisionId> pinned_;
  std::uint64_t next_number_ = 0, number_end_ = 0;
  std::map<RevisionId, Tree> trees_;
  std::optional<Facts> facts_;
  Hash facts_digest_;
  std::int64_t facts_read_ms_ = 0;
  Commit commit_;  // Guarded by the engine's commit lock; is_under_way by `mutex_`.
};

// What a call to a peer said: its reason, with the name of the remote.
[[nodiscard]] Reason ReasonFor(const absl::Status& status, const std::string& remote);
[[nodiscard]] Reason MakeReason(ReasonCode code, std::string_view remote, std::string evidence,
                                std::string subject = {});
// Of a part that cannot be made (Selection::status()): no node could take it.
[[nodiscard]] Reason NoPartReason(const absl::Status& status, std::string_view remote);
[[nodiscard]] Problem ProblemOf(const Reason& reason);
// Of what an operator asks for by hand: an option that names nothing here; what a call to a remote
// said.
[[nodiscard]] Problem BadOption(std::string value, std::string text, std::string remedy);
void AddProblem(const absl::Status& status, const std::string& remote, ManualOutcome& outcome);
// Of problems that a remote has with a push: its subject is the code of the first, its evidence
// has that one's path and remedy. REQUIRES: there is one.
[[nodiscard]] Reason RefusalOf(const Problems& problems, std::string_view remote);

}  // namespace configsync
