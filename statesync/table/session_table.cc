// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/table/session_table.h"

#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "statesync/sim_hooks.h"
#include "statesync/table/session_codec.h"
#include "statesync/table/session_record.h"
#include "statesync/table/table_apply.h"
#include "statesync/table/table_dirty.h"
#include "statesync/table/table_publish.h"

namespace statesync {
namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

struct FreeMemory {
  void operator()(std::byte* memory) const noexcept { std::free(memory); }
};

absl::StatusOr<TableLayout> Plan(const SessionTableOptions& options) {
  if (options.nat_addresses.size() > kNatAddressesMax) {
    return absl::InvalidArgumentError(absl::StrCat("nat_addresses has ",
                                                   options.nat_addresses.size(),
                                                   " elements, at most ", kNatAddressesMax));
  }
  return PlanTable(options.capacity, options.worker_count, options.dirty_ring_handles,
                   sizeof(SessionEntry), SessionRecord::kKeysMax);
}

// Which way a packet with `key` goes in the session, if it belongs to it.
bool Matches(const SessionEntry& e, const FlowKey& key, Direction& direction) noexcept {
  if (ProtocolOf(static_cast<SessionState>(e.state)) != key.protocol) return false;
  if (key.source_addr == e.client_addr && key.target_addr == e.server_addr &&
      key.source_port == e.client_port && key.target_port == e.server_port) {
    direction = Direction::kFromClient;
    return true;
  }
  const bool nat = (e.flags & kSessionHasNat) != 0;
  const NetAddr outside_addr = nat ? e.nat_addr : e.client_addr;
  const NetPort outside_port = nat ? e.nat_port : e.client_port;
  direction = Direction::kFromServer;
  return key.source_addr == e.server_addr && key.target_addr == outside_addr &&
         key.source_port == e.server_port && key.target_port == outside_port;
}

}  // namespace

struct SessionTable::Impl {
  std::unique_ptr<std::byte, FreeMemory> memory;  // Empty if the caller gave an arena.
  std::size_t bytes = 0;
  Table<SessionRecord> table;

  Shard<SessionRecord>& shard(ShardIndex index) noexcept { return table.shard(index); }

  [[nodiscard]] LookupResult Find(const Shard<SessionRecord>& shard, const FlowKey& key,
                                  std::uint64_t hash) const noexcept {
    LookupResult result;
    result.slot = shard.index().Find(
        hash, [&](SlotIndex slot) { return Matches(shard.entry(slot), key, result.direction); });
    return result;
  }
};

SessionTable::SessionTable() : impl_(std::make_unique<Impl>()) {}
SessionTable::~SessionTable() = default;

absl::StatusOr<std::size_t> SessionTable::BytesNeeded(const SessionTableOptions& options) {
  const absl::StatusOr<TableLayout> layout = Plan(options);
  if (!layout.ok()) return layout.status();
  return layout->bytes;
}

absl::StatusOr<std::unique_ptr<SessionTable>> SessionTable::Create(
    const SessionTableOptions& options) {
  const absl::StatusOr<TableLayout> layout = Plan(options);
  if (!layout.ok()) return layout.status();

  std::unique_ptr<SessionTable> table(new SessionTable());
  Impl& impl = *table->impl_;
  std::span<std::byte> memory = options.arena;
  if (memory.empty()) {
    const std::size_t alignment = layout->bytes < kHugePageBytes ? 64 : kHugePageBytes;
    const std::size_t bytes = (layout->bytes + alignment - 1) / alignment * alignment;
    impl.memory.reset(static_cast<std::byte*>(std::aligned_alloc(alignment, bytes)));
    if (impl.memory == nullptr) {
      return absl::ResourceExhaustedError(absl::StrCat("session table for ", options.capacity,
                                                       " sessions: no memory, ", bytes,
                                                       " bytes asked for"));
    }
    memory = {impl.memory.get(), bytes};
  }
  if (memory.size() < layout->bytes || reinterpret_cast<std::uintptr_t>(memory.data()) % 64 != 0) {
    return absl::InvalidArgumentError(absl::StrCat("arena has ", memory.size(), " bytes, ",
                                                   layout->bytes, " are needed, aligned to 64"));
  }
  impl.bytes = layout->bytes;
  impl.table.record().Init(options.nat_addresses);
  impl.table.Attach(memory, *layout, options.capacity, options.worker_count,
                    options.dirty_ring_handles, MakeIndexSeed(options.index_seed),
                    MakeDigestKey(options.digest_key[0], options.digest_key[1]));
  table->entries_ = impl.table.entries();
  table->slots_per_shard_ = layout->slots_per_shard;
  return table;
}

void SessionTable::SetNatAddresses(const NatAddresses& addresses) noexcept {
  impl_->table.record().SetNatAddresses(addresses);
}

ShardIndex SessionTable::ShardOf(const FlowKey& key) noexcept {
  return ShardOfEndpoints(key.source_addr, key.source_port, key.target_addr, key.target_port);
}

std::uint16_t SessionTable::NatPortInShard(const FlowKey& key, NetAddr nat_addr,
                                           std::uint32_t n) noexcept {
  // T is linear: the wanted port's share is what the client's side contributes less nat_addr's.
  return ToeplitzPort(ShardOfEndpoints(key.source_addr, key.source_port, nat_addr, 0), n);
}

// ---- Shard writer
// --------------------------------------------------------------------------------

LookupResult SessionTable::Lookup(const FlowKey& key) const noexcept {
  const Shard<SessionRecord>& shard = impl_->shard(ShardOf(key));
  return impl_->Find(shard, key, shard.HashOf(UnorderedKey(key)));
}

// Passes: hash all and ask for the buckets, look at tags and ask for the entries (in second buckets
// too, for keys that may be there), verify. What the first candidate does not answer goes the slow
// way: a tag collision or a true miss.
void SessionTable::LookupBatch(std::span<const FlowKey> keys,
                               std::span<LookupResult> results) const noexcept {
  ENSURE(keys.size() <= kBatchMax && results.size() >= keys.size());
  std::array<std::uint64_t, kBatchMax> hashes;
  std::array<const Shard<SessionRecord>*, kBatchMax> shards;

  for (std::size_t i = 0; i < keys.size(); ++i) {
    shards[i] = &impl_->shard(ShardOf(keys[i]));
    hashes[i] = shards[i]->HashOf(UnorderedKey(keys[i]));
    shards[i]->index().Prefetch(hashes[i]);
  }
  std::array<std::uint8_t, kBatchMax> late;
  std::size_t late_count = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const SlotIndex slot = shards[i]->index().FirstCandidate(hashes[i]);
    results[i].slot = slot;
    if (slot != kNoSlot) {
      PrefetchRead(&shards[i]->entry(slot));
    } else if (shards[i]->index().PrefetchOther(hashes[i])) {
      late[late_count++] = static_cast<std::uint8_t>(i);
    }
  }
  for (std::size_t l = 0; l < late_count; ++l) {
    const std::size_t i = late[l];
    const SlotIndex slot = shards[i]->index().SecondCandidate(hashes[i]);
    results[i].slot = slot;
    if (slot != kNoSlot) PrefetchRead(&shards[i]->entry(slot));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    LookupResult& result = results[i];
    if (result.slot != kNoSlot &&
        Matches(shards[i]->entry(result.slot), keys[i], result.direction)) {
      continue;
    }
    result = impl_->Find(*shards[i], keys[i], hashes[i]);
  }
}

bool SessionTable::IsTaken(const FlowKey& key) const noexcept {
  const Shard<SessionRecord>& shard = impl_->shard(ShardOf(key));
  const KeyWords words = UnorderedKey(key);
  return shard.FindOwner(words, shard.HashOf(words)) != kNoSlot;
}

InsertResult SessionTable::Insert(const NewSession& session, Handle& handle) noexcept {
  ENSURE(ProtocolOf(session.state) != 0 && ProtocolOf(session.state) == session.key.protocol);
  SessionImage image{};
  image.client_addr = session.key.source_addr;
  image.server_addr = session.key.target_addr;
  image.client_port = session.key.source_port;
  image.server_port = session.key.target_port;
  image.rule = session.rule;
  image.last_seen_s = session.last_seen_s;
  image.state = session.state;
  image.flags = session.flags & static_cast<std::uint8_t>(~kSessionHasNat);
  const ShardIndex index = ShardOf(session.key);
  if (session.nat_addr != 0) {
    image.nat_addr = session.nat_addr;
    image.nat_port = session.nat_port;
    image.flags |= kSessionHasNat;
    if (impl_->table.record().nat().IndexOf(session.nat_addr) == kNatIndexNone) {
      return InsertResult::kNatAddressUnknown;
    }
    if (ShardOfEndpoints(image.nat_addr, image.nat_port, image.server_addr, image.server_port) !=
        index) {
      return InsertResult::kNatPortTaken;
    }
  }
  Shard<SessionRecord>& shard = impl_->shard(index);
  const SessionRecord::Keys keys = SessionRecord::KeysOf(image);
  const auto hashes = shard.HashesOf(keys);
  if (shard.FindOwner(keys.words[0], hashes[0]) != kNoSlot) return InsertResult::kExists;
  if (keys.count == 2 &&
      (keys.words[0] == keys.words[1] || shard.FindOwner(keys.words[1], hashes[1]) != kNoSlot)) {
    return InsertResult::kNatPortTaken;
  }
  const SlotIndex slot = shard.Insert(image, keys, hashes);
  if (slot == kNoSlot) return InsertResult::kFull;
  shard.expiry().SetNow(slot);
  handle = {index, slot};
  return InsertResult::kInserted;
}

void SessionTable::Delete(Handle handle) noexcept {
  impl_->shard(handle.shard).Delete(handle.slot);
  if (SIM_BUG(reuse_slot_early)) impl_->table.Retire(handle);
}

void SessionTable::MarkDirtyBatch(std::uint8_t worker, std::span<const Handle> handles,
                                  ChangeClass change) noexcept {
  impl_->table.MarkDirtyBatch(worker, handles, change);
}

std::size_t SessionTable::ListExpired(ShardIndex shard, std::uint32_t now_s,
                                      std::span<Handle> handles) noexcept {
  std::array<SlotIndex, kBatchMax> slots;
  const std::size_t found = impl_->shard(shard).expiry().List(
      now_s, std::span(slots).first(std::min(handles.size(), slots.size())));
  for (std::size_t i = 0; i < found; ++i) handles[i] = {shard, slots[i]};
  return found;
}

void SessionTable::CheckAgainAt(Handle handle, std::uint32_t second) noexcept {
  impl_->shard(handle.shard).expiry().Set(handle.slot, second);
}

void SessionTable::RecheckAll(ShardIndex shard) noexcept {
  impl_->shard(shard).expiry().RecheckAll();
}

// ---- Others
// --------------------------------------------------------------------------------------

ReplicatedTable& SessionTable::replicated() noexcept { return impl_->table; }

bool SessionTable::Damage(Handle handle, EntryDamage damage) noexcept {
  return impl_->table.Damage(handle, damage);
}

bool SessionTable::Snapshot(Handle handle, SessionEntry& copy) const noexcept {
  EntryCopy<SessionEntry> bytes;
  if (!CopyEntry(entry(handle), bytes) || !SessionRecord::IsLive(bytes.get())) return false;
  std::memcpy(static_cast<void*>(&copy), bytes.bytes, sizeof(copy));
  return true;
}

std::uint32_t SessionTable::capacity() const noexcept { return impl_->table.capacity(); }
std::uint32_t SessionTable::live_count() const noexcept { return impl_->table.live_count(); }
std::uint32_t SessionTable::live_count(ShardIndex shard) const noexcept {
  return impl_->shard(shard).live_count();
}
std::size_t SessionTable::memory_bytes() const noexcept { return impl_->bytes; }
const TableCounters& SessionTable::counters() const noexcept { return impl_->table.counters(); }

}  // namespace statesync
