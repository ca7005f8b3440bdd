// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace configsync {
namespace {

namespace wire = lockstep::peersync;

const DeviceId kDevice = "00112233445566778899aabbccddeeff";

PeerState FullState() {
  PeerState state;
  state.device = kDevice;
  state.role = HaRole::kStandby;
  state.term = 9;
  state.is_enabled = state.is_pinned = state.is_dataplane_ready = true;
  state.running = 1'000'000'000'000;
  state.startup = 7;
  state.facts = Sha256("facts");
  state.selection = Sha256("selection");
  state.target = Sha256("target");
  state.held = 5;
  state.source = "ffeeddccbbaa99887766554433221100";
  state.known_selection = Sha256("known");
  state.part = Sha256("part");
  state.reasons = {{.code = ReasonCode::kFeatureMismatch, .subject = "vsys", .evidence = "x"}};
  return state;
}

Facts FullFacts() {
  Facts facts;
  facts.device = kDevice;
  facts.name = "fw-a";
  facts.version = "0.1.0";
  facts.protocol = 1;
  facts.schema = "digest";
  facts.schema_paths = {"/nat", "/policy"};
  facts.master_key = "print";
  facts.mode = "active-passive";
  facts.hardware = "model 7";
  facts.features = {{"gtp", false}, {"vsys", true}};
  facts.content_database = "12";
  facts.licenses = {"a", "b"};
  facts.plugins = {{"p", "1"}};
  facts.required_plugins = {"p"};
  return facts;
}

// Through bytes, as on the wire.
template <typename Value, typename Message>
absl::StatusOr<Value> Travelled(const Message& message) {
  Message copy;
  copy.ParseFromString(message.SerializeAsString());
  return Decode(copy);
}

TEST(PeerCodec, AnExchangeTravels) {
  Exchange value;
  value.state = FullState();
  value.selection = SelectionSpec{.categories = {"nat", "policy"}};
  value.facts = FullFacts();
  value.want_facts = value.want_selection = true;
  const auto back = Travelled<Exchange>(Encode(value));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->facts, value.facts);
  EXPECT_EQ(back->selection, value.selection);
  EXPECT_EQ(back->state.reasons, value.state.reasons);
  EXPECT_EQ(back->state.role, HaRole::kStandby);
  EXPECT_EQ(back->state.source, value.state.source);
  EXPECT_EQ(back->state.known_selection, value.state.known_selection);
  // Maps have no order on the wire.
  EXPECT_EQ(Encode(*back).ByteSizeLong(), Encode(value).ByteSizeLong());
}

TEST(PeerCodec, APushTravels) {
  PrepareRequest push;
  push.number = 3;
  push.term = 4;
  push.path = {kDevice, kDevice};
  push.selection = Sha256("s");
  push.base = Sha256("b");
  push.result = Sha256("r");
  push.author = "alice";
  push.comment = "why";
  push.revisions = {{.id = 8, .author = "bob", .comment = "c", .wall_ms = -5}};
  push.confirm_within_s = 0;
  push.is_forced = true;
  const auto back = Travelled<PrepareRequest>(EncodeHeader(push));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->path, push.path);
  EXPECT_EQ(back->confirm_within_s, 0u);
  EXPECT_EQ(EncodeHeader(*back).SerializeAsString(), EncodeHeader(push).SerializeAsString());
}

TEST(PeerCodec, AnswersTravel) {
  PrepareResponse prepared;
  prepared.problems.Add({"CODE", "/nat", "v", "text", "remedy"});
  prepared.result = Sha256("r");
  prepared.services = {{"firewall", "/nat"}};
  prepared.sessions = {.known = true, .kept = 5, .ended = 2, .ended_examples = {"e"}};
  prepared.warnings = {"w"};
  const auto back = Travelled<PrepareResponse>(Encode(prepared));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->problems.list, prepared.problems.list);
  EXPECT_EQ(Encode(*back).SerializeAsString(), Encode(prepared).SerializeAsString());
  ApplyResponse applied;
  applied.revision = 12;
  applied.part = Sha256("p");
  applied.warnings = {"w"};
  const auto again = Travelled<ApplyResponse>(Encode(applied));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->part, applied.part);
  EXPECT_EQ(again->revision, 12u);
}

// Each breaks one bound of a message that is good without it.
TEST(PeerCodec, F32_WhatIsOutOfBoundsIsRefused) {
  const std::vector<std::function<void(wire::Exchange&)>> faults = {
      [](auto& m) { m.mutable_state()->clear_device(); },
      [](auto& m) { m.mutable_state()->set_device("short"); },
      [](auto& m) { m.mutable_state()->set_device(std::string(17, 'x')); },
      [](auto& m) { m.mutable_state()->set_role(3); },
      [](auto& m) { m.mutable_state()->set_facts(std::string(31, 'x')); },
      [](auto& m) { m.mutable_state()->set_selection(std::string(33, 'x')); },
      [](auto& m) { m.mutable_state()->set_target("x"); },
      [](auto& m) { m.mutable_state()->set_source("x"); },
      [](auto& m) { m.mutable_state()->set_known_selection("x"); },
      [](auto& m) { m.mutable_state()->set_part("x"); },
      [](auto& m) {
        for (int i = 0; i < 33; ++i) m.mutable_state()->add_reasons()->set_code("LOOP");
      },
      [](auto& m) { m.mutable_state()->mutable_reasons(0)->set_evidence(std::string(513, 'x')); },
      [](auto& m) { m.set_selection("this is no selection"); },
      [](auto& m) { m.mutable_facts()->set_name(std::string(257, 'x')); },
      [](auto& m) {
        for (int i = 0; i < 257; ++i) m.mutable_facts()->add_licenses("x");
      },
      [](auto& m) {
        for (int i = 0; i < 257; ++i) {
          (*m.mutable_facts()->mutable_plugins())[std::to_string(i)] = "1";
        }
      },
      [](auto& m) {
        for (int i = 0; i < 257; ++i) {
          (*m.mutable_facts()->mutable_features())[std::to_string(i)] = true;
        }
      },
      [](auto& m) { m.mutable_facts()->add_schema_paths(std::string(4'097, 'x')); },
  };
  Exchange value;
  value.state = FullState();
  value.facts = FullFacts();
  ASSERT_TRUE(Decode(Encode(value)).ok());
  for (std::size_t i = 0; i < faults.size(); ++i) {
    wire::Exchange message = Encode(value);
    faults[i](message);
    EXPECT_EQ(Decode(message).status().code(), absl::StatusCode::kInvalidArgument) << i;
  }
}

TEST(PeerCodec, F32_PushesAndAnswersOutOfBoundsAreRefused) {
  PrepareRequest push;
  push.path = {kDevice};
  const auto is_taken = [&](const std::function<void(wire::PrepareHeader&)>& fault) {
    wire::PrepareHeader message = EncodeHeader(push);
    fault(message);
    return Decode(message).ok();
  };
  EXPECT_TRUE(is_taken([](auto&) {}));
  EXPECT_FALSE(is_taken([](auto& m) { m.clear_path(); }));
  EXPECT_FALSE(is_taken([](auto& m) { m.add_path(""); }));
  EXPECT_FALSE(is_taken([](auto& m) {
    for (int i = 0; i < 16; ++i) m.add_path(std::string(16, 'x'));
  }));
  EXPECT_FALSE(is_taken([](auto& m) { m.set_base("x"); }));
  EXPECT_FALSE(is_taken([](auto& m) { m.set_edit_bytes(kPushBytesMax + 1); }));
  EXPECT_FALSE(is_taken([](auto& m) { m.set_comment(std::string(1'025, 'x')); }));
  EXPECT_FALSE(is_taken([](auto& m) {
    for (int i = 0; i < 101; ++i) m.add_revisions();
  }));
  wire::PrepareResponse answer;
  for (int i = 0; i < 101; ++i) answer.add_problems();
  EXPECT_FALSE(Decode(answer).ok());
  wire::ApplyResponse applied;
  applied.set_omitted(5);  // A refusal that names nothing.
  EXPECT_FALSE(Decode(applied).ok());
  applied.clear_omitted();
  applied.set_part("x");
  EXPECT_FALSE(Decode(applied).ok());
}

// What this node says always fits; what does not fit is counted or cut.
TEST(PeerCodec, WhatIsSaidFits) {
  Exchange value;
  value.state = FullState();
  value.state.reasons.assign(
      100, {.subject = std::string(1'000, 's'), .evidence = std::string(10'000, 'e')});
  value.facts = FullFacts();
  value.facts->name = std::string(10'000, 'n');
  for (int i = 0; i < 1'000; ++i) value.facts->plugins[std::to_string(i)] = "1";
  EXPECT_TRUE(Travelled<Exchange>(Encode(value)).ok());

  PrepareResponse prepared;
  for (int i = 0; i < 1'200; ++i) prepared.problems.Add({.text = std::string(9'000, 't')});
  prepared.warnings.assign(500, std::string(9'000, '\xff'));
  const auto back = Travelled<PrepareResponse>(Encode(prepared));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->problems.list.size(), kPeerProblemsMax);
  EXPECT_EQ(back->problems.omitted_count, 1'200 - kPeerProblemsMax);
}

// A newer release may see what this one has no name for.
TEST(PeerCodec, AnUnknownReasonIsStillOne) {
  Exchange value;
  value.state = FullState();
  wire::Exchange message = Encode(value);
  message.mutable_state()->mutable_reasons(0)->set_code("MOON_PHASE");
  const auto back = Decode(message);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->state.reasons[0].code, ReasonCode::kPeerError);
  EXPECT_EQ(back->state.reasons[0].evidence, "MOON_PHASE: x");
}

TEST(PeerCodec, TextsAreUtf8AndCutBetweenCharacters) {
  EXPECT_EQ(CutText("abc", 2), "ab");
  EXPECT_EQ(CutText("a\u00e4", 2), "a");
  EXPECT_EQ(CutText("a\u00e4", 3), "a\u00e4");
  EXPECT_EQ(CutText("\u20ac\U0001f600", 7), "\u20ac\U0001f600");
  EXPECT_EQ(CutText("\xff\xc3-\xe2\x82", 9),
            "?"
            "?-?"
            "?");
  EXPECT_EQ(CutText("\xed\xa0\x80", 9), "???");  // Half of a pair.
  EXPECT_EQ(CutText("\xc0\x80", 9), "??");       // Longer than it has to be.
  EXPECT_EQ(CutText("\xf4\x90\x80\x80", 9), "????");
}

// Names, problems and comments of another node end on the terminals of operators.
TEST(PeerCodec, ControlCharactersOfAnotherNodeBecomeBlanks) {
  Exchange exchange{.state = FullState(), .facts = FullFacts()};
  exchange.facts->name = "fw\x1b[2J\n\x7f\xc2\x9b-\xc3\x9b";
  const auto heard = Travelled<Exchange>(Encode(exchange));
  ASSERT_TRUE(heard.ok()) << heard.status();
  EXPECT_EQ(heard->facts->name, "fw [2J    -\xc3\x9b");
}

TEST(PeerCodec, IdsAndHashesHaveTheirLength) {
  EXPECT_EQ(BytesOf(Hash{}), "");
  EXPECT_EQ(BytesOf(Sha256("x")).size(), 32u);
  EXPECT_EQ(*HashOf("h", BytesOf(Sha256("x"))), Sha256("x"));
  EXPECT_EQ(*HashOf("h", ""), Hash{});
  EXPECT_EQ(*DeviceOf("d", BytesOfDevice(kDevice)), kDevice);
  EXPECT_EQ(*DeviceOf("d", ""), "");
  EXPECT_EQ(BytesOfDevice("not hexadecimal at all, 32 bytes"), "");
}

}  // namespace
}  // namespace configsync
