// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A call without an answer: the network is asked while it goes on, and may end it.

#include "configsync/peer/client_call.h"
#include "configsync/peer/tls_credentials.h"
#include "proto/peersync.pb.h"
#include "tests/unit/configsync/peer/lying_server.h"
#include "tests/unit/configsync/peer/peer_pair.h"

namespace configsync {
namespace {

// Far more than a test may take: what ends a call here is never its deadline.
constexpr std::uint32_t kNeverMs = 3'600'000;

class LateCall : public PeerPair {
 protected:
  LateCall() {
    lies.answer.messages = {"answer"};
    const Identity own = a->OwnIdentity();
    channel = MakeTlsChannel("ipv4:" + lies.address(),
                             {.certificate_pem = own.certificate.pem,
                              .key_pem = own.key_pem,
                              .check = [](const std::string&) { return absl::OkStatus(); }},
                             static_cast<int>(kSmallBytesMax));
  }
  // A held call, of which `when_late` knows the reason.
  ClientEnd Run(std::function<std::optional<Reason>()> when_late) {
    return RunCall(channel, {.row = &RowOf(PeerMethod::kExchange),
                             .deadline_ms = kNeverMs,
                             .next = Only(lockstep::peersync::Exchange()),
                             .on_message =
                                 [this](const std::string& bytes) {
                                   answered = bytes;
                                   return absl::OkStatus();
                                 },
                             .late_ms = 1,
                             .when_late = std::move(when_late),
                             .stop = stop_of_call});
  }

  LyingServer lies{*b, *a};
  std::shared_ptr<grpc::Channel> channel;
  std::string answered;
  CallStop* stop_of_call = nullptr;
};

TEST_F(LateCall, F32_EndsWithWhatTheNetworkSays) {
  std::unique_lock held(lies.hold);
  const ClientEnd end =
      Run([] { return Reason{.code = ReasonCode::kPeerPortBlocked, .evidence = "silent"}; });
  held.unlock();
  ASSERT_TRUE(end.reason.has_value());
  EXPECT_EQ(end.reason->code, ReasonCode::kPeerPortBlocked);
  EXPECT_FALSE(end.is_refused);
  EXPECT_EQ(answered, "");
}

TEST_F(LateCall, StopEndsIt) {
  CallStop stop;
  stop_of_call = &stop;
  std::unique_lock held(lies.hold);
  const ClientEnd end = Run([&]() -> std::optional<Reason> {
    stop.Stop();
    return std::nullopt;
  });
  EXPECT_EQ(end.code, grpc::StatusCode::CANCELLED);
  EXPECT_EQ(end.reason, CallStop::Why());
  EXPECT_EQ(Run([] { return std::nullopt; }).reason, CallStop::Why());  // Before it begins.
  held.unlock();
  EXPECT_EQ(answered, "");
}

TEST_F(LateCall, GoesOnWhileTheNetworkIsWell) {
  std::unique_lock held(lies.hold);
  const ClientEnd end = Run([&]() -> std::optional<Reason> {
    held.unlock();
    return std::nullopt;
  });
  EXPECT_FALSE(end.reason.has_value());
  EXPECT_EQ(answered, "answer");
}

}  // namespace
}  // namespace configsync
