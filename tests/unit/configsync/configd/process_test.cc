// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Folders, users, and privileges that do not come back.

#include "configsync/process.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

namespace configsync {
namespace {

class ProcessTest : public testing::Test {
 protected:
  ProcessTest()
      : folder_(std::filesystem::temp_directory_path() / ("process." + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~ProcessTest() override { std::filesystem::remove_all(folder_); }
  static mode_t ModeOf(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0);
    return status.st_mode & 07777;
  }
  std::filesystem::path folder_;
};

TEST_F(ProcessTest, AFolderGetsItsModeAndOneThatWasThereKeepsIt) {
  const User self = FindUser("").value();
  const std::string path = (folder_ / "a" / "b").string();
  EXPECT_TRUE(MakeFolder(path, self, 0700).ok());
  EXPECT_EQ(ModeOf(path), 0700u);
  EXPECT_TRUE(MakeFolder(path, self, std::nullopt).ok());
  EXPECT_EQ(ModeOf(path), 0700u);
  const absl::Status fault = MakeFolder("/proc/none", self, 0700);
  EXPECT_NE(fault.message().find("folder /proc/none: cannot make it"), std::string::npos) << fault;
}

TEST_F(ProcessTest, AUserThatIsNotThereIsSaidWithARemedy) {
  EXPECT_EQ(FindUser("no-such-user-here").status().message(),
            "user no-such-user-here: this machine has none; make it: useradd --system "
            "no-such-user-here");
  EXPECT_EQ(FindUser("").value().user, geteuid());
}

TEST_F(ProcessTest, PrivilegesAreGivenUpForGood) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "skip: privileges: only root has some to give up";
  }
  const pid_t child = fork();
  if (child == 0) {
    const absl::StatusOr<User> user = FindUser("daemon");
    if (!user.ok() || !DropPrivileges(*user).ok()) {
      _exit(1);
    }
    uid_t ids[3];
    getresuid(&ids[0], &ids[1], &ids[2]);
    const bool is_other = ids[0] == user->user && ids[1] == user->user && ids[2] == user->user;
    const bool has_no_more = setuid(0) != 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
                             prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
    _exit(is_other && has_no_more && umask(0) == 077 ? 0 : 2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_F(ProcessTest, SystemdIsToldWhenItWantsToBe) {
  const std::string path = (folder_ / "notify").string();
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  setenv("NOTIFY_SOCKET", path.c_str(), 1);
  NotifySystemd("READY=1");
  unsetenv("NOTIFY_SOCKET");
  NotifySystemd("STOPPING=1");
  char text[32] = {};
  EXPECT_EQ(recv(descriptor, text, sizeof(text), MSG_DONTWAIT), 7);
  EXPECT_STREQ(text, "READY=1");
  EXPECT_EQ(recv(descriptor, text, sizeof(text), MSG_DONTWAIT), -1);
  close(descriptor);
}

}  // namespace
}  // namespace configsync
