// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One simulated node: the real engine and the real PairSync, over a store, a dataplane and facts
// that a test holds in its hands.
//
// Threads: one.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "configsync/engine/engine.h"
#include "configsync/pair/pair_sync.h"
#include "tests/sim/config/fakes.h"
#include "tests/sim/pair/content.h"
#include "tests/sim/pair/crash_store.h"

namespace configsync {

class SimFacts final : public NodeFacts {
 public:
  Facts FactsOf(const Tree&) override { return facts; }
  LocalRole Role() override { return role; }
  std::string PairedName(const DeviceId& device) override { return device; }
  Facts facts;
  LocalRole role;
};

class PairNode {
 public:
  PairNode(int index, const SchemaNode& root, const Content& content, Clock& clock,
           LinkMaker& links, CrashStore::Hooks hooks);

  // The process starts, or starts again. Errors: of the engine or of pair/.
  absl::Status Start();
  void Kill();  // Only between acts: nothing of it is on the stack.
  [[nodiscard]] bool is_running() const { return engine != nullptr; }

  const int number;
  const std::string name;    // "a", "b", …
  const std::string device;  // 32 hexadecimal digits.
  ContentJudge judge;
  CrashStore store;
  FakeDataplane dataplane;
  SimFacts facts;
  std::string boot_id = "boot";
  bool is_dying = false;  // It does nothing any more that anybody could see.
  std::unique_ptr<ConfigEngine> engine;
  std::unique_ptr<PairSync> sync;

 private:
  const SchemaNode& root_;
  Clock& clock_;
  LinkMaker& links_;
};

}  // namespace configsync
