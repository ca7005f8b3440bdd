// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The handshake over a link that loses, duplicates, reorders and replays, with restarts and rekeys:
// both ends always come to hold the same keys. SealNode checks that no nonce repeats meanwhile.

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/seal/seal_node.h"

namespace statesync::testing {
namespace {

struct BadLink {
  std::mt19937_64 random;
  unsigned loss_percent = 0;
  bool replays = false;
  std::multimap<std::int64_t, std::pair<int, Datagram>> queue;  // Arrival → (receiver, bytes).
  std::vector<std::pair<int, Datagram>> history;

  void Send(Instant now, int to, const Datagram& datagram) {
    history.emplace_back(to, datagram);
    const int copies = random() % 100 < loss_percent ? 0 : (random() % 10 == 0 ? 2 : 1);
    for (int i = 0; i < copies; ++i) {
      queue.emplace(now.ns + static_cast<std::int64_t>(random() % 5'000'000),
                    std::pair{to, datagram});
    }
    if (replays && random() % 4 == 0) {
      queue.emplace(now.ns, history[random() % history.size()]);
    }
  }
};

class LinkRun {
 public:
  explicit LinkRun(std::uint64_t seed) : random_(seed) {
    link_.random.seed(seed ^ 0x1234);
    nodes_[0] = MakeNode(0);
    nodes_[1] = MakeNode(1);
  }

  void RunFor(Duration duration) {
    const Instant end = now_ + duration;
    for (; now_ < end; now_ = now_ + Millis(1)) {
      for (int i = 0; i < 2; ++i) {
        for (const Datagram& datagram : nodes_[i]->Turn(now_)) link_.Send(now_, 1 - i, datagram);
        if (const auto frame = nodes_[i]->Frame("x")) link_.Send(now_, 1 - i, *frame);
      }
      while (!link_.queue.empty() && link_.queue.begin()->first <= now_.ns) {
        const auto [to, datagram] = link_.queue.begin()->second;
        link_.queue.erase(link_.queue.begin());
        nodes_[to]->Deliver(now_, datagram);
      }
    }
  }
  void Restart(int index) { nodes_[index] = MakeNode(index); }

  void ExpectAgreement(std::uint64_t seed) {
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(nodes_[i]->handshake->established()) << "seed " << seed;
      ASSERT_EQ(nodes_[i]->handshake->peer().boot_id, boots_[1 - i]) << "seed " << seed;
    }
    for (int i = 0; i < 2; ++i) {
      const Datagram frame = nodes_[i]->Frame("agreed").value();
      ASSERT_EQ(nodes_[1 - i]->Deliver(now_, frame), SealVerdict::kAccepted) << "seed " << seed;
      ASSERT_EQ(nodes_[1 - i]->received.back(), "agreed");
    }
  }

  BadLink link_;
  std::unique_ptr<SealNode> nodes_[2];
  std::mt19937_64 random_;

 private:
  std::unique_ptr<SealNode> MakeNode(int index) {
    boots_[index] = ++boot_;
    return std::make_unique<SealNode>(SealNode::Setup{
        .node = static_cast<NodeIndex>(index), .boot_id = boots_[index], .seed = random_()});
  }

  Instant now_{Seconds(1).ns};
  BootId boot_ = 1000;
  BootId boots_[2] = {};
};

TEST(HandshakeLink, KeysAgreeAfterLossReorderingAndReplay) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    LinkRun run(seed);
    run.link_.loss_percent = 40;
    run.link_.replays = true;
    for (int phase = 0; phase < 4; ++phase) {
      run.RunFor(Millis(static_cast<std::int64_t>(run.random_() % 400)));
      const auto choice = run.random_() % 4;
      if (choice < 2) run.Restart(static_cast<int>(choice));
      if (choice == 2) run.nodes_[run.random_() % 2]->handshake->RequestRekey();
    }
    run.link_.loss_percent = 0;
    run.RunFor(Seconds(3));
    run.ExpectAgreement(seed);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

// A lossless link needs three hellos and one confirmation: two round trips.
TEST(HandshakeLink, EstablishesWithinTwoRoundTripsWithoutLoss) {
  LinkRun run(7);
  run.RunFor(Millis(4 * 5 + 5));
  EXPECT_TRUE(run.nodes_[0]->handshake->established());
  EXPECT_TRUE(run.nodes_[1]->handshake->established());
}

// While keys change, no frame is lost that the link did not lose: it is rekeyed without a stall.
TEST(HandshakeLink, RekeyUnderReorderingLosesNoFrame) {
  LinkRun run(9);
  run.RunFor(Millis(100));
  const auto failures = [&] {
    std::uint64_t count = 0;
    for (const auto& node : run.nodes_) {
      count += node->count(SealVerdict::kNoKey) + node->count(SealVerdict::kBadSeal) +
               node->count(SealVerdict::kStaleKey);
    }
    return count;
  };
  const std::uint64_t before = failures();
  run.nodes_[0]->handshake->RequestRekey();
  run.RunFor(Millis(500));
  EXPECT_EQ(run.nodes_[0]->rekeyed_count, 1);
  EXPECT_EQ(run.nodes_[1]->rekeyed_count, 1);
  // Confirmations may overtake the hello they belong to; frames of the engine never fail.
  EXPECT_LE(failures() - before, 3u);
  EXPECT_GE(run.nodes_[0]->received.size(), 550u);
}

}  // namespace
}  // namespace statesync::testing
