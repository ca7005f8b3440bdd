// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Keys of a key file, and the one that opens a frame: found by trying, as the tag tells.
//
// Threads: one.  Memory: a cipher per key.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/crypto/aes_gcm.h"
#include "dataplane/crypto/key_log.h"

namespace wiredump {

class KeyRing {
 public:
  KeyRing() = default;  // No keys: nothing opens.
  // Errors: those of the key file; kInvalidArgument if it has no key.
  static absl::StatusOr<KeyRing> Load(const std::string& path);

  // Decrypts what follows the clear header of a sealed datagram into `plain`, tag removed. False
  // if no key opens it. The key that opened the last frame of the same sender and phase is tried
  // first.
  //   sender  tells senders apart, for that memory alone
  [[nodiscard]] bool Open(std::uint32_t sender, std::span<const std::byte> datagram,
                          std::vector<std::byte>& plain);

  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  [[nodiscard]] bool Try(std::size_t key, std::span<const std::byte> datagram,
                         std::vector<std::byte>& plain);

  std::vector<dataplane::AesGcm> keys_;        // Newest first.
  std::map<std::uint64_t, std::size_t> last_;  // (sender, phase) → key.
};

}  // namespace wiredump
