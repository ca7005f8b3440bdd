// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A few simulated nodes, their operators, time, and what can go wrong between them.
//
// What must hold, whatever happens: each node runs one whole configuration; no push replaces what
// its sender has never had, unless a person said so; a push leaves alone what is the receiver's
// own; nothing secret, and nothing of a node's own, is in a message; who says `in sync` right after
// an exchange is; an acknowledged commit is there. When everything is well again and time has
// passed, nodes are equal and say so, or both say why not; and what nobody confirmed is gone.
//
// Threads: one.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sim/pair/ledger.h"
#include "tests/sim/pair/node.h"
#include "tests/sim/pair/sim_link.h"

namespace configsync {

// Breaks that the checkers must find.
enum class Plant : std::uint8_t {
  kNone,
  kForgetSource,  // The source is not written with what it brought.
  kHalfApply,     // Half of a push is written.
  kLoseWrite,     // A commit is acknowledged and not written.
  kSealNothing,   // Secrets travel in the clear.
  kTakeOwn,       // What is the receiver's own is taken from the sender.
  kBelieveEqual,  // Hashes are not looked at.
  kForgetTimer,   // A push for a time stays.
};
inline constexpr int kPlantCount = 8;

class PairWorld final : public Network {
 public:
  struct Options {
    std::uint64_t seed = 1;
    int node_count = 2;
    bool is_ring = false;   // Each pushes to the next one.
    bool has_roles = true;  // Else no dataplane says who is active.
    Plant plant = Plant::kNone;
  };
  explicit PairWorld(const Options& options);

  // The n-th point from now kills whoever is there. 0: never.
  void KillAt(std::uint64_t points_from_now);
  // Time passes in steps of a quarter of a second; dead nodes start again with the next step.
  void Pass(std::int64_t ms);
  // Commits new stamps on a node. Everything about it is checked.
  CommitOutcome Commit(int node, const std::vector<std::string_view>& categories,
                       CommitOptions options = {});
  CommitOutcome CommitEdits(int node, const std::vector<Edit>& edits, CommitOptions options = {});
  bool Confirm(int node);
  ManualOutcome Manual(int node, const ManualOptions& options);
  // Roles: this one is active, of the next term.
  void Failover(int to);
  // Everything is well again, and time passes; then all must be equal, or say why not.
  void Settle();
  // After Settle(): whatever was pinned, held or diverged, a person on the active node ends. Then
  // all are in sync. True: that needed a decision.
  bool DecideAll();
  // After Settle(): both say that they are in sync.
  [[nodiscard]] bool IsAllInSync();
  void Restart(int node);
  void Reboot(int node);  // It begins with its startup configuration.

  void Fail(const std::string& text);
  void Trace(const std::string& text) { trace_ += text + "\n"; }
  [[nodiscard]] PairNode& node(int number) { return *nodes_.at(static_cast<std::size_t>(number)); }
  [[nodiscard]] int node_count() const { return static_cast<int>(nodes_.size()); }
  [[nodiscard]] int active() const { return active_; }
  [[nodiscard]] const Content& content() const { return content_; }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] const std::string& trace() const { return trace_; }
  [[nodiscard]] std::uint64_t points() const { return points_; }
  [[nodiscard]] std::uint64_t kills() const { return kills_; }
  [[nodiscard]] Tree RunningOf(int number);
  // Remotes of a node: itself excluded.
  [[nodiscard]] std::vector<int> RemotesOf(int number) const;

  LinkFaults link_faults;
  std::set<std::pair<int, int>> cuts;  // Both directions.

  // Network.
  bool Point(int node) override;
  PeerCalls* CallsOf(int node) override;
  bool IsCut(int from, int to) override { return cuts.contains(std::minmax(from, to)); }
  const LinkFaults& faults() override { return link_faults; }
  bool always_lies() override { return options_.plant == Plant::kBelieveEqual; }
  sim::Random& random() override { return random_; }
  void OnText(std::string_view what, std::string_view text) override;
  void Serving(int receiver, int sender, bool is_forced) override;
  void OnExchanged(int from, int to) override { exchanged_.insert({from, to}); }
  void OnFault(int from, int to, std::string_view what) override;
  DeviceId DeviceOf(int number) override { return node(number).device; }

 private:
  class Links final : public LinkMaker {  // Of one node.
   public:
    Links(PairWorld& world, int from) : world_(world), from_(from) {}
    std::unique_ptr<PeerLink> MakeLink(const RemoteAddress& address) override;
    void Stop() override {}

   private:
    PairWorld& world_;
    const int from_;
  };
  struct Serve {
    int sender = -1;
    bool is_forced = false;
  };
  void StartNode(int number);
  void Bury();  // Who died is taken away, and starts again later.
  void Wrote(int number, const Tree& before, const Transaction& transaction);
  void Spoil(int number, Transaction& transaction);
  void TickNode(int number);
  void CheckHonesty(int number);
  void CheckSettled(int number, int remote);
  [[nodiscard]] Serve& ServeOf(int number) { return serves_.at(static_cast<std::size_t>(number)); }

  const Options options_;
  sim::Random random_;
  Content content_;
  StillClock clock_;
  Ledger ledger_;
  std::vector<std::unique_ptr<Links>> links_;
  std::vector<std::unique_ptr<PairNode>> nodes_;
  std::vector<Serve> serves_;
  std::vector<std::pair<int, std::uint32_t>> sources_;  // Sender and term of the last push.
  std::set<std::pair<int, int>> exchanged_;             // In this tick.
  int active_ = 0;
  std::uint32_t term_ = 1;
  std::uint64_t points_ = 0, kill_at_ = 0, kills_ = 0;
  std::string failure_, trace_;
};

// The product's modules, loaded once.
[[nodiscard]] const SchemaNode& ProductSchema();

}  // namespace configsync
