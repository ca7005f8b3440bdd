// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One simulated node: the engine over the real store, on a disk that stops where the seed says. A
// second engine, over a store in memory that never fails, does the same acts: it is the model.
//
// After a crash the node must be where the model is, before or after the act that was cut short;
// and after, if the operator was told that it went well. All of it is compared: every revision and
// its content, candidates, timers, locks, notes, and the head of the audit, which names the whole
// history.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "configsync/engine/engine.h"
#include "configsync/store/sqlite_store.h"
#include "tests/sim/config/crash_disk.h"
#include "tests/sim/config/fakes.h"
#include "tests/sim/config/memory_store.h"
#include "tests/sim/config/small_schema.h"

namespace configsync {

// What somebody does: a short text of the outcome, which must be equal for node and model, and
// whether it was said to have gone well.
struct ActResult {
  std::string text;
  bool is_acknowledged = false;
};
using Act = std::function<ActResult(ConfigEngine&)>;

enum class Crash : std::uint8_t {
  kKill,       // The process: what it wrote is there.
  kPowerLoss,  // The machine: what it did not sync may be lost; another boot.
  kDiskLoss,   // As a power loss, but in the same boot: harder than anything real.
};

class ConfigWorld {
 public:
  explicit ConfigWorld(std::uint64_t seed);

  // Both do it. False: the node's disk stopped meanwhile, or something is wrong: see failure().
  bool Do(const std::string& name, const Act& act);
  // Time passes for both; the node is not told.
  void Pass(std::int64_t ms) { clock_.Pass(ms); }
  // A fault of both dataplanes.
  void SetDataplane(bool is_away, bool refuses_plan, bool refuses_follow);
  // Starts it again, and compares.
  void Restart(Crash crash);
  // Everything of both.
  void Compare();

  [[nodiscard]] CrashDisk& disk() { return disk_; }
  [[nodiscard]] sim::Random& random() { return random_; }
  [[nodiscard]] const SmallSchema& schema() const { return schema_; }
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] const std::string& trace() const { return trace_; }
  [[nodiscard]] std::string key() const { return model_.store->key; }
  [[nodiscard]] RevisionId running() { return model_.engine->Status().running; }
  [[nodiscard]] std::uint64_t crashes() const { return crashes_; }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint64_t in_flight_kept() const { return in_flight_kept_; }

 private:
  struct Model {
    std::unique_ptr<MemoryStore> store;
    std::unique_ptr<FakeDataplane> dataplane;
    std::unique_ptr<ConfigEngine> engine;
  };

  void Fail(std::string text);
  absl::Status StartNode();
  void StartModel(Model& model);
  [[nodiscard]] Model CopyOf(const Model& model) const;
  // "" if the node is where this model is.
  [[nodiscard]] std::string Difference(Model& model);
  [[nodiscard]] std::string DifferenceOfHistory(Model& model);
  [[nodiscard]] std::string DifferenceOfCandidates(Model& model);

  sim::Random random_;
  SmallSchema schema_;
  SmallJudge judge_{schema_};
  StillClock clock_;
  CrashDisk disk_;
  StoreOptions options_;
  std::uint64_t boot_ = 1;
  FakeDataplane dataplane_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ConfigEngine> engine_;
  Model model_;
  Model before_;  // Of the act that was cut short.
  bool was_cut_ = false;
  bool was_acknowledged_ = false;
  std::string failure_, trace_;
  std::uint64_t crashes_ = 0, acknowledged_ = 0, in_flight_kept_ = 0;
};

// A run drawn from the seed: operators act, and every few acts the disk stops in the middle of one.
// Returns what is wrong; "": nothing. Adds to `points` the crashes that it went through.
[[nodiscard]] std::string RunRandom(std::uint64_t seed, std::uint64_t crash_count,
                                    std::uint64_t& points, bool is_verbose);

// A story with every act in it, with a crash before its `step`-th step. `is_over`: the story has
// fewer steps.
[[nodiscard]] std::string RunStory(std::uint64_t seed, std::uint64_t step, Crash crash,
                                   bool& is_over);

}  // namespace configsync
