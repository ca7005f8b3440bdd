// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The guard, run by the kernel on single frames: which go to the socket, which to the kernel, and
// under which reason they are counted.

#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cerrno>
#include <vector>

#include "tests/bpf/frame_builder.h"
#include "tests/bpf/loaded_guard.h"

namespace dataplane {
namespace {

constexpr std::size_t kFrameBytesMin = 14;     // The kernel runs nothing shorter than Ethernet.
constexpr std::size_t kFrameBytesMax = 3'400;  // Largest HA2 MTU over AF_XDP, with its Ethernet.

class Guard : public testing::Test {
 protected:
  void SetUp() override {
    guard_.Configure(kConfig);
    guard_.BindSocket();
  }

  void Expect(const FrameFields& fields, std::uint32_t verdict, const char* reason) {
    const GuardRun run = guard_.Run(BuildFrame(fields));
    EXPECT_EQ(run.error, 0);
    EXPECT_EQ(run.verdict, verdict) << reason;
    EXPECT_EQ(run.reasons, reason);
    EXPECT_TRUE(run.unchanged) << reason;
  }

  LoadedGuard guard_;
};

TEST_F(Guard, SendsThePeersFramesToTheSocket) {
  Expect({}, XDP_REDIRECT, "redirected");
  Expect({.payload_bytes = 0}, XDP_REDIRECT, "redirected");
  Expect({.payload_bytes = 0, .padding_bytes = 18}, XDP_REDIRECT, "redirected");
  Expect({.fragment = 0x4000}, XDP_REDIRECT, "redirected");  // "Don't fragment" is no fragment.
}

TEST_F(Guard, TakesSourcePortsInsideTheRangeOnly) {
  Expect({.source_port = kSourceFirst}, XDP_REDIRECT, "redirected");
  Expect({.source_port = kSourceLast}, XDP_REDIRECT, "redirected");
  Expect({.source_port = kSourceFirst - 1}, XDP_PASS, "other-source-port");
  Expect({.source_port = kSourceLast + 1}, XDP_PASS, "other-source-port");
  Expect({.source_port = 0}, XDP_PASS, "other-source-port");
}

TEST_F(Guard, PassesWhatIsNotHa2) {
  Expect({.ether_type = 0x0806}, XDP_PASS, "not-ipv4");
  Expect({.ether_type = 0x86dd, .version = 6}, XDP_PASS, "not-ipv4");
  Expect({.ether_type = 0x8100}, XDP_PASS, "not-ipv4");
  Expect({.source = kOther}, XDP_PASS, "other-peer");
  Expect({.destination = kOther}, XDP_PASS, "other-address");
  Expect({.source = kOwn, .destination = kPeer}, XDP_PASS, "other-peer");
  Expect({.protocol = 6}, XDP_PASS, "not-udp");
  Expect({.protocol = 1}, XDP_PASS, "not-udp");
  Expect({.destination_port = kHa2Port + 1}, XDP_PASS, "other-port");
  Expect({.source_port = kHa2Port, .destination_port = kSourceFirst}, XDP_PASS, "other-port");
}

TEST_F(Guard, PassesFragmentsAndOptions) {
  Expect({.fragment = 0x2000}, XDP_PASS, "fragment");
  Expect({.fragment = 0x0001}, XDP_PASS, "fragment");
  Expect({.fragment = 0x1fff}, XDP_PASS, "fragment");
  for (std::uint8_t words = 6; words <= 15; ++words) {
    Expect({.header_words = words}, XDP_PASS, "options");
  }
}

TEST_F(Guard, PassesLengthsThatContradictEachOther) {
  Expect({.version = 5}, XDP_PASS, "bad-header");
  for (std::uint8_t words = 0; words < 5; ++words) {
    Expect({.header_words = words}, XDP_PASS, "bad-header");
  }
  Expect({.udp_bytes = 107}, XDP_PASS, "bad-header");
  Expect({.udp_bytes = 109}, XDP_PASS, "bad-header");
  Expect({.udp_bytes = 0}, XDP_PASS, "bad-header");
  Expect({.ip_bytes = 27, .udp_bytes = 7}, XDP_PASS, "bad-header");
  Expect({.ip_bytes = 0}, XDP_PASS, "bad-header");
  Expect({.ip_bytes = 0xffff}, XDP_PASS, "bad-header");
  // Both agree, but the frame ends before them.
  Expect({.ip_bytes = 129, .udp_bytes = 109}, XDP_PASS, "truncated");
  Expect({.ip_bytes = 0xffff, .udp_bytes = 0xffff - 20}, XDP_PASS, "truncated");
}

TEST_F(Guard, TakesEveryLengthThatIsCorrect) {
  for (std::size_t bytes = kHeaderBytes; bytes <= kFrameBytesMax; ++bytes) {
    const GuardRun run = guard_.Run(BuildFrame({.payload_bytes = bytes - kHeaderBytes}));
    ASSERT_EQ(run.error, 0) << bytes;
    ASSERT_EQ(run.reasons, "redirected") << bytes;
    ASSERT_TRUE(run.unchanged) << bytes;
  }
}

TEST_F(Guard, PassesAFrameCutAtAnyLength) {
  const std::vector<std::uint8_t> frame =
      BuildFrame({.payload_bytes = kFrameBytesMax - kHeaderBytes});
  for (std::size_t bytes = 0; bytes < frame.size(); ++bytes) {
    const GuardRun run = guard_.Run(std::span(frame).first(bytes));
    if (bytes < kFrameBytesMin) {
      ASSERT_EQ(run.error, EINVAL) << bytes;
      continue;
    }
    ASSERT_EQ(run.error, 0) << bytes;
    ASSERT_EQ(run.verdict, std::uint32_t{XDP_PASS}) << bytes;
    ASSERT_EQ(run.reasons, "truncated") << bytes;
  }
}

TEST_F(Guard, CountsEachFlippedBitOfTheHeadersOnce) {
  const std::vector<std::uint8_t> sound = BuildFrame({});
  for (std::size_t bit = 0; bit < kHeaderBytes * 8; ++bit) {
    std::vector<std::uint8_t> frame = sound;
    frame[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    const GuardRun run = guard_.Run(frame);
    ASSERT_EQ(run.error, 0) << bit;
    ASSERT_EQ(run.reasons.find(' '), std::string::npos) << bit << ": " << run.reasons;
    ASSERT_EQ(run.verdict == XDP_REDIRECT, run.reasons == "redirected") << bit;
  }
}

TEST(UnboundGuard, PassesHa2FramesWithoutASocket) {
  LoadedGuard guard;
  guard.Configure(kConfig);
  const GuardRun run = guard.Run(BuildFrame({}));
  EXPECT_EQ(run.verdict, std::uint32_t{XDP_PASS});
  EXPECT_EQ(run.reasons, "no-socket");
}

TEST(UnconfiguredGuard, PassesEverything) {
  LoadedGuard guard;
  guard.BindSocket();
  for (const FrameFields& fields : {FrameFields{}, FrameFields{.ether_type = 0x0806},
                                    FrameFields{.source = 0, .destination = 0}}) {
    const GuardRun run = guard.Run(BuildFrame(fields));
    EXPECT_EQ(run.verdict, std::uint32_t{XDP_PASS});
    EXPECT_EQ(run.reasons, "not-configured");
  }
}

}  // namespace
}  // namespace dataplane
