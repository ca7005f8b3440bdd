// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/fuzz/engine_story.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "statesync/ensure.h"
#include "tests/fuzz/session_pool.h"
#include "tests/unit/table/allocation_trap.h"

namespace statesync::fuzz {
namespace {

constexpr std::size_t kStepsMax = 400;
constexpr std::array<std::uint32_t, 4> kCapacities = {512, 256, 1'024, 512};
constexpr std::array<Duration, 8> kTimes = {Duration{0}, Micros(10), Micros(100), Millis(1),
                                            Millis(5),   Millis(60), Millis(600), Seconds(4'000)};

EngineOptions OptionsOf(ByteReader& input) {
  EngineOptions options;
  const std::uint8_t choice = input.Byte();
  options.stream_count = static_cast<std::uint8_t>(1 + (choice & 3) % 3);
  options.credit_frames = (choice & 4) != 0 ? 4 : 4'096;
  options.bulk_frames_per_turn = (choice & 8) != 0 ? 1 : 16;
  options.datagram_bytes_max = (choice & 16) != 0 ? kDatagramBytesMin : 1'472;
  return options;
}

EngineOptions PeerOptions() {
  EngineOptions options;
  options.node = 1;
  return options;
}

// No call of the engine may allocate: memory is bounded by Create().
class NoAllocation {
 public:
  NoAllocation() { ArmAllocationTrap(); }
  ~NoAllocation() { ENSURE(DisarmAllocationTrap() == 0); }
};

}  // namespace

std::span<OutFrame> Buffers::First(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    frames[i] = {};
    frames[i].buffer = bytes[i];
  }
  return std::span(frames).first(count);
}

EngineNode::EngineNode(const EngineOptions& options, std::uint32_t capacity)
    : table(MakePoolTable(capacity)) {
  ReplicatedTable* list[] = {&table->replicated()};
  auto made = Engine::Create(options, list);
  ENSURE(made.ok());
  engine = std::move(made).value();
}

EngineStory::EngineStory(ByteReader input)
    : input_(input),
      options_(OptionsOf(input_)),
      own_(options_, input_.Pick(kCapacities)),
      maker_(input_, own_.table->replicated()) {
  const std::uint8_t choice = input_.Byte();
  ends_with_honest_peer_ = (choice & 1) != 0;
  if ((choice & 2) != 0) peer_ = std::make_unique<EngineNode>(PeerOptions(), 512);
}

void EngineStory::Run() {
  for (std::size_t i = 0; i < kStepsMax && !input_.is_empty(); ++i) Step();
  if (IsOwner()) CheckOwned();
  if (ends_with_honest_peer_) MeetHonestPeer();
}

void EngineStory::Step() {
  switch (input_.Below(12)) {
    case 0:
    case 1:
      Work();
      break;
    case 2:
      ChangeRole();
      break;
    case 3:
      Age();
      break;
    case 4:
    case 5:
      TakeFrames();
      break;
    case 6:
      Connect();
      break;
    case 7:
      ChangeSettings();
      break;
    case 8:
      PeerTurn();
      break;
    default:
      Lie();
      break;
  }
}

void EngineStory::Age() {
  const NoAllocation trap;
  if (input_.OneIn(2)) {
    const Instant due = own_.engine->NextDeadline(now_);
    ENSURE(due >= now_);
    now_ = std::min(due, now_ + Millis(100));
  } else {
    now_ = now_ + input_.Pick(kTimes);
  }
}

// ---- This node ---------------------------------------------------------------------------------

// A worker opens, changes or closes a session; workers write only what this node owns.
void EngineStory::Work() {
  if (!IsOwner()) return;
  SessionTable& table = *own_.table;
  const auto change = static_cast<ChangeClass>(1 + input_.Below(3));
  for (std::uint32_t count = 1 + input_.Below(6); count > 0; --count) {
    const NewSession& session = Pool()[input_.Below(kPoolSessions)];
    const LookupResult found = table.Lookup(session.key);
    Handle handle{SessionTable::ShardOf(session.key), found.slot};
    const std::uint32_t action = input_.Below(4);
    if (found.slot == kNoSlot) {
      if (table.Insert(session, handle) != InsertResult::kInserted) continue;
      owned_[handle] = {session, {0, 0}, session.state};
    } else if (action == 0) {
      table.Delete(handle);
      owned_.erase(handle);
    } else if (action == 1) {
      table.BeginWrite(handle);
      table.entry(handle).edge[0] = owned_[handle].edge[0] += input_.Number<std::uint16_t>() * 256u;
      table.EndWrite(handle);
    }
    table.MarkDirtyBatch(0, {&handle, 1}, change);
  }
}

void EngineStory::ChangeRole() {
  constexpr std::array<Role, 6> kRoles = {Role::kActive,    Role::kStandby,       Role::kActive,
                                          Role::kSuspended, Role::kNonfunctional, Role::kInit};
  const Role role = input_.Pick(kRoles);
  const Term known = std::max(term_, own_.engine->status(now_).peer_term);
  if (role == Role::kActive && (!IsOwner() || input_.OneIn(4))) {
    const Term next = NextTerm(known, 0);
    if (next.value > kTermMax) return;  // The role machine refuses: there is no higher one.
    term_ = next;
  }
  const bool was_owner = IsOwner();
  {
    const NoAllocation trap;
    own_.engine->OnRole(now_, role, role == Role::kActive ? term_ : known);
  }
  role_ = role;
  if (IsOwner() && !was_owner) LearnOwned();
}

// What is here at a takeover is owned from then on.
void EngineStory::LearnOwned() {
  owned_.clear();
  for (std::size_t shard = 0; shard < kShardCount; ++shard) {
    for (SlotIndex slot = 0; slot < own_.table->slots_per_shard(); ++slot) {
      const Handle handle{static_cast<ShardIndex>(shard), slot};
      SessionEntry entry{};
      if (!own_.table->Snapshot(handle, entry)) continue;
      OwnedSession owned{};
      owned.session.key = {entry.client_addr, entry.server_addr, entry.client_port,
                           entry.server_port, ProtocolOf(static_cast<SessionState>(entry.state))};
      owned.session.nat_addr = entry.nat_addr;
      owned.session.nat_port = entry.nat_port;
      owned.session.rule = entry.rule;
      owned.edge[0] = entry.edge[0];
      owned.edge[1] = entry.edge[1];
      owned.state = static_cast<SessionState>(entry.state);
      owned_[handle] = owned;
    }
  }
  CheckOwned();
}

void EngineStory::CheckOwned() {
  ENSURE(own_.table->live_count() == owned_.size());
  for (const auto& [handle, owned] : owned_) {
    SessionEntry entry{};
    ENSURE(own_.table->Snapshot(handle, entry));
    ENSURE(own_.table->Lookup(owned.session.key).slot == handle.slot);
    ENSURE(entry.client_addr == owned.session.key.source_addr);
    ENSURE(entry.client_port == owned.session.key.source_port);
    ENSURE(entry.server_addr == owned.session.key.target_addr);
    ENSURE(entry.server_port == owned.session.key.target_port);
    ENSURE(entry.nat_addr == owned.session.nat_addr && entry.nat_port == owned.session.nat_port);
    ENSURE(entry.rule == owned.session.rule);
    ENSURE(static_cast<SessionState>(entry.state) == owned.state);
    ENSURE(entry.edge[0] == owned.edge[0] && entry.edge[1] == owned.edge[1]);
  }
}

void EngineStory::TakeFrames() {
  const auto frames = buffers_.First(input_.Below(kTakeMax + 1));
  std::size_t taken = 0;
  {
    const NoAllocation trap;
    taken = own_.engine->TakeFrames(now_, frames);
  }
  ENSURE(taken <= frames.size());
  ENSURE(is_connected_ || taken == 0);
  for (const OutFrame& frame : frames.first(taken)) CheckTaken(frame);
  if (IsOwner()) CheckOwned();
  if (peer_ == nullptr) return;
  std::array<OpenedFrame, kTakeMax> opened;
  for (std::size_t i = 0; i < taken; ++i) {
    opened[i] = {frames[i].stream, frames[i].epoch, frames[i].buffer.first(frames[i].bytes)};
  }
  peer_->engine->OnFrameBatch(now_, std::span(opened).first(taken));
}

void EngineStory::CheckTaken(const OutFrame& frame) {
  ENSURE(frame.bytes <= frame.buffer.size());
  ENSURE(frame.stream < kStreamsMax);
  FrameHeader header;
  ENSURE(CheckFrame(frame.buffer.first(frame.bytes), header) == Verdict::kAccepted);
  const bool numbered = (header.flags & kFrameNumbered) != 0;
  Sent& sent = sent_[frame.stream];
  // Numbers are used up one by one, and a frame without one states the next.
  ENSURE(header.frame_number.Get() == sent.frame + 1);
  if (numbered) ++sent.frame;
  CheckRecords(frame, numbered);
  maker_.OnSent(frame);
}

// Versions grow, and every image can be read by a peer.
void EngineStory::CheckRecords(const OutFrame& frame, bool numbered) {
  FrameReader reader(frame.buffer.first(frame.bytes));
  Section section;
  while (reader.Next(section)) {
    if (section.table == TableId::kControl) continue;
    ENSURE(numbered && IsOwner());
    ENSURE(section.first > sent_[frame.stream].version);
    sent_[frame.stream].version = section.version(section.count - 1u);
    if (static_cast<Op>(section.op) != Op::kInsert) continue;
    for (std::size_t i = 0; i < section.count; ++i) {
      ShardIndex shard = 0;
      SessionImage image;
      bool known = false;
      ENSURE(PoolCodec().DecodeInsert(section.schema, section.record(i), shard, image, known) ==
             Verdict::kAccepted);
      ENSURE(known);
    }
  }
  ENSURE(reader.skipped_count() == 0);
}

void EngineStory::ChangeSettings() {
  const NoAllocation trap;
  switch (input_.Below(4)) {
    case 0:
      own_.engine->SetStateSync(now_, input_.OneIn(2));
      break;
    case 1:
      own_.engine->SetMuted(input_.OneIn(2));
      break;
    case 2:
      own_.engine->RequestBulk(now_);
      break;
    default:
      (void)own_.engine->status(now_);
      break;
  }
}

// ---- The peer ----------------------------------------------------------------------------------

// What the handshake lets through: everything else is refused before the engine sees it.
PeerInfo EngineStory::AnyPeer() {
  PeerInfo peer;
  peer.node = 1;
  peer.boot_id = boot_id_;
  peer.term = {input_.OneIn(8) ? input_.Number<std::uint32_t>() & kTermMax : 0};
  peer.datagram_bytes_max = static_cast<std::uint16_t>(
      std::max<std::uint32_t>(input_.Number<std::uint16_t>(), kDatagramBytesMin));
  peer.stream_count = static_cast<std::uint8_t>(1 + input_.Below(kStreamsMax));
  peer.capacity[1] = input_.OneIn(4) ? input_.Number<std::uint32_t>() : 512;
  peer.id_map_equal = !input_.OneIn(8);
  return peer;
}

void EngineStory::Connect() {
  const std::uint32_t choice = input_.Below(4);
  if (choice == 0 && is_connected_) {
    is_connected_ = false;
    if (peer_ != nullptr) peer_->engine->OnPeerLost(now_);
    const NoAllocation trap;
    own_.engine->OnPeerLost(now_);
    return;
  }
  // A new run of the peer, or the one that was there.
  if (choice == 1) {
    ++boot_id_;
    maker_.Restart();
    if (peer_ != nullptr) peer_ = std::make_unique<EngineNode>(PeerOptions(), 512);
  }
  is_connected_ = true;
  const PeerInfo info = AnyPeer();
  if (peer_ != nullptr) {
    PeerInfo own;
    own.boot_id = 77;
    own.datagram_bytes_max = 1'472;
    own.stream_count = options_.stream_count;
    own.capacity[1] = 512;
    peer_->engine->OnPeerConnected(now_, own);
  }
  const NoAllocation trap;
  own_.engine->OnPeerConnected(now_, info);
}

void EngineStory::Deliver(const MadeFrame& frame) {
  const OpenedFrame opened{frame.stream, frame.epoch, frame.sealed};
  {
    const NoAllocation trap;
    own_.engine->OnFrameBatch(now_, {&opened, 1});
  }
  if (IsOwner()) CheckOwned();
}

void EngineStory::Lie() {
  const Term term = std::max(term_, maker_.section_term_max());
  for (std::uint32_t count = 1 + input_.Below(3); count > 0; --count) {
    Deliver(maker_.Make(now_, input_.OneIn(4) ? NextTerm(term, 1) : term));
  }
}

// The honest peer speaks; what it says may be damaged, lost or doubled on its way.
void EngineStory::PeerTurn() {
  if (peer_ == nullptr || !is_connected_) return;
  const auto frames = peer_buffers_.First(1 + input_.Below(kTakeMax));
  if (input_.OneIn(16)) {
    const bool takes_over = input_.OneIn(2);
    const Term term = NextTerm(std::max(term_, maker_.section_term_max()), 1);
    if (term.value > kTermMax) return;
    peer_->engine->OnRole(now_, takes_over ? Role::kActive : Role::kStandby, term);
  }
  const std::size_t taken = peer_->engine->TakeFrames(now_, frames);
  DamageAndDeliver(frames.first(taken));
}

void EngineStory::DamageAndDeliver(std::span<OutFrame> frames) {
  for (const OutFrame& frame : frames) {
    const std::uint32_t fate = input_.Below(32);
    if (fate == 31) continue;
    MadeFrame made{
        frame.stream, frame.epoch, {frame.buffer.begin(), frame.buffer.begin() + frame.bytes}};
    maker_.OnOther(made);
    if (fate == 30) Deliver(made);
    if (fate >= 24 && fate < 30) {
      made.sealed[input_.Number<std::uint16_t>() % made.sealed.size()] =
          static_cast<std::byte>(input_.Byte());
    }
    Deliver(made);
  }
}

}  // namespace statesync::fuzz
