// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// F32: each way in which a remote cannot be asked has a reason of its own. Each is made from
// outside, with a real server or a socket that does not behave.

#include <grpcpp/support/status.h>

#include <cerrno>
#include <utility>

#include "configsync/peer/failure.h"
#include "configsync/peer/probe.h"
#include "proto/peersync.pb.h"
#include "tests/unit/configsync/peer/lying_server.h"
#include "tests/unit/configsync/peer/peer_pair.h"
#include "tests/unit/configsync/peer/raw_listener.h"

namespace configsync {
namespace {

using Failure = PeerPair;
using Manner = RawListener::Manner;

TEST_F(Failure, F9_NobodyListens) {
  Introduce();
  EXPECT_EQ(CodeOfExchange(*LinkTo("127.0.0.1:9")), "PEER_API_DOWN");
}

TEST_F(Failure, F8_ThePortIsDropped) {
  Introduce();
  const RawListener full(Manner::kFull);
  EXPECT_EQ(CodeOfExchange(*LinkTo(full.address())), "PEER_PORT_BLOCKED");
}

TEST_F(Failure, F32_NoWayThere) {
  const Endpoint remote{AF_INET, "10.9.1.2", 4792};
  const LocalAddress local{"eth7", AF_INET, "10.9.1.1", 24, true};
  const auto code = [&](ProbeAnswer::Kind kind, int error) {
    return std::string(RowOf(ReasonOfProbe(remote, local, {kind, error})->code).name);
  };
  EXPECT_EQ(code(ProbeAnswer::Kind::kNoRoute, EHOSTUNREACH), "HA1_DOWN");
  EXPECT_EQ(code(ProbeAnswer::Kind::kSilent, 0), "PEER_UNREACHABLE");
  // An address that this machine does not have: there is no way out of it.
  EXPECT_EQ(Probe(remote, {"eth7", AF_INET, "192.0.2.77", 24, true}).kind,
            ProbeAnswer::Kind::kNoRoute);
}

TEST_F(Failure, F32_NotTls) {
  Introduce();
  const RawListener nonsense(Manner::kNonsense);
  EXPECT_EQ(CodeOfExchange(*LinkTo(nonsense.address())), "TLS_FAILED");
}

TEST_F(Failure, F32_NoAnswerToTheHandshake) {
  Introduce();
  const RawListener silent(Manner::kSilent);
  EXPECT_EQ(CodeOfExchange(*LinkTo(silent.address())), "PEER_TIMEOUT");
}

TEST_F(Failure, F32_NoAnswerToACall) {
  Introduce();
  StartServer();
  const auto link = LinkToServer();
  const std::lock_guard hold(calls.hold_exchange);
  EXPECT_EQ(CodeOfExchange(*link), "PEER_TIMEOUT");
}

TEST_F(Failure, F32_AnswersThatAreErrors) {
  Introduce();
  StartServer();
  const auto link = LinkToServer();
  calls.status = absl::InternalError("no");
  EXPECT_EQ(CodeOfExchange(*link), "PEER_ERROR");
  calls.status = StatusOf({.code = ReasonCode::kPeerForbidden, .evidence = "no"});
  EXPECT_EQ(CodeOfExchange(*link), "PEER_FORBIDDEN");
}

// What the other side says by its trailer is the reason, with subject and text.
TEST_F(Failure, TheOtherSidesReasonArrives) {
  Introduce();
  StartServer();
  const auto link = LinkToServer();
  for (const ReasonRow& row : ReasonRows()) {
    calls.status = StatusOf({.code = row.code, .subject = "vsys", .evidence = "here true"});
    const auto answer = link->DoExchange(State());
    const Reason reason = ReasonOf(answer.status());
    if (row.code == ReasonCode::kAuthFailed) continue;  // Logs in again, and again.
    EXPECT_EQ(RowOf(reason.code).name, row.name);
    EXPECT_EQ(reason.subject, "vsys");
    EXPECT_EQ(reason.evidence, "here true");
  }
}

TEST_F(Failure, F32_CodesWithoutAReason) {
  Introduce();
  LyingServer lies(*b, *a);
  const auto link = LinkTo(lies.address());
  const std::vector<std::pair<grpc::StatusCode, std::string>> rows = {
      {grpc::StatusCode::PERMISSION_DENIED, "PEER_FORBIDDEN"},
      {grpc::StatusCode::UNAUTHENTICATED, "AUTH_FAILED"},
      {grpc::StatusCode::INTERNAL, "PEER_ERROR"},
      {grpc::StatusCode::UNKNOWN, "PEER_ERROR"},
      {grpc::StatusCode::UNIMPLEMENTED, "PEER_ERROR"},
      {grpc::StatusCode::RESOURCE_EXHAUSTED, "PEER_BUSY"},
  };
  for (const auto& [code, name] : rows) {
    lies.answer = {.status = code};
    EXPECT_EQ(CodeOfExchange(*link), name) << code;
  }
  lies.answer = {.status = grpc::StatusCode::INTERNAL, .reason = "NO_SUCH_REASON"};
  EXPECT_EQ(CodeOfExchange(*link), "PEER_ERROR");
}

TEST_F(Failure, F32_AnswersThatAreGarbage) {
  Introduce();
  LyingServer lies(*b, *a);
  const auto link = LinkTo(lies.address());
  lockstep::peersync::Exchange message;
  message.mutable_state()->set_device(std::string(16, 'x'));  // Of nobody here.
  const std::string other_device = message.SerializeAsString();
  message.mutable_state()->set_part(std::string(31, 'x'));
  const std::string short_hash = message.SerializeAsString();
  for (const std::string& bytes :
       {std::string("\xff\xff\xff garbage"), other_device, short_hash, std::string()}) {
    lies.answer = {.messages = {bytes}};
    EXPECT_EQ(CodeOfExchange(*link), "PEER_ANSWER_INVALID");
  }
  lies.answer = {};  // A success without an answer.
  EXPECT_EQ(CodeOfExchange(*link), "PEER_ANSWER_INVALID");
}

TEST_F(Failure, F32_AnswersThatAreTooLarge) {
  Introduce();
  LyingServer lies(*b, *a);
  const auto link = LinkTo(lies.address());
  lies.answer = {.messages = {std::string(kAnswerBytesMax + 1, 'x')}};
  EXPECT_EQ(ReasonOf(link->Apply({.number = 1}).status()).code, ReasonCode::kPeerAnswerTooLarge);
  lies.answer = {.messages = {std::string(kExchangeBytesMax + 1, 'x')}};
  EXPECT_EQ(CodeOfExchange(*link), "PEER_ANSWER_TOO_LARGE");
  lockstep::peersync::FetchPiece piece;
  piece.set_edits(std::string(kPieceBytesMax, 'x'));
  lies.answer = {.messages = std::vector<std::string>(kPushBytesMax / kPieceBytesMax + 1,
                                                      piece.SerializeAsString())};
  EXPECT_EQ(ReasonOf(link->Fetch({}).status()).code, ReasonCode::kPeerAnswerTooLarge);
}

// It would be large only behind the unpacking.
TEST_F(Failure, F32_AnswersThatAreCompressedAreNotUnpacked) {
  Introduce();
  LyingServer lies(*b, *a);
  const auto link = LinkTo(lies.address());
  lies.answer = {.messages = {std::string(4 * kExchangeBytesMax, 'x')}, .is_compressed = true};
  EXPECT_EQ(CodeOfExchange(*link), "PEER_ANSWER_INVALID");
  lockstep::peersync::Exchange message;
  message.mutable_state()->set_device(BytesOfDevice(b->own().device));
  message.mutable_state()->mutable_reasons()->Add()->set_evidence(std::string(500, 'x'));
  lies.answer = {.messages = {message.SerializeAsString()}, .is_compressed = true};
  EXPECT_EQ(CodeOfExchange(*link), "PEER_ANSWER_INVALID");
  lies.answer.is_compressed = false;
  EXPECT_EQ(CodeOfExchange(*link), "");
}

TEST_F(Failure, AnUnknownServerIsNotSpokenTo) {
  ASSERT_TRUE(b->Add(Known(*a, "")).ok());
  StartServer();
  EXPECT_EQ(CodeOfExchange(*LinkToServer()), "CERT_NOT_PINNED");
  EXPECT_TRUE(calls.seen.empty());
}

TEST_F(Failure, AServerWhoseCertificateEndedIsNotSpokenTo) {
  b.reset();
  b = *DeviceStore::Open(folder.path() + "/old", "fw-old", 1'000'000'000);
  server_setup.devices = b.get();
  Introduce();
  StartServer();
  EXPECT_EQ(CodeOfExchange(*LinkToServer()), "CERT_EXPIRED");
}

TEST_F(Failure, ARevokedServerIsNotSpokenToAlsoWhenConnected) {
  Introduce();
  StartServer();
  const auto link = LinkToServer();
  EXPECT_EQ(CodeOfExchange(*link), "");
  ASSERT_TRUE(a->Revoke(b->own().device).ok());
  EXPECT_EQ(CodeOfExchange(*link), "CERT_REVOKED");
}

TEST_F(Failure, F29_AWrongPasswordIsSaidOnBothSides) {
  Introduce();
  StartServer();
  ASSERT_TRUE(a->Add(Known(*b, "wrong")).ok());
  const auto link = LinkToServer();
  EXPECT_EQ(CodeOfExchange(*link), "AUTH_FAILED");
  EXPECT_TRUE(SaysRefused(ReasonCode::kAuthFailed));
  EXPECT_TRUE(calls.seen.empty());
  ASSERT_TRUE(a->Add(Known(*b, "")).ok());
  EXPECT_EQ(CodeOfExchange(*link), "AUTH_FAILED");
  ASSERT_TRUE(a->Add(Known(*b, b->own_password())).ok());
  EXPECT_EQ(CodeOfExchange(*link), "");
}

// The server has to know it as well.
TEST_F(Failure, F29_AServerThatDoesNotProveThePasswordIsNotBelieved) {
  Introduce();
  LyingServer lies(*b, *a);
  lies.welcome = std::string(32, 'x');
  EXPECT_EQ(CodeOfExchange(*LinkTo(lies.address())), "AUTH_FAILED");
  lies.welcome.clear();
  lies.challenge = "short";
  EXPECT_EQ(CodeOfExchange(*LinkTo(lies.address())), "PEER_ANSWER_INVALID");
}

TEST_F(Failure, AnEntryOverridesThePasswordOfThePairing) {
  Introduce();
  StartServer();
  const auto link = MakeGrpcLinks(links_setup)
                        ->MakeLink({.name = "fw-b",
                                    .address = server->listening()[0],
                                    .user = "hasync",
                                    .password = "of the entry"});
  EXPECT_EQ(CodeOfExchange(*link), "AUTH_FAILED");
  server_setup.password = [] { return std::string("of the entry"); };
  StartServer();
  const auto again = MakeGrpcLinks(links_setup)
                         ->MakeLink({.name = "fw-b",
                                     .address = server->listening()[0],
                                     .user = "hasync",
                                     .password = "of the entry"});
  EXPECT_EQ(CodeOfExchange(*again), "");
}

// What a remote says of an error is shown to people: it moves no cursor and begins no line.
TEST(FailureText, F32_WhatTheRemoteSaysIsMadePrintable) {
  const grpc::ClientContext context;
  const Reason reason = ReasonOfCall({grpc::StatusCode::INTERNAL,
                                      "a\n\x1b[2J\xc2\x9b"
                                      "1mb\xc3\x9b\xff"},
                                     context);
  EXPECT_EQ(reason.evidence, "gRPC 13: a  [2J  1mb\xc3\x9b?");
}

}  // namespace
}  // namespace configsync
