// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Who may connect, and what the owner of the socket is told of them.

#include "proto/local/unix_listener.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <mutex>

namespace local {
namespace {

constexpr uid_t kStranger = 64'123;
constexpr gid_t kStrangersGroup = 64'124;
constexpr gid_t kSupplementary = 64'125;

// Connects and waits for the other end's verdict: true if a byte came, false if it hung up.
bool IsServed(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  char byte = 0;
  const bool is_served =
      connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      read(descriptor, &byte, 1) == 1;
  close(descriptor);
  return is_served;
}

// The same, by a child of another user. Its group list has more groups than the first guess holds.
bool IsStrangerServed(const std::string& path) {
  const pid_t child = fork();
  if (child == 0) {
    std::vector<gid_t> groups(100, kStrangersGroup);
    groups.push_back(kSupplementary);
    const bool is_other = setgroups(groups.size(), groups.data()) == 0 &&
                          setgid(kStrangersGroup) == 0 && setuid(kStranger) == 0;
    _exit(is_other && IsServed(path) ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

class UnixListenerTest : public testing::Test {
 protected:
  UnixListenerTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("unix_listener_test." + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
    chmod(folder_.c_str(), 0755);
  }
  ~UnixListenerTest() override { std::filesystem::remove_all(folder_); }

  UnixListener::Setup ListenerSetup() {
    UnixListener::Setup setup;
    setup.path = (folder_ / "test.sock").string();
    setup.program = "test";
    setup.remedy = "shorten it";
    setup.on_connection = [this](int descriptor, const PeerCredentials& peer) {
      {
        const std::lock_guard lock(mutex_);
        last_ = peer;
      }
      send(descriptor, "x", 1, MSG_NOSIGNAL);  // A probe has hung up already.
      close(descriptor);
    };
    return setup;
  }

  PeerCredentials last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

  std::filesystem::path folder_;
  std::mutex mutex_;
  PeerCredentials last_;
};

TEST_F(UnixListenerTest, NamesTheProcessThatConnects) {
  const auto listener = UnixListener::Start(ListenerSetup());
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_TRUE(IsServed(ListenerSetup().path));
  EXPECT_EQ(last().user, geteuid());
  EXPECT_EQ(last().group, getegid());
  EXPECT_EQ(last().process, getpid());
}

TEST_F(UnixListenerTest, AnotherUserIsRefusedUnlessTheOwnerOfTheSocketSaysOtherwise) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "skip: privileges: only root can become another user";
  }
  UnixListener::Setup setup = ListenerSetup();
  setup.mode = 0666;
  {
    const auto strict = UnixListener::Start(setup);
    ASSERT_TRUE(strict.ok()) << strict.status();
    EXPECT_FALSE(IsStrangerServed(setup.path));
    EXPECT_EQ((*strict)->refused_count(), 1u);
    EXPECT_TRUE(IsServed(setup.path));
  }
  setup.may_connect = [](const PeerCredentials& peer) { return peer.user == kStranger; };
  const auto wide = UnixListener::Start(setup);
  ASSERT_TRUE(wide.ok()) << wide.status();
  EXPECT_TRUE(IsStrangerServed(setup.path));
  EXPECT_EQ(last().user, kStranger);
  EXPECT_EQ(last().group, kStrangersGroup);
  const std::vector<gid_t> groups = last().groups;
  EXPECT_EQ(groups.size(), 101u);
  EXPECT_NE(std::find(groups.begin(), groups.end(), kSupplementary), groups.end());
  EXPECT_FALSE(IsServed(setup.path));
}

TEST_F(UnixListenerTest, TheFileHasItsModeWhateverTheUmask) {
  const mode_t before = umask(0077);
  UnixListener::Setup setup = ListenerSetup();
  setup.mode = 0660;
  const auto listener = UnixListener::Start(setup);
  umask(before);
  ASSERT_TRUE(listener.ok()) << listener.status();
  struct stat status {};
  ASSERT_EQ(stat(setup.path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0660u);
}

TEST_F(UnixListenerTest, TheFileHasTheGroupThatMayConnect) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "skip: privileges: only root can give a file to another group";
  }
  UnixListener::Setup setup = ListenerSetup();
  setup.mode = 0660;
  setup.group = kSupplementary;
  setup.may_connect = [](const PeerCredentials& peer) { return peer.user == kStranger; };
  const auto listener = UnixListener::Start(setup);
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_TRUE(IsStrangerServed(setup.path));
  ASSERT_EQ(chown(setup.path.c_str(), 0, 0), 0);
  EXPECT_FALSE(IsStrangerServed(setup.path));
}

TEST_F(UnixListenerTest, ALivingListenerIsNotReplacedAndADeadOneIs) {
  {
    const auto first = UnixListener::Start(ListenerSetup());
    ASSERT_TRUE(first.ok());
    const auto second = UnixListener::Start(ListenerSetup());
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(second.status().message(), "socket " + ListenerSetup().path +
                                             ": another test listens there; stop it, or shorten "
                                             "it");
    EXPECT_TRUE(IsServed(ListenerSetup().path));
  }
  // A socket that nobody listens on, as a killed process leaves it.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, ListenerSetup().path.data(), ListenerSetup().path.size());
  const int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  close(dead);
  const auto third = UnixListener::Start(ListenerSetup());
  EXPECT_TRUE(third.ok()) << third.status();
}

TEST_F(UnixListenerTest, APathThatIsTooLongIsRefusedWithItsLimit) {
  UnixListener::Setup setup = ListenerSetup();
  setup.path = "/tmp/" + std::string(200, 'x');
  const auto listener = UnixListener::Start(setup);
  ASSERT_EQ(listener.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(listener.status().message().find("longer than 107 bytes; shorten it"),
            std::string::npos);
}

}  // namespace
}  // namespace local
