// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Who this node is, and whom it knows: a certificate of its own, and the certificates of the
// devices it was paired with. There is no authority: a certificate is believed because two people
// compared a code (PAIRING.md), and for no other reason.
//
//   STATE_DIR/device/key.pem        Ed25519, mode 0600
//   STATE_DIR/device/cert.pem       self-signed, ten years
//   STATE_DIR/device/known/ID.json  one for each paired device, mode 0600
//
// Threads: DeviceStore is thread-safe; the rest are values and functions.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace configsync {

inline constexpr std::size_t kDevicesMax = 16;
inline constexpr std::int64_t kCertificateDays = 3'650;

struct Certificate {
  std::string device;  // Id: first half of SHA-256 of its public key (SPKI), 32 hexadecimal digits.
  std::string pem;
  std::string sha256;  // Of the certificate, 64 hexadecimal digits: the pin.
  std::string name;    // Common name: the node's.
  std::int64_t not_before_s = 0, not_after_s = 0;  // Unix time.
};
// Errors: kInvalidArgument: not one PEM certificate with an Ed25519 key.
[[nodiscard]] absl::StatusOr<Certificate> ReadCertificate(std::string_view pem);

struct KnownDevice {
  Certificate certificate;
  std::string name;      // Of the node, when it was paired.
  bool is_pair = false;  // The other node of the pair; one at most (GROUP_FULL).
  bool is_revoked = false;
  std::string their_password;  // This node logs in there with it, unless the configuration has one.
  std::string paired_at;       // RFC 3339.
};

class DeviceStore {
 public:
  // Makes key and certificate if there are none. Errors: what the folder says, with the remedy.
  static absl::StatusOr<std::unique_ptr<DeviceStore>> Open(const std::string& folder,
                                                           const std::string& node_name);
  virtual ~DeviceStore() = default;

  [[nodiscard]] virtual const Certificate& own() const = 0;
  [[nodiscard]] virtual const std::string& key_pem() const = 0;  // Never logged.
  // What devices log in to this node with unless the configuration has /ha/…/local-password: made
  // at the first start, 256 bits, never shown (F11).
  [[nodiscard]] virtual const std::string& own_password() const = 0;
  [[nodiscard]] virtual std::vector<KnownDevice> Known() const = 0;
  [[nodiscard]] virtual std::optional<KnownDevice> Find(std::string_view device) const = 0;
  // Durable when it returns. Errors: kResourceExhausted (kDevicesMax; a second is_pair:
  // GROUP_FULL).
  virtual absl::Status Add(const KnownDevice& device) = 0;
  virtual absl::Status Revoke(std::string_view device) = 0;
  virtual absl::Status Forget(std::string_view device) = 0;
  // A new key and certificate; the peer must be paired with again.
  virtual absl::Status Renew() = 0;
};

// Whether to talk to who shows this certificate.
enum class PinVerdict : std::uint8_t { kKnown, kNotPinned, kExpired, kRevoked };
[[nodiscard]] PinVerdict Judge(const DeviceStore& store, std::string_view pem, std::int64_t now_s);

}  // namespace configsync
