// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// PlanForwarding, ApplyForwarding and GetForwarding over the socket, with a target that only notes.

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/unit/control/control_fixture.h"

namespace dataplane {
namespace {

using lockstep::control::ForwardingRequest;

class NotingTarget final : public ForwardingTarget {
 public:
  absl::StatusOr<ForwardingEffect> Plan(const ForwardingOptions& next) override {
    plans += 1;
    return Note(next);
  }
  absl::StatusOr<ForwardingEffect> Apply(const ForwardingOptions& next) override {
    EXPECT_EQ(running.fetch_add(1), 0) << "two at a time";
    applies += 1;
    const absl::StatusOr<ForwardingEffect> effect = Note(next);
    running.fetch_sub(1);
    return effect;
  }
  [[nodiscard]] std::uint64_t sessions_ended() const override { return 5; }

  absl::StatusOr<ForwardingEffect> Note(const ForwardingOptions& next) {
    rules = next.rules.size();
    if (!refusal.ok()) return refusal;
    ForwardingEffect effect;
    effect.sessions_kept = 3;
    effect.sessions_ended = 1;
    effect.ended_examples = {"tcp a b"};
    return effect;
  }

  std::atomic<int> running{0};
  int plans = 0;
  int applies = 0;
  std::size_t rules = 0;
  absl::Status refusal;
};

class ForwardingCallsTest : public ControlFixture {
 protected:
  void SetUp() override {
    ControlFixture::SetUp();
    options_.ports = {{"p0", "net_null0"}};
    ControlSetup setup = MakeSetup();
    setup.forwarding = &target_;
    setup.boot_id = 99;
    auto server = ControlServer::Start(setup);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    client_ = std::make_unique<lockstepctl::Client>(options_.control_socket(), 20);
  }
  void TearDown() override {
    client_.reset();
    ControlFixture::TearDown();
  }

  static ForwardingRequest RequestWith(int rules) {
    ForwardingRequest request;
    request.set_revision(7);
    request.set_hash("abc");
    for (int i = 0; i < rules; ++i) {
      lockstep::forwarding::Rule& rule = *request.mutable_forwarding()->add_rules();
      rule.set_id(static_cast<std::uint32_t>(i + 1));
      rule.set_name(absl::StrCat("a-rule-with-a-long-name-", i));
      for (int s = 0; s < 4; ++s) rule.add_source(absl::StrCat("10.", s, ".0.0/16"));
      rule.set_action(lockstep::forwarding::PERMIT);
    }
    return request;
  }

  NotingTarget target_;
  std::unique_ptr<lockstepctl::Client> client_;
};

TEST_F(ForwardingCallsTest, PlanChangesNothingThatIsReported) {
  const auto plan = client_->Forward(RequestWith(2), /*only_plan=*/true);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->sessions_kept(), 3u);
  EXPECT_EQ(plan->ended_examples(0), "tcp a b");
  EXPECT_EQ(target_.applies, 0);
  const auto state = client_->GetForwarding();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->revision(), 0u);
  EXPECT_EQ(state->boot_id(), 99u);
  EXPECT_EQ(state->sessions_ended(), 5u);
}

TEST_F(ForwardingCallsTest, AppliedRevisionAndHashAreReported) {
  ASSERT_TRUE(client_->Forward(RequestWith(2), false).ok());
  EXPECT_EQ(client_->GetForwarding()->revision(), 7u);
  EXPECT_EQ(client_->GetForwarding()->hash(), "abc");
  EXPECT_EQ(client_->GetStatus()->revision(), 7u);
  EXPECT_EQ(client_->GetStatus()->hash(), "abc");
}

TEST_F(ForwardingCallsTest, MistakesComeOneALineAndNothingIsApplied) {
  ForwardingRequest request = RequestWith(2);
  request.mutable_forwarding()->mutable_rules(0)->set_from_zone("dmz");
  request.mutable_forwarding()->mutable_rules(1)->set_id(1);
  const auto answer = client_->Forward(request, false);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(answer.status().message(),
            "rules[0].from_zone: \"dmz\": unknown zone; known: none\n"
            "rules[1].id: 1: duplicate: rules[0] has this id; rule ids must be unique");
  EXPECT_EQ(target_.applies, 0);
}

TEST_F(ForwardingCallsTest, RefusalOfTheTargetLeavesTheRevision) {
  ASSERT_TRUE(client_->Forward(RequestWith(1), false).ok());
  target_.refusal = absl::ResourceExhaustedError("routes: no memory");
  ForwardingRequest request = RequestWith(1);
  request.set_revision(8);
  const auto answer = client_->Forward(request, false);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(client_->GetForwarding()->revision(), 7u);
}

TEST_F(ForwardingCallsTest, ConfigurationOfManyMegabytesFitsInOneRequest) {
  const ForwardingRequest request = RequestWith(65'000);
  ASSERT_GT(request.ByteSizeLong(), 5u << 20);
  const auto answer = client_->Forward(request, false);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(target_.rules, 65'000u);
}

TEST_F(ForwardingCallsTest, AppliesRunOneAtATime) {
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([this] {
      lockstepctl::Client client(options_.control_socket(), 20);
      for (int n = 0; n < 20; ++n) (void)client.Forward(RequestWith(50), false);
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(target_.applies, 80);
}

TEST_F(ForwardingCallsTest, NodeThatWasToldNothingSaysSo) {
  shared_.forwarding.given.store(false);
  const auto status = client_->GetStatus();
  ASSERT_TRUE(status.ok());
  bool said = false;
  for (const std::string& reason : status->reasons()) said |= reason.find("no-forwarding") == 0;
  EXPECT_TRUE(said);
}

}  // namespace
}  // namespace dataplane
