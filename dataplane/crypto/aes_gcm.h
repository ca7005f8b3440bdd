// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// AES-256-GCM of one direction by OpenSSL, one frame a call: for tests, tools, and machines where
// cryptodev offers nothing.
//
// Threads: one object per thread.  Memory: one OpenSSL context, freed (and wiped) with the object.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "statesync/seal/keys.h"

namespace dataplane {

inline constexpr std::size_t kGcmTagBytes = 16;

class AesGcm {
 public:
  explicit AesGcm(const statesync::DirectionKey& key);
  ~AesGcm();
  AesGcm(AesGcm&&) noexcept;
  AesGcm& operator=(AesGcm&&) noexcept;

  // Encrypts `text` in place and writes the tag. `header` is authenticated only.
  void Seal(const statesync::Nonce& nonce, statesync::Bytes header, std::span<std::uint8_t> text,
            std::span<std::uint8_t, kGcmTagBytes> tag) noexcept;

  // Decrypts in place. False: tag, header or text was altered; `text` is then zeroed.
  [[nodiscard]] bool Open(const statesync::Nonce& nonce, statesync::Bytes header,
                          std::span<std::uint8_t> text,
                          std::span<const std::uint8_t, kGcmTagBytes> tag) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dataplane
