// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/pair/world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace configsync {
namespace {

constexpr std::int64_t kStepMs = 250;

Operator Person() { return {.user_id = 1, .name = "ann"}; }

std::string AddressOf(int number) { return "10.9.1." + std::to_string(number + 1); }

}  // namespace

const SchemaNode& ProductSchema() {
  static const std::unique_ptr<Schema> schema = [] {
    auto loaded = Schema::Load(LOCKSTEP_YANG_FOLDER);
    if (!loaded.ok()) {
      std::fprintf(stderr, "pairsim: %s\n", loaded.status().ToString().c_str());
      std::abort();
    }
    return *std::move(loaded);
  }();
  return schema->root();
}

PairWorld::PairWorld(const Options& options)
    : options_(options),
      random_(sim::Random(options.seed).Fork(1)),
      content_(ProductSchema()),
      ledger_(content_, options.node_count),
      serves_(static_cast<std::size_t>(options.node_count)),
      sources_(static_cast<std::size_t>(options.node_count), {-1, 0}) {
  for (int i = 0; i < options_.node_count; ++i) {
    links_.push_back(std::make_unique<Links>(*this, i));
    nodes_.push_back(std::make_unique<PairNode>(
        i, ProductSchema(), content_, clock_, *links_.back(),
        CrashStore::Hooks{
            .point = [this, i] { return Point(i); },
            .wrote = [this, i](const Tree& before,
                               const Transaction& transaction) { Wrote(i, before, transaction); },
            .spoils = [this, i](Transaction& written) { Spoil(i, written); }}));
    nodes_.back()->store.seals_nothing = options_.plant == Plant::kSealNothing;
  }
  Failover(0);
  for (int i = 0; i < options_.node_count; ++i) StartNode(i);
  for (int i = 0; i < options_.node_count && failure_.empty(); ++i) {
    std::map<std::string, std::string> remotes;
    for (const int remote : RemotesOf(i)) remotes[node(remote).name] = AddressOf(remote);
    std::vector<Edit> edits = content_.SyncEdits(remotes);
    const std::string own = std::string(kOwnMark) + node(i).name;
    edits.push_back(content_.Set("system host-name", own));
    edits.push_back(content_.Set("system location", own));
    CommitOptions saved;
    saved.save = true;
    CommitEdits(i, edits, saved);
  }
}

std::vector<int> PairWorld::RemotesOf(int number) const {
  if (options_.is_ring) return {(number + 1) % node_count()};
  std::vector<int> remotes;
  for (int i = 0; i < node_count(); ++i) {
    if (i != number) remotes.push_back(i);
  }
  return remotes;
}

std::unique_ptr<PeerLink> PairWorld::Links::MakeLink(const RemoteAddress& address) {
  for (int i = 0; i < world_.node_count(); ++i) {
    if (address.address == AddressOf(i)) return MakeSimLink(world_, from_, i);
  }
  world_.Fail("a link to nobody: " + address.address);
  return MakeSimLink(world_, from_, from_);
}

void PairWorld::Fail(const std::string& text) {
  if (failure_.empty()) failure_ = text;
}

void PairWorld::StartNode(int number) {
  PairNode& each = node(number);
  if (const absl::Status status = each.Start(); !status.ok() && !each.is_dying) {
    // After a reboot it cannot without a disk: it is tried again.
    each.is_dying = absl::IsResourceExhausted(status);
    if (!each.is_dying) Fail("node " + each.name + " does not start: " + status.ToString());
  }
  Bury();
}

void PairWorld::Reboot(int number) {
  node(number).boot_id += "+";
  Restart(number);
}

void PairWorld::Restart(int number) {
  node(number).is_dying = true;
  Bury();
}

// With everybody off the stack.
void PairWorld::Bury() {
  for (const auto& each : nodes_) {
    if (each->is_dying) each->Kill();
  }
}

void PairWorld::KillAt(std::uint64_t points_from_now) {
  kill_at_ = points_from_now == 0 ? 0 : points_ + points_from_now;
}

bool PairWorld::Point(int number) {
  if (node(number).is_dying) return false;
  ++points_;
  if (points_ != kill_at_) return true;
  Trace("  dies: " + node(number).name);
  ++kills_;
  node(number).is_dying = true;
  return false;
}

PeerCalls* PairWorld::CallsOf(int number) {
  return node(number).is_dying ? nullptr : node(number).sync.get();
}

void PairWorld::Serving(int receiver, int sender, bool is_forced) {
  ServeOf(receiver) = {.sender = sender, .is_forced = is_forced};
}

void PairWorld::OnFault(int from, int to, std::string_view) { exchanged_.erase({from, to}); }

void PairWorld::OnText(std::string_view what, std::string_view text) {
  if (text.find(kSecretMark) != std::string_view::npos) {
    Fail("a secret in the clear in " + std::string(what) + ": " + std::string(text));
  }
  if (what == "edits" && text.find(kOwnMark) != std::string_view::npos) {
    Fail("what is a node's own in a message: " + std::string(text));
  }
}

void PairWorld::Wrote(int number, const Tree& before, const Transaction& transaction) {
  const Serve& serve = ServeOf(number);
  if (serve.sender < 0 && transaction.notes.contains("sync/source")) {
    sources_.at(static_cast<std::size_t>(number)) = {-1, 0};  // It is its own source now.
  }
  if (!transaction.revision.has_value()) return;
  const Tree& after = transaction.revision->tree;
  const std::string wrong =
      ledger_.OnRevision(number, serve.sender, serve.is_forced, before, after);
  if (!wrong.empty()) Fail(wrong);
  Trace("  " + node(number).name + " revision " + std::to_string(transaction.revision->info.id) +
        " " + transaction.revision->info.origin + ": " + content_.SharedText(after));
  if (serve.sender < 0) return;
  sources_.at(static_cast<std::size_t>(number)) = {serve.sender, term_};
  const bool is_saved = transaction.startup == transaction.revision->info.id ||
                        (transaction.confirm.has_value() && transaction.confirm->has_value());
  if (!is_saved) Fail("node " + node(number).name + " did not save what was pushed");
}

void PairWorld::Failover(int to) {
  active_ = to;
  if (!options_.has_roles) return;
  ++term_;
  for (const auto& each : nodes_) {
    each->facts.role.term = term_;
    each->facts.role.role = each->number == to ? HaRole::kActive : HaRole::kStandby;
  }
}

void PairWorld::TickNode(int number) {
  PairNode& each = node(number);
  if (!each.is_running()) {
    StartNode(number);
    if (each.is_running()) {
      const auto [sender, term] = sources_.at(static_cast<std::size_t>(number));
      const std::string source = each.sync->Status().source;
      if (sender >= 0 && term == term_ && source != node(sender).device) {
        Fail("node " + each.name + " forgot whose push it has: '" + source + "'");
      }
    }
    return;
  }
  each.engine->Tick();
  exchanged_.clear();
  if (!each.is_dying) each.sync->Tick();
  if (!each.is_dying) CheckHonesty(number);
  Bury();
}

void PairWorld::Pass(std::int64_t ms) {
  for (std::int64_t passed = 0; passed < ms && failure_.empty(); passed += kStepMs) {
    clock_.Pass(std::min(kStepMs, ms - passed));
    const int first = static_cast<int>(random_.Below(nodes_.size()));
    for (int i = 0; i < node_count(); ++i) TickNode((first + i) % node_count());
  }
}

CommitOutcome PairWorld::Commit(int number, const std::vector<std::string_view>& categories,
                                CommitOptions options) {
  const Stamp stamp = ledger_.NextStamp();
  std::vector<Edit> edits;
  for (const std::string_view category : categories) {
    for (Edit& edit : content_.StampEdits(category, stamp)) edits.push_back(std::move(edit));
  }
  if (options.confirm_within_s.has_value()) ledger_.MadeOnTrial(stamp);
  return CommitEdits(number, edits, options);
}

CommitOutcome PairWorld::CommitEdits(int number, const std::vector<Edit>& edits,
                                     CommitOptions options) {
  CommitOutcome outcome;
  PairNode& each = node(number);
  if (!each.is_running() || !failure_.empty()) return outcome;
  (void)each.engine->ResetCandidate(Person(), {.kind = ViewName::Kind::kRunning});
  Problems problems;
  if (!each.is_dying) problems = each.engine->EditCandidate(Person(), edits);
  if (each.is_dying || !problems.empty()) {
    Bury();
    return outcome;
  }
  outcome = each.engine->Commit(Person(), options);
  Trace("commit on " + each.name + ": " +
        (outcome.committed ? "revision " + std::to_string(outcome.revision)
         : outcome.problems.list.empty()
             ? std::string("checked")
             : outcome.problems.list.front().code + " " + outcome.problems.list.front().text));
  if (each.is_dying) {
    outcome.committed = false;  // Nobody heard of it.
  } else if (outcome.committed) {
    const auto history = each.store.History(1);
    if (HexOf(history->front().hash) != outcome.hash) {
      Fail("node " + each.name + ": an acknowledged commit is lost");
    }
  }
  // Else some categories wait.
  const std::string push =
      content_.Value(RunningOf(number), "ha configuration-synchronization push");
  const bool is_plain = push.empty() || push == "on-commit";
  for (const RemoteOutcome& remote : outcome.remotes) {
    if (!outcome.committed || remote.state != RemoteOutcome::State::kApplied || !is_plain) continue;
    Trace("  applied by " + remote.remote);
    for (const auto& other : nodes_) {
      if (other->name != remote.remote || options.from_central_manager) continue;
      if (content_.SharedText(RunningOf(other->number)) != content_.SharedText(RunningOf(number))) {
        Fail("node " + other->name + " is said to have applied what it does not run");
      }
    }
  }
  Bury();
  return outcome;
}

bool PairWorld::Confirm(int number) {
  PairNode& each = node(number);
  if (!each.is_running() || !failure_.empty()) return false;
  if (each.engine->Status().confirm.has_value()) ledger_.Confirmed();
  const bool is_done = each.engine->Confirm(Person()).ok() && !each.is_dying;
  Trace("confirm on " + each.name + (is_done ? "" : ": not done"));
  Bury();
  return is_done;
}

ManualOutcome PairWorld::Manual(int number, const ManualOptions& options) {
  PairNode& each = node(number);
  if (!each.is_running() || !failure_.empty()) return {};
  if (options.kind != ManualKind::kPush) {
    for (const int remote : RemotesOf(number)) ledger_.OnLook(number, RunningOf(remote));
  }
  const std::string own = content_.OwnText(RunningOf(number));
  ManualOutcome outcome = each.sync->Manual(Person(), options);
  Trace("manual " + std::to_string(static_cast<int>(options.kind)) + " on " + each.name +
        (outcome.done                    ? ": done"
         : outcome.problems.list.empty() ? ": not done"
                                         : ": " + outcome.problems.list.front().code + " " +
                                               outcome.problems.list.front().text));
  if (own != content_.OwnText(RunningOf(number))) Fail("by hand, what is a node's own changed");
  Bury();
  return outcome;
}

Tree PairWorld::RunningOf(int number) {
  const absl::StatusOr<StoreState> state = node(number).store.Read();
  absl::StatusOr<Tree> tree = node(number).store.LoadTree(state->running);
  return tree.ok() ? *std::move(tree) : node(number).store.EmptyTree();
}

}  // namespace configsync
