// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The burst cipher against OpenSSL's AES-GCM, on both drivers.

#include "dataplane/dpdk/cipher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "dataplane/crypto/aes_gcm.h"
#include "dataplane/dpdk/mbuf_pool.h"
#include "statesync/wire/schema.h"

namespace dataplane {
namespace {

using statesync::ClearHeader;
using statesync::DirectionKey;
using statesync::kBatchMax;
using statesync::KeyAction;
using statesync::KeyChange;
using statesync::kTagBytes;
using statesync::MakeNonce;

constexpr std::uint16_t kHeaderOffset = 42;

DirectionKey KeyOf(std::uint8_t fill) {
  DirectionKey key;
  for (std::size_t i = 0; i < key.bytes().size(); ++i) {
    key.bytes()[i] = static_cast<std::uint8_t>(fill + 7 * i);
  }
  return key;
}

KeyChange Install(std::uint8_t slot, std::uint8_t send, std::uint8_t receive) {
  KeyChange change;
  change.action = KeyAction::kInstall;
  change.slot = slot;
  change.send = KeyOf(send);
  change.receive = KeyOf(receive);
  return change;
}

KeyChange Remove(std::uint8_t slot) {
  KeyChange change;
  change.slot = slot;
  return change;
}

class CipherTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Cipher>> cipher = Cipher::Create(Name(), GetParam());
    ASSERT_TRUE(cipher.ok()) << cipher.status();
    cipher_ = *std::move(cipher);
    absl::StatusOr<MbufPool> pool = CreateMbufPool("cipher_test", 511, 2'048);
    ASSERT_TRUE(pool.ok()) << pool.status();
    pool_ = *std::move(pool);
  }
  void TearDown() override {
    rte_pktmbuf_free_bulk(frames_.data(), static_cast<unsigned>(frames_.size()));
    cipher_.reset();
  }

  static std::string Name() {
    static int count = 0;
    return "test" + std::to_string(count++);
  }

  // A frame with a header of its own and `text_bytes` of text; room for the tag.
  CipherItem Item(std::uint64_t number, std::uint16_t text_bytes, std::uint8_t slot = 0) {
    rte_mbuf* const frame = rte_pktmbuf_alloc(pool_.get());
    EXPECT_NE(frame, nullptr);
    const std::size_t bytes = kHeaderOffset + sizeof(ClearHeader) + text_bytes + kTagBytes;
    char* const data = rte_pktmbuf_append(frame, static_cast<std::uint16_t>(bytes));
    for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<char>(number * 31 + i * 7);
    frames_.push_back(frame);
    return {.frame = frame,
            .header_offset = kHeaderOffset,
            .text_bytes = text_bytes,
            .slot = slot,
            .nonce = MakeNonce(0, number)};
  }

  static std::uint8_t* At(const CipherItem& item, std::size_t offset = 0) {
    return rte_pktmbuf_mtod_offset(item.frame, std::uint8_t*, kHeaderOffset + offset);
  }
  static std::span<std::uint8_t> Text(const CipherItem& item) {
    return {At(item, sizeof(ClearHeader)), item.text_bytes};
  }
  static std::vector<std::uint8_t> Copy(std::span<const std::uint8_t> bytes) {
    return {bytes.begin(), bytes.end()};
  }
  static std::span<std::uint8_t, kTagBytes> Tag(const CipherItem& item) {
    return std::span<std::uint8_t, kTagBytes>(At(item, sizeof(ClearHeader) + item.text_bytes),
                                              kTagBytes);
  }
  static statesync::Bytes Header(const CipherItem& item) { return {At(item), sizeof(ClearHeader)}; }
  // As the peer would.
  static void SealByOpenssl(const CipherItem& item, std::uint8_t key) {
    AesGcm(KeyOf(key)).Seal(item.nonce, Header(item), Text(item), Tag(item));
  }

  std::unique_ptr<Cipher> cipher_;
  MbufPool pool_;
  std::vector<rte_mbuf*> frames_;
};

TEST_P(CipherTest, UsesTheDriverThatWasAskedFor) {
  EXPECT_TRUE(cipher_->device().starts_with(GetParam() ? "crypto_openssl" : "crypto_aesni_gcm"))
      << cipher_->device();
}

TEST_P(CipherTest, WhatItSealsOpensslOpens) {
  ASSERT_TRUE(cipher_->Apply(Install(1, 10, 20)));
  std::vector<CipherItem> items;
  std::vector<std::vector<std::uint8_t>> texts;
  const std::uint16_t sizes[] = {0, 1, 15, 16, 17, 64, 1'000, 1'400};
  for (std::size_t i = 0; i < kBatchMax; ++i) {
    items.push_back(Item(i + 1, sizes[i % std::size(sizes)], 1));
    texts.push_back(Copy(Text(items.back())));
  }
  cipher_->SealBatch(items);
  AesGcm peer(KeyOf(10));
  for (std::size_t i = 0; i < items.size(); ++i) {
    ASSERT_TRUE(items[i].good) << i;
    if (items[i].text_bytes >= 16) {
      EXPECT_NE(Copy(Text(items[i])), texts[i]);
    }
    EXPECT_TRUE(peer.Open(items[i].nonce, Header(items[i]), Text(items[i]), Tag(items[i]))) << i;
    EXPECT_EQ(Copy(Text(items[i])), texts[i]);
  }
}

TEST_P(CipherTest, WhatOpensslSealsItOpens) {
  ASSERT_TRUE(cipher_->Apply(Install(2, 10, 20)));
  std::vector<CipherItem> items;
  std::vector<std::vector<std::uint8_t>> texts;
  for (std::uint16_t i = 0; i < 40; ++i) {
    items.push_back(Item(i + 1u, static_cast<std::uint16_t>(i * 33), 2));
    texts.push_back(Copy(Text(items.back())));
    SealByOpenssl(items.back(), 20);
  }
  cipher_->OpenBatch(items);
  for (std::size_t i = 0; i < items.size(); ++i) {
    EXPECT_TRUE(items[i].good) << i;
    EXPECT_EQ(Copy(Text(items[i])), texts[i]) << i;
  }
}

TEST_P(CipherTest, EveryChangedByteIsNoticed) {
  ASSERT_TRUE(cipher_->Apply(Install(0, 10, 20)));
  constexpr std::uint16_t kText = 20;
  constexpr std::size_t kBytes = sizeof(ClearHeader) + kText + kTagBytes;
  static_assert(kBytes <= kBatchMax);
  std::vector<CipherItem> items;
  for (std::size_t i = 0; i < kBytes; ++i) {
    items.push_back(Item(i + 1, kText));
    SealByOpenssl(items.back(), 20);
    *At(items.back(), i) ^= 0x40;
  }
  cipher_->OpenBatch(items);
  for (std::size_t i = 0; i < items.size(); ++i) EXPECT_FALSE(items[i].good) << "byte " << i;
}

// The operations are used again in the same order: a status left over would let a forgery pass.
TEST_P(CipherTest, AForgeryAfterABatchOfGoodFramesIsNoticed) {
  ASSERT_TRUE(cipher_->Apply(Install(0, 10, 20)));
  for (int round = 0; round < 3; ++round) {
    std::vector<CipherItem> items;
    for (std::size_t i = 0; i < kBatchMax; ++i) {
      items.push_back(Item(i + 1, 100));
      SealByOpenssl(items.back(), 20);
      if (round == 1) *At(items.back(), sizeof(ClearHeader) + 5) ^= 1;
    }
    cipher_->OpenBatch(items);
    for (std::size_t i = 0; i < items.size(); ++i) EXPECT_EQ(items[i].good, round != 1) << i;
  }
}

TEST_P(CipherTest, OneForgeryInABatchSpoilsOnlyItself) {
  ASSERT_TRUE(cipher_->Apply(Install(0, 10, 20)));
  std::vector<CipherItem> items;
  for (std::size_t i = 0; i < 8; ++i) {
    items.push_back(Item(i + 1, 64));
    SealByOpenssl(items.back(), 20);
  }
  *At(items[3], 20) ^= 1;
  cipher_->OpenBatch(items);
  for (std::size_t i = 0; i < items.size(); ++i) EXPECT_EQ(items[i].good, i != 3) << i;
}

TEST_P(CipherTest, ANonceOfAnotherFrameDoesNotOpen) {
  ASSERT_TRUE(cipher_->Apply(Install(0, 10, 20)));
  CipherItem item = Item(7, 64);
  SealByOpenssl(item, 20);
  item.nonce = MakeNonce(0, 8);
  cipher_->OpenBatch({&item, 1});
  EXPECT_FALSE(item.good);
}

TEST_P(CipherTest, DirectionsHaveKeysOfTheirOwn) {
  ASSERT_TRUE(cipher_->Apply(Install(0, 10, 20)));
  CipherItem item = Item(1, 64);
  cipher_->SealBatch({&item, 1});
  ASSERT_TRUE(item.good);
  cipher_->OpenBatch({&item, 1});  // Our own frame, reflected.
  EXPECT_FALSE(item.good);
}

TEST_P(CipherTest, ASlotWithoutAKeySealsAndOpensNothing) {
  CipherItem item = Item(1, 64, 3);
  const std::vector<std::uint8_t> text = Copy(Text(item));
  cipher_->SealBatch({&item, 1});
  EXPECT_FALSE(item.good);
  EXPECT_EQ(Copy(Text(item)), text);
  SealByOpenssl(item, 20);
  cipher_->OpenBatch({&item, 1});
  EXPECT_FALSE(item.good);
}

TEST_P(CipherTest, SlotsAreReplacedAndRemovedOneByOne) {
  ASSERT_TRUE(cipher_->Apply(Install(0, 1, 2)));
  ASSERT_TRUE(cipher_->Apply(Install(1, 3, 4)));
  std::vector<CipherItem> items = {Item(1, 50, 0), Item(2, 50, 1)};
  SealByOpenssl(items[0], 2);
  SealByOpenssl(items[1], 4);
  ASSERT_TRUE(cipher_->Apply(Remove(0)));
  cipher_->OpenBatch(items);
  EXPECT_FALSE(items[0].good);
  EXPECT_TRUE(items[1].good);

  ASSERT_TRUE(cipher_->Apply(Install(0, 5, 6)));
  CipherItem old_key = Item(3, 50, 0);
  SealByOpenssl(old_key, 2);
  CipherItem new_key = Item(4, 50, 0);
  SealByOpenssl(new_key, 6);
  std::vector<CipherItem> both = {old_key, new_key};
  cipher_->OpenBatch(both);
  EXPECT_FALSE(both[0].good);
  EXPECT_TRUE(both[1].good);
}

TEST_P(CipherTest, KeysComeAndGoForever) {
  for (int i = 0; i < 200; ++i) {
    const auto slot = static_cast<std::uint8_t>(i % statesync::kKeySlots);
    ASSERT_TRUE(cipher_->Apply(Install(slot, 1, 2))) << i;
    if (i % 3 == 0) {
      ASSERT_TRUE(cipher_->Apply(Remove(slot)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Drivers, CipherTest, testing::Values(false, true),
                         [](const auto& test) { return test.param ? "Openssl" : "AesniGcm"; });

}  // namespace
}  // namespace dataplane
