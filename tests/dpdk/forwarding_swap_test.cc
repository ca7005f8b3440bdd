// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A new configuration while packets flow: what is kept, what is ended, what is never lost.

#include "dataplane/dpdk/forwarding_swap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "dataplane/core/byte_order.h"
#include "tests/dpdk/worker_node.h"

namespace dataplane::testing {
namespace {

// Turns the workers on a thread of its own, as lcores do, while a test swaps.
class Turning {
 public:
  explicit Turning(WorkerNode& node) : node_(node), thread_([this] { Run(); }) {}
  ~Turning() {
    stop_.store(true);
    thread_.join();
  }

 private:
  void Run() {
    while (!stop_.load()) node_.Run(1, 10'000);
  }
  WorkerNode& node_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class Swap : public ::testing::Test {
 protected:
  Swap()
      : swap({.tables = node.tables.get(),
              .shared = node.shared.get(),
              .ports = {node.own_macs, 0}}) {
    node.Activate();
    node.TeachMac(kClients, kClient, kClientMac);
    node.TeachMac(kServers, kServer, kServerMac);
  }

  ForwardingEffect Apply(const ForwardingOptions& next) {
    const Turning turning(node);
    const absl::StatusOr<ForwardingEffect> effect = swap.Apply(next);
    EXPECT_TRUE(effect.ok()) << effect.status();
    return effect.value_or(ForwardingEffect{});
  }
  ForwardingOptions Current() { return node.tables->owned_forwarding->options; }
  Bytes Flow(std::uint16_t port, std::uint16_t server_port = 53) const {
    return node.To(kClients, UdpFrame(port, server_port, 20), kClientMac);
  }
  std::size_t Send(const Bytes& frame) {
    node.Give(kClients, frame);
    node.Run();
    return Taken().size();
  }
  // What was forwarded to the servers. Addresses are announced there when it is time for that.
  std::vector<Bytes> Taken() {
    std::vector<Bytes> frames = node.Take(kServers);
    constexpr std::array<std::byte, 2> kIpv4{std::byte{0x08}, std::byte{0x00}};
    std::erase_if(frames, [&](const Bytes& frame) {
      return !std::equal(kIpv4.begin(), kIpv4.end(), frame.begin() + 12);
    });
    return frames;
  }

  WorkerNode node;
  ForwardingSwap swap;
};

RuleOptions DenyPort(std::uint16_t id, std::uint16_t port) {
  RuleOptions rule;
  rule.id = id;
  rule.protocols = kRuleUdp;
  rule.destination_ports = {{port, port}};
  return rule;
}

TEST_F(Swap, RuleThatDeniesASessionEndsItAndNoOther) {
  ASSERT_EQ(Send(Flow(1'001, 53)), 1u);
  ASSERT_EQ(Send(Flow(1'002, 54)), 1u);
  ForwardingOptions next = Current();
  next.rules.insert(next.rules.begin(), DenyPort(5, 53));

  const absl::StatusOr<ForwardingEffect> plan = swap.Plan(next);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->sessions_ended, 1u);
  EXPECT_EQ(plan->sessions_kept, 1u);
  ASSERT_EQ(plan->ended_examples.size(), 1u);
  EXPECT_EQ(plan->ended_examples[0], "udp 10.1.0.10:1001 10.2.0.20:53");
  EXPECT_EQ(node.tables->sessions->live_count(), 2u) << "a plan changes nothing";

  const ForwardingEffect effect = Apply(next);
  EXPECT_EQ(effect.sessions_ended, 1u);
  EXPECT_EQ(effect.sessions_kept, 1u);
  EXPECT_EQ(node.tables->sessions->live_count(), 1u);
  EXPECT_EQ(node.Count(Event::kSessionsEnded), 1u);
  EXPECT_EQ(Send(Flow(1'001, 53)), 0u);
  EXPECT_EQ(Send(Flow(1'002, 54)), 1u);
}

TEST_F(Swap, ChangeOfOtherThingsEndsNothing) {
  ASSERT_EQ(Send(Flow(1'001)), 1u);
  ForwardingOptions next = Current();
  next.timeouts.udp_single_s = 7;
  next.rules.push_back(DenyPort(900, 9));
  next.rules[0].id = 77;
  EXPECT_EQ(Apply(next).sessions_ended, 0u);
  EXPECT_EQ(node.tables->sessions->live_count(), 1u);
  EXPECT_EQ(node.tables->forwarding.load()->timeouts.udp_single_s, 7u);
}

TEST_F(Swap, SessionsOfARemovedNatAddressEndAndAnAddedOneIsUsed) {
  ASSERT_EQ(Send(Flow(1'001)), 1u);
  const NetAddr other = MakeAddr(10, 2, 0, 77);
  ForwardingOptions next = Current();
  next.nat_pools[0].addresses = {{9, other}};
  next.nat_addresses.assign(9, 0);
  next.nat_addresses[8] = other;
  const ForwardingEffect effect = Apply(next);
  EXPECT_EQ(effect.sessions_ended, 1u);
  node.Give(kClients, Flow(1'001));
  node.Run();
  const std::vector<Bytes> frames = Taken();
  ASSERT_EQ(frames.size(), 1u);
  NetAddr source = 0;
  std::memcpy(&source, frames.front().data() + 26, 4);
  EXPECT_EQ(source, other);
  EXPECT_EQ(node.tables->sessions->live_count(), 1u);
}

TEST_F(Swap, DisabledInterfaceNeitherReceivesNorSends) {
  ASSERT_EQ(Send(Flow(1'001)), 1u);
  ForwardingOptions next = Current();
  next.routes = {{{MakeAddr(10, 9, 0, 0), 16}, kServer, 2}};
  next.interfaces[1].disabled = true;
  EXPECT_EQ(Apply(next).sessions_ended, 1u) << "no route to its server is left";
  EXPECT_EQ(Send(Flow(1'002)), 0u);
  EXPECT_EQ(node.Count(DropReason::kNoRoute), 1u);
  node.Give(kServers, Flow(1'003));
  node.Run();
  EXPECT_EQ(node.Count(DropReason::kInterfaceDown), 1u);
  EXPECT_FALSE(node.tables->forwarding.load()->fib->Lookup(MakeAddr(10, 9, 0, 1)).found);
  next.interfaces[1].disabled = false;
  (void)Apply(next);
  EXPECT_TRUE(node.tables->forwarding.load()->fib->Lookup(MakeAddr(10, 9, 0, 1)).found);
  node.TeachMac(kServers, kServer, kServerMac);
  EXPECT_EQ(Send(Flow(1'004)), 1u);
}

TEST_F(Swap, AddedVirtualAddressIsAnnouncedAndARemovedOneIsNotAnswered) {
  ForwardingOptions next = Current();
  next.interfaces[0].virtual_addresses.push_back({MakeAddr(10, 1, 0, 9), 9});
  (void)Apply(next);
  node.Run(4);
  EXPECT_GE(node.Count(Event::kArpGratuitousSent), 2u);
  (void)node.Take(kClients);
  Bytes request(kArpFramePadded);
  BuildArpRequest(kClientMac, kClient, kBroadcastMac, MakeAddr(10, 1, 0, 9), request);
  node.Give(kClients, request);
  node.Run();
  const std::uint64_t answered = node.Count(Event::kArpRepliesSent);
  EXPECT_GE(answered, 1u);
  next.interfaces[0].virtual_addresses.pop_back();
  (void)Apply(next);
  node.Give(kClients, request);
  node.Run();
  EXPECT_EQ(node.Count(Event::kArpRepliesSent), answered);
}

TEST_F(Swap, ThousandRulesAreSwappedWithoutLosingAPacketOfAFlow) {
  ForwardingOptions next = Current();
  const RuleOptions last = next.rules.back();
  std::uint64_t sent = 0;
  std::uint64_t arrived = 0;
  std::atomic<bool> done{false};
  const Bytes frame = Flow(2'000);  // Made from the tables that are swapped below.
  std::thread flow([&] {
    while (!done.load() || sent < 1'000) {
      node.Give(kClients, frame);
      ++sent;
      node.Run(1, 100'000);
      arrived += Taken().size();
    }
    node.Run();
    arrived += Taken().size();
  });
  for (int round = 0; round < 10; ++round) {
    next.rules.clear();
    for (std::uint16_t id = 1; id <= 1'000; ++id) {
      next.rules.push_back(DenyPort(static_cast<std::uint16_t>(1'000 + id),
                                    static_cast<std::uint16_t>(10'000 + id + round)));
    }
    next.rules.push_back(last);
    const absl::StatusOr<ForwardingEffect> effect = swap.Apply(next);
    EXPECT_TRUE(effect.ok()) << effect.status();
  }
  done.store(true);
  flow.join();
  EXPECT_EQ(arrived, sent);
  EXPECT_EQ(node.tables->forwarding.load()->number, 11u);
}

TEST_F(Swap, SessionsOfAFormerActiveAreJudgedWhenThisNodeBecomesActive) {
  ASSERT_EQ(Send(Flow(1'001, 53)), 1u);
  ASSERT_EQ(Send(Flow(1'002, 54)), 1u);
  node.SetRole(statesync::Role::kStandby, 2);
  node.Run();
  ForwardingOptions next = Current();
  next.rules.insert(next.rules.begin(), DenyPort(5, 53));
  EXPECT_EQ(Apply(next).sessions_ended, 0u) << "a standby has none to judge";
  swap.Look();
  EXPECT_EQ(node.tables->sessions->live_count(), 2u);
  node.Activate(3);
  {
    const Turning turning(node);
    swap.Look();
  }
  EXPECT_EQ(node.tables->sessions->live_count(), 1u);
  EXPECT_EQ(swap.sessions_ended(), 1u);
}

// It came in by another interface than the route to its client says, or was made by a drill.
TEST_F(Swap, SessionThatItsRoutesNeverPermittedIsKept) {
  const statesync::NewSession session{.key = {MakeAddr(172, 16, 0, 1), kServer, 1, 2, kProtocolUdp},
                                      .state = statesync::SessionState::kUdpMultiple};
  statesync::Handle handle;
  ASSERT_EQ(node.tables->sessions->Insert(session, handle), statesync::InsertResult::kInserted);
  node.tables->sessions->CheckAgainAt(handle, 30'000);
  ForwardingOptions next = Current();
  next.rules.insert(next.rules.begin(), DenyPort(5, 53));
  const ForwardingEffect effect = Apply(next);
  EXPECT_EQ(effect.sessions_ended, 0u);
  EXPECT_EQ(effect.sessions_kept, 1u);
  EXPECT_EQ(node.tables->sessions->live_count(), 1u);
}

TEST_F(Swap, ReaddressedInterfaceAnswersForItsNewAddressAndForgetsOldNeighbours) {
  ForwardingOptions next = Current();
  const NetAddr own = MakeAddr(10, 7, 0, 2);
  const NetAddr station = MakeAddr(10, 7, 0, 30);
  next.interfaces[1].address = own;
  next.interfaces[1].virtual_addresses = {{MakeAddr(10, 7, 0, 1), 2}};
  next.nat_pools[0].addresses = {{1, MakeAddr(10, 7, 0, 100)}};
  next.nat_addresses = {MakeAddr(10, 7, 0, 100)};
  (void)Apply(next);
  node.Run(4);
  (void)node.Take(kServers);
  EXPECT_FALSE(node.tables->neighbours->Find({.interface = kServers, .addr = kServer}).usable());
  EXPECT_TRUE(node.tables->neighbours->Find({.interface = kClients, .addr = kClient}).usable());

  Bytes request(kArpFramePadded);
  BuildArpRequest(kServerMac, station, kBroadcastMac, own, request);
  const std::uint64_t before = node.Count(Event::kArpRepliesSent);
  node.Give(kServers, request);
  node.Run();
  EXPECT_EQ(node.Count(Event::kArpRepliesSent), before + 1);
  BuildArpRequest(kServerMac, station, kBroadcastMac, kOwnServers, request);
  node.Give(kServers, request);
  node.Run();
  EXPECT_EQ(node.Count(Event::kArpRepliesSent), before + 1) << "the old address is nobody's";
}

TEST_F(Swap, RoutesThatDoNotDifferAreShared) {
  const Fib* const before = node.tables->owned_forwarding->fib.get();
  ForwardingOptions next = Current();
  next.rules[0].id = 12;
  (void)Apply(next);
  EXPECT_EQ(node.tables->owned_forwarding->fib.get(), before);
  next.routes.push_back({{MakeAddr(10, 9, 0, 0), 16}, kServer, 2});
  (void)Apply(next);
  EXPECT_NE(node.tables->owned_forwarding->fib.get(), before);
  const Route route = node.tables->owned_forwarding->fib->Lookup(MakeAddr(10, 9, 1, 1));
  EXPECT_TRUE(route.found);
  EXPECT_EQ(route.next_hop, kServer);
  EXPECT_EQ(route.zone, 2);
}

TEST_F(Swap, ConfigurationsComeAndGoWithoutUsingUpMemory) {
  ForwardingOptions next = Current();
  for (std::uint8_t i = 1; i <= 30; ++i) {  // Each has a table of routes of its own: 64 MB.
    next.routes = {{{MakeAddr(10, 9, i, 0), 24}, kServer, 2}};
    const Turning turning(node);
    const absl::StatusOr<ForwardingEffect> effect = swap.Apply(next);
    ASSERT_TRUE(effect.ok()) << effect.status() << " at " << int{i};
  }
}

TEST(SwapOfTwoWorkers, EachEndsTheSessionsOfItsOwnShards) {
  WorkerNode node(2);
  ForwardingSwap swap({.tables = node.tables.get(),
                       .shared = node.shared.get(),
                       .ports = {node.own_macs, 0},
                       .worker_count = 2});
  node.Activate();
  node.TeachMac(kClients, kClient, kClientMac);
  node.TeachMac(kServers, kServer, kServerMac);
  for (std::uint16_t port = 2'000; port < 2'300; ++port) {
    node.Give(kClients, node.To(kClients, UdpFrame(port, 53, 20), kClientMac));
    node.Run();
    (void)node.Take(kServers);
  }
  ASSERT_EQ(node.tables->sessions->live_count(), 300u);
  ForwardingOptions next = node.options.forwarding;
  next.rules.insert(next.rules.begin(), DenyPort(5, 53));
  {
    const Turning turning(node);
    const absl::StatusOr<ForwardingEffect> effect = swap.Apply(next);
    ASSERT_TRUE(effect.ok()) << effect.status();
    EXPECT_EQ(effect->sessions_ended, 300u);
    EXPECT_EQ(effect->ended_examples.size(), ForwardingEffect::kExamplesMax);
  }
  EXPECT_EQ(node.tables->sessions->live_count(), 0u);
  EXPECT_GT(node.all_workers[0]->counters().value(Event::kSessionsEnded), 0u);
  EXPECT_GT(node.all_workers[1]->counters().value(Event::kSessionsEnded), 0u);
}

TEST(SwapAlone, WorkerThatDoesNotTurnLeavesEverythingAsBefore) {
  WorkerNode node;
  ForwardingSwap swap({.tables = node.tables.get(),
                       .shared = node.shared.get(),
                       .ports = {node.own_macs, 0},
                       .patience_ns = 20'000'000});
  node.Activate();
  ForwardingOptions next = node.options.forwarding;
  next.rules.clear();
  const ForwardingTables* const before = node.tables->forwarding.load();
  const absl::StatusOr<ForwardingEffect> effect = swap.Apply(next);
  EXPECT_EQ(effect.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(node.tables->forwarding.load(), before);
}

TEST(SwapAlone, WorkerThatDoesNotTurnCostsNoMemoryHoweverOftenItIsTried) {
  WorkerNode node;
  ForwardingSwap swap({.tables = node.tables.get(),
                       .shared = node.shared.get(),
                       .ports = {node.own_macs, 0},
                       .patience_ns = 1'000'000});
  ForwardingOptions next = node.options.forwarding;
  for (std::uint8_t i = 1; i <= 30; ++i) {  // Each has a table of routes of its own: 64 MB.
    next.routes = {{{MakeAddr(10, 9, i, 0), 24}, kServer, 2}};
    ASSERT_EQ(swap.Apply(next).status().code(), absl::StatusCode::kDeadlineExceeded);
  }
}

}  // namespace
}  // namespace dataplane::testing
