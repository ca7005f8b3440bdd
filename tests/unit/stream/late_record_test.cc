// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Records that come after later ones of the same slot.

#include "statesync/wire/frame_reader.h"
#include "tests/unit/stream/engine_pair.h"
#include "tests/unit/stream/hostile_peer.h"

namespace statesync {
namespace {

bool Carries(const OutFrame& frame, Op op, std::uint8_t schema) {
  FrameReader reader(frame.buffer.first(frame.bytes));
  Section section;
  while (reader.Next(section)) {
    if (section.table == TableId::kSession && static_cast<Op>(section.op) == op &&
        section.schema == schema) {
      return true;
    }
  }
  return false;
}

// The receiver holds the entry from an earlier epoch, so only a key says which one ended. The
// insert that taught the handle is lost; its repair is a keyed delete, and is lost, too.
TEST(LateRecord, RepairOfAKeyedDeleteCarriesTheKeyAgain) {
  EngineOptions options;
  options.digest_interval = Seconds(1);  // Nothing else finds it while the test runs.
  EnginePair pair(options);
  ASSERT_TRUE(pair.Begin());
  SessionMaker maker(1);
  const Handle handle = MustInsert(pair.table(0), maker.Plain());
  for (int i = 0; i < 100; ++i) pair.Turn();
  ASSERT_EQ(pair.table(1).live_count(), 1u);
  pair.engine(0).SetStateSync(pair.now(), false);
  pair.engine(0).SetStateSync(pair.now(), true);
  ASSERT_TRUE(pair.TurnUntilSynced());

  const auto is_insert = [](const OutFrame& frame) {
    return Carries(frame, Op::kInsert, kSessionInsertV4);
  };
  pair.table(0).MarkDirtyBatch(0, {&handle, 1});
  for (int i = 0; i < 5; ++i) pair.Turn(Micros(100), is_insert);
  MustDelete(pair.table(0), handle);
  int keyed = 0;
  for (int i = 0; i < 3'000; ++i) {
    pair.Turn(Micros(100), [&](const OutFrame& frame) {
      return Carries(frame, Op::kDelete, kSessionDeleteV4) && ++keyed == 1;
    });
  }
  EXPECT_GE(keyed, 2);
  EXPECT_EQ(pair.table(1).live_count(), 0u);
}

// Where frames run out between the two, the digest would count both sessions of the key.
TEST(LateRecord, EndIsPublishedBeforeTheNextSessionOfItsKey) {
  EnginePair pair;
  pair.Connect();
  pair.MakeFirstActive();
  ASSERT_TRUE(pair.TurnUntilSynced());
  SessionMaker maker(1);
  const NewSession session = maker.Plain();
  const Handle first = MustInsert(pair.table(0), session);
  for (int i = 0; i < 100; ++i) pair.Turn();
  MustDelete(pair.table(0), first);
  (void)MustInsert(pair.table(0), session);
  std::vector<Op> order;
  for (int i = 0; i < 10; ++i) {
    pair.Turn(Micros(100), [&order](const OutFrame& frame) {
      FrameReader reader(frame.buffer.first(frame.bytes));
      Section section;
      while (reader.Next(section)) {
        if (section.table == TableId::kSession) order.push_back(static_cast<Op>(section.op));
      }
      return false;
    });
  }
  EXPECT_EQ(order, (std::vector<Op>{Op::kDelete, Op::kInsert}));
}

// An owner's frame by hand: the session's image in the sender's slot, at a version.
struct Image {
  NewSession session;
  SlotIndex slot;
  std::uint64_t counter;
};

class LateInsert : public testing::Test {
 protected:
  static constexpr Term kTermOfPeer{9};

  void Say(std::uint64_t number, const std::vector<Image>& inserts, const Handle* deleted = nullptr,
           std::uint64_t deleted_counter = 0) {
    const Saying saying{.number = number,
                        .numbered = true,
                        .oldest_back = static_cast<std::uint32_t>(number - 1),
                        .role = Role::kActive,
                        .term = kTermOfPeer,
                        .epoch = epoch_};
    peer_.Say(saying, [&](FrameWriter& writer) {
      if (deleted != nullptr) {
        SessionDelete wire;
        wire.shard = deleted->shard;
        wire.slot.Set(deleted->slot);
        ASSERT_TRUE(writer.Append(TableId::kSession, Op::kDelete, kSessionDelete,
                                  std::as_bytes(std::span(&wire, 1)),
                                  MakeVersion(kTermOfPeer, deleted_counter)));
      }
      for (const Image& image : inserts) {
        const PreparedRecord record = Encoded(image);
        ASSERT_TRUE(writer.Append(TableId::kSession, Op::kInsert, record.schema,
                                  std::span(record.bytes).first(record.record_bytes),
                                  MakeVersion(kTermOfPeer, image.counter)));
      }
    });
  }
  static PreparedRecord Encoded(const Image& image) {
    const auto table = MakeTable();
    const Handle handle = MustInsert(*table, image.session);
    PreparedRecord record;
    table->replicated().PrepareBatch({&handle, 1}, kEpoch, true, {&record, 1});
    WireHandle wire;
    wire.shard = handle.shard;
    wire.slot.Set(image.slot);
    wire.generation = 1;
    std::memcpy(record.bytes.data(), &wire, sizeof(wire));
    return record;
  }
  bool Holds(const NewSession& session) {
    return peer_.table().Lookup(session.key).slot != kNoSlot;
  }

  HostilePeer peer_{0, 256};
  std::uint16_t epoch_ = 1;
};

// It was refused at a larger version, and a transfer counts that one: an older image that found
// room now would be taken for an entry that the sender has no more, and swept.
TEST_F(LateInsert, DoesNotTakeThePlaceOfARefusedOne) {
  SessionMaker maker(1);
  std::vector<NewSession> sessions;
  while (sessions.size() < peer_.table().slots_per_shard() + 1u) {
    const NewSession session = maker.Plain();
    if (SessionTable::ShardOf(session.key) == 7) sessions.push_back(session);
  }
  const NewSession refused = sessions.back();
  sessions.pop_back();
  const std::size_t half = sessions.size() / 2;
  for (std::uint64_t frame = 1; frame <= 2; ++frame) {
    std::vector<Image> fill;
    for (std::size_t i = frame == 1 ? 0 : half; i < (frame == 1 ? half : sessions.size()); ++i) {
      fill.push_back({sessions[i], static_cast<SlotIndex>(i), i + 1});
    }
    Say(frame, fill);
  }
  ASSERT_EQ(peer_.table().live_count(), sessions.size());
  const auto slot = static_cast<SlotIndex>(sessions.size());
  Say(4, {{refused, slot, 500}});
  EXPECT_EQ(peer_.counters().records_refused, 1u);
  const Handle first{7, 0};
  Say(3, {{refused, slot, 401}}, &first, 400);
  EXPECT_FALSE(Holds(sessions[0]));
  EXPECT_FALSE(Holds(refused));
  Say(5, {{refused, slot, 600}});
  EXPECT_TRUE(Holds(refused));
}

// The entry is here from an earlier epoch, so the delete that came first could not say its key.
TEST_F(LateInsert, OfAnEndedEntryRemovesWhatItWouldHaveReplaced) {
  SessionMaker maker(1);
  const NewSession session = maker.Plain();
  const Handle handle{SessionTable::ShardOf(session.key), 5};
  Say(1, {{session, 9, 10}});
  ASSERT_TRUE(Holds(session));
  ++epoch_;
  Say(2, {});
  Say(4, {}, &handle, 30);
  Say(3, {{session, handle.slot, 20}});
  EXPECT_FALSE(Holds(session));
}

// Both images are from before the key's later session, which has come and gone.
TEST_F(LateInsert, OfAReplacedEntryIsNotTakenForAnAnswer) {
  SessionMaker maker(1);
  const NewSession session = maker.Plain();
  const Handle later{SessionTable::ShardOf(session.key), 1};
  Say(1, {{session, 0, 10}});
  Say(4, {{session, later.slot, 40}});
  Say(5, {}, &later, 50);
  ASSERT_FALSE(Holds(session));
  Say(2, {{session, 0, 20}});
  Say(3, {{session, 0, 30}});
  EXPECT_FALSE(Holds(session));
  Say(6, {{session, 0, 60}});
  EXPECT_TRUE(Holds(session));
}

// ---- Where a receiver begins to listen ---------------------------------------------------------

// What nobody acknowledged in this epoch was said to nobody: the peer was owner then, for example.
TEST_F(LateInsert, FramesFromBeforeTheFirstOneHeardAreAskedFor) {
  Saying saying{
      .number = 10, .numbered = true, .oldest_back = 4, .role = Role::kActive, .term = kTermOfPeer};
  peer_.Say(saying);
  EXPECT_EQ(peer_.counters().gaps_seen, 1u);
  EXPECT_EQ(peer_.counters().frames_lost, 0u);
  peer_.Wait(Millis(1));
  (void)peer_.TakeAll();
  EXPECT_EQ(peer_.counters().nacks_sent, 4u);
}

TEST_F(LateInsert, DigestsFromBeforeThatProveNothing) {
  Saying saying{.number = 10, .role = Role::kActive, .term = kTermOfPeer};
  peer_.Say(saying);
  DigestRecord digest{};  // Of an empty shard, as this node's is.
  digest.table = static_cast<std::uint8_t>(TableId::kSession);
  digest.as_of.Set(8);
  peer_.Say(saying, ControlOp::kDigest, digest);
  EXPECT_EQ(peer_.counters().digests_agreed, 0u);
  digest.as_of.Set(9);
  peer_.Say(saying, ControlOp::kDigest, digest);
  EXPECT_EQ(peer_.counters().digests_agreed, 1u);
}

}  // namespace
}  // namespace statesync
