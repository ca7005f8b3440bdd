// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Who this node is, and whom it knows: a certificate of its own, and the certificates of the
// devices it was paired with. There is no authority: a certificate is believed because two people
// compared a code (PAIRING.md), and for no other reason.
//
//   STATE_DIR/device/identity.pem   Ed25519 key, then its certificate: self-signed, ten years
//   STATE_DIR/device/password       what devices log in to this node with
//   STATE_DIR/device/known.json     the paired devices
//
// Each file has mode 0600 and is replaced whole, so a crash leaves the old content or the new.
//
// Threads: DeviceStore is thread-safe; the rest are values and functions.  Texts never have a
// password or a key.

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
inline constexpr std::int64_t kClockDifferenceS = 86'400;  // A certificate is valid that much ago.
inline constexpr std::size_t kDeviceNameBytesMax = 64;     // As a common name (RFC 5280).
inline constexpr std::size_t kCertificateBytesMax = 8'192;
inline constexpr std::size_t kDevicePasswordBytesMax = 256;

struct Certificate {
  std::string device;  // Id: first half of SHA-256 of its public key (SPKI), 32 hexadecimal digits.
  std::string pem;
  std::string sha256;  // Of the certificate, 64 hexadecimal digits: the pin.
  std::string name;    // Common name: the node's.
  std::int64_t not_before_s = 0, not_after_s = 0;  // Unix time.
};
// Errors: kInvalidArgument: not one self-signed PEM certificate with an Ed25519 key.
[[nodiscard]] absl::StatusOr<Certificate> ReadCertificate(std::string_view pem);

struct Identity {
  Certificate certificate;
  std::string key_pem;  // Never logged.
};
// A new key with its certificate, valid from a day before `now_s`. Errors: kInvalidArgument
// (the name), kUnavailable (no randomness).
[[nodiscard]] absl::StatusOr<Identity> MakeIdentity(const std::string& node_name,
                                                    std::int64_t now_s);

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
  // Makes what is missing; `now_s` dates a new certificate. `folder` is made, mode 0700, and is
  // for one process. Errors: what a file or the folder says, with the remedy.
  static absl::StatusOr<std::unique_ptr<DeviceStore>> Open(const std::string& folder,
                                                           const std::string& node_name,
                                                           std::int64_t now_s);
  // Dated by the clock of the machine.
  static absl::StatusOr<std::unique_ptr<DeviceStore>> Open(const std::string& folder,
                                                           const std::string& node_name);
  virtual ~DeviceStore() = default;

  // Of one moment: Renew() changes both.
  [[nodiscard]] virtual Identity OwnIdentity() const = 0;
  [[nodiscard]] virtual Certificate own() const = 0;
  // Key and certificate in one file, for who reloads them when it changes.
  [[nodiscard]] virtual const std::string& identity_path() const = 0;
  // What devices log in to this node with unless the configuration has /ha/…/local-password: made
  // at the first start, 256 bits, never shown (F11).
  [[nodiscard]] virtual const std::string& own_password() const = 0;
  [[nodiscard]] virtual std::vector<KnownDevice> Known() const = 0;
  [[nodiscard]] virtual std::optional<KnownDevice> Find(std::string_view device) const = 0;
  // Replaces what is known of this device. Durable when it returns, as all that follow. Errors:
  // kInvalidArgument (a bound; this node itself), kResourceExhausted (kDevicesMax; another is_pair
  // that is not revoked: GROUP_FULL), and what the disk says.
  virtual absl::Status Add(const KnownDevice& device) = 0;
  // Keeps the certificate, to refuse it by name. Errors: kNotFound.
  virtual absl::Status Revoke(std::string_view device) = 0;
  virtual absl::Status Forget(std::string_view device) = 0;
  // A new key and certificate; each peer must be paired with again.
  virtual absl::Status Renew() = 0;
};

// Whether to talk to who shows this certificate. Pins are certificates, not keys: another
// certificate of a known key is not pinned.
enum class PinVerdict : std::uint8_t { kKnown, kNotPinned, kExpired, kRevoked };
[[nodiscard]] PinVerdict JudgePin(const DeviceStore& store, std::string_view pem,
                                  std::int64_t now_s);

}  // namespace configsync
