// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two nodes that know nothing of each other become a pair: devices/PAIRING.md as code.
//
//   A: lockstepctl pair start 10.9.1.2        B: lockstepctl pair accept
//   each shows six digits of its own; on each the operator types what the other shows.
//
// Threads: thread-safe; who starts makes its calls to the other node on a thread of its own.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "configsync/devices/device.h"
#include "configsync/store/records.h"

namespace lockstep::peersync {
class PairingAnswer;
class PairingBegin;
class PairingEnd;
class PairingFinish;
class PairingFinished;
class PairingReveal;
}  // namespace lockstep::peersync

namespace configsync {

enum class PairingState : std::uint8_t {
  kNone,
  kWaiting,    // Open for a caller, or calling.
  kComparing,  // Both show the code.
  kConfirmed,  // Here; the other is awaited.
  kDone,
  kFailed,
};

inline constexpr std::int64_t kPairingMs = 180'000;       // To find each other and to confirm.
inline constexpr std::int64_t kPairingSilentMs = 10'000;  // Without a word of the other: failed.

struct PairingStatus {
  PairingState state = PairingState::kNone;
  std::string code;                   // "482913", to be typed at the other; from kComparing on.
  std::string device, name, address;  // Of the other.
  std::uint32_t remaining_s = 0;
  std::string text;  // What failed, with the remedy; what was done.
};

struct PairingOptions {
  bool is_pair = true;          // Else a remote for configuration alone.
  bool give_master_key = true;  // The one who accepts takes it, unless it has `keep_master_key`.
  bool keep_master_key = false;
};

// Who calls, as the TLS connection has proven it.
struct PairingCaller {
  std::string certificate_pem;
  std::string address;
};

// What another node may ask of this one. A refusal never says more than that this pairing is over,
// or whom it is with.
class PairingCalls {
 public:
  virtual ~PairingCalls() = default;
  // Some seconds longer than the pairing takes, so that an answer that was lost can be asked for
  // again.
  [[nodiscard]] virtual bool is_open() = 0;
  virtual absl::Status OnBegin(const PairingCaller& caller,
                               const lockstep::peersync::PairingBegin& request,
                               lockstep::peersync::PairingAnswer& answer) = 0;
  virtual absl::Status OnReveal(const PairingCaller& caller,
                                const lockstep::peersync::PairingReveal& request) = 0;
  // Cost: up to seconds when both have confirmed; secrets are sealed anew then.
  virtual absl::Status OnFinish(const PairingCaller& caller,
                                const lockstep::peersync::PairingFinish& request,
                                lockstep::peersync::PairingFinished& answer) = 0;
  virtual absl::Status OnEnd(const PairingCaller& caller,
                             const lockstep::peersync::PairingEnd& request) = 0;
};

// The other direction: the way to the node that is called. For one thread.
class PairingWay {
 public:
  virtual ~PairingWay() = default;
  virtual absl::Status Begin(const lockstep::peersync::PairingBegin& request,
                             lockstep::peersync::PairingAnswer& answer) = 0;
  virtual absl::Status Reveal(const lockstep::peersync::PairingReveal& request) = 0;
  virtual absl::Status Finish(const lockstep::peersync::PairingFinish& request,
                              lockstep::peersync::PairingFinished& answer) = 0;
  virtual absl::Status End(const lockstep::peersync::PairingEnd& request) = 0;
  // Of the node that has answered: the same for all calls, or they fail. Empty before.
  [[nodiscard]] virtual std::string their_certificate() = 0;
};

struct PairingSetup {
  DeviceStore* devices = nullptr;
  std::string node_name;
  // Read by who starts, and made if there is none; written (0600, new) by who accepts. Empty: this
  // node has no HA2.
  std::string pair_secret_file;
  std::function<std::string()> password;  // Of hasync here.
  std::function<absl::StatusOr<std::string>()> read_master_key;
  std::function<absl::Status(const Operator&, const std::string&)> take_master_key;
  // Called on a thread of its own, and never late: who waits for it waits for nobody here.
  std::function<void(const Operator&, const std::string& detail, const std::string& outcome)> audit;
  // Null: gRPC, the clock of the machine. `now_ms` never jumps; `wall_s` is Unix time.
  std::function<std::unique_ptr<PairingWay>(const std::string& address)> connect;
  std::function<std::int64_t()> now_ms;
  std::function<std::int64_t()> wall_s;
};

class Pairing : public PairingCalls {
 public:
  static std::unique_ptr<Pairing> Make(const PairingSetup& setup);
  // `address`: of the other, an IP address with or without port. It is called until it answers, for
  // three minutes at most. Errors: kFailedPrecondition (one runs), kInvalidArgument (the address).
  virtual absl::Status Begin(const Operator& by, const std::string& address,
                             const PairingOptions& options) = 0;
  // Opens this node for one caller, for three minutes. Errors: kFailedPrecondition (one runs).
  virtual absl::Status Accept(const Operator& by, const PairingOptions& options) = 0;
  // `code`: as the other node shows it; spaces do not count. A wrong one ends the pairing on both.
  // Errors: kFailedPrecondition (nothing to confirm), kInvalidArgument (not six digits, or this
  // node's own: nothing has ended), kPermissionDenied (wrong).
  virtual absl::Status Confirm(const Operator& by, const std::string& code) = 0;
  virtual void Cancel(const Operator& by) = 0;
  [[nodiscard]] virtual PairingStatus Status() = 0;
};

}  // namespace configsync
