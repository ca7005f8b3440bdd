// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Logins and connections under a clock of the test's own.

#include "configsync/peer/login.h"
#include "configsync/peer/peer_connection.h"
#include "configsync/peer/refusals.h"
#include "proto/peersync.pb.h"
#include "tests/unit/configsync/peer/peer_pair.h"

namespace configsync {
namespace {

namespace wire = lockstep::peersync;

class Session : public PeerPair {
 protected:
  Session() {
    shared.devices = b.get();
    shared.calls = &calls;
    shared.password = [this] { return password; };
    shared.is_pairing_open = [this] { return pairing.is_open(); };
    shared.steady_ms = [this] { return now_ms; };
    shared.unix_s = [] { return std::int64_t{1'800'000'000}; };
    shared.guard = &guard;
    shared.refusals = &refusals;
    Introduce();
    connection =
        std::make_unique<PeerConnection>(shared, Endpoint{AF_INET, "10.9.1.1", 5'000}, b->own());
    EXPECT_TRUE(connection->OnCertificate(a->own().pem).ok());
  }
  absl::StatusOr<std::string> Ask(PeerMethod method, const std::string& bytes) {
    PeerRequest request{.row = &RowOf(method)};
    if (const absl::Status taken = connection->Take(request, bytes); !taken.ok()) return taken;
    auto answer = connection->Run(request);
    if (!answer.ok()) return answer.status();
    return (*answer)().value_or("");
  }
  std::string LogIn(const std::string& with) {
    wire::OpenRequest open;
    open.set_protocol(kPeersyncMajor);
    open.set_user("hasync");
    open.set_nonce(std::string(kNonceBytes, 'n'));
    const auto opened = Ask(PeerMethod::kOpen, open.SerializeAsString());
    if (!opened.ok()) return "";
    wire::OpenResponse challenge;
    challenge.ParseFromString(*opened);
    wire::LoginRequest login;
    login.set_proof(
        ProofOf(with, {challenge.challenge(), open.nonce(), a->own().sha256, b->own().sha256}));
    const auto logged_in = Ask(PeerMethod::kLogin, login.SerializeAsString());
    wire::LoginResponse welcome;
    welcome.ParseFromString(logged_in.value_or(""));
    return welcome.session();
  }
  bool MayExchange(const std::string& session) {
    return connection->Admit(RowOf(PeerMethod::kExchange), session).ok();
  }

  std::int64_t now_ms = 1'000'000;
  std::string password = "secret";
  LoginGuard guard;
  Refusals refusals{[this] { return now_ms; }};
  PeerShared shared;
  std::unique_ptr<PeerConnection> connection;
};

TEST_F(Session, EndsAfterAnHour) {
  const std::string session = LogIn("secret");
  EXPECT_TRUE(MayExchange(session));
  now_ms += kSessionSeconds * 1'000 - 1;
  EXPECT_TRUE(MayExchange(session));
  now_ms += 1;
  EXPECT_FALSE(MayExchange(session));
  EXPECT_TRUE(MayExchange(LogIn("secret")));
}

TEST_F(Session, F29_NeedsThePassword) {
  EXPECT_EQ(LogIn("Secret"), "");
  EXPECT_FALSE(MayExchange(""));
  password.clear();  // None is configured: nobody comes in, with an empty one neither.
  EXPECT_EQ(LogIn(""), "");
  EXPECT_EQ(refusals.Take().size(), 1u);
}

TEST_F(Session, F29_EndsWhenThePasswordIsAnother) {
  const std::string session = LogIn("secret");
  EXPECT_TRUE(MayExchange(session));
  password = "another";
  EXPECT_FALSE(MayExchange(session));
  EXPECT_EQ(LogIn("secret"), "");
  EXPECT_EQ(refusals.Take().size(), 1u);
  EXPECT_TRUE(MayExchange(LogIn("another")));
  EXPECT_TRUE(refusals.Take().empty());  // It is over, and nobody has to wait until it is old.
}

TEST_F(Session, F29_WrongPasswordsPauseTheirAddress) {
  for (std::uint32_t i = 0; i < LoginGuard::kFailuresMax; ++i) EXPECT_EQ(LogIn("wrong"), "");
  EXPECT_EQ(LogIn("secret"), "");
  EXPECT_EQ(guard.PauseMs("10.9.1.1", now_ms), LoginGuard::kRefillMs);
  EXPECT_EQ(guard.PauseMs("10.9.1.2", now_ms), 0);
  now_ms += LoginGuard::kRefillMs;
  EXPECT_NE(LogIn("secret"), "");
}

// A password that was wrong on this node, and is corrected.
TEST_F(Session, F29_AnotherPasswordEndsThePause) {
  password = "mistyped";
  for (std::uint32_t i = 0; i <= LoginGuard::kFailuresMax; ++i) EXPECT_EQ(LogIn("secret"), "");
  EXPECT_GT(guard.PauseMs("10.9.1.1", now_ms), 0);
  EXPECT_EQ(LogIn("mistyped"), "");
  password = "secret";
  EXPECT_NE(LogIn("secret"), "");
  EXPECT_TRUE(refusals.Take().empty());
}

TEST_F(Session, ProofsDependOnEverything) {
  const LoginTranscript transcript{std::string(32, 'c'), std::string(32, 'n'), std::string(64, 'a'),
                                   std::string(64, 'b')};
  const std::string proof = ProofOf("secret", transcript);
  EXPECT_EQ(proof.size(), 32u);
  EXPECT_NE(proof, WelcomeOf("secret", transcript));
  EXPECT_NE(proof, ProofOf("secreu", transcript));
  for (std::string LoginTranscript::*const part :
       {&LoginTranscript::challenge, &LoginTranscript::client_nonce,
        &LoginTranscript::client_sha256, &LoginTranscript::server_sha256}) {
    LoginTranscript other = transcript;
    (other.*part)[0] = '0';
    EXPECT_NE(ProofOf("secret", other), proof);
  }
  EXPECT_FALSE(IsSameProof("", ""));
  EXPECT_TRUE(IsSameProof(proof, ProofOf("secret", transcript)));
}

TEST_F(Session, WhoDoesNotLogInIsCut) {
  EXPECT_TRUE(connection->IsWelcome());
  now_ms += PeerConnection::kLoginMsMax + 1;
  EXPECT_FALSE(connection->IsWelcome());
  pairing.open = true;
  EXPECT_TRUE(connection->IsWelcome());
  pairing.open = false;
  LogIn("secret");
  EXPECT_TRUE(connection->IsWelcome());
}

TEST_F(Session, AnotherProtocolIsNamed) {
  wire::OpenRequest open;
  open.set_protocol(kPeersyncMajor + 1);
  open.set_user("hasync");
  open.set_nonce(std::string(kNonceBytes, 'n'));
  EXPECT_EQ(ReasonOf(Ask(PeerMethod::kOpen, open.SerializeAsString()).status()).code,
            ReasonCode::kVersionIncompatible);
}

TEST_F(Session, APushIsAsItsHeaderSays) {
  const auto send = [this](const std::vector<std::string>& edits, std::uint64_t said) {
    PeerRequest request{.row = &RowOf(PeerMethod::kPrepare)};
    wire::PrepareRequest message;
    message.mutable_header()->add_path(BytesOfDevice(a->own().device));
    message.mutable_header()->set_edit_bytes(said);
    absl::Status status = connection->Take(request, message.SerializeAsString());
    for (const std::string& one : edits) {
      message.set_edits(one);
      if (status.ok()) status = connection->Take(request, message.SerializeAsString());
    }
    return status.ok() ? connection->Run(request).status() : status;
  };
  EXPECT_TRUE(send({}, 0).ok());
  EXPECT_TRUE(send({"abc", "de"}, 5).ok());
  EXPECT_FALSE(send({"abc", "de"}, 4).ok());
  EXPECT_FALSE(send({"abc", "de"}, 6).ok());
  EXPECT_FALSE(send({"abc", ""}, 3).ok());
  EXPECT_FALSE(send({}, kPushBytesMax + 1).ok());
  EXPECT_FALSE(send({std::string(kPieceBytesMax + 1, 'x')}, kPieceBytesMax + 1).ok());
  PeerRequest headless{.row = &RowOf(PeerMethod::kPrepare)};
  wire::PrepareRequest message;
  message.set_edits("abc");
  EXPECT_FALSE(connection->Take(headless, message.SerializeAsString()).ok());
}

TEST_F(Session, RefusalsAreShownForTenSeconds) {
  refusals.Add({.code = ReasonCode::kAuthFailed, .subject = "x", .evidence = "first"});
  refusals.Add({.code = ReasonCode::kAuthFailed, .subject = "x", .evidence = "second"});
  ASSERT_EQ(refusals.Take().size(), 1u);
  EXPECT_EQ(refusals.Take()[0].evidence, "second");
  now_ms += Refusals::kShownMs + 1;
  EXPECT_TRUE(refusals.Take().empty());
  for (int i = 0; i < 100; ++i) {
    refusals.Add({.code = ReasonCode::kAuthFailed, .subject = std::to_string(i)});
  }
  EXPECT_EQ(refusals.Take().size(), Refusals::kKindsMax);
}

}  // namespace
}  // namespace configsync
