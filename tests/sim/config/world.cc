// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/config/world.h"

#include <utility>

namespace configsync {
namespace {

constexpr char kFirstKey[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
constexpr int kStartsMax = 20;  // Each may be cut short too.
constexpr std::uint64_t kStepsToStop = 60;

std::string NameOf(std::uint64_t boot) { return "boot-" + std::to_string(boot); }

}  // namespace

ConfigWorld::ConfigWorld(std::uint64_t seed)
    : random_(sim::Random(seed).Fork(1)), disk_(sim::Random(seed).Fork(2).Next()) {
  options_.vfs = disk_.vfs();
  options_.master_key = kFirstKey;
  options_.snapshot_every = static_cast<std::uint32_t>(random_.Between(2, 8));
  options_.snapshot_bytes_min = static_cast<std::uint64_t>(random_.Between(100, 4'000));
  options_.log_pages = static_cast<std::uint32_t>(random_.Between(4, 60));
  model_.store = std::make_unique<MemoryStore>(schema_.root());
  model_.store->SetKey(kFirstKey);
  StartModel(model_);
  if (const absl::Status status = StartNode(); !status.ok()) Fail(status.ToString());
}

void ConfigWorld::Fail(std::string text) {
  if (failure_.empty()) failure_ = std::move(text);
}

absl::Status ConfigWorld::StartNode() {
  engine_.reset();
  store_.reset();
  dataplane_.wanted.reset();
  absl::StatusOr<std::unique_ptr<Store>> store =
      OpenStore(options_, schema_.root(), disk_.OpenFiles());
  if (!store.ok()) return store.status();
  store_ = *std::move(store);
  absl::StatusOr<std::unique_ptr<ConfigEngine>> engine =
      ConfigEngine::Start({.judge = &judge_,
                           .store = store_.get(),
                           .dataplane = &dataplane_,
                           .clock = &clock_,
                           .boot_id = NameOf(boot_)});
  if (!engine.ok()) return engine.status();
  engine_ = *std::move(engine);
  return absl::OkStatus();
}

void ConfigWorld::StartModel(Model& model) {
  model.engine.reset();
  model.dataplane = std::make_unique<FakeDataplane>();
  model.dataplane->is_away = dataplane_.is_away;
  model.dataplane->refuses_plan = dataplane_.refuses_plan;
  model.dataplane->refuses_follow = dataplane_.refuses_follow;
  absl::StatusOr<std::unique_ptr<ConfigEngine>> engine =
      ConfigEngine::Start({.judge = &judge_,
                           .store = model.store.get(),
                           .dataplane = model.dataplane.get(),
                           .clock = &clock_,
                           .boot_id = NameOf(boot_)});
  if (!engine.ok()) return Fail("model: " + engine.status().ToString());
  model.engine = *std::move(engine);
}

// The store alone: an engine on it has to be started.
ConfigWorld::Model ConfigWorld::CopyOf(const Model& model) const {
  Model copy;
  copy.store = std::make_unique<MemoryStore>(*model.store);
  return copy;
}

void ConfigWorld::SetDataplane(bool is_away, bool refuses_plan, bool refuses_follow) {
  for (FakeDataplane* dataplane : {&dataplane_, model_.dataplane.get()}) {
    dataplane->is_away = is_away;
    dataplane->refuses_plan = refuses_plan;
    dataplane->refuses_follow = refuses_follow;
  }
}

bool ConfigWorld::Do(const std::string& name, const Act& act) {
  if (!failure_.empty()) return false;
  before_ = CopyOf(model_);
  const ActResult wanted = act(*model_.engine);
  const ActResult got = act(*engine_);
  trace_ += name + " -> " + wanted.text + "\n";
  was_cut_ = disk_.is_stopped();
  was_acknowledged_ = got.is_acknowledged;
  if (got.is_acknowledged) ++acknowledged_;
  if (was_cut_) {
    if (got.is_acknowledged && !wanted.is_acknowledged) {
      Fail(name + ": the node says it went well, the model does not: " + wanted.text);
    }
    return false;
  }
  if (got.text != wanted.text) {
    Fail(name + ": the node says '" + got.text + "', the model '" + wanted.text + "'");
  }
  return failure_.empty();
}

void ConfigWorld::Restart(Crash crash) {
  ++crashes_;
  trace_ += crash == Crash::kKill ? "kill\n" : crash == Crash::kPowerLoss ? "power\n" : "disk\n";
  const bool was_cut = std::exchange(was_cut_, false);
  if (crash == Crash::kPowerLoss) {
    ++boot_;
    clock_.boot_ms = 0;
    clock_.wall_ms += random_.Between(0, 30'000);
  }
  absl::Status status;
  for (int i = 0; i < kStartsMax; ++i) {
    // First everybody dies, then the disk forgets: SQLite must not see it change.
    engine_.reset();
    store_.reset();
    if (crash == Crash::kKill) {
      disk_.RestartProcess();
    } else {
      disk_.LosePower();
    }
    if (i + 1 < kStartsMax && random_.OneIn(3)) {
      disk_.StopAt(disk_.steps() + 1 + random_.Below(kStepsToStop));
    }
    status = StartNode();
    if (!disk_.is_stopped()) break;
    ++crashes_;
  }
  disk_.StopAt(0);
  if (!status.ok()) return Fail("start: " + status.ToString());
  StartModel(model_);
  const std::string after = Difference(model_);
  if (after.empty()) {
    if (was_cut && !was_acknowledged_) ++in_flight_kept_;
    return;
  }
  if (!was_cut || was_acknowledged_) return Fail("an acknowledged act is lost: " + after);
  StartModel(before_);
  const std::string before = Difference(before_);
  if (!before.empty()) {
    return Fail("neither before the act (" + before + ") nor after it (" + after + ")");
  }
  model_ = std::move(before_);
}

void ConfigWorld::Compare() {
  if (!failure_.empty()) return;
  if (const std::string difference = Difference(model_); !difference.empty()) Fail(difference);
  const absl::StatusOr<StoreReport> report = store_->Verify();
  if (!report.ok()) return Fail("verify: " + report.status().ToString());
  if (!report->faults.empty()) Fail("verify: " + report->faults.front());
}

std::string ConfigWorld::Difference(Model& model) {
  const EngineStatus node = engine_->Status(), wanted = model.engine->Status();
  if (node.running != wanted.running) {
    return "running is " + std::to_string(node.running) + ", not " + std::to_string(wanted.running);
  }
  if (node.running_hash != wanted.running_hash) return "running has another content";
  if (node.startup != wanted.startup || node.startup_hash != wanted.startup_hash) {
    return "startup is " + std::to_string(node.startup) + ", not " + std::to_string(wanted.startup);
  }
  if (node.master_key_fingerprint != wanted.master_key_fingerprint) return "another master key";
  const absl::StatusOr<StoreState> kept = store_->Read(), model_kept = model.store->Read();
  if (!kept.ok()) return kept.status().ToString();
  if (kept->confirm != model_kept->confirm) return "another confirm timer";
  if (kept->lock != model_kept->lock) return "another lock";
  if (kept->ha_edit != model_kept->ha_edit) return "another HA edit timer";
  if (kept->boot_id != model_kept->boot_id) return "another boot id";
  if (kept->notes != model_kept->notes || engine_->ReadNotes() != model_kept->notes) {
    return "other notes";
  }
  if (!dataplane_.wanted.has_value() || dataplane_.wanted->first != node.running ||
      HexOf(dataplane_.wanted->second.hash()) != node.running_hash) {
    return "the dataplane was not told of what is running";
  }
  std::string difference = DifferenceOfHistory(model);
  if (difference.empty()) difference = DifferenceOfCandidates(model);
  if (!difference.empty()) return difference;
  const auto audit = store_->Audit(1), model_audit = model.store->Audit(1);
  return *audit == *model_audit ? "" : "the audit tells another history";
}

std::string ConfigWorld::DifferenceOfHistory(Model& model) {
  constexpr std::size_t kAll = 10'000;
  const auto node = store_->History(kAll), wanted = model.store->History(kAll);
  if (!node.ok()) return node.status().ToString();
  if (node->size() != wanted->size()) return "another number of revisions";
  for (std::size_t i = 0; i < node->size(); ++i) {
    const RevisionInfo& info = (*node)[i];
    if (info != (*wanted)[i]) return "revision " + std::to_string(info.id) + " is another one";
    // The newest ones are the ones in danger; Verify() reads all.
    if (i > 3) continue;
    const absl::StatusOr<Tree> tree = store_->LoadTree(info.id);
    if (!tree.ok()) return tree.status().ToString();
    if (*tree != *model.store->LoadTree(info.id)) return "a revision has another content";
  }
  return "";
}

std::string ConfigWorld::DifferenceOfCandidates(Model& model) {
  for (std::uint32_t user = 1; user <= 3; ++user) {
    const Operator by = {.user_id = user, .name = {}};
    const auto node = engine_->View(by, {.kind = ViewName::Kind::kCandidate});
    const auto wanted = model.engine->View(by, {.kind = ViewName::Kind::kCandidate});
    if (!node.ok()) return node.status().ToString();
    if (node->hash() != wanted->hash()) {
      return "candidate of operator " + std::to_string(user) + " is another one";
    }
  }
  return "";
}

}  // namespace configsync
