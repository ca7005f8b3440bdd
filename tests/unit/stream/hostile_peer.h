// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One engine over a real table, and a peer that says whatever a test wants, authentic and false.
//
// Threads: one.  Memory: allocates.

#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "statesync/engine.h"
#include "statesync/wire/frame_reader.h"
#include "statesync/wire/frame_writer.h"
#include "tests/unit/table/session_maker.h"

namespace statesync {

// What a frame's headers say.
struct Saying {
  std::uint64_t number = 1;
  bool numbered = false;
  std::uint64_t ack = 0;
  std::uint32_t credit = 4'096;
  std::uint32_t oldest_back = 0;
  Role role = Role::kStandby;
  Readiness readiness = Readiness::kBulk;
  Term term{1};
  std::uint16_t epoch = 1;
  std::uint16_t stream = 0;
};

class HostilePeer {
 public:
  // An engine that owns `session_count` sessions, or a standby if there are none, with its peer
  // connected.
  explicit HostilePeer(std::size_t session_count, std::uint32_t capacity = 4'096,
                       EngineOptions options = {}) {
    table_ = MakeTable(capacity);
    ReplicatedTable* list[] = {&table_->replicated()};
    auto engine = Engine::Create(options, list);
    EXPECT_TRUE(engine.ok()) << engine.status();
    engine_ = std::move(engine).value();
    if (session_count > 0) {
      engine_->OnRole(now_, Role::kActive, kOwnTerm);
    } else {
      engine_->OnRole(now_, Role::kStandby, Term{1});
    }
    SessionMaker maker(1);
    while (owned_.size() < session_count) {
      Handle handle;
      if (table_->Insert(maker.Any(), handle) != InsertResult::kInserted) continue;
      table_->MarkDirtyBatch(0, {&handle, 1});
      owned_.emplace_back().handle = handle;
      EXPECT_TRUE(table_->Snapshot(handle, owned_.back().copy));
    }
    PeerInfo info;
    info.node = 1;
    info.boot_id = 100;
    engine_->OnPeerConnected(now_, info);
  }

  // Delivers one frame; fill(FrameWriter&) puts its records.
  template <typename Fill>
  void Say(const Saying& saying, Fill fill) {
    FrameWriter writer;
    writer.Begin(buffer_);
    fill(writer);
    FrameHeader header{};
    header.term.Set(saying.term.value);
    header.flags = saying.numbered ? kFrameNumbered : std::uint8_t{0};
    header.frame_number.Set(saying.number);
    header.oldest_back.Set(saying.oldest_back);
    header.send_time_us.Set(static_cast<std::uint32_t>(now_.ns / 1'000));
    header.ack.Set(saying.ack);
    header.credit.Set(saying.credit);
    header.role = static_cast<std::uint8_t>(saying.role);
    header.readiness = static_cast<std::uint8_t>(saying.readiness);
    const std::size_t bytes = writer.Finish(header);
    const OpenedFrame frame{saying.stream, saying.epoch, std::span(buffer_).first(bytes)};
    engine_->OnFrameBatch(now_, {&frame, 1});
  }
  void Say(const Saying& saying) {
    Say(saying, [](FrameWriter&) {});
  }
  // The same with records of one control operation.
  template <typename Record>
  void Say(const Saying& saying, ControlOp op, const Record& record, std::size_t count = 1) {
    Say(saying, [&](FrameWriter& writer) {
      for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(writer.AppendControl(op, record));
    });
  }

  // Takes up to so many frames; each must be well formed. Returns how many there were.
  std::size_t Take(std::size_t frames_max = 32) {
    std::array<OutFrame, 32> out{};
    std::array<std::vector<std::byte>, 32> buffers;
    for (std::size_t i = 0; i < frames_max; ++i) {
      buffers[i].resize(1'440);
      out[i].buffer = buffers[i];
    }
    const std::size_t count = engine_->TakeFrames(now_, std::span(out).first(frames_max));
    EXPECT_LE(count, frames_max);
    for (std::size_t i = 0; i < count; ++i) {
      FrameHeader header;
      EXPECT_EQ(CheckFrame(out[i].buffer.first(out[i].bytes), header), Verdict::kAccepted);
      sent_frame_ = header.frame_number.Get() - ((header.flags & kFrameNumbered) != 0 ? 0 : 1);
      Note(out[i].buffer.first(out[i].bytes));
    }
    return count;
  }
  // Takes frames until there are no more, at one instant. Fails the test if there is no end.
  std::size_t TakeAll() {
    std::size_t all = 0;
    for (int calls = 0; calls < 2'000; ++calls) {
      const std::size_t count = Take();
      all += count;
      if (count == 0) return all;
    }
    ADD_FAILURE() << "the engine has no end of frames at one instant: " << all;
    return all;
  }
  void Wait(Duration duration) { now_ = now_ + duration; }

  // Every session that this node opened is here as its worker wrote it.
  void ExpectOwnedUntouched() {
    EXPECT_EQ(table_->live_count(), owned_.size());
    for (const Owned& owned : owned_) {
      SessionEntry entry{};
      ASSERT_TRUE(table_->Snapshot(owned.handle, entry));
      EXPECT_EQ(entry.client_addr, owned.copy.client_addr);
      EXPECT_EQ(entry.server_addr, owned.copy.server_addr);
      EXPECT_EQ(entry.nat_port, owned.copy.nat_port);
      EXPECT_EQ(entry.state, owned.copy.state);
      EXPECT_EQ(entry.edge[0], owned.copy.edge[0]);
    }
  }

  // Opens one more session, which must go out within so many turns of 100 microseconds, whatever
  // was said before: honest acknowledgements are enough from now on.
  void ExpectStillPublishes(int turns_max = 100) {
    SessionMaker maker(99);
    Handle handle;
    ASSERT_EQ(table_->Insert(maker.Plain(), handle), InsertResult::kInserted);
    table_->MarkDirtyBatch(0, {&handle, 1});
    inserts_.clear();
    for (int turn = 0; turn < turns_max; ++turn) {
      Wait(Micros(100));
      (void)Take();
      if (inserts_.contains(handle)) break;
      Say({.ack = sent_frame_, .term = kOwnTerm});
    }
    EXPECT_TRUE(inserts_.contains(handle)) << "a new session waits for a liar";
    owned_.emplace_back().handle = handle;
    EXPECT_TRUE(table_->Snapshot(handle, owned_.back().copy));
  }

  // What the frames taken so far carried.
  [[nodiscard]] const std::set<Handle>& inserts() const { return inserts_; }
  [[nodiscard]] const std::set<std::uint32_t>& bulks_asked() const { return bulks_asked_; }

  Engine& engine() { return *engine_; }
  SessionTable& table() { return *table_; }
  const EngineStatus& status() { return engine_->status(now_); }
  const EngineCounters& counters() { return status().counters; }
  [[nodiscard]] Handle owned(std::size_t i) const { return owned_[i].handle; }
  // Highest number that a frame of this node has had.
  [[nodiscard]] std::uint64_t sent_frame() const { return sent_frame_; }
  [[nodiscard]] Instant now() const { return now_; }

  static constexpr Term kOwnTerm{8};

 private:
  struct Owned {
    Handle handle;
    SessionEntry copy{};
  };
  void Note(std::span<const std::byte> sealed) {
    FrameReader reader(sealed);
    Section section;
    while (reader.Next(section)) {
      for (std::size_t i = 0; i < section.count; ++i) {
        if (section.table == TableId::kSession && static_cast<Op>(section.op) == Op::kInsert) {
          const auto handle = section.Get<WireHandle>(i);
          inserts_.insert({handle.shard, handle.slot.Get()});
        }
        if (section.table != TableId::kControl) continue;
        if (static_cast<ControlOp>(section.op) == ControlOp::kBulkRequest) {
          bulks_asked_.insert(section.Get<BulkRequestRecord>(i).bulk_id.Get());
        }
      }
    }
  }

  Instant now_{1'000'000'000};
  std::unique_ptr<SessionTable> table_;
  std::unique_ptr<Engine> engine_;
  std::deque<Owned> owned_;  // An entry cannot be moved.
  std::uint64_t sent_frame_ = 0;
  std::set<Handle> inserts_;
  std::set<std::uint32_t> bulks_asked_;
  std::array<std::byte, 1'440> buffer_{};
};

}  // namespace statesync
