// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/table/key_index.h"

namespace statesync {
namespace {

// Levels of keys moved aside. Two reach 15 + 15 × 14 buckets: enough at every load we allow.
constexpr unsigned kMoveDepthMax = 2;

std::uint16_t Bit(unsigned place) { return static_cast<std::uint16_t>(1u << place); }

}  // namespace

bool KeyIndex::Put(std::uint32_t bucket_index, std::uint16_t tag, SlotIndex slot,
                   bool guest) noexcept {
  IndexBucket& bucket = buckets_[bucket_index];
  const Places empty = MatchTags(bucket, 0);
  if (empty == 0) return false;
  const unsigned place = FirstOf(empty);
  bucket.tags[place] = tag;
  bucket.slots[place] = slot;
  bucket.guests =
      static_cast<std::uint16_t>(guest ? bucket.guests | Bit(place) : bucket.guests & ~Bit(place));
  return true;
}

bool KeyIndex::MoveAside(std::uint32_t bucket_index, unsigned place) noexcept {
  IndexBucket& bucket = buckets_[bucket_index];
  const std::uint16_t tag = bucket.tags[place];
  const std::uint32_t other = OtherOf(bucket_index, tag);
  const bool guest = (bucket.guests & Bit(place)) != 0;
  if (!guest && bucket.overflow == 0xffff) return false;
  if (other == bucket_index || !Put(other, tag, bucket.slots[place], !guest)) return false;
  // A guest goes home; any other key becomes a guest over there.
  if (guest) {
    --buckets_[other].overflow;
  } else {
    ++bucket.overflow;
  }
  bucket.tags[place] = 0;
  return true;
}

bool KeyIndex::MakeRoom(std::uint32_t bucket_index, unsigned depth) noexcept {
  for (unsigned place = 0; place < kBucketKeys; ++place) {
    if (MoveAside(bucket_index, place)) return true;
  }
  if (depth == 0) return false;
  for (unsigned place = 0; place < kBucketKeys; ++place) {
    const std::uint32_t other = OtherOf(bucket_index, buckets_[bucket_index].tags[place]);
    if (other == bucket_index) continue;
    if (!MakeRoom(other, depth - 1)) continue;
    // Making room over there may have moved keys into this bucket, or this key itself.
    if (MatchTags(buckets_[bucket_index], 0) != 0 || MoveAside(bucket_index, place)) return true;
  }
  return false;
}

bool KeyIndex::Insert(std::uint64_t hash, SlotIndex slot) noexcept {
  const std::uint16_t tag = TagOf(hash);
  const std::uint32_t primary = PrimaryOf(hash);
  if (Put(primary, tag, slot, false)) return true;
  const std::uint32_t other = OtherOf(primary, tag);
  if (buckets_[primary].overflow == 0xffff) return false;
  if (other != primary && Put(other, tag, slot, true)) {
    ++buckets_[primary].overflow;
    return true;
  }
  if (MakeRoom(primary, kMoveDepthMax)) return Put(primary, tag, slot, false);
  if (other != primary && MakeRoom(other, kMoveDepthMax) && Put(other, tag, slot, true)) {
    ++buckets_[primary].overflow;
    return true;
  }
  return false;
}

bool KeyIndex::EraseIn(std::uint32_t bucket_index, std::uint16_t tag, SlotIndex slot,
                       bool guest) noexcept {
  IndexBucket& bucket = buckets_[bucket_index];
  for (Places hits = MatchTags(bucket, tag); hits != 0; hits &= hits - 1) {
    const unsigned place = FirstOf(hits);
    if (bucket.slots[place] != slot || ((bucket.guests & Bit(place)) != 0) != guest) continue;
    bucket.tags[place] = 0;
    return true;
  }
  return false;
}

bool KeyIndex::Erase(std::uint64_t hash, SlotIndex slot) noexcept {
  const std::uint16_t tag = TagOf(hash);
  const std::uint32_t primary = PrimaryOf(hash);
  if (EraseIn(primary, tag, slot, false)) return true;
  const std::uint32_t other = OtherOf(primary, tag);
  if (other == primary || !EraseIn(other, tag, slot, true)) return false;
  --buckets_[primary].overflow;
  return true;
}

}  // namespace statesync
