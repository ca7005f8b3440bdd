// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Synchronisation with all remotes: PAIR.md as code. It asks and answers peers, is the engine's
// gate for commits, and does what operators ask for by hand.
//
// It has no thread: somebody calls TickStates() and TickPushes(). It has no clock, socket or file
// of its own.
//
// Threads: thread-safe. Calls of peers do not wait for calls to peers: two nodes that call each
// other at once do not stand still.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "configsync/engine/engine.h"
#include "configsync/engine/pair_gate.h"
#include "configsync/pair/link.h"
#include "configsync/pair/messages.h"
#include "configsync/pair/node_facts.h"
#include "configsync/schema/auto_ids.h"
#include "configsync/select/selection.h"
#include "configsync/tree/merge.h"

namespace configsync {

enum class SyncState : std::uint8_t {
  kDisabled,
  kConnecting,  // No answer yet, or none any more: `reasons` says why.
  kInSync,      // Proven by equal hashes, not older than a second.
  kPending,     // Something waits: for an apply, a push, or the remote.
  kPushing,
  kDiverged,
  kNotBaselined,
  kBlocked,
};
[[nodiscard]] std::string_view NameOf(SyncState state);

struct RemoteStatus {
  std::string name;
  std::string address;
  DeviceId device;
  std::string device_name;
  SyncState state = SyncState::kConnecting;
  std::vector<Reason> reasons;        // Seen here.
  std::vector<Reason> their_reasons;  // That the remote says of this node.
  std::int64_t heard_ms_ago = -1;     // Last state; -1: never.
  HaRole role = HaRole::kUnknown;
  std::uint64_t running = 0, startup = 0;  // Of the remote.
  std::string my_hash, their_hash;         // Of the part under this node's selection.
  // Revisions that it does not have. Those that were seen to change only what does not travel do
  // not count; of those before the start of this process nobody knows.
  std::uint32_t pending = 0;
  std::uint64_t agreed = 0;  // Own revision whose target was agreed last; 0: none.
  bool may_push = false;
};

struct SyncStatus {
  DeviceId device;
  HaRole role = HaRole::kUnknown;
  std::uint32_t term = 0;
  bool is_enabled = false;
  bool is_pinned = false;
  RevisionId pinned = 0;
  DeviceId source;          // F5.
  std::string source_name;  // As it was paired.
  std::vector<DeviceId> path;
  std::vector<RemoteStatus> remotes;
  std::vector<Reason> reasons;  // All, of this node and its remotes.
};

enum class ManualKind : std::uint8_t {
  kPush,       // What waits, all or a category; refused where a decision is needed.
  kOverwrite,  // The remote becomes as here.
  kAdopt,      // Here becomes as the remote.
  kMerge,      // Three ways.
};

struct ManualOptions {
  ManualKind kind = ManualKind::kPush;
  std::string remote;    // Empty: the only one.
  std::string category;  // Of kPush; empty: all.
  bool preview = false;
  std::optional<Prefer> prefer;  // Of kMerge, for conflicts.
  std::string comment;
};

struct ManualOutcome {
  bool done = false;
  Problems problems;
  std::vector<Change> here, there;  // What changes, or would change.
  std::vector<Conflict> conflicts;
  std::vector<Renumbering> renumbered;  // Of a merge: entries that the remote has by other numbers.
  RevisionId revision = 0;              // Of this node, if it changed.
  RevisionId remote_revision = 0;       // Of the remote, if it changed.
  RevisionId restore_point = 0;         // Revision of the changed node to go back to.
  std::vector<std::string> warnings;
  // The remote was told to apply it, and did not say that it did: it may have.
  bool is_told = false;
  bool is_nothing_to_push = false;  // Of kPush: nothing waits, and the remotes have all. Not done.
};

// Both parts under this node's selection: their difference is empty if and only if hashes are
// equal.
struct PartsOfBoth {
  Tree mine, theirs;
};

class PairSync : public PairGate, public PeerCalls {
 public:
  struct Setup {
    ConfigEngine* engine = nullptr;
    Clock* clock = nullptr;
    LinkMaker* links = nullptr;
    NodeFacts* facts = nullptr;
    const SchemaNode* root = nullptr;
    Store* store = nullptr;  // For sealing alone.
    // TickStates() has something to do at once. On any thread, with any lock held; returns at once.
    std::function<void()> wake = [] {};
  };
  // Takes up the notes of the engine, and becomes its gate.
  static absl::StatusOr<std::unique_ptr<PairSync>> Start(const Setup& setup);

  // Exchanges with each remote, for as long as their deadlines at most. Milliseconds until it wants
  // to be called again.
  virtual std::uint32_t TickStates() = 0;
  // Reconciles, as the last exchanges say; a push may take its time. To be called behind each
  // TickStates(), on a thread of its own, so that a push that hangs does not hold states back.
  virtual void TickPushes() = 0;
  // Both, for who has one thread.
  std::uint32_t Tick() {
    const std::uint32_t states_ms = TickStates();
    TickPushes();
    return states_ms;
  }

  virtual SyncStatus Status() = 0;
  virtual absl::StatusOr<PartsOfBoth> Parts(const std::string& remote) = 0;
  virtual ManualOutcome Manual(const Operator& by, const ManualOptions& options) = 0;
  // On-apply categories travel now as they are (F18). Number of revisions that were held.
  virtual absl::StatusOr<std::uint32_t> ApplyHeld(const Operator& by) = 0;
  virtual absl::Status Pin(const Operator& by, bool is_pinned) = 0;
  virtual absl::StatusOr<Explanation> ExplainPath(const std::string& remote, const Path& path) = 0;
};

}  // namespace configsync
