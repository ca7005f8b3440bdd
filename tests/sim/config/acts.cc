// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What operators do: drawn by chance, or a story in which each act happens.

#include <optional>
#include <utility>
#include <vector>

#include "tests/sim/config/world.h"

namespace configsync {
namespace {

using Kind = ViewName::Kind;

constexpr std::uint64_t kActsToStop = 12;
constexpr std::uint64_t kStepsToStop = 150;
constexpr char kKeys[][65] = {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
                              "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"};

Operator By(std::uint64_t user) {
  return {.user_id = static_cast<std::uint32_t>(user), .name = "op" + std::to_string(user)};
}

ActResult ResultOf(const Problems& problems) {
  return {.text = problems.empty() ? "ok" : problems.list.front().code,
          .is_acknowledged = problems.empty()};
}

ActResult ResultOf(const absl::Status& status) {
  return {.text = status.ok() ? "ok" : std::string(absl::StatusCodeToString(status.code())),
          .is_acknowledged = status.ok()};
}

ActResult ResultOf(const CommitOutcome& outcome) {
  if (outcome.committed) {
    return {.text = "revision " + std::to_string(outcome.revision) + " " + outcome.hash,
            .is_acknowledged = true};
  }
  return ResultOf(outcome.problems);
}

Act EditAct(std::uint64_t user, std::vector<Edit> edits) {
  return [=](ConfigEngine& engine) { return ResultOf(engine.EditCandidate(By(user), edits)); };
}

Act CommitAct(std::uint64_t user, CommitOptions options) {
  return [=](ConfigEngine& engine) {
    ActResult result = ResultOf(engine.Commit(By(user), options));
    if (options.check_only) result.is_acknowledged = false;  // Nothing has happened.
    return result;
  };
}

// What a peer gives: the edits on what runs, with a note that must come and go with them.
Act DraftAct(std::vector<Edit> edits, PeerDraft blank, std::string note) {
  return [=](ConfigEngine& engine) {
    const auto [revision, running] = engine.Running();
    const absl::StatusOr<Tree> tree = running.Apply(edits);
    if (!tree.ok()) return ResultOf(tree.status());
    PeerDraft draft = blank;
    draft.tree = *tree;
    draft.on_running = running.hash();
    draft.notes["sync/source"] = "at " + std::to_string(revision);
    if (note.empty()) {
      draft.notes["sync/held"] = std::nullopt;
    } else {
      draft.notes["sync/held"] = note;
    }
    ActResult result = ResultOf(engine.CommitDraft(draft));
    if (draft.check_only) result.is_acknowledged = false;
    return result;
  };
}

PeerDraft BlankDraft(const ConfigWorld& world) {
  return {.by = {.user_id = kPeerUserId, .name = "hasync"},
          .origin = "peer",
          .comment = "given",
          .tree = Tree(world.schema().root(), SecretKey{}),
          .on_running = {},
          .confirm_within_s = {},
          .notes = {}};
}

Act NoteAct(std::string name, std::optional<std::string> value) {
  return [=](ConfigEngine& engine) {
    return ResultOf(engine.WriteNotes(By(0), "sync", "note " + name, {{name, value}}));
  };
}

Act ResetAct(std::uint64_t user, ViewName to) {
  return [=](ConfigEngine& engine) { return ResultOf(engine.ResetCandidate(By(user), to)); };
}

Act TickAct() {
  return [](ConfigEngine& engine) {
    engine.Tick();
    const EngineStatus status = engine.Status();
    // Whatever was due is tried again, so a tick that was cut short promises nothing.
    return ActResult{.text = "running " + std::to_string(status.running), .is_acknowledged = false};
  };
}

Act KeyAct(std::uint64_t user, std::string old_key, std::string new_key) {
  return [=](ConfigEngine& engine) {
    return ResultOf(engine.ChangeMasterKey(By(user), old_key, new_key));
  };
}

template <typename Call>
Act SimpleAct(Call call) {
  return [call](ConfigEngine& engine) { return ResultOf(call(engine)); };
}

std::vector<Edit> DrawEdits(ConfigWorld& world) {
  sim::Random& random = world.random();
  const SmallSchema& schema = world.schema();
  const std::string number = std::to_string(random.Below(6));
  switch (random.Below(8)) {
    case 0:
      return {schema.Set("system host-name", random.OneIn(8) ? "bad" : "fw" + number)};
    case 1:
      return {schema.Set("system password", "hunter" + number)};
    case 2:
      return {schema.Set("system token t" + number)};
    case 3:
      return {schema.Delete("policy rule r" + number)};
    case 4:
      return {schema.Set("interfaces interface i" + number + " mtu", "1500")};
    case 5:
      return {schema.Set("ha virtual-host-name", "v" + number)};
    case 6: {
      std::vector<Edit> many;
      for (std::uint64_t i = 0; i < random.Below(60); ++i) {
        many.push_back(
            schema.Set("policy rule m" + std::to_string(i) + number + " action", "deny"));
      }
      return many;
    }
    default:
      return {schema.Set("policy rule r" + number + " action", random.OneIn(10)  ? "perhaps"
                                                               : random.OneIn(2) ? "permit"
                                                                                 : "deny")};
  }
}

bool DrawCommit(ConfigWorld& world, std::uint64_t user) {
  sim::Random& random = world.random();
  CommitOptions options;
  options.check_only = random.OneIn(8);
  options.save = random.OneIn(4);
  if (random.OneIn(4)) options.confirm_within_s = static_cast<std::uint32_t>(random.Between(1, 40));
  return world.Do("commit", CommitAct(user, options));
}

bool DrawDraft(ConfigWorld& world) {
  sim::Random& random = world.random();
  if (random.OneIn(4)) {
    std::optional<std::string> value;
    if (!random.OneIn(4)) value = std::string(random.Below(9'000), 'n');
    return world.Do("note", NoteAct("sync/remote/" + std::to_string(random.Below(4)), value));
  }
  PeerDraft draft = BlankDraft(world);
  draft.check_only = random.OneIn(4);
  draft.save = !random.OneIn(4);
  if (random.OneIn(4)) draft.confirm_within_s = static_cast<std::uint32_t>(random.Between(1, 40));
  return world.Do("draft", DraftAct(DrawEdits(world), draft, std::string(random.Below(200), 'h')));
}

bool DrawSwitch(ConfigWorld& world, std::uint64_t user) {
  sim::Random& random = world.random();
  const Operator by = By(user);
  switch (random.Below(5)) {
    case 0:
      return world.Do("ha begin",
                      SimpleAct([by](ConfigEngine& engine) { return engine.BeginHaEdit(by, 20); }));
    case 1:
      return world.Do("ha end",
                      SimpleAct([by](ConfigEngine& engine) { return engine.EndHaEdit(by); }));
    case 2:
      return world.Do("lock",
                      SimpleAct([by](ConfigEngine& engine) { return engine.Lock(by, 15); }));
    case 3: {
      const bool force = random.OneIn(2);
      return world.Do("unlock", SimpleAct([by, force](ConfigEngine& engine) {
                        return engine.Unlock(by, force);
                      }));
    }
    default: {
      const std::string fresh = kKeys[world.key() == kKeys[0] ? 1 : 0];
      return world.Do("master key", KeyAct(user, random.OneIn(5) ? fresh : world.key(), fresh));
    }
  }
}

bool DrawAct(ConfigWorld& world) {
  sim::Random& random = world.random();
  const std::uint64_t user = 1 + random.Below(3);
  const Operator by = By(user);
  switch (random.Below(17)) {
    case 0:
    case 1:
    case 2:
      return DrawCommit(world, user);
    case 3:
      world.Pass(random.Between(0, 15'000));
      return world.Do("tick", TickAct());
    case 4:
      return world.Do("confirm",
                      SimpleAct([by](ConfigEngine& engine) { return engine.Confirm(by); }));
    case 5:
      return world.Do("save", SimpleAct([by](ConfigEngine& engine) { return engine.Save(by); }));
    case 6:
      return DrawSwitch(world, user);
    case 7: {
      if (random.OneIn(2)) return world.Do("discard", ResetAct(user, {.kind = Kind::kRunning}));
      const RevisionId revision = 1 + random.Below(world.running());
      return world.Do("rollback", ResetAct(user, {.kind = Kind::kRevision, .revision = revision}));
    }
    case 8:
      world.SetDataplane(random.OneIn(4), random.OneIn(8), random.OneIn(4));
      return true;
    case 9:
    case 10:
      return DrawDraft(world);
    case 11: {
      const Operator peer = {.user_id = kPeerUserId, .name = "hasync"};
      return world.Do("peer confirms",
                      SimpleAct([=](ConfigEngine& engine) { return engine.Confirm(peer); }));
    }
    default:
      return world.Do("edit", EditAct(user, DrawEdits(world)));
  }
}

Crash DrawCrash(sim::Random& random) {
  constexpr Crash kAll[] = {Crash::kKill, Crash::kPowerLoss, Crash::kDiskLoss, Crash::kDiskLoss};
  return kAll[random.Below(4)];
}

// Every act, and each kind of commit, once.
bool TellStory(ConfigWorld& world) {
  const SmallSchema& schema = world.schema();
  const auto edit = [&](std::uint64_t user, std::string_view words, std::string_view value) {
    return world.Do("edit", EditAct(user, {schema.Set(words, value)}));
  };
  CommitOptions plain, saved, soon;
  saved.save = true;
  soon.confirm_within_s = 30;
  const PeerDraft given = BlankDraft(world);
  PeerDraft check = given, within = given;
  check.check_only = true;
  within.confirm_within_s = 30;
  const Operator one = By(1), two = By(2);
  const auto tick = [&](std::int64_t ms) {
    world.Pass(ms);
    return world.Do("tick", TickAct());
  };
  return edit(1, "system host-name", "fw1") && edit(1, "system password", "hunter2") &&
         world.Do("commit", CommitAct(1, saved)) && edit(1, "policy rule r1 action", "permit") &&
         edit(2, "policy rule r2 action", "deny") && world.Do("commit", CommitAct(1, plain)) &&
         world.Do("merge", CommitAct(2, plain)) &&
         world.Do("lock", SimpleAct([=](ConfigEngine& engine) { return engine.Lock(one, 60); })) &&
         world.Do("refused", CommitAct(2, plain)) && edit(1, "system host-name", "fw2") &&
         world.Do("commit soon", CommitAct(1, soon)) &&
         world.Do("confirm",
                  SimpleAct([=](ConfigEngine& engine) { return engine.Confirm(one); })) &&
         edit(1, "system host-name", "fw3") && world.Do("commit soon", CommitAct(1, soon)) &&
         tick(10'000) && tick(20'000) && tick(60'000) && edit(2, "ha virtual-host-name", "v") &&
         world.Do("commit", CommitAct(2, plain)) &&
         world.Do("ha begin",
                  SimpleAct([=](ConfigEngine& engine) { return engine.BeginHaEdit(two, 20); })) &&
         edit(2, "interfaces interface i1 mtu", "1500") &&
         world.Do("commit", CommitAct(2, plain)) && tick(20'000) &&
         world.Do("master key", KeyAct(1, kKeys[0], kKeys[1])) &&
         world.Do("rollback", ResetAct(1, {.kind = Kind::kRevision, .revision = 2})) &&
         world.Do("ha edit lock", CommitAct(1, plain)) &&
         world.Do("discard", ResetAct(1, {.kind = Kind::kRunning})) &&
         world.Do("save", SimpleAct([=](ConfigEngine& engine) { return engine.Save(two); })) &&
         world.Do("note", NoteAct("sync/number", "1")) &&
         world.Do("draft checked", DraftAct({schema.Set("system host-name", "fw7")}, check, "x")) &&
         world.Do("draft", DraftAct({schema.Set("system host-name", "fw7")}, given, "x")) &&
         world.Do("draft soon", DraftAct({schema.Set("system host-name", "fw8")}, within, "")) &&
         world.Do("peer confirms",
                  SimpleAct([=](ConfigEngine& engine) { return engine.Confirm(given.by); })) &&
         world.Do("draft soon", DraftAct({schema.Set("system host-name", "fw9")}, within, "y")) &&
         tick(30'000) && world.Do("note", NoteAct("sync/number", std::nullopt));
}

}  // namespace

std::string RunRandom(std::uint64_t seed, std::uint64_t crash_count, std::uint64_t& points,
                      bool is_verbose) {
  ConfigWorld world(seed);
  const std::uint64_t wanted = crash_count;
  while (world.failure().empty() && world.crashes() < wanted) {
    for (std::uint64_t i = world.random().Below(kActsToStop); i > 0; --i) {
      if (!DrawAct(world)) break;
    }
    if (!world.failure().empty()) break;
    world.disk().StopAt(world.disk().steps() + 1 + world.random().Below(kStepsToStop));
    // An act that writes nothing takes no step, so this ends only by chance; but it ends.
    while (world.failure().empty() && DrawAct(world)) {
    }
    if (!world.failure().empty()) break;
    world.Restart(DrawCrash(world.random()));
    if (world.random().OneIn(4)) world.Compare();
  }
  points += world.crashes();
  if (is_verbose) {
    std::printf("seed %llu: %llu crashes, %llu acknowledged, %llu in flight kept, running %llu\n",
                static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(world.crashes()),
                static_cast<unsigned long long>(world.acknowledged()),
                static_cast<unsigned long long>(world.in_flight_kept()),
                static_cast<unsigned long long>(world.running()));
  }
  return world.failure().empty() ? "" : world.trace() + world.failure();
}

std::string RunStory(std::uint64_t seed, std::uint64_t step, Crash crash, bool& is_over) {
  ConfigWorld world(seed);
  world.disk().StopAt(world.disk().steps() + step);
  is_over = TellStory(world);
  if (world.failure().empty() && !is_over) world.Restart(crash);
  world.Compare();
  return world.failure().empty() ? "" : world.trace() + world.failure();
}

}  // namespace configsync
