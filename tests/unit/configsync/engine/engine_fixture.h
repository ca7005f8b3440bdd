// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// An engine over a store in memory, with short ways to act as its operators.

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "configsync/engine/codes.h"
#include "configsync/engine/engine.h"
#include "tests/sim/config/fakes.h"
#include "tests/sim/config/memory_store.h"
#include "tests/sim/config/small_schema.h"

namespace configsync {

inline const Operator kAnn = {.user_id = 1, .name = "ann"};
inline const Operator kBob = {.user_id = 2, .name = "bob"};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() : judge_(schema_), store_(schema_.root()) { Restart(); }

  // The process dies and starts again; the store stays.
  void Restart();
  // So does the machine.
  void Reboot(std::int64_t down_ms = 60'000);

  // Edits, and expects that they are taken. The last word is the value of a leaf.
  void Set(const Operator& by, std::string_view words, std::string_view value = "");
  void Delete(const Operator& by, std::string_view words);
  CommitOutcome Commit(const Operator& by, const CommitOptions& options = {});
  CommitOutcome CommitWithin(const Operator& by, std::uint32_t seconds, bool save = false);
  // Set, commit, and expect that it went well.
  RevisionId MustCommit(const Operator& by, std::string_view words, std::string_view value);

  // "" if it is not there.
  [[nodiscard]] std::string Value(std::string_view words,
                                  ViewName::Kind kind = ViewName::Kind::kRunning,
                                  const Operator& by = kAnn);
  [[nodiscard]] static std::string CodeOf(const Problems& problems);  // Of the first; "" if none.
  [[nodiscard]] AuditRecord LastAudit();
  [[nodiscard]] RevisionInfo Newest();
  void Pass(std::int64_t ms) {
    clock_.Pass(ms);
    engine_->Tick();
  }
  // HA is configured, and armed.
  void ArmHa() { MustCommit(kAnn, "ha virtual-host-name", "fw"); }

  SmallSchema schema_;
  SmallJudge judge_;
  MemoryStore store_;
  FakeDataplane dataplane_;
  StillClock clock_;
  std::string boot_id_ = "boot-1";
  std::unique_ptr<ConfigEngine> engine_;
};

}  // namespace configsync
