// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two nodes that know nothing of each other become a pair: devices/PAIRING.md as code.
//
//   A: lockstepctl pair start 10.9.1.2        B: lockstepctl pair accept
//   both show the same six digits; on both the operator types what the other shows.
//
// Threads: thread-safe; the caller's own thread makes the calls to the other node.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "configsync/devices/device.h"
#include "configsync/store/records.h"

namespace configsync {

enum class PairingState : std::uint8_t {
  kNone,
  kWaiting,    // Open for a caller, or calling.
  kComparing,  // Both show the code.
  kConfirmed,  // Here; the other is awaited.
  kDone,
  kFailed,
};

struct PairingStatus {
  PairingState state = PairingState::kNone;
  std::string code;                   // "482 913", while kComparing.
  std::string device, name, address;  // Of the other.
  std::uint32_t remaining_s = 0;
  std::string text;  // What failed, with the remedy; what was done.
};

struct PairingOptions {
  bool is_pair = true;          // Else a remote for configuration alone.
  bool give_master_key = true;  // The one who accepts takes it, unless it has `keep_master_key`.
  bool keep_master_key = false;
};

// What is handed over once both have confirmed, over the connection that the code has proven.
struct PairingGift {
  std::string pair_secret;  // Of HA2, as its file holds it; empty: none.
  std::string master_key;   // Empty: keep your own.
  std::string password;     // Of hasync at the giver.
};

class PairingCalls {
 public:
  virtual ~PairingCalls() = default;
  [[nodiscard]] virtual bool is_open() = 0;
};

struct PairingSetup {
  DeviceStore* devices = nullptr;
  std::string node_name;
  std::string pair_secret_file;           // Read by who starts, written (0600, new) by who accepts.
  std::function<std::string()> password;  // Of hasync here.
  std::function<absl::StatusOr<std::string>()> read_master_key;
  std::function<absl::Status(const Operator&, const std::string&)> take_master_key;
  std::function<void(const Operator&, const std::string& detail, const std::string& outcome)> audit;
};

class Pairing : public PairingCalls {
 public:
  static std::unique_ptr<Pairing> Make(const PairingSetup& setup);
  // `address`: of the other; three minutes to confirm. Errors: kFailedPrecondition (one runs),
  // GROUP_FULL.
  virtual absl::Status Begin(const Operator& by, const std::string& address,
                             const PairingOptions& options) = 0;
  // Opens this node for one caller, for three minutes.
  virtual absl::Status Accept(const Operator& by, const PairingOptions& options) = 0;
  // `code`: as the other node shows it. A wrong one ends the pairing on both.
  virtual absl::Status Confirm(const Operator& by, const std::string& code) = 0;
  virtual void Cancel(const Operator& by) = 0;
  [[nodiscard]] virtual PairingStatus Status() = 0;
};

}  // namespace configsync
