// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/pair/node.h"

#include <utility>

namespace configsync {

PairNode::PairNode(int index, const SchemaNode& root, const Content& content, Clock& clock,
                   LinkMaker& links, CrashStore::Hooks hooks)
    : number(index),
      name(1, static_cast<char>('a' + index)),
      device(32, static_cast<char>('a' + index)),
      judge(content, root),
      store(root, std::move(hooks)),
      root_(root),
      clock_(clock),
      links_(links) {
  facts.facts.device = device;
  facts.facts.name = "fw-" + name;
  facts.facts.version = "0.1.0";
  facts.facts.schema = "one";
  facts.facts.master_key = store.KeyFingerprint();
  facts.facts.mode = "active-passive";
  facts.facts.hardware = "model ports";
  facts.role.is_dataplane_ready = true;
}

absl::Status PairNode::Start() {
  is_dying = false;
  absl::StatusOr<std::unique_ptr<ConfigEngine>> started =
      ConfigEngine::Start({.judge = &judge,
                           .store = &store,
                           .dataplane = &dataplane,
                           .clock = &clock_,
                           .boot_id = boot_id,
                           .peer_wait_ms = 0});
  if (!started.ok()) return started.status();
  engine = *std::move(started);
  absl::StatusOr<std::unique_ptr<PairSync>> pair = PairSync::Start({.engine = engine.get(),
                                                                    .clock = &clock_,
                                                                    .links = &links_,
                                                                    .facts = &facts,
                                                                    .root = &root_,
                                                                    .store = &store});
  if (!pair.ok()) return pair.status();
  sync = *std::move(pair);
  return absl::OkStatus();
}

void PairNode::Kill() {
  sync.reset();
  engine.reset();
}

}  // namespace configsync
