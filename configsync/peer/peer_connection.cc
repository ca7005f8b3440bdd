// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/peer_connection.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/peer/field_reader.h"

namespace configsync {
namespace {

namespace wire = lockstep::peersync;

absl::Status Invalid(std::string_view method, std::string_view why) {
  return StatusOf({.code = ReasonCode::kPeerAnswerInvalid,
                   .evidence = absl::StrCat(std::string(method), ": ", std::string(why))});
}

std::string_view NameOfMethod(const PeerMethodRow& row) {
  return row.path.substr(row.path.rfind('/') + 1);
}

PeerAnswer One(const google::protobuf::MessageLite& message) {
  return [bytes = std::optional<std::string>(message.SerializeAsString())]() mutable {
    return std::exchange(bytes, std::nullopt);
  };
}

}  // namespace

PeerConnection::PeerConnection(const PeerShared& shared, Endpoint from, Certificate own)
    : shared_(shared),
      from_(std::move(from)),
      own_(std::move(own)),
      since_ms_(shared.steady_ms()) {}

absl::Status PeerConnection::Refuse(ReasonCode code, const std::string& subject,
                                    const std::string& evidence) {
  const Reason reason{.code = code, .subject = subject, .evidence = evidence};
  shared_.refusals->Add(reason);
  return StatusOf(reason);
}

absl::Status PeerConnection::OnCertificate(const std::string& pem) {
  auto certificate = ReadCertificate(pem);
  if (!certificate.ok()) {
    return Refuse(ReasonCode::kCertNotPinned, from_.address,
                  absl::StrCat(TextOf(from_), " shows a certificate of another kind: ",
                               certificate.status().message()));
  }
  {
    const std::lock_guard lock(mutex_);
    theirs_ = *std::move(certificate);
  }
  return Judged();
}

absl::Status PeerConnection::Judged() {
  Certificate theirs;
  {
    const std::lock_guard lock(mutex_);
    theirs = theirs_;
  }
  const std::string who = absl::StrCat("device ", theirs.device, " at ", TextOf(from_));
  switch (JudgePin(*shared_.devices, theirs.pem, shared_.unix_s())) {
    case PinVerdict::kKnown:
      return absl::OkStatus();
    case PinVerdict::kExpired:
      return Refuse(ReasonCode::kCertExpired, theirs.device,
                    absl::StrCat(who, " shows a certificate for the seconds ", theirs.not_before_s,
                                 " to ", theirs.not_after_s, ", now is ", shared_.unix_s()));
    case PinVerdict::kRevoked:
      return Refuse(ReasonCode::kCertRevoked, theirs.device, absl::StrCat(who, " was revoked"));
    case PinVerdict::kNotPinned:
      break;
  }
  return shared_.is_pairing_open() ? absl::OkStatus()
                                   : Refuse(ReasonCode::kCertNotPinned, theirs.device,
                                            absl::StrCat(who, " is not paired with this node"));
}

bool PeerConnection::IsWelcome() {
  {
    const std::lock_guard lock(mutex_);
    if (theirs_.device.empty()) {
      return true;  // Still in the handshake, which has a time of its own.
    }
    const bool is_late = session_.empty() && shared_.steady_ms() - since_ms_ > kLoginMsMax;
    if (is_late && !shared_.is_pairing_open()) {
      return false;
    }
  }
  return Judged().ok();
}

absl::Status PeerConnection::Admit(const PeerMethodRow& row, std::string_view session) {
  Certificate theirs;
  {
    const std::lock_guard lock(mutex_);
    theirs = theirs_;
  }
  if (const absl::Status judged = Judged(); !judged.ok()) {
    return judged;
  }
  if (JudgePin(*shared_.devices, theirs.pem, shared_.unix_s()) != PinVerdict::kKnown) {
    return StatusOf({.code = ReasonCode::kPeerForbidden,
                     .evidence = "a device that is not paired may call nothing but pairing"});
  }
  if (!row.needs_login) {
    return absl::OkStatus();
  }
  const std::string password = shared_.password();
  const std::lock_guard lock(mutex_);
  // Another password since: who logged in with the old one has to prove that it knows the new one.
  if (session_.empty() || !IsSameProof(session, session_) || password != session_password_ ||
      shared_.steady_ms() >= session_end_ms_) {
    return StatusOf({.code = ReasonCode::kAuthFailed, .evidence = "log in first"});
  }
  return absl::OkStatus();
}

absl::Status PeerConnection::Take(PeerRequest& request, std::string bytes) {
  const std::string_view name = NameOfMethod(*request.row);
  ++request.message_count;
  if (request.row->method != PeerMethod::kPrepare) {
    if (request.message_count > 1) {
      return Invalid(name, "more than one message");
    }
    request.message = std::move(bytes);
    return absl::OkStatus();
  }
  wire::PrepareRequest message;
  if (!message.ParseFromString(bytes)) {
    return Invalid(name, "a message that does not parse");
  }
  if (message.has_header() != (request.message_count == 1)) {
    return Invalid(name, "one header comes first, and edits behind it");
  }
  if (message.has_header()) {
    auto header = Decode(message.header());
    if (!header.ok()) {
      return Invalid(name, std::string(header.status().message()));
    }
    request.prepare = *std::move(header);
    request.edit_bytes = message.header().edit_bytes();
    return absl::OkStatus();
  }
  if (message.edits().empty() || message.edits().size() > kPieceBytesMax ||
      request.prepare.edits.size() + message.edits().size() > request.edit_bytes) {
    return Invalid(name, "edits that are not as the header says");
  }
  request.prepare.edits += message.edits();
  return absl::OkStatus();
}

absl::StatusOr<PeerAnswer> PeerConnection::Run(PeerRequest& request) {
  if (request.message_count == 0) {
    return Invalid(NameOfMethod(*request.row), "no message");
  }
  switch (request.row->method) {
    case PeerMethod::kOpen:
      return Open(request.message);
    case PeerMethod::kLogin:
      return Login(request.message);
    case PeerMethod::kExchange:
      return DoExchange(request.message);
    case PeerMethod::kApply:
    case PeerMethod::kAbort:
    case PeerMethod::kConfirm:
      return Apply(*request.row, request.message);
    case PeerMethod::kFetch:
      return Fetch(request.message);
    case PeerMethod::kPrepare:
      break;
  }
  if (request.prepare.edits.size() != request.edit_bytes) {
    return Invalid("Prepare", "less edits than the header says");
  }
  if (request.prepare.path.back() != theirs_.device) {
    return Invalid("Prepare", "its path does not end with the caller");
  }
  const auto answer = shared_.calls->OnPrepare(theirs_.device, request.prepare);
  if (!answer.ok()) {
    return answer.status();
  }
  return One(Encode(*answer));
}

absl::StatusOr<PeerAnswer> PeerConnection::Open(const std::string& bytes) {
  wire::OpenRequest request;
  if (!request.ParseFromString(bytes) || request.nonce().size() != kNonceBytes) {
    return Invalid("Open", "no request with a nonce of 32 bytes");
  }
  if (request.protocol() != kPeersyncMajor) {
    return Refuse(ReasonCode::kVersionIncompatible, theirs_.device,
                  absl::StrCat(TextOf(from_), " speaks protocol ", request.protocol(),
                               ", this node ", kPeersyncMajor));
  }
  if (request.user() != kPeerUser) {
    return Refuse(ReasonCode::kPeerForbidden, theirs_.device,
                  absl::StrCat(TextOf(from_), " calls as user '",
                               FieldReader().Text("user", CutText(request.user(), 64), 64),
                               "'; only ", std::string(kPeerUser), " may"));
  }
  shared_.guard->OnPassword(shared_.password());
  const std::int64_t pause_ms = shared_.guard->PauseMs(from_.address, shared_.steady_ms());
  if (pause_ms > 0) {
    return Refuse(ReasonCode::kAuthFailed, theirs_.device,
                  absl::StrCat("too many wrong passwords from ", from_.address, ": wait ",
                               pause_ms / 1'000 + 1, " s"));
  }
  wire::OpenResponse response;
  response.set_protocol(kPeersyncMajor);
  const std::lock_guard lock(mutex_);
  transcript_ = {.challenge = RandomBytes(kNonceBytes),
                 .client_nonce = request.nonce(),
                 .client_sha256 = theirs_.sha256,
                 .server_sha256 = own_.sha256};
  response.set_challenge(transcript_.challenge);
  return One(response);
}

absl::StatusOr<PeerAnswer> PeerConnection::Login(const std::string& bytes) {
  wire::LoginRequest request;
  LoginTranscript transcript;
  {
    const std::lock_guard lock(mutex_);
    transcript = std::exchange(transcript_, {});  // A challenge is for one proof.
  }
  if (!request.ParseFromString(bytes) || transcript.challenge.empty()) {
    return Invalid("Login", "no challenge was asked for");
  }
  const std::string password = shared_.password();
  if (password.empty() || !IsSameProof(request.proof(), ProofOf(password, transcript))) {
    shared_.guard->OnFailure(from_.address, shared_.steady_ms());
    return Refuse(ReasonCode::kAuthFailed, theirs_.device,
                  absl::StrCat("the password of ", std::string(kPeerUser), " that device ",
                               theirs_.device, " at ", TextOf(from_), " has is not this node's"));
  }
  wire::LoginResponse response;
  response.set_proof(WelcomeOf(password, transcript));
  const std::lock_guard lock(mutex_);
  session_ = RandomBytes(kSessionBytes);
  session_password_ = password;
  shared_.refusals->Forget(theirs_.device);
  session_end_ms_ = shared_.steady_ms() + kSessionSeconds * 1'000;
  response.set_session(session_);
  return One(response);
}

absl::StatusOr<PeerAnswer> PeerConnection::DoExchange(const std::string& bytes) {
  wire::Exchange message;
  if (!message.ParseFromString(bytes)) {
    return Invalid("DoExchange", "a message that does not parse");
  }
  const auto theirs = Decode(message);
  if (!theirs.ok()) {
    return Invalid("DoExchange", std::string(theirs.status().message()));
  }
  if (theirs->state.device != theirs_.device) {
    return Invalid("DoExchange", "the state is of another device than the caller");
  }
  const auto answer = shared_.calls->OnExchange(theirs_.device, *theirs);
  if (!answer.ok()) {
    return answer.status();
  }
  return One(Encode(*answer));
}

absl::StatusOr<PeerAnswer> PeerConnection::Apply(const PeerMethodRow& row,
                                                 const std::string& bytes) {
  wire::ApplyRequest message;
  if (!message.ParseFromString(bytes)) {
    return Invalid(NameOfMethod(row), "a message that does not parse");
  }
  const ApplyRequest request{.number = message.number()};
  if (row.method == PeerMethod::kApply) {
    const auto answer = shared_.calls->OnApply(theirs_.device, request);
    if (!answer.ok()) {
      return answer.status();
    }
    return One(Encode(*answer));
  }
  const absl::Status done = row.method == PeerMethod::kAbort
                                ? shared_.calls->OnAbort(theirs_.device, request)
                                : shared_.calls->OnConfirm(theirs_.device, request);
  if (!done.ok()) {
    return done;
  }
  return One(wire::Done());
}

absl::StatusOr<PeerAnswer> PeerConnection::Fetch(const std::string& bytes) {
  wire::FetchRequest message;
  if (!message.ParseFromString(bytes)) {
    return Invalid("Fetch", "a message that does not parse");
  }
  const auto selection = HashOf("selection", message.selection());
  if (!selection.ok()) {
    return Invalid("Fetch", std::string(selection.status().message()));
  }
  auto answer = shared_.calls->OnFetch(theirs_.device, *selection);
  if (!answer.ok()) {
    return answer.status();
  }
  if (answer->edits.size() > kPushBytesMax) {
    return StatusOf({.code = ReasonCode::kPeerAnswerTooLarge,
                     .evidence = absl::StrCat("the part has ", answer->edits.size(),
                                              " bytes, at most ", kPushBytesMax, " travel")});
  }
  // The first has the hash, and is sent even if the part is empty.
  return [part = BytesOf(answer->part), edits = std::move(answer->edits), at = std::size_t{0},
          is_first = true]() mutable -> std::optional<std::string> {
    if (!is_first && at >= edits.size()) {
      return std::nullopt;
    }
    wire::FetchPiece piece;
    if (is_first) {
      piece.set_part(part);
    }
    piece.set_edits(edits.substr(at, kPieceBytesMax));
    at += piece.edits().size();
    is_first = false;
    return piece.SerializeAsString();
  };
}

}  // namespace configsync
