// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/node.h"

#include <algorithm>
#include <array>
#include <utility>

#include "statesync/ensure.h"

namespace sim {

using statesync::Duration;
using statesync::Instant;
using statesync::Millis;

namespace {

constexpr std::size_t kFramesPerCall = 16;
constexpr std::size_t kCallsPerTurn = 8;
constexpr Duration kHelloInterval = Millis(10);
constexpr Duration kPeerLostAfter = Millis(400);

}  // namespace

Node::Node(statesync::NodeIndex index, const WorldOptions& options)
    : index_(index),
      options_(options),
      buffers_(kFramesPerCall, std::vector<std::byte>(options.engine.datagram_bytes_max)) {}

void Node::Boot(Instant now, std::uint64_t boot_id, Duration skew) {
  statesync::SessionTableOptions table_options;
  table_options.capacity = options_.capacity[index_];
  table_options.index_seed = boot_id;
  table_options.digest_key[0] = 1;
  table_options.digest_key[1] = 2;
  table_options.dirty_ring_handles = options_.dirty_ring_handles;
  table_options.nat_addresses = kNatAddresses;
  auto table = statesync::SessionTable::Create(table_options);
  ENSURE(table.ok());
  table_ = std::move(table).value();
  statesync::EngineOptions engine_options = options_.engine;
  engine_options.node = index_;
  engine_options.peer_slots_per_shard_max = 0;
  statesync::ReplicatedTable* tables[] = {&table_->replicated()};
  // The peer's table may be larger than ours.
  engine_options.peer_slots_per_shard_max = static_cast<std::uint32_t>(
      std::max(options_.capacity[0], options_.capacity[1]) / 256 * 2 + 64);
  auto engine = statesync::Engine::Create(engine_options, tables);
  ENSURE(engine.ok());
  engine_ = std::move(engine).value();
  boot_id_ = boot_id;
  skew_ = skew;
  role_ = statesync::Role::kInit;
  term_ = {};
  is_connected_ = false;
  peer_boot_ = 0;
  hello_due_ = now;
  paused_until_ = {};
}

void Node::Crash() {
  engine_.reset();
  table_.reset();
  inbox_.clear();
  is_connected_ = false;
}

void Node::SetRole(Instant now, statesync::Role role, statesync::Term term) {
  role_ = role;
  term_ = std::max(term_, term);
  engine_->OnRole(Local(now), role, term);
}

// A hello that echoes our boot proves that its sender lives now; boots only grow, so an old one
// that was overtaken changes nothing.
void Node::OnHello(Instant now, const Datagram& hello) {
  if (hello.from_boot < peer_boot_) return;
  const bool is_new = hello.from_boot != peer_boot_ || !is_connected_;
  if (hello.from_boot != peer_boot_) {
    if (is_connected_) engine_->OnPeerLost(Local(now));
    is_connected_ = false;
    peer_boot_ = hello.from_boot;
    hello_due_ = now;
  }
  if (hello.to_boot != boot_id_ || !is_new) return;
  statesync::PeerInfo peer;
  peer.node = static_cast<statesync::NodeIndex>(1 - index_);
  peer.boot_id = hello.from_boot;
  peer.term = {hello.term};
  peer.datagram_bytes_max = options_.engine.datagram_bytes_max;
  peer.capacity[1] = hello.capacity;
  engine_->OnPeerConnected(Local(now), peer);
  is_connected_ = true;
  heard_ = now;
  hello_due_ = now;
}

void Node::TakeInbox(Instant now) {
  std::array<statesync::OpenedFrame, statesync::kBatchMax> frames;
  std::size_t count = 0;
  const auto flush = [&] {
    if (count > 0) engine_->OnFrameBatch(Local(now), std::span(frames).first(count));
    count = 0;
  };
  for (const Datagram& datagram : inbox_) {
    if (datagram.is_hello) {
      flush();
      OnHello(now, datagram);
      continue;
    }
    // Keys belong to two boots; a frame under others does not open.
    if (!is_connected_ || datagram.from_boot != peer_boot_ || datagram.to_boot != boot_id_)
      continue;
    heard_ = now;
    frames[count++] = {datagram.stream, datagram.epoch, datagram.bytes};
    if (count == frames.size()) flush();
  }
  flush();
  inbox_.clear();
}

Instant Node::Turn(Instant now, const Send& send) {
  TakeInbox(now);
  if (is_connected_ && now - heard_ > kPeerLostAfter) {
    engine_->OnPeerLost(Local(now));
    is_connected_ = false;
  }
  if (hello_due_ <= now) {
    hello_due_ = now + kHelloInterval;
    send({.from_boot = boot_id_,
          .to_boot = peer_boot_,
          .is_hello = true,
          .term = term_.value,
          .capacity = options_.capacity[index_],
          .bytes = {}});
  }
  for (std::size_t call = 0; call < kCallsPerTurn; ++call) {
    std::array<statesync::OutFrame, kFramesPerCall> frames{};
    for (std::size_t i = 0; i < kFramesPerCall; ++i) {
      frames[i].buffer = std::span(buffers_[i])
                             .first(options_.engine.datagram_bytes_max -
                                    sizeof(statesync::ClearHeader) - statesync::kTagBytes);
    }
    const std::size_t count = engine_->TakeFrames(Local(now), frames);
    ENSURE(count <= kFramesPerCall);
    frames_sent_ += count;
    for (std::size_t i = 0; i < count; ++i) {
      const auto bytes = frames[i].buffer.first(frames[i].bytes);
      send({.from_boot = boot_id_,
            .to_boot = peer_boot_,
            .stream = frames[i].stream,
            .epoch = frames[i].epoch,
            .bytes = std::vector<std::byte>(bytes.begin(), bytes.end())});
    }
    if (count < kFramesPerCall) break;
  }
  const Instant due = engine_->NextDeadline(Local(now));
  ENSURE(due >= Local(now));
  return std::min(hello_due_, now + (due - Local(now)));
}

}  // namespace sim
