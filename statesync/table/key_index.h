// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// From a key's hash to candidate slots: buckets of one cache line, two choices, 15 keys each.
//
// A key lives in its primary bucket, or, if that was full, in the other one, which follows from the
// first by the tag alone (an involution), so keys can be moved without being read. The bucket
// counts its keys that live elsewhere: while it has none, a miss costs one line. When both are
// full, keys are moved aside, two levels deep at most; this carries the index beyond a load of
// 0.97. The number of buckets is any number: the range is reduced by multiplication.
//
// Threads: the shard's writer only.  Memory: `buckets`, zeroed, given by the owner.
// Source:  Pagh and Rodler, "Cuckoo hashing"; Fan et al., "MemC3" (partial keys).

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "statesync/table/fences.h"
#include "statesync/types.h"

namespace statesync {

inline constexpr std::size_t kBucketKeys = 15;

struct alignas(64) IndexBucket {
  std::array<std::uint16_t, kBucketKeys> tags;  // Zero: empty.
  std::uint16_t overflow;  // Keys whose primary bucket this is, stored elsewhere.
  std::array<SlotIndex, kBucketKeys> slots;
  std::uint16_t guests;  // Bit i: key i is not in its primary bucket.
};
static_assert(sizeof(IndexBucket) == 64);

class KeyIndex {
 public:
  void Init(IndexBucket* buckets, std::uint32_t bucket_count) noexcept {
    buckets_ = buckets;
    bucket_count_ = bucket_count;
  }

  [[nodiscard]] static std::uint16_t TagOf(std::uint64_t hash) noexcept {
    const auto tag = static_cast<std::uint16_t>(hash);
    return tag == 0 ? std::uint16_t{1} : tag;
  }
  [[nodiscard]] std::uint32_t PrimaryOf(std::uint64_t hash) const noexcept {
    return Reduce(static_cast<std::uint32_t>(hash >> 32));
  }
  // The other bucket of a key: OtherOf(OtherOf(b)) == b. May be b itself.
  [[nodiscard]] std::uint32_t OtherOf(std::uint32_t bucket, std::uint16_t tag) const noexcept {
    const std::uint32_t sum = Reduce(tag * 0x9e37'79b1u);
    return sum >= bucket ? sum - bucket : sum + bucket_count_ - bucket;
  }

  void Prefetch(std::uint64_t hash) const noexcept { PrefetchRead(&buckets_[PrimaryOf(hash)]); }

  // First candidate in the primary bucket, kNoSlot if there is none: what a batch looks at first.
  [[nodiscard]] SlotIndex FirstCandidate(std::uint64_t hash) const noexcept {
    const IndexBucket& bucket = buckets_[PrimaryOf(hash)];
    const Places hits = MatchTags(bucket, TagOf(hash));
    return hits == 0 ? kNoSlot : bucket.slots[FirstOf(hits)];
  }

  // The same for the other bucket: true if keys may be there; then it is asked for, and after a
  // while SecondCandidate reads it.
  [[nodiscard]] bool PrefetchOther(std::uint64_t hash) const noexcept {
    const std::uint32_t primary = PrimaryOf(hash);
    if (buckets_[primary].overflow == 0) return false;
    PrefetchRead(&buckets_[OtherOf(primary, TagOf(hash))]);
    return true;
  }
  [[nodiscard]] SlotIndex SecondCandidate(std::uint64_t hash) const noexcept {
    const std::uint16_t tag = TagOf(hash);
    const IndexBucket& bucket = buckets_[OtherOf(PrimaryOf(hash), tag)];
    const Places hits = MatchTags(bucket, tag);
    return hits == 0 ? kNoSlot : bucket.slots[FirstOf(hits)];
  }

  // Slot of the first candidate that `matches(slot)`; kNoSlot if none does.
  template <typename Matches>
  [[nodiscard]] SlotIndex Find(std::uint64_t hash, Matches&& matches) const noexcept {
    const std::uint16_t tag = TagOf(hash);
    const std::uint32_t primary = PrimaryOf(hash);
    const IndexBucket& bucket = buckets_[primary];
    const SlotIndex slot = FindIn(bucket, tag, matches);
    if (slot != kNoSlot || bucket.overflow == 0) return slot;
    const std::uint32_t other = OtherOf(primary, tag);
    return other == primary ? kNoSlot : FindIn(buckets_[other], tag, matches);
  }

  // Adds a key. False if no place was found; then nothing changed.
  // REQUIRES: the key is not in the index.
  [[nodiscard]] bool Insert(std::uint64_t hash, SlotIndex slot) noexcept;

  // Removes the key with this hash and slot. False if it is not in the index.
  bool Erase(std::uint64_t hash, SlotIndex slot) noexcept;

  [[nodiscard]] std::uint32_t bucket_count() const noexcept { return bucket_count_; }

 private:
  [[nodiscard]] std::uint32_t Reduce(std::uint32_t value) const noexcept {
    return static_cast<std::uint32_t>((static_cast<std::uint64_t>(value) * bucket_count_) >> 32);
  }

  // A set of places in a bucket, kPlaceBits bits apart: what the machine's compare gives.
  using Places = std::uint32_t;
#if defined(__AVX2__)
  static constexpr unsigned kPlaceBits = 2;
#else
  static constexpr unsigned kPlaceBits = 1;
#endif
  [[nodiscard]] static unsigned FirstOf(Places places) noexcept {
    return static_cast<unsigned>(std::countr_zero(places)) / kPlaceBits;
  }

  // Places whose tag equals `tag`.
  [[nodiscard]] static Places MatchTags(const IndexBucket& bucket, std::uint16_t tag) noexcept {
    static_assert(offsetof(IndexBucket, overflow) == kBucketKeys * sizeof(std::uint16_t));
#if defined(__AVX2__)
    using Tags = std::uint16_t __attribute__((vector_size(32)));
    using Chars = char __attribute__((vector_size(32)));
    Tags tags;
    std::memcpy(&tags, bucket.tags.data(), sizeof(tags));  // 15 tags and `overflow`, masked away.
    const auto equal = reinterpret_cast<Chars>(tags == tag);
    return static_cast<Places>(__builtin_ia32_pmovmskb256(equal)) & 0x1555'5555u;
#else
    Places places = 0;
    for (unsigned i = 0; i < kBucketKeys; ++i) places |= (bucket.tags[i] == tag ? 1u : 0u) << i;
    return places;
#endif
  }

  template <typename Matches>
  [[nodiscard]] static SlotIndex FindIn(const IndexBucket& bucket, std::uint16_t tag,
                                        Matches& matches) noexcept {
    for (Places hits = MatchTags(bucket, tag); hits != 0; hits &= hits - 1) {
      const SlotIndex slot = bucket.slots[FirstOf(hits)];
      if (matches(slot)) return slot;
    }
    return kNoSlot;
  }

  // Puts a key into a free place of `bucket`; false if it is full.
  [[nodiscard]] bool Put(std::uint32_t bucket, std::uint16_t tag, SlotIndex slot,
                         bool guest) noexcept;
  // Frees a place in `bucket` by moving one of its keys to that key's other bucket.
  [[nodiscard]] bool MakeRoom(std::uint32_t bucket, unsigned depth) noexcept;
  [[nodiscard]] bool MoveAside(std::uint32_t bucket, unsigned place) noexcept;
  [[nodiscard]] bool EraseIn(std::uint32_t bucket, std::uint16_t tag, SlotIndex slot,
                             bool guest) noexcept;

  IndexBucket* buckets_ = nullptr;
  std::uint32_t bucket_count_ = 0;
};

}  // namespace statesync
