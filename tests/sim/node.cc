// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/node.h"

#include <algorithm>
#include <utility>

#include "statesync/ensure.h"
#include "statesync/sim_hooks.h"
#include "tests/sim/newer_peer.h"

namespace sim {

using statesync::Duration;
using statesync::Instant;
using statesync::Millis;

namespace {

constexpr std::size_t kCallsPerTurn = 16;
constexpr Duration kHelloInterval = Millis(10);
constexpr Duration kPeerLostAfter = Millis(400);
// How often the sync loop copies its status out for the ha thread.
constexpr Duration kFactsInterval = Millis(6);  // The checks ask every 5 ms, and so renew them.

}  // namespace

Node::Node(statesync::NodeIndex index, const WorldOptions& options, PacketPool& pool)
    : index_(index),
      options_(options),
      pool_(pool),
      ha_(index),
      clock_ppm_(options.clock_ppm[index]) {
  for (std::size_t i = 0; i < kFramesPerCall; ++i) TakeBuffer(i);
}

void Node::TakeBuffer(std::size_t i) {
  const std::size_t room =
      options_.engine.datagram_bytes_max - sizeof(statesync::ClearHeader) - statesync::kTagBytes;
  buffers_[i] = pool_.Take();
  frames_[i].buffer = std::span(pool_.at(buffers_[i]).data).first(room);
}

void Node::Boot(Instant now, std::uint64_t boot_id, Duration skew) {
  statesync::SessionTableOptions table_options;
  table_options.capacity = options_.capacity[index_];
  table_options.worker_count = options_.worker_count[index_];
  table_options.index_seed = boot_id;
  table_options.digest_key[0] = 1;
  table_options.digest_key[1] = 2;
  table_options.dirty_ring_handles = options_.dirty_ring_handles;
  table_options.nat_addresses = kNatAddresses;
  auto bytes = statesync::SessionTable::BytesNeeded(table_options);
  ENSURE(bytes.ok());
  arena_.resize(*bytes + 64);
  void* memory = arena_.data();
  std::size_t space = arena_.size();
  ENSURE(std::align(64, *bytes, memory, space) != nullptr);
  table_options.arena = std::span(static_cast<std::byte*>(memory), *bytes);
  auto table = statesync::SessionTable::Create(table_options);
  ENSURE(table.ok());
  table_ = std::move(table).value();

  statesync::EngineOptions engine_options = options_.engine;
  engine_options.node = index_;
  if (options_.stream_count[index_] != 0) {
    engine_options.stream_count = options_.stream_count[index_];
  }
  // The peer's table may be larger than ours.
  engine_options.peer_slots_per_shard_max = static_cast<std::uint32_t>(
      std::max(options_.capacity[0], options_.capacity[1]) / 256 * 2 + 72);
  statesync::ReplicatedTable* tables[] = {&table_->replicated()};
  auto engine = statesync::Engine::Create(engine_options, tables);
  ENSURE(engine.ok());
  engine_ = std::move(engine).value();

  boot_id_ = boot_id;
  skew_ = skew;
  role_ = statesync::Role::kInit;
  term_ = {};
  is_muted_ = false;
  facts_at_ = {};
  is_connected_ = false;
  hello_wanted_ = true;
  peer_boot_ = 0;
  hello_due_ = now;
  paused_until_ = {};
  packet_numbers_ = {};
  sealed_ = {};
  frames_made_ = frames_opened_ = 0;
  if (options_.roles == RoleDrive::kByMachine) ha_.Boot(Local(now), boot_id);
}

void Node::Crash() {
  engine_.reset();
  table_.reset();
  ha_.Crash();
  for (const PacketPool::Index packet : inbox_) pool_.Drop(packet);
  inbox_.clear();
  for (const PacketPool::Index packet : beats_) pool_.Drop(packet);
  beats_.clear();
  is_connected_ = false;
  paused_until_ = {};
}

void Node::SetRole(Instant now, statesync::Role role, statesync::Term term) {
  role_ = role;
  term_ = std::max(term_, term);
  engine_->OnRole(Local(now), role, term);
}

bool Node::Forwards(Instant now) const {
  if (!Runs(now)) return false;
  return options_.roles == RoleDrive::kByTest ? IsActive() : ha_.MayForward(Local(now));
}

void Node::Receive(PacketPool::Index packet) {
  if (inbox_.size() >= options_.inbox_datagrams[index_]) {
    ++overruns_;
    pool_.Drop(packet);
    return;
  }
  inbox_.push_back(packet);
}

// A hello that echoes our boot proves that its sender lives now; boots only grow, so an old one
// that was overtaken changes nothing.
void Node::OnHello(Instant now, const Packet& hello) {
  if (hello.from_boot < peer_boot_) return;
  if (!hello.hello.is_connected || hello.to_boot != boot_id_) hello_wanted_ = true;
  const bool is_new = hello.from_boot != peer_boot_ || !is_connected_;
  if (hello.from_boot != peer_boot_) {
    if (is_connected_) engine_->OnPeerLost(Local(now));
    is_connected_ = false;
    peer_boot_ = hello.from_boot;
    packet_numbers_ = {};  // Other boots, other keys.
  }
  if (hello.to_boot != boot_id_ || !is_new) return;
  statesync::PeerInfo peer;
  peer.node = static_cast<statesync::NodeIndex>(1 - index_);
  peer.boot_id = hello.from_boot;
  peer.term = {hello.hello.term};
  peer.datagram_bytes_max = hello.hello.datagram_bytes_max;
  peer.stream_count = hello.hello.stream_count;
  peer.capacity[1] = hello.hello.capacity;
  if (SIM_BUG(reuse_nonce)) packet_numbers_ = {};
  if (SIM_BUG(forget_dormant)) {
    std::array<statesync::Handle, 64> forgotten;
    while (table_->replicated().TakeDirtyBatch(forgotten) > 0) {
    }
  }
  engine_->OnPeerConnected(Local(now), peer);
  is_connected_ = true;
  heard_ = now;
}

void Node::TakeInbox(Instant now) {
  if (inbox_.empty()) return;
  const auto flush = [&] {
    if (!opened_.empty()) engine_->OnFrameBatch(Local(now), opened_);
    opened_.clear();
  };
  const std::size_t taken = std::min<std::size_t>(inbox_.size(), options_.frames_per_turn[index_]);
  for (std::size_t i = 0; i < taken; ++i) {
    const Packet& packet = pool_.at(inbox_[i]);
    if (packet.kind == PacketKind::kHello) {
      flush();
      OnHello(now, packet);
      continue;
    }
    // A frame under the keys of other boots does not open.
    if (!is_connected_ || packet.from_boot != peer_boot_ || packet.to_boot != boot_id_) continue;
    heard_ = now;
    ++frames_opened_;
    opened_.push_back(
        {packet.stream, packet.epoch, std::span<const std::byte>(packet.data).first(packet.bytes)});
    if (opened_.size() == statesync::kBatchMax) flush();
  }
  flush();
  for (std::size_t i = 0; i < taken; ++i) pool_.Drop(inbox_[i]);
  inbox_.erase(inbox_.begin(), inbox_.begin() + static_cast<std::ptrdiff_t>(taken));
}

void Node::AddHello(std::vector<PacketPool::Index>& out) {
  const PacketPool::Index index = pool_.Take();
  Packet& packet = pool_.at(index);
  packet.kind = PacketKind::kHello;
  packet.from_boot = boot_id_;
  packet.to_boot = peer_boot_;
  packet.bytes = 0;
  packet.hello = {.is_connected = is_connected_,
                  .term = term_.value,
                  .capacity = options_.capacity[index_],
                  .datagram_bytes_max = options_.engine.datagram_bytes_max,
                  .stream_count = options_.stream_count[index_] != 0
                                      ? options_.stream_count[index_]
                                      : options_.engine.stream_count};
  out.push_back(index);
}

// The nonce of a frame is its stream and packet number; a key belongs to two boots.
void Node::Seal(Packet& packet, const statesync::OutFrame& frame) {
  packet.kind = PacketKind::kFrame;
  packet.from_boot = boot_id_;
  packet.to_boot = peer_boot_;
  packet.stream = frame.stream;
  packet.epoch = frame.epoch;
  packet.bytes = frame.bytes;
  packet.number = ++packet_numbers_[frame.stream];
  std::uint64_t& last = sealed_[frame.stream].number;
  if (sealed_[frame.stream].peer_boot != peer_boot_) sealed_[frame.stream] = {peer_boot_, 0};
  if (packet.number <= last) has_nonce_twice_ = true;
  last = std::max(last, packet.number);
  if (options_.is_newer[index_]) MakeNewer(packet);
  bytes_sent_ += packet.bytes + sizeof(statesync::ClearHeader) + statesync::kTagBytes;
}

void Node::TakeFrames(Instant now, std::vector<PacketPool::Index>& out) {
  const Instant local = Local(now);
  for (std::size_t call = 0; call < kCallsPerTurn; ++call) {
    const std::size_t count = engine_->TakeFrames(local, frames_);
    ENSURE(count <= kFramesPerCall);
    frames_sent_ += count;
    frames_made_ += count;
    for (std::size_t i = 0; i < count; ++i) {
      Seal(pool_.at(buffers_[i]), frames_[i]);
      out.push_back(buffers_[i]);
      TakeBuffer(i);
    }
    if (count < kFramesPerCall) break;
  }
}

Instant Node::Turn(Instant now, std::vector<PacketPool::Index>& out) {
  if (is_connected_ && now - heard_ > kPeerLostAfter) {
    engine_->OnPeerLost(Local(now));
    is_connected_ = false;
  }
  if (hello_due_ <= now && (hello_wanted_ || !is_connected_)) {
    hello_due_ = now + kHelloInterval;
    hello_wanted_ = false;
    AddHello(out);
  }
  TakeFrames(now, out);
  const Instant local = Local(now);
  const Instant due = engine_->NextDeadline(local);
  ENSURE(due >= local);
  Instant next = now + (due - local);
  if (hello_wanted_ || !is_connected_) next = std::min(next, std::max(hello_due_, now));
  if (!inbox_.empty()) next = now;
  return next;
}

bool Node::TurnHa(Instant now, std::vector<PacketPool::Index>& out) {
  const Instant local = Local(now);
  for (const PacketPool::Index index : beats_) {
    const Packet& packet = pool_.at(index);
    ha_.OnBeat(local, static_cast<statesync::HeartbeatPath>(packet.path), packet.statement);
    pool_.Drop(index);
  }
  beats_.clear();
  if (now - facts_at_ >= kFactsInterval) (void)Status(now);
  const HaNode::Turned turned = ha_.Turn(local, *facts_, is_connected_ ? peer_boot_ : 0);
  const statesync::RoleMachine& machine = ha_.machine();
  if (turned.is_role_changed && (machine.role() != role_ || machine.term() != term_)) {
    SetRole(now, machine.role(), machine.term());
  }
  const bool is_muted = IsActive() && !ha_.MayForward(local);
  if (is_muted != is_muted_) engine_->SetMuted(is_muted);
  is_muted_ = is_muted;
  for (std::uint8_t path = 0; turned.sends_beats && path < 2; ++path) {
    const PacketPool::Index index = pool_.Take();
    Packet& packet = pool_.at(index);
    packet.kind = PacketKind::kBeat;
    packet.path = path;
    packet.from_boot = boot_id_;
    packet.bytes = 0;
    packet.statement = machine.own_statement();
    out.push_back(index);
  }
  return turned.is_role_changed;
}

}  // namespace sim
