// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Table's receiving half: records of the peer become entries. Larger versions win, equal ones are
// stale (I2). Only while the sync loop is the writer of every shard.
//
// Inserts go in passes, so that up to kBatchMax misses overlap: decode and hash (ask for the
// buckets), look at buckets (ask for the entries), act. The last pass looks again, as an earlier
// record of the batch may have changed things.
//
// Threads: see table.h.

#pragma once

#include "statesync/ensure.h"
#include "statesync/sim_hooks.h"
#include "statesync/table/table.h"

namespace statesync {

template <typename Record>
void Table<Record>::DecodeInsertBatch(std::uint8_t schema,
                                      std::span<const std::byte* const> records,
                                      std::span<Incoming> incoming) noexcept {
  for (std::size_t i = 0; i < records.size(); ++i) {
    Incoming& in = incoming[i];
    in.verdict = record_.DecodeInsert(schema, records[i], in.shard, in.image, in.known);
    if (!in.IsUsable()) continue;
    in.image.last_seen_s = now_s_;
    const Shard<Record>& shard = shards_[in.shard];
    const Keys keys = Record::KeysOf(in.image);
    in.hashes = shard.HashesOf(keys);
    shard.index().Prefetch(in.hashes[0]);
  }
  FindCandidates(incoming.first(records.size()));
}

// Looks at the buckets and asks for the entries; keys that may be in their second bucket get their
// turn when it had time to come.
template <typename Record>
void Table<Record>::FindCandidates(std::span<Incoming> incoming) noexcept {
  std::array<std::uint8_t, kBatchMax> late;
  std::size_t late_count = 0;
  for (std::size_t i = 0; i < incoming.size(); ++i) {
    Incoming& in = incoming[i];
    if (!in.IsUsable()) continue;
    Shard<Record>& shard = shards_[in.shard];
    in.candidate = shard.index().FirstCandidate(in.hashes[0]);
    if (in.candidate != kNoSlot) {
      PrefetchWrite(&shard.entry(in.candidate));
    } else {
      late[late_count++] = static_cast<std::uint8_t>(i);
      static_cast<void>(shard.index().PrefetchOther(in.hashes[0]));
    }
  }
  std::uint32_t ahead = 0;
  for (std::size_t l = 0; l < late_count; ++l) {
    Incoming& in = incoming[late[l]];
    Shard<Record>& shard = shards_[in.shard];
    in.candidate = shard.index().SecondCandidate(in.hashes[0]);
    SlotIndex slot = in.candidate;
    if (slot == kNoSlot) {
      ahead = l != 0 && incoming[late[l - 1]].shard == in.shard ? ahead + 1 : 0;
      slot = shard.free_slots().PeekAhead(ahead);
      // Only a new entry needs the buckets of its other keys.
      for (std::uint32_t k = 1; k < Record::kKeysMax; ++k) shard.index().Prefetch(in.hashes[k]);
    }
    if (slot != kNoSlot) PrefetchWrite(&shard.entry(slot));
  }
}

template <typename Record>
void Table<Record>::ApplyInsertBatch(std::uint8_t schema, std::span<const std::byte* const> records,
                                     std::span<const Version> versions,
                                     std::span<ApplyOutcome> outcomes) {
  ENSURE(versions.size() >= records.size() && outcomes.size() >= records.size());
  ENSURE(Record::RecordBytes(Op::kInsert, schema) != 0);
  std::array<Incoming, kBatchMax> incoming;
  for (std::size_t first = 0; first < records.size(); first += kBatchMax) {
    const std::size_t count = std::min(kBatchMax, records.size() - first);
    DecodeInsertBatch(schema, records.subspan(first, count), incoming);
    for (std::size_t i = 0; i < count; ++i) {
      outcomes[first + i] = ApplyInsert(incoming[i], versions[first + i]);
    }
  }
}

template <typename Record>
ApplyOutcome Table<Record>::RefuseInsert(const Incoming& in) noexcept {
  if (in.verdict != Verdict::kAccepted) {
    Count(counters_.malformed[static_cast<std::size_t>(in.verdict)]);
    return Outcome(ApplyResult::kMalformed);
  }
  Count(counters_.refused_unknown_id);
  return {ApplyResult::kRefused, RefusalReason::kUnknownId, kNoSlot, 0};
}

// The common cases straight down: the candidate is the session and keeps its keys, or the session
// is new. A live entry of the same session is unique, so the candidate needs no second look at the
// index.
template <typename Record>
inline ApplyOutcome Table<Record>::ApplyInsert(const Incoming& in, Version version) noexcept {
  if (!in.IsUsable()) return RefuseInsert(in);
  Shard<Record>& shard = shards_[in.shard];
  SlotIndex same = in.candidate;
  if (same == kNoSlot || !Record::IsSame(shard.entry(same), in.image)) {
    same = shard.index().Find(
        in.hashes[0], [&](SlotIndex slot) { return Record::IsSame(shard.entry(slot), in.image); });
  }
  if (same == kNoSlot) return InsertOrRelink(in, version, same);
  Entry& e = shard.entry(same);
  if (e.version >= version.bits && !SIM_BUG(accept_stale_insert)) {
    Count(counters_.stale);
    return Outcome(ApplyResult::kStale);
  }
  if (!Record::HasSameKeys(e, in.image)) {
    SIM_PROBE(relinked_with_new_nat);
    return InsertOrRelink(in, version, same);
  }
  BeginEntryWrite(e.sequence);
  Record::Fill(e, in.image);
  ++e.generation;
  SetVersion(in.shard, e, version);
  EndEntryWrite(e.sequence);
  return {ApplyResult::kApplied, RefusalReason::kTableFull, same, e.generation};
}

template <typename Record>
ApplyOutcome Table<Record>::InsertOrRelink(const Incoming& in, Version version,
                                           SlotIndex same) noexcept {
  Shard<Record>& shard = shards_[in.shard];
  const Keys keys = Record::KeysOf(in.image);
  const ApplyResult resolved = ResolveConflicts(in, keys, version, same);
  if (resolved != ApplyResult::kApplied) {
    Count(resolved == ApplyResult::kStale ? counters_.stale : counters_.refused_conflict);
    return {resolved, RefusalReason::kKeyConflict, kNoSlot, 0};
  }
  if (same == kNoSlot) {
    same = shard.Insert(in.image, keys, in.hashes);
  } else if (!shard.Relink(same, in.image, keys, in.hashes)) {
    same = kNoSlot;
  }
  if (same == kNoSlot) {
    SIM_PROBE(table_full);
    if (SIM_BUG(hide_refusal)) return Outcome(ApplyResult::kStale);
    Count(counters_.refused_full);
    return {ApplyResult::kRefused, RefusalReason::kTableFull, kNoSlot, 0};
  }
  Entry& e = shard.entry(same);
  SetVersion(in.shard, e, version);
  shard.expiry().SetNow(same);
  return {ApplyResult::kApplied, RefusalReason::kTableFull, same, e.generation};
}

template <typename Record>
ApplyResult Table<Record>::ResolveConflicts(const Incoming& in, const Keys& keys, Version version,
                                            SlotIndex same) noexcept {
  Shard<Record>& shard = shards_[in.shard];
  std::array<SlotIndex, Record::kKeysMax> losers;
  std::uint32_t loser_count = 0;
  for (std::uint32_t k = 0; k < keys.count; ++k) {
    const SlotIndex other = shard.FindOwner(keys.words[k], in.hashes[k]);
    if (other == kNoSlot || other == same) continue;
    // One owner never holds both at a time, so of its own two versions the smaller one is history.
    // Of another owner's entry that is not known.
    const Version theirs{shard.entry(other).version};
    if (theirs >= version) {
      SIM_PROBE(key_conflict_lost);
      return TermOf(theirs) == TermOf(version) ? ApplyResult::kStale : ApplyResult::kRefused;
    }
    if (loser_count == 0 || losers[loser_count - 1] != other) losers[loser_count++] = other;
  }
  for (std::uint32_t i = 0; i < loser_count; ++i) {
    SIM_PROBE(key_conflict_won);
    RemoveApplied(in.shard, losers[i]);
    Count(counters_.conflicts_won);
  }
  return ApplyResult::kApplied;
}

template <typename Record>
void Table<Record>::RemoveApplied(ShardIndex shard, SlotIndex slot) noexcept {
  SetVersion(shard, shards_[shard].entry(slot), Version{});
  shards_[shard].Remove(slot);
}

template <typename Record>
void Table<Record>::ApplyUpdateBatch(std::uint8_t schema, std::span<const std::byte* const> records,
                                     std::span<const OwnHandle> own,
                                     std::span<const Version> versions,
                                     std::span<ApplyOutcome> outcomes) {
  ENSURE(Record::RecordBytes(Op::kUpdate, schema) != 0);
  ENSURE(own.size() >= records.size() && versions.size() >= records.size() &&
         outcomes.size() >= records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    PrefetchWrite(&entry({own[i].shard, own[i].slot}));
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    Entry& e = entry({own[i].shard, own[i].slot});
    const bool is_stale = e.version >= versions[i].bits && !SIM_BUG(accept_stale_update);
    if (!IsIncarnation(own[i], e) || is_stale) {
      Count(counters_.stale);
      outcomes[i] = Outcome(ApplyResult::kStale);
      // The engine must tell "newer here" from "not here any more", which is asked for.
      if (IsIncarnation(own[i], e)) outcomes[i].slot = own[i].slot;
      continue;
    }
    const Verdict verdict = Record::CheckUpdate(records[i], e);
    if (verdict != Verdict::kAccepted) {
      Count(counters_.malformed[static_cast<std::size_t>(verdict)]);
      outcomes[i] = Outcome(ApplyResult::kMalformed);
      continue;
    }
    BeginEntryWrite(e.sequence);
    Record::FillUpdate(records[i], e);
    e.last_seen_s = now_s_;
    SetVersion(own[i].shard, e, versions[i]);
    EndEntryWrite(e.sequence);
    outcomes[i] = {ApplyResult::kApplied, RefusalReason::kTableFull, own[i].slot, e.generation};
  }
}

template <typename Record>
void Table<Record>::ApplyDeleteBatch(std::span<const OwnHandle> own,
                                     std::span<const Version> versions,
                                     std::span<ApplyOutcome> outcomes) {
  ENSURE(versions.size() >= own.size() && outcomes.size() >= own.size());
  for (const OwnHandle& h : own) PrefetchWrite(&entry({h.shard, h.slot}));
  for (std::size_t i = 0; i < own.size(); ++i) {
    const Entry& e = entry({own[i].shard, own[i].slot});
    const bool is_here =
        IsIncarnation(own[i], e) || (SIM_BUG(ignore_incarnation) && Record::IsLive(e));
    if (!is_here || (e.version >= versions[i].bits && !SIM_BUG(delete_newer))) {
      if (is_here) {
        SIM_PROBE(delete_is_stale);
      } else {
        SIM_PROBE(delete_finds_nothing);
      }
      Count(counters_.stale);
      outcomes[i] = Outcome(ApplyResult::kStale);
      // The engine must tell "newer here" from "not here any more", which is asked for.
      if (IsIncarnation(own[i], e)) outcomes[i].slot = own[i].slot;
      continue;
    }
    RemoveApplied(own[i].shard, own[i].slot);
    outcomes[i] = {ApplyResult::kApplied, RefusalReason::kTableFull, own[i].slot, e.generation};
  }
}

template <typename Record>
void Table<Record>::ApplyKeyedDeleteBatch(std::uint8_t schema,
                                          std::span<const std::byte* const> records,
                                          std::span<ApplyOutcome> outcomes) {
  ENSURE(outcomes.size() >= records.size());
  ENSURE(Record::RecordBytes(Op::kDelete, schema) != 0);
  for (std::size_t i = 0; i < records.size(); ++i) {
    ShardIndex index = 0;
    typename Record::Key key;
    Version upto;
    const Verdict verdict = Record::DecodeKeyedDelete(records[i], index, key, upto);
    if (verdict != Verdict::kAccepted) {
      Count(counters_.malformed[static_cast<std::size_t>(verdict)]);
      outcomes[i] = Outcome(ApplyResult::kMalformed);
      continue;
    }
    Shard<Record>& shard = shards_[index];
    const SlotIndex slot = shard.index().Find(shard.HashOf(key), [&](SlotIndex candidate) {
      return Record::IsKnownBy(shard.entry(candidate), key);
    });
    if (slot == kNoSlot || shard.entry(slot).version > upto.bits) {
      Count(counters_.stale);
      outcomes[i] = Outcome(ApplyResult::kStale);
      outcomes[i].slot = slot;  // Newer here, or not here.
      continue;
    }
    const std::uint8_t generation = shard.entry(slot).generation;
    RemoveApplied(index, slot);
    outcomes[i] = {ApplyResult::kApplied, RefusalReason::kTableFull, slot, generation};
  }
}

template <typename Record>
void Table<Record>::RemoveReplacedBatch(std::uint8_t schema,
                                        std::span<const std::byte* const> records,
                                        std::span<const Version> versions) {
  ENSURE(records.size() <= kBatchMax && versions.size() >= records.size());
  ENSURE(Record::RecordBytes(Op::kInsert, schema) != 0);
  std::array<Incoming, kBatchMax> incoming;
  DecodeInsertBatch(schema, records, incoming);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Incoming& in = incoming[i];
    if (!in.IsUsable()) continue;
    Shard<Record>& shard = shards_[in.shard];
    const Keys keys = Record::KeysOf(in.image);
    for (std::uint32_t k = 0; k < keys.count; ++k) {
      const SlotIndex slot = shard.FindOwner(keys.words[k], in.hashes[k]);
      if (slot == kNoSlot || shard.entry(slot).version >= versions[i].bits) continue;
      RemoveApplied(in.shard, slot);
    }
  }
}

template <typename Record>
std::size_t Table<Record>::SweepBatch(ShardIndex shard, SlotIndex& slot, std::size_t slot_count,
                                      Version from, Version cut) {
  std::size_t removed = 0;
  std::uint32_t next = slot;
  const std::uint64_t limit = std::min<std::uint64_t>(next + slot_count, slots_per_shard_);
  for (; next < limit; ++next) {
    const Entry& e = shards_[shard].entry(static_cast<SlotIndex>(next));
    if (!Record::IsLive(e) || e.version < from.bits) continue;
    if (e.version > cut.bits && !SIM_BUG(sweep_newer)) continue;
    if (SIM_BUG(skip_sweep)) continue;
    RemoveApplied(shard, static_cast<SlotIndex>(next));
    ++removed;
  }
  slot = next >= slots_per_shard_ ? kNoSlot : static_cast<SlotIndex>(next);
  return removed;
}

template <typename Record>
bool Table<Record>::Damage(Handle handle, EntryDamage damage) noexcept {
  if (handle.slot >= slots_per_shard_) return false;
  Entry& e = entry(handle);
  if (!Record::IsLive(e)) return false;
  switch (damage) {
    case EntryDamage::kVersion:
      if (CounterOf({e.version}) < 2) return false;
      BeginEntryWrite(e.sequence);
      SetVersion(handle.shard, e, {e.version - 1});
      EndEntryWrite(e.sequence);
      return true;
    case EntryDamage::kValue:
      BeginEntryWrite(e.sequence);
      Record::DamageValue(e);
      EndEntryWrite(e.sequence);
      return true;
    case EntryDamage::kMissing:
      RemoveApplied(handle.shard, handle.slot);
      return true;
  }
  return false;
}

// ---- Liveness ----------------------------------------------------------------------------------

template <typename Record>
std::size_t Table<Record>::ListLiveness(ShardIndex shard, std::uint32_t first, Instant since,
                                        std::span<std::uint8_t, 16> bitmap) const {
  std::fill(bitmap.begin(), bitmap.end(), std::uint8_t{0});
  const std::uint32_t live = shards_[shard].live_count();
  const auto since_s = static_cast<std::uint32_t>(since.ns / Seconds(1).ns);
  const std::uint32_t count = std::min<std::uint32_t>(128, slots_per_shard_ - first);
  std::size_t used = 0;
  std::uint32_t seen = 0;
  for (std::uint32_t i = 0; i < count && seen < live; ++i) {
    EntryCopy<Entry> copy;
    // A busy entry is being used.
    if (CopyEntry(shards_[shard].entry(static_cast<SlotIndex>(first + i)), copy)) {
      const Entry& e = copy.get();
      if (!Record::IsLive(e)) continue;
      ++seen;
      if (!Record::IsReplicated(e) || e.last_seen_s < since_s) continue;
    }
    bitmap[i / 8] = static_cast<std::uint8_t>(bitmap[i / 8] | (1u << (i % 8)));
    ++used;
  }
  return used;
}

template <typename Record>
void Table<Record>::ApplyLiveness(std::span<const OwnHandle> own) {
  for (const OwnHandle& h : own) {
    if (h.slot >= slots_per_shard_) continue;
    Entry& e = entry({h.shard, h.slot});
    if (IsIncarnation(h, e)) e.last_seen_s = now_s_;
  }
}

}  // namespace statesync
