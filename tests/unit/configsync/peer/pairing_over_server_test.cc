// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Pairing through the service that other nodes call, and the login that follows from it.

#include "tests/unit/configsync/peer/peer_pair.h"

namespace configsync {
namespace {

const Operator kAnna{.user_id = 1'000, .name = "anna"};

class PairingOverServer : public PeerPair {
 protected:
  PairingOverServer() {
    const auto setup = [](DeviceStore& devices, const std::string& name,
                          std::function<std::string()> password) {
      PairingSetup made;
      made.devices = &devices;
      made.node_name = name;
      made.password = std::move(password);
      made.read_master_key = []() -> absl::StatusOr<std::string> { return std::string(64, '1'); };
      made.take_master_key = [](const Operator&, const std::string&) { return absl::OkStatus(); };
      made.audit = [](const Operator&, const std::string&, const std::string&) {};
      return made;
    };
    const auto password_at_b = [this] {
      return password_of_b.empty() ? b->own_password() : password_of_b;
    };
    at_a = Pairing::Make(setup(*a, "fw-a", [this] { return a->own_password(); }));
    at_b = Pairing::Make(setup(*b, "fw-b", password_at_b));
    server_setup.pairing = at_b.get();
    server_setup.password = password_at_b;
  }
  ~PairingOverServer() override {
    at_a.reset();  // It calls the server.
    server.reset();
  }

  void ConfirmBoth() {
    ASSERT_TRUE(Eventually([this] {
      return at_a->Status().state == PairingState::kComparing &&
             at_b->Status().state == PairingState::kComparing;
    })) << at_a->Status().text;
    const std::string code = at_b->Status().code;
    ASSERT_TRUE(at_b->Confirm(kAnna, at_a->Status().code).ok());
    ASSERT_TRUE(at_a->Confirm(kAnna, code).ok());
    ASSERT_TRUE(Eventually([this] {
      return at_a->Status().state == PairingState::kDone &&
             at_b->Status().state == PairingState::kDone;
    })) << at_a->Status().text;
  }
  void Pair() {
    ASSERT_TRUE(at_b->Accept(kAnna, {}).ok());
    ASSERT_TRUE(at_a->Begin(kAnna, server->listening()[0], {}).ok());
    ConfirmBoth();
  }

  std::unique_ptr<Pairing> at_a, at_b;
  std::string password_of_b;  // As the configuration has it.
};

TEST_F(PairingOverServer, F12_APairLogsInUntilAPasswordIsChangedByHand) {
  StartServer();
  EXPECT_EQ(CodeOfExchange(*LinkToServer()), "CERT_NOT_PINNED");
  Pair();
  const auto link = LinkToServer();
  EXPECT_EQ(CodeOfExchange(*link), "");
  EXPECT_EQ(CodeOfExchange(*link), "") << "and the second time, too";
  password_of_b = "set-by-hand-at-b";
  server.reset();
  StartServer();
  EXPECT_EQ(CodeOfExchange(*LinkToServer()), "AUTH_FAILED");
  Pair();
  EXPECT_EQ(CodeOfExchange(*LinkToServer()), "") << "pairing again hands over the new one";
}

TEST_F(PairingOverServer, StartMayComeBeforeAccept) {
  StartServer();
  ASSERT_TRUE(at_a->Begin(kAnna, server->listening()[0], {}).ok());
  ASSERT_TRUE(Eventually([this] { return !at_a->Status().text.empty(); }));
  EXPECT_EQ(at_a->Status().state, PairingState::kWaiting);
  ASSERT_TRUE(at_b->Accept(kAnna, {}).ok());
  ConfirmBoth();
  EXPECT_TRUE(b->Find(a->own().device).has_value());
}

TEST_F(PairingOverServer, WhoIsKnownIsPairedAgainInEitherOrder) {
  Introduce();
  StartServer();
  ASSERT_TRUE(at_a->Begin(kAnna, server->listening()[0], {}).ok());
  ASSERT_TRUE(Eventually([this] { return !at_a->Status().text.empty(); }));
  EXPECT_EQ(at_a->Status().state, PairingState::kWaiting) << at_a->Status().text;
  ASSERT_TRUE(at_b->Accept(kAnna, {}).ok());
  ConfirmBoth();
}

}  // namespace
}  // namespace configsync
