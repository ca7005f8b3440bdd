// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/table/key_index.h"

#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace statesync {
namespace {

// An index with the memory it needs.
struct Owned {
  explicit Owned(std::uint32_t bucket_count) : buckets(bucket_count) {
    index.Init(buckets.data(), bucket_count);
  }
  [[nodiscard]] bool Has(std::uint64_t hash, SlotIndex slot) const {
    return index.Find(hash, [&](SlotIndex s) { return s == slot; }) == slot;
  }
  std::vector<IndexBucket> buckets;
  KeyIndex index;
};

TEST(KeyIndex, OtherBucketIsAnInvolution) {
  for (const std::uint32_t bucket_count : {1u, 2u, 3u, 7u, 100u, 4'097u}) {
    const Owned owned(bucket_count);
    for (std::uint32_t tag = 1; tag < 65'536; tag += 251) {
      for (std::uint32_t bucket = 0; bucket < bucket_count; bucket += 1 + bucket_count / 16) {
        const auto t = static_cast<std::uint16_t>(tag);
        const std::uint32_t other = owned.index.OtherOf(bucket, t);
        ASSERT_LT(other, bucket_count);
        ASSERT_EQ(owned.index.OtherOf(other, t), bucket);
      }
    }
  }
}

// The load that a full table of sessions with two keys each needs, and more.
TEST(KeyIndex, TakesKeysUpToALoadOf97Percent) {
  for (const std::uint32_t bucket_count : {40u, 123u, 1'000u, 4'000u}) {
    Owned owned(bucket_count);
    std::mt19937_64 random(bucket_count);
    const auto keys = static_cast<std::uint32_t>(bucket_count * kBucketKeys * 97 / 100);
    std::vector<std::uint64_t> hashes;
    for (std::uint32_t i = 0; i < keys; ++i) {
      hashes.push_back(random());
      ASSERT_TRUE(owned.index.Insert(hashes[i], static_cast<SlotIndex>(i % kNoSlot)))
          << bucket_count << ": " << i << " of " << keys;
    }
    for (std::uint32_t i = 0; i < keys; ++i) {
      ASSERT_TRUE(owned.Has(hashes[i], static_cast<SlotIndex>(i % kNoSlot)));
    }
  }
}

// Random inserts and erases at high load against a plain list.
TEST(KeyIndex, AgreesWithAListUnderChurn) {
  Owned owned(64);
  std::mt19937_64 random(5);
  std::vector<std::pair<std::uint64_t, SlotIndex>> keys;
  SlotIndex next = 0;
  const std::size_t limit = 64 * kBucketKeys * 95 / 100;
  for (int round = 0; round < 200'000; ++round) {
    const bool grow = keys.size() < limit && (keys.empty() || random() % 16 < 9);
    if (grow) {
      const std::uint64_t hash = random();
      next = static_cast<SlotIndex>((next + 1) % 60'000);
      ASSERT_TRUE(owned.index.Insert(hash, next));
      keys.emplace_back(hash, next);
    } else {
      const std::size_t at = random() % keys.size();
      ASSERT_TRUE(owned.index.Erase(keys[at].first, keys[at].second));
      ASSERT_FALSE(owned.Has(keys[at].first, keys[at].second));
      keys[at] = keys.back();
      keys.pop_back();
    }
    if (round % 5'000 == 0) {
      for (const auto& [hash, slot] : keys) ASSERT_TRUE(owned.Has(hash, slot));
    }
  }
  for (const auto& [hash, slot] : keys) ASSERT_TRUE(owned.index.Erase(hash, slot));
  for (const IndexBucket& bucket : owned.buckets) {
    ASSERT_EQ(bucket.overflow, 0);
    for (const std::uint16_t tag : bucket.tags) ASSERT_EQ(tag, 0);
  }
}

TEST(KeyIndex, RefusesWhatDoesNotFitAndStaysWhole) {
  Owned owned(2);
  std::mt19937_64 random(6);
  std::vector<std::uint64_t> taken;
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t hash = random();
    if (owned.index.Insert(hash, static_cast<SlotIndex>(i))) {
      taken.push_back(hash);
      ASSERT_TRUE(owned.Has(hash, static_cast<SlotIndex>(i)));
    }
  }
  EXPECT_LE(taken.size(), 30u);
  EXPECT_GE(taken.size(), 28u);
}

// A session whose two keys look alike to the index: each is erased once.
TEST(KeyIndex, HoldsTwoKeysOfOneSlotWithTheSameHash) {
  Owned owned(10);
  ASSERT_TRUE(owned.index.Insert(42, 7));
  ASSERT_TRUE(owned.index.Insert(42, 7));
  EXPECT_TRUE(owned.index.Erase(42, 7));
  EXPECT_TRUE(owned.Has(42, 7));
  EXPECT_TRUE(owned.index.Erase(42, 7));
  EXPECT_FALSE(owned.index.Erase(42, 7));
}

TEST(KeyIndex, LooksAtEveryCandidateWithTheSameTag) {
  Owned owned(10);
  for (SlotIndex slot = 0; slot < 20; ++slot) ASSERT_TRUE(owned.index.Insert(42, slot));
  for (SlotIndex slot = 0; slot < 20; ++slot) EXPECT_TRUE(owned.Has(42, slot)) << slot;
  EXPECT_FALSE(owned.Has(42, 20));
}

}  // namespace
}  // namespace statesync
