// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Pairing over real connections: TLS shows each side the other's certificate, and somebody between
// them shows each another one.

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <ctime>

#include "configsync/peer/pairing_code.h"
#include "configsync/peer/pairing_service.h"
#include "configsync/peer/pairing_way.h"
#include "configsync/peer/tls_credentials.h"
#include "tests/unit/configsync/devices/other_certificates.h"
#include "tests/unit/configsync/peer/pairing_nodes.h"

namespace configsync {
namespace {

using lockstep::peersync::PairingAnswer;
using lockstep::peersync::PairingBegin;
using lockstep::peersync::PairingEnd;
using lockstep::peersync::PairingFinish;
using lockstep::peersync::PairingFinished;
using lockstep::peersync::PairingReveal;

// A server on a port of its own that shows `identity` and believes everybody, as an open node does.
class PairingServer {
 public:
  PairingServer(PairingCalls& calls, const std::string& certificate_pem, const std::string& key_pem)
      : service_(MakePairingService(calls)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(
        "127.0.0.1:0",
        MakeServerCredentials({.certificate_pem = certificate_pem,
                               .key_pem = key_pem,
                               .check = [](const std::string&) { return absl::OkStatus(); },
                               .debug_tls_keys = {}}),
        &port_);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
  }
  ~PairingServer() {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<grpc::Server> server_;
};

// Between the nodes: a server for one, a caller of the other. He passes everything on, but what he
// has to say himself: a commitment and a nonce for the certificate that he shows.
class Between final : public PairingCalls {
 public:
  explicit Between(const std::string& target)
      : way_(MakePairingWay(target, identity)), nonce_(*RandomPairingNonce()) {}
  bool is_open() override { return true; }
  absl::Status OnBegin(const PairingCaller&, const PairingBegin& request,
                       PairingAnswer& answer) override {
    PairingBegin own = request;
    own.set_commitment(commitment_);
    return way_->Begin(own, answer);
  }
  absl::Status OnReveal(const PairingCaller&, const PairingReveal&) override {
    PairingReveal own;
    own.set_nonce(nonce_);
    own.set_commitment(commitment_);
    return way_->Reveal(own);
  }
  absl::Status OnFinish(const PairingCaller&, const PairingFinish& request,
                        PairingFinished& answer) override {
    if (!request.password().empty()) has_seen_a_secret = true;
    PairingFinish own = request;
    own.set_commitment(commitment_);
    return way_->Finish(own, answer);
  }
  absl::Status OnEnd(const PairingCaller&, const PairingEnd& request) override {
    PairingEnd own = request;
    own.set_commitment(commitment_);
    return way_->End(own);
  }

  const Identity identity = *MakeIdentity("mallory", 1'800'000'000);
  std::atomic<bool> has_seen_a_secret = false;

 private:
  const std::unique_ptr<PairingWay> way_;
  const std::string nonce_;
  const std::string commitment_ = PairingCommitment(nonce_, identity.certificate.sha256);
};

// Answers whatever it is asked.
struct Obliging final : PairingCalls {
  bool is_open() override { return true; }
  absl::Status OnBegin(const PairingCaller&, const PairingBegin&, PairingAnswer&) override {
    return absl::OkStatus();
  }
  absl::Status OnReveal(const PairingCaller&, const PairingReveal&) override {
    return absl::OkStatus();
  }
  absl::Status OnFinish(const PairingCaller&, const PairingFinish&, PairingFinished&) override {
    return absl::OkStatus();
  }
  absl::Status OnEnd(const PairingCaller&, const PairingEnd&) override { return absl::OkStatus(); }
};

class PairingTlsTest : public ::testing::Test {
 protected:
  PairingTlsTest() {
    b_.pairing = Pairing::Make(b_.Setup());
    a_.pairing = Pairing::Make(a_.Setup());
    const Identity identity = b_.devices->OwnIdentity();
    server_ =
        std::make_unique<PairingServer>(*b_.pairing, identity.certificate.pem, identity.key_pem);
  }

  void MeetAt(const std::string& address) {
    ASSERT_TRUE(b_.pairing->Accept(kBert, {}).ok());
    ASSERT_TRUE(a_.pairing->Begin(kAnna, address, {}).ok());
    ASSERT_TRUE(Eventually([this] {
      return a_.state() == PairingState::kComparing && b_.state() == PairingState::kComparing;
    })) << a_.pairing->Status().text;
  }
  bool BothEnd(PairingState state) {
    return Eventually([this, state] { return a_.state() == state && b_.state() == state; });
  }

  TestNode b_{"fw-b"};
  TestNode a_{"fw-a"};
  std::unique_ptr<PairingServer> server_;
};

TEST_F(PairingTlsTest, F76_TwoNodesBecomeAPairOverTls) {
  MeetAt(server_->address());
  EXPECT_EQ(a_.pairing->Status().device, b_.devices->own().device);
  EXPECT_EQ(b_.pairing->Status().device, a_.devices->own().device);
  EXPECT_EQ(b_.pairing->Status().address, "127.0.0.1");
  const std::string code = b_.pairing->Status().code;
  ASSERT_TRUE(b_.pairing->Confirm(kBert, a_.pairing->Status().code).ok());
  ASSERT_TRUE(a_.pairing->Confirm(kAnna, code).ok());
  ASSERT_TRUE(BothEnd(PairingState::kDone)) << a_.pairing->Status().text;
  const std::int64_t now = static_cast<std::int64_t>(time(nullptr));
  EXPECT_EQ(JudgePin(*a_.devices, b_.devices->own().pem, now), PinVerdict::kKnown);
  EXPECT_EQ(JudgePin(*b_.devices, a_.devices->own().pem, now), PinVerdict::kKnown);
  EXPECT_EQ(a_.master_key, b_.master_key);
}

TEST_F(PairingTlsTest, SomebodyBetweenThemCannotMakeTheCodesFit) {
  Between mallory("ipv4:" + server_->address());
  {
    const PairingServer his(mallory, mallory.identity.certificate.pem, mallory.identity.key_pem);
    MeetAt(his.address());
    // Each node sees him, under the other's name.
    EXPECT_EQ(a_.pairing->Status().device, mallory.identity.certificate.device);
    EXPECT_EQ(b_.pairing->Status().device, mallory.identity.certificate.device);
    EXPECT_EQ(a_.pairing->Status().name, "fw-b");
    const absl::Status status = a_.pairing->Confirm(kAnna, b_.pairing->Status().code);
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << "1 in 1,000,000";
    ASSERT_TRUE(BothEnd(PairingState::kFailed));
  }
  EXPECT_FALSE(mallory.has_seen_a_secret);
  EXPECT_TRUE(a_.devices->Known().empty());
  EXPECT_TRUE(b_.devices->Known().empty());
}

TEST_F(PairingTlsTest, AnotherCertificateAtTheSameAddressIsNotTalkedTo) {
  const auto way = MakePairingWay("ipv4:" + server_->address(), a_.devices->OwnIdentity());
  ASSERT_TRUE(b_.pairing->Accept(kBert, {}).ok());
  PairingBegin begin;
  begin.set_protocol(kPairingProtocol);
  begin.set_name("fw-a");
  begin.set_pair(true);
  begin.set_commitment(std::string(kPairingCommitmentBytes, 'c'));
  PairingAnswer answer;
  ASSERT_TRUE(way->Begin(begin, answer).ok());
  EXPECT_EQ(way->their_certificate(), b_.devices->own().pem);

  // The server goes, and one of another identity has its port.
  const std::string port = server_->address();
  server_.reset();
  const Identity other = *MakeIdentity("mallory", static_cast<std::int64_t>(time(nullptr)));
  Obliging mallory;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(
      port, MakeServerCredentials({.certificate_pem = other.certificate.pem,
                                   .key_pem = other.key_pem,
                                   .check = [](const std::string&) { return absl::OkStatus(); },
                                   .debug_tls_keys = {}}));
  const auto service = MakePairingService(mallory);
  builder.RegisterService(service.get());
  const auto his = builder.BuildAndStart();
  ASSERT_NE(his, nullptr);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(way->Begin(begin, answer).ok());
  }
  EXPECT_EQ(way->their_certificate(), b_.devices->own().pem);
  his->Shutdown(std::chrono::system_clock::now());
}

TEST_F(PairingTlsTest, ANodeWithAnotherKeyTypeIsNotTalkedTo) {
  const OtherIdentity other = P256Identity();
  Obliging mallory;
  const PairingServer his(mallory, other.certificate_pem, other.key_pem);
  const auto way = MakePairingWay("ipv4:" + his.address(), a_.devices->OwnIdentity());
  PairingBegin begin;
  PairingAnswer answer;
  EXPECT_FALSE(way->Begin(begin, answer).ok());
  EXPECT_TRUE(way->their_certificate().empty());
}

TEST(PairingTarget, IsAnAddressWithOrWithoutPort) {
  EXPECT_EQ(*PairingTarget("10.9.1.2"), "ipv4:10.9.1.2:4792");
  EXPECT_EQ(*PairingTarget("10.9.1.2:77"), "ipv4:10.9.1.2:77");
  EXPECT_EQ(*PairingTarget("fd00::2"), "ipv6:[fd00::2]:4792");
  EXPECT_EQ(*PairingTarget("[fd00::2]"), "ipv6:[fd00::2]:4792");
  EXPECT_EQ(*PairingTarget("[fd00::2]:77"), "ipv6:[fd00::2]:77");
}

}  // namespace
}  // namespace configsync
