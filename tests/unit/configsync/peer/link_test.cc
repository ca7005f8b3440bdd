// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Calls over gRPC as values: what goes in comes out at the other side.

#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/unit/configsync/peer/peer_pair.h"

namespace configsync {
namespace {

using Link = PeerPair;

TEST_F(Link, ExchangesStates) {
  Introduce();
  StartServer();
  const auto link = LinkToServer();
  EXPECT_EQ(link->device(), "");
  const auto answer = link->DoExchange(State());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->state.device, b->own().device);
  EXPECT_EQ(link->device(), b->own().device);
  EXPECT_EQ(calls.seen, std::vector<std::string>{absl::StrCat("Exchange ", a->own().device)});
  EXPECT_TRUE(server->Refusals().empty());
}

// Three pieces, so that their order matters.
TEST_F(Link, PreparesALargePush) {
  Introduce();
  StartServer();
  const auto link = LinkToServer();
  PrepareRequest request;
  request.number = 7;
  request.path = {a->own().device};
  request.author = "alice";
  request.confirm_within_s = 60;
  for (int i = 0; request.edits.size() < 600'000; ++i) {
    absl::StrAppend(&request.edits, "edit ", i, "\n");
  }
  calls.prepared.warnings = {"careful"};
  const auto answer = link->Prepare(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->warnings, std::vector<std::string>{"careful"});
  EXPECT_EQ(calls.request.edits, request.edits);
  EXPECT_EQ(calls.request.number, 7u);
  EXPECT_EQ(calls.request.path, request.path);
  EXPECT_EQ(calls.request.confirm_within_s, 60u);
}

TEST_F(Link, AppliesAbortsAndConfirms) {
  Introduce();
  StartServer();
  const auto link = LinkToServer();
  calls.applied.revision = 12;
  calls.applied.problems.Add({.code = "X", .path = "/nat"});
  const auto answer = link->Apply({.number = 3});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->revision, 12u);
  EXPECT_EQ(answer->problems.list.at(0).path, "/nat");
  EXPECT_TRUE(link->Abort({.number = 3}).ok());
  EXPECT_TRUE(link->Confirm({.number = 3}).ok());
}

TEST_F(Link, FetchesInPieces) {
  Introduce();
  StartServer();
  const auto link = LinkToServer();
  for (const std::size_t size : {0u, 1u, 262'144u, 700'000u}) {
    calls.fetched.part.bytes[0] = 9;
    calls.fetched.edits = std::string(size, 'e');
    const auto answer = link->Fetch({});
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->edits.size(), size);
    EXPECT_EQ(answer->part, calls.fetched.part);
  }
}

TEST_F(Link, ReachesAServerThatCameBack) {
  Introduce();
  StartServer();
  const auto link = LinkToServer();
  EXPECT_EQ(CodeOfExchange(*link), "");
  const std::string address = server->listening()[0];
  server.reset();
  EXPECT_EQ(CodeOfExchange(*link), "PEER_API_DOWN");
  server_setup.listen = {address};
  StartServer();
  EXPECT_EQ(CodeOfExchange(*link), "");  // The first call: nothing remembers that it was away.
}

TEST_F(Link, TakesTheBackupAddressWhenTheFirstIsSilent) {
  Introduce();
  StartServer();
  const auto link = LinkTo("127.0.0.1:9", server->listening()[0]);
  EXPECT_EQ(CodeOfExchange(*link), "");
}

// Paired, and of the right password, but not the one that this remote is.
TEST_F(Link, RefusesAnotherDeviceBeforeAnythingIsSent) {
  Introduce();
  StartServer();
  const auto link = LinkToServer();
  link->Bind(a->own().device);
  EXPECT_EQ(CodeOfExchange(*link), "CERT_NOT_PINNED");
  EXPECT_EQ(link->device(), "");
  link->Bind(b->own().device);
  EXPECT_EQ(CodeOfExchange(*link), "");
  link->Bind(a->own().device);  // Also on a connection that stands.
  EXPECT_EQ(CodeOfExchange(*link), "CERT_NOT_PINNED");
  EXPECT_FALSE(link->Prepare({.path = {a->own().device}}).ok());
  link->Bind("");
  EXPECT_EQ(CodeOfExchange(*link), "");
  EXPECT_EQ(calls.seen.size(), 2u);
}

// A remote that does not answer does not keep this node from stopping.
TEST_F(Link, StopEndsACallThatRunsAndThoseThatFollow) {
  Introduce();
  StartServer();
  const auto link = LinkToServer();
  std::unique_lock hold(calls.hold_prepare);
  absl::Status said;
  std::thread push([&] { said = link->Prepare({.path = {a->own().device}}).status(); });
  EXPECT_TRUE(Eventually([&] {
    const std::lock_guard lock(calls.mutex);
    return !calls.seen.empty();
  }));
  links->Stop();
  push.join();  // While it is held there: no answer has ended it.
  EXPECT_EQ(ReasonOf(said).code, ReasonCode::kPeerUnreachable);
  EXPECT_NE(ReasonOf(said).evidence.find("this node stops"), std::string::npos) << said;
  EXPECT_EQ(CodeOfExchange(*link), "PEER_UNREACHABLE");
  EXPECT_EQ(CodeOfExchange(*LinkToServer()), "PEER_UNREACHABLE");
  EXPECT_EQ(calls.seen.size(), 1u);
  hold.unlock();
}

// A push that takes long does not hold states back.
TEST_F(Link, ExchangesGoOnDuringAPush) {
  Introduce();
  StartServer();
  const auto pushing = LinkToServer();
  const auto link = LinkToServer();
  std::unique_lock hold(calls.hold_prepare);
  std::thread push([&] { EXPECT_TRUE(pushing->Prepare({.path = {a->own().device}}).ok()); });
  EXPECT_TRUE(Eventually([&] {
    const std::lock_guard lock(calls.mutex);
    return std::ranges::any_of(calls.seen, [](const auto& one) { return one[0] == 'P'; });
  }));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(CodeOfExchange(*link), "");
  hold.unlock();
  push.join();
}

}  // namespace
}  // namespace configsync
