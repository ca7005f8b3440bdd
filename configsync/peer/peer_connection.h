// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One connection of another node, from its certificate to its answers; free of gRPC.
//
// Who calls is a fact of the connection: the certificate that its handshake has proven. The session
// that a login opens belongs to this connection and this device, and ends with it.
//
// Threads: thread-safe: calls of one connection run next to each other.

#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "configsync/devices/device.h"
#include "configsync/pair/link.h"
#include "configsync/peer/login.h"
#include "configsync/peer/methods.h"
#include "configsync/peer/refusals.h"
#include "configsync/peer/remote_address.h"

namespace configsync {

// What all connections share. Borrowed.
struct PeerShared {
  DeviceStore* devices = nullptr;
  PeerCalls* calls = nullptr;
  std::function<std::string()> password;
  std::function<bool()> is_pairing_open;
  std::function<std::int64_t()> steady_ms;
  std::function<std::int64_t()> unix_s;
  LoginGuard* guard = nullptr;
  Refusals* refusals = nullptr;
};

// A call whose messages are coming in.
struct PeerRequest {
  const PeerMethodRow* row = nullptr;
  std::size_t message_count = 0;
  std::string message;     // The first.
  PrepareRequest prepare;  // Of kPrepare, with the edits so far.
  std::size_t edit_bytes = 0;
};

// Messages of an answer, one after the other; nothing behind the last.
using PeerAnswer = std::function<std::optional<std::string>()>;

class PeerConnection {
 public:
  // A connection that has not logged in after this long is cut, unless pairing is open.
  static constexpr std::int64_t kLoginMsMax = 10'000;

  // `own`: the certificate that this connection shows.
  PeerConnection(const PeerShared& shared, Endpoint from, Certificate own);

  // Once, in the handshake. Errors with a reason: CERT_NOT_PINNED, CERT_EXPIRED, CERT_REVOKED.
  absl::Status OnCertificate(const std::string& pem);
  // False: the device was revoked or forgotten, pairing has ended, or it does not log in.
  [[nodiscard]] bool IsWelcome();

  // Whether the method may be called now. `session`: of the call's metadata. Errors with a reason:
  // AUTH_FAILED, PEER_FORBIDDEN, and those of the certificate.
  absl::Status Admit(const PeerMethodRow& row, std::string_view session);
  // A message of the call, of at most request_bytes_max bytes. Errors: kInvalidArgument.
  absl::Status Take(PeerRequest& request, std::string bytes);
  // Does it. Errors with a reason.
  absl::StatusOr<PeerAnswer> Run(PeerRequest& request);

  [[nodiscard]] const Endpoint& from() const { return from_; }

 private:
  absl::Status Judged();
  absl::Status Refuse(ReasonCode code, const std::string& subject, const std::string& evidence);
  absl::StatusOr<PeerAnswer> Open(const std::string& bytes);
  absl::StatusOr<PeerAnswer> Login(const std::string& bytes);
  absl::StatusOr<PeerAnswer> DoExchange(const std::string& bytes);
  absl::StatusOr<PeerAnswer> Apply(const PeerMethodRow& row, const std::string& bytes);
  absl::StatusOr<PeerAnswer> Fetch(const std::string& bytes);

  const PeerShared& shared_;
  const Endpoint from_;
  const Certificate own_;
  const std::int64_t since_ms_;
  std::mutex mutex_;
  Certificate theirs_;  // Written once, in the handshake. This and the rest: under mutex_.
  LoginTranscript transcript_;
  std::string session_;           // Empty: not logged in.
  std::string session_password_;  // That it was proven with.
  std::int64_t session_end_ms_ = 0;
};

}  // namespace configsync
