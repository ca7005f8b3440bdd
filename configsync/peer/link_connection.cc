// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/link_connection.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/peer/codec.h"
#include "configsync/peer/login.h"
#include "configsync/peer/probe.h"
#include "configsync/peer/tls_credentials.h"

namespace configsync {
namespace {

namespace wire = lockstep::peersync;

std::int64_t UnixSeconds() { return static_cast<std::int64_t>(std::time(nullptr)); }

absl::Status Failed(ReasonCode code, std::string subject, std::string evidence) {
  return StatusOf({.code = code, .subject = std::move(subject), .evidence = std::move(evidence)});
}

template <typename Message>
std::function<absl::Status(const std::string&)> Into(Message& message) {
  return [&message](const std::string& bytes) {
    return message.ParseFromString(bytes)
               ? absl::OkStatus()
               : absl::InvalidArgumentError("an answer that does not parse");
  };
}

std::optional<Reason> ReasonOfVerdict(const SeenCertificate& seen, const Endpoint& remote) {
  const Certificate& theirs = seen.certificate;
  const std::string who = absl::StrCat(TextOf(remote), " is device ",
                                       theirs.device.empty() ? "unknown" : theirs.device);
  switch (seen.verdict) {
    case PinVerdict::kKnown:
      if (seen.bound.empty() || seen.bound == theirs.device) {
        return std::nullopt;
      }
      return Reason{.code = ReasonCode::kCertNotPinned,
                    .subject = theirs.device,
                    .evidence = absl::StrCat(
                        who, ", but this remote has been device ", seen.bound,
                        ": forget that one if it was replaced, or set the remote's address")};
    case PinVerdict::kExpired:
      return Reason{
          .code = ReasonCode::kCertExpired,
          .subject = theirs.device,
          .evidence = absl::StrCat(who, " with a certificate for the seconds ", theirs.not_before_s,
                                   " to ", theirs.not_after_s, ", now is ", UnixSeconds())};
    case PinVerdict::kRevoked:
      return Reason{.code = ReasonCode::kCertRevoked,
                    .subject = theirs.device,
                    .evidence = absl::StrCat(who, ", which was revoked here")};
    case PinVerdict::kNotPinned:
      break;
  }
  return Reason{.code = ReasonCode::kCertNotPinned,
                .subject = theirs.device,
                .evidence = absl::StrCat(who, ", which this node is not paired with")};
}

}  // namespace

absl::StatusOr<std::unique_ptr<LinkConnection>> LinkConnection::Make(const Setup& with,
                                                                     const std::string& text,
                                                                     const DeviceId& bound) {
  const LinksSetup& setup = with.links;
  const auto remote = ParseRemoteAddress(text, kPeersyncPort);
  if (!remote.ok()) {
    return Failed(ReasonCode::kHa1NotSyncInterface, "", std::string(remote.status().message()));
  }
  const auto local = FindSyncInterface(*remote, setup.local_addresses, ListLocalAddresses());
  if (!local.ok()) {
    return local.status();
  }
  // Before gRPC, which says "unavailable" to everything, and not at once.
  if (const auto why = ReasonOfProbe(*remote, *local, Probe(*remote, *local))) {
    return StatusOf(*why);
  }
  std::unique_ptr<LinkConnection> connection(new LinkConnection(with, *remote, *local));
  connection->seen_->bound = bound;
  const Identity own = setup.devices->OwnIdentity();
  if (own.certificate.not_after_s < UnixSeconds()) {
    return Failed(
        ReasonCode::kCertExpired, own.certificate.device,
        absl::StrCat("the certificate of this node ended at second ", own.certificate.not_after_s));
  }
  connection->Connect();
  if (absl::Status logged_in = connection->LogIn(); !logged_in.ok()) {
    return logged_in;
  }
  return connection;
}

void LinkConnection::Connect() {
  const Identity own = setup_.devices->OwnIdentity();
  own_ = own.certificate;
  channel_ = MakeTlsChannel(
      TargetOf(remote_),
      {.certificate_pem = own.certificate.pem,
       .key_pem = own.key_pem,
       .check =
           [seen = seen_, devices = setup_.devices](const std::string& pem) {
             const auto certificate = ReadCertificate(pem);
             const std::lock_guard lock(seen->mutex);
             seen->is_seen = true;
             seen->verdict = JudgePin(*devices, pem, UnixSeconds());
             seen->certificate = certificate.ok() ? *certificate : Certificate{};
             const bool is_right = seen->bound.empty() || seen->bound == seen->certificate.device;
             return seen->verdict == PinVerdict::kKnown && is_right
                        ? absl::OkStatus()
                        : absl::UnauthenticatedError("the certificate is not accepted");
           },
       .debug_tls_keys = setup_.debug_tls_keys},
      static_cast<int>(kExchangeBytesMax));
}

absl::StatusOr<std::string> LinkConnection::Password() {
  std::string password = address_.password;
  if (password.empty()) {
    const auto known = setup_.devices->Find(theirs_.device);
    password = known ? known->their_password : "";
  }
  if (password.empty()) {
    return Failed(ReasonCode::kAuthFailed, "",
                  absl::StrCat("there is no password for ", address_.name,
                               ": neither of the pairing nor in its entry"));
  }
  return password;
}

absl::Status LinkConnection::LogIn() {
  const auto start = std::chrono::steady_clock::now();
  LoginTranscript transcript{.client_nonce = RandomBytes(kNonceBytes),
                             .client_sha256 = own_.sha256};
  wire::OpenRequest open;
  open.set_protocol(kPeersyncMajor);
  open.set_user(address_.user.empty() ? std::string(kPeerUser) : address_.user);
  open.set_nonce(transcript.client_nonce);
  wire::OpenResponse opened;
  const PeerMethodRow& open_row = RowOf(PeerMethod::kOpen);
  ClientEnd end = RunCall(channel_, {.row = &open_row,
                                     .deadline_ms = open_row.deadline_ms,
                                     .next = Only(open),
                                     .on_message = Into(opened),
                                     .stop = &stop_});
  if (end.reason) {
    return StatusOf(WhyBroken(end, false));
  }
  {
    const std::lock_guard lock(seen_->mutex);
    theirs_ = seen_->certificate;
  }
  if (opened.challenge().size() != kNonceBytes) {
    return Failed(ReasonCode::kPeerAnswerInvalid, "",
                  absl::StrCat("Open: a challenge of ", opened.challenge().size(), " bytes"));
  }
  transcript.challenge = opened.challenge();
  transcript.server_sha256 = theirs_.sha256;
  const auto password = Password();
  if (!password.ok()) {
    return password.status();
  }
  wire::LoginRequest login;
  login.set_proof(ProofOf(*password, transcript));
  wire::LoginResponse welcome;
  // Both calls together have the time of one.
  const auto used = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  const PeerMethodRow& login_row = RowOf(PeerMethod::kLogin);
  const auto left_ms = std::max<std::int64_t>(login_row.deadline_ms - used.count(), 100);
  end = RunCall(channel_, {.row = &login_row,
                           .deadline_ms = static_cast<std::uint32_t>(left_ms),
                           .next = Only(login),
                           .on_message = Into(welcome),
                           .stop = &stop_});
  if (end.reason) {
    return StatusOf(WhyBroken(end, true));
  }
  if (!IsSameProof(welcome.proof(), WelcomeOf(*password, transcript))) {
    return Failed(ReasonCode::kAuthFailed, "",
                  absl::StrCat(TextOf(remote_), " does not prove that it knows the password"));
  }
  if (welcome.session().size() != kSessionBytes) {
    return Failed(ReasonCode::kPeerAnswerInvalid, "",
                  absl::StrCat("Login: a session of ", welcome.session().size(), " bytes"));
  }
  session_ = welcome.session();
  return absl::OkStatus();
}

absl::Status LinkConnection::Check(const DeviceId& bound) {
  if (setup_.devices->own().sha256 != own_.sha256) {
    return absl::AbortedError("this node has a new certificate");
  }
  SeenCertificate now;
  now.certificate = theirs_;
  now.bound = bound;
  now.verdict = JudgePin(*setup_.devices, theirs_.pem, UnixSeconds());
  if (const auto why = ReasonOfVerdict(now, remote_)) {
    return StatusOf(*why);
  }
  return FindSyncInterface(remote_, setup_.local_addresses, ListLocalAddresses()).status();
}

ClientEnd LinkConnection::Run(ClientCall call) {
  call.session = session_;
  call.stop = &stop_;
  const bool is_exchange = call.row->method == PeerMethod::kExchange;
  if (is_exchange) {
    if (!is_quick_) {
      call.deadline_ms = call.row->deadline_ms;
    }
    call.late_ms = kLateExchangeMs;
    call.when_late = [this] { return ReasonOfProbe(remote_, local_, Probe(remote_, local_)); };
  }
  const auto start = std::chrono::steady_clock::now();
  ClientEnd end = RunCall(channel_, call);
  if (is_exchange) {
    is_quick_ = !end.reason && std::chrono::steady_clock::now() - start <
                                   std::chrono::milliseconds(kQuickAnswerMs);
  }
  if (end.reason && !end.is_refused) {
    end.reason = WhyBroken(end, true);
  }
  return end;
}

Reason LinkConnection::WhyBroken(const ClientEnd& end, bool was_open) {
  if (end.is_refused) {
    return *end.reason;
  }
  {
    const std::lock_guard lock(seen_->mutex);
    if (const auto why = seen_->is_seen ? ReasonOfVerdict(*seen_, remote_) : std::nullopt) {
      return *why;
    }
  }
  const bool is_late = end.code == grpc::StatusCode::DEADLINE_EXCEEDED;
  if (!is_late && end.code != grpc::StatusCode::UNAVAILABLE) {
    return *end.reason;
  }
  if (const auto why = ReasonOfProbe(remote_, local_, Probe(remote_, local_))) {
    return *why;
  }
  if (is_late) {
    return {.code = ReasonCode::kPeerTimeout,
            .evidence = absl::StrCat(TextOf(remote_), " accepts connections and does not answer")};
  }
  if (was_open) {
    return {.code = ReasonCode::kPeerUnreachable,
            .evidence = absl::StrCat("the connection to ", TextOf(remote_),
                                     " broke during a call: nobody knows whether it was done")};
  }
  const std::lock_guard lock(seen_->mutex);
  return {.code = ReasonCode::kTlsFailed,
          .evidence = seen_->is_seen ? absl::StrCat(TextOf(remote_),
                                                    " closed the connection when it had seen "
                                                    "this node's certificate; its status "
                                                    "says why")
                                     : absl::StrCat("no TLS 1.3 with ", TextOf(remote_), ": ",
                                                    end.reason->evidence)};
}

}  // namespace configsync
