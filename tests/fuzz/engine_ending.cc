// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The end of a story: whatever the liar said, a fresh and honest peer and this node become equal,
// with this node's entries if it is the owner.

#include <algorithm>

#include "statesync/ensure.h"
#include "tests/fuzz/engine_story.h"
#include "tests/fuzz/session_pool.h"

namespace statesync::fuzz {
namespace {

constexpr Duration kConvergeWithin = Seconds(30);

// Frames of one engine to the other, at once.
void Pass(Instant now, Engine& from, Engine& to, Buffers& buffers) {
  const auto frames = buffers.First(kTakeMax);
  const std::size_t taken = from.TakeFrames(now, frames);
  std::array<OpenedFrame, kTakeMax> opened;
  for (std::size_t i = 0; i < taken; ++i) {
    opened[i] = {frames[i].stream, frames[i].epoch, frames[i].buffer.first(frames[i].bytes)};
  }
  to.OnFrameBatch(now, std::span(opened).first(taken));
}

}  // namespace

bool EngineStory::IsEqual() const {
  for (std::size_t shard = 0; shard < kShardCount; ++shard) {
    const auto index = static_cast<ShardIndex>(shard);
    const ShardDigest own = own_.table->replicated().Digest(index);
    const ShardDigest other = peer_->table->replicated().Digest(index);
    if (own.count != other.count || !(own.sum == other.sum)) return false;
  }
  return own_.table->live_count() == peer_->table->live_count();
}

void EngineStory::MeetHonestPeer() {
  const Term highest =
      std::max({term_, maker_.section_term_max(), own_.engine->status(now_).peer_term});
  const bool owns = IsOwner();
  const Term peer_term = owns ? Term{} : NextTerm(highest, 1);
  if (peer_term.value > kTermMax) return;  // The liar has used up all terms; ROLES.md.
  if (is_connected_) own_.engine->OnPeerLost(now_);
  own_.engine->SetStateSync(now_, true);
  own_.engine->SetMuted(false);
  if (!owns) own_.engine->OnRole(now_, role_ = Role::kStandby, highest);
  // Large enough for everything that this node may own.
  EngineOptions options;
  options.node = 1;
  options.stream_count = static_cast<std::uint8_t>(1 + boot_id_ % kStreamsMax);
  peer_ = std::make_unique<EngineNode>(options, 2'048);
  if (owns) {
    peer_->engine->OnRole(now_, Role::kStandby, highest);
  } else {
    peer_->engine->OnRole(now_, Role::kActive, peer_term);
    for (std::size_t i = 0; i < kPoolSessions; i += 5) {
      Handle handle;
      ENSURE(peer_->table->Insert(Pool()[i], handle) == InsertResult::kInserted);
      peer_->table->MarkDirtyBatch(0, {&handle, 1});
    }
  }
  PeerInfo peer;
  peer.node = 1;
  peer.boot_id = ++boot_id_;
  peer.term = peer_term;
  peer.datagram_bytes_max = 1'472;
  peer.stream_count = options.stream_count;
  peer.capacity[1] = peer_->table->capacity();
  own_.engine->OnPeerConnected(now_, peer);
  PeerInfo own = peer;
  own.node = 0;
  own.boot_id = 77;
  own.term = highest;
  own.stream_count = options_.stream_count;
  own.capacity[1] = own_.table->capacity();
  peer_->engine->OnPeerConnected(now_, own);

  Engine& receiver = owns ? *peer_->engine : *own_.engine;
  const Instant end = now_ + kConvergeWithin;
  Engine& owner = owns ? *own_.engine : *peer_->engine;
  while (receiver.status(now_).readiness != Readiness::kSynced ||
         owner.status(now_).exposure.changes > 0) {
    ENSURE(now_ < end);
    const Instant due =
        std::min(own_.engine->NextDeadline(now_), peer_->engine->NextDeadline(now_));
    now_ = std::clamp(due, now_ + Micros(100), now_ + Millis(20));
    Pass(now_, *own_.engine, *peer_->engine, buffers_);
    Pass(now_, *peer_->engine, *own_.engine, peer_buffers_);
  }
  ENSURE(IsEqual());
  if (owns) CheckOwned();
}

}  // namespace statesync::fuzz
