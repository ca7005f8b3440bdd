// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// AES-256-GCM in bursts by cryptodev: seals and opens HA2's sealed datagrams inside their buffers.
//
// crypto_aesni_gcm where the machine has AES-NI, else crypto_openssl. Keys live in slots, as the
// handshake names them; each slot has one key per direction.
//
// Threads: one, the sync loop.  Memory: sessions and operations at Create, none afterwards.

#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "statesync/limits.h"
#include "statesync/seal/handshake.h"

namespace dataplane {

// One sealed datagram in one segment: ClearHeader (authenticated), text, tag.
struct CipherItem {
  rte_mbuf* frame = nullptr;
  std::uint16_t header_offset = 0;  // Of the clear header, from the frame's first byte.
  std::uint16_t text_bytes = 0;     // Between clear header and tag; may be 0.
  std::uint8_t slot = 0;
  statesync::Nonce nonce{};
  bool good = false;  // Written: sealed, or authentic.
};

class Cipher {
 public:
  // name: suffix of the device ("ha2"), so that several can exist in one process.
  // prefer_openssl: for tests of the fallback.
  // Errors: kNotFound if neither driver works, with DPDK's words.
  static absl::StatusOr<std::unique_ptr<Cipher>> Create(const std::string& name,
                                                        bool prefer_openssl = false);
  ~Cipher();
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;

  // Obeys a change that the handshake asked for. False: the driver refused the key; the slot is
  // empty.
  bool Apply(const statesync::KeyChange& change) noexcept;

  // Encrypts in place and writes the tag behind the text. items.size() <= kBatchMax.
  // An item whose slot has no key is not good.
  void SealBatch(std::span<CipherItem> items) noexcept;
  // Checks the tag and decrypts in place. Only the text of good items may be read.
  void OpenBatch(std::span<CipherItem> items) noexcept;

  [[nodiscard]] const std::string& device() const noexcept { return device_; }

 private:
  struct Slot {
    void* seal = nullptr;  // Sessions of the driver.
    void* open = nullptr;
  };
  struct Memory;

  Cipher();
  absl::Status SetUp(const std::string& device);
  void Empty(Slot& slot) noexcept;
  void Run(std::span<CipherItem> items, bool seal) noexcept;

  std::string device_;
  std::uint8_t id_ = 0;
  bool started_ = false;
  std::array<Slot, statesync::kKeySlots> slots_;
  std::unique_ptr<Memory> memory_;  // Pools and operations.
};

}  // namespace dataplane
