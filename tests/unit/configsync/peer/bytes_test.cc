// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the pair costs on HA1.

#include <iostream>

#include "configsync/tree/hash.h"
#include "tests/unit/configsync/peer/counting_relay.h"
#include "tests/unit/configsync/peer/peer_pair.h"

namespace configsync {
namespace {

using Bytes = PeerPair;
constexpr std::uint64_t kExchangeBytes = 1'024;  // Both directions.
constexpr std::uint64_t kPushBytes = 4'096;      // Beside the edits.
constexpr int kRounds = 200;

// All that two nodes in sync say: no field is empty, no reason is left.
void Fill(PeerState& state) {
  state.role = HaRole::kActive;
  state.term = 1'000'001;
  state.is_enabled = true;
  state.is_dataplane_ready = true;
  state.running = 123'456;
  state.startup = 123'456;
  state.facts = Sha256("facts");
  state.selection = Sha256("selection");
  state.target = Sha256("target");
  state.source = std::string(32, 'a');
  state.known_selection = Sha256("known");
  state.part = Sha256("part");
}

// The average of many, so that what HTTP/2 says now and then is in it.
TEST_F(Bytes, AnExchangeOfEqualNodesIsSmall) {
  Introduce();
  StartServer();
  const CountingRelay relay(server->listening()[0]);
  const auto link = LinkTo(relay.address());
  Exchange mine = State();
  Fill(mine.state);
  Fill(calls.exchange.state);
  ASSERT_TRUE(link->DoExchange(mine).ok());
  ASSERT_TRUE(link->DoExchange(mine).ok());
  const std::uint64_t before = relay.bytes();
  for (int i = 0; i < kRounds; ++i) ASSERT_TRUE(link->DoExchange(mine).ok());
  const std::uint64_t each = (relay.bytes() - before) / kRounds;
  std::cout << "an exchange of equal nodes: " << each << " bytes in both directions\n";
  EXPECT_GT(each, 2 * 200u);  // The relay sees what there is.
  EXPECT_LE(each, kExchangeBytes);
}

TEST_F(Bytes, ACommitCostsItsEditsAndLittleMore) {
  Introduce();
  StartServer();
  const CountingRelay relay(server->listening()[0]);
  const auto link = LinkTo(relay.address());
  ASSERT_TRUE(link->DoExchange(State()).ok());
  calls.prepared.services = {{"firewall", "/policy/rule[name='web']"}};
  calls.prepared.result = Sha256("result");
  calls.applied.part = Sha256("result");
  for (const std::size_t edit_bytes : {300u, 50'000u, 3'000'000u}) {
    PrepareRequest push;
    push.number = 99;
    push.path = {a->own().device};
    push.selection = Sha256("selection");
    push.base = Sha256("base");
    push.result = Sha256("result");
    push.author = "alice";
    push.comment = "one more rule for the web servers";
    push.revisions = {{.id = 17, .author = "alice", .comment = push.comment, .wall_ms = 1}};
    push.edits.assign(edit_bytes, 'e');
    const std::uint64_t before = relay.bytes();
    ASSERT_TRUE(link->Prepare(push).ok());
    ASSERT_TRUE(link->Apply({.number = 99}).ok());
    ASSERT_TRUE(link->DoExchange(State()).ok());  // So that all of it has passed.
    const std::uint64_t used = relay.bytes() - before;
    std::cout << "a push of " << edit_bytes << " bytes of edits: " << used << " bytes\n";
    EXPECT_GT(used, edit_bytes);
    EXPECT_LE(used, edit_bytes + edit_bytes / 10 + kPushBytes);
  }
}

}  // namespace
}  // namespace configsync
