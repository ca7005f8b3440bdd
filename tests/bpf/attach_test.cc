// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The guard on a real interface: configured and read through the kernel as the dataplane does it,
// and removed after the process that attached it was killed. Each test has a network namespace of
// its own.

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>

#include "dataplane/bpf/guard.h"
#include "tests/bpf/frame_builder.h"
#include "tests/bpf/loaded_guard.h"

namespace dataplane {
namespace {

class AttachedGuard : public testing::Test {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNET) != 0) {
      GTEST_SKIP() << "skip: no-namespaces: this process may not make a network namespace";
    }
    ASSERT_EQ(std::system("ip link add ha2 type veth peer name far && ip link set ha2 up"), 0);
    ifindex_ = static_cast<int>(if_nametoindex("ha2"));
    ASSERT_GT(ifindex_, 0);
  }

  // Attaches as net_af_xdp does: it never replaces a program.
  [[nodiscard]] int Attach(int program_fd) const {
    return bpf_xdp_attach(ifindex_, program_fd, XDP_FLAGS_UPDATE_IF_NOEXIST, nullptr);
  }

  // Attaches a guard and forgets it, which is what remains of a killed process.
  void LeaveBehind() {
    const LoadedGuard guard;
    ASSERT_EQ(Attach(guard.program_fd()), 0);
  }

  // A program that only passes, under another name.
  [[nodiscard]] static int LoadForeign() {
    const bpf_insn pass[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS},
                             {.code = BPF_JMP | BPF_EXIT}};
    return bpf_prog_load(BPF_PROG_TYPE_XDP, "foreign", "GPL", pass, 2, nullptr);
  }

  int ifindex_ = 0;
};

TEST_F(AttachedGuard, IsConfiguredAndCounts) {
  LoadedGuard guard;
  ASSERT_EQ(Attach(guard.program_fd()), 0);
  ASSERT_TRUE(ConfigureGuard(ifindex_, kConfig).ok());
  guard.BindSocket();
  EXPECT_EQ(guard.Run(BuildFrame({})).reasons, "redirected");
  EXPECT_EQ(guard.Run(BuildFrame({.source = kOther})).reasons, "other-peer");

  const absl::StatusOr<GuardCounters> counters = ReadGuardCounters(ifindex_);
  ASSERT_TRUE(counters.ok()) << counters.status();
  EXPECT_EQ(counters->frames[GUARD_REDIRECTED], 1u);
  EXPECT_EQ(counters->frames[GUARD_OTHER_PEER], 1u);
}

TEST_F(AttachedGuard, IsReconfiguredWhileItRuns) {
  LoadedGuard guard;
  ASSERT_EQ(Attach(guard.program_fd()), 0);
  ASSERT_TRUE(ConfigureGuard(ifindex_, kConfig).ok());
  GuardConfig moved = kConfig;
  moved.peer_ipv4 = kOther;
  ASSERT_TRUE(ConfigureGuard(ifindex_, moved).ok());
  EXPECT_EQ(guard.Run(BuildFrame({})).reasons, "other-peer");
  EXPECT_EQ(guard.Run(BuildFrame({.source = kOther})).reasons, "no-socket");
}

TEST_F(AttachedGuard, StopsTheNextStartUntilItIsDetached) {
  LeaveBehind();
  const LoadedGuard next;
  ASSERT_NE(Attach(next.program_fd()), 0);
  ASSERT_TRUE(DetachStaleGuard(ifindex_).ok());
  EXPECT_EQ(Attach(next.program_fd()), 0);
}

TEST_F(AttachedGuard, IsNotDetachedUnderARunningProcess) {
  const pid_t owner = fork();
  ASSERT_GE(owner, 0);
  if (owner == 0) {
    const LoadedGuard guard;
    if (Attach(guard.program_fd()) != 0) _exit(1);
    raise(SIGSTOP);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(owner, &status, WUNTRACED), owner);
  ASSERT_TRUE(WIFSTOPPED(status));
  const absl::Status refused = DetachStaleGuard(ifindex_);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(refused.message().find(std::to_string(owner)), std::string::npos) << refused;

  kill(owner, SIGKILL);
  ASSERT_EQ(waitpid(owner, &status, 0), owner);
  EXPECT_TRUE(ReadGuardCounters(ifindex_).ok());  // It outlives its process…
  EXPECT_TRUE(DetachStaleGuard(ifindex_).ok());   // …until it is removed.
  EXPECT_FALSE(ReadGuardCounters(ifindex_).ok());
}

TEST_F(AttachedGuard, DetachingNothingIsFine) {
  EXPECT_TRUE(DetachStaleGuard(ifindex_).ok());
  LeaveBehind();
  EXPECT_TRUE(DetachStaleGuard(ifindex_).ok());
  EXPECT_TRUE(DetachStaleGuard(ifindex_).ok());
}

TEST_F(AttachedGuard, LeavesAForeignProgramAlone) {
  const int foreign = LoadForeign();
  ASSERT_GE(foreign, 0);
  ASSERT_EQ(Attach(foreign), 0);
  const absl::Status refused = DetachStaleGuard(ifindex_);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(refused.message().find("'foreign'"), std::string::npos) << refused;
  EXPECT_EQ(ConfigureGuard(ifindex_, kConfig).code(), absl::StatusCode::kFailedPrecondition);
  const LoadedGuard guard;
  EXPECT_NE(Attach(guard.program_fd()), 0);  // Still there.
  close(foreign);
}

TEST_F(AttachedGuard, MistakesAreNamed) {
  EXPECT_EQ(ConfigureGuard(ifindex_, kConfig).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReadGuardCounters(ifindex_).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(DetachStaleGuard(4'000'000).ok());
  LeaveBehind();
  for (const GuardConfig& wrong :
       {GuardConfig{}, GuardConfig{.own_ipv4 = kOwn, .peer_ipv4 = kOwn, .port = 1},
        GuardConfig{.own_ipv4 = kOwn, .peer_ipv4 = kPeer, .port = 0},
        GuardConfig{kOwn, kPeer, kHa2Port, 20, 10}, GuardConfig{kOwn, kPeer, kHa2Port, 0, 10}}) {
    EXPECT_EQ(ConfigureGuard(ifindex_, wrong).code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(GuardObject, IsFoundWhereItIsNamed) {
  const absl::StatusOr<std::string> path = FindGuardObject(GUARD_OBJECT_PATH);
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_EQ(path->front(), '/');
  const absl::Status missing = FindGuardObject("no/such/guard.o").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(missing.message().find("no/such/guard.o"), std::string::npos);
}

}  // namespace
}  // namespace dataplane
