// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/process.h"

#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"

namespace dataplane {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void BlockStopSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

std::string WaitForStopSignal(const std::function<void()>& look) {
  constexpr timespec kStep{.tv_sec = 0, .tv_nsec = 100'000'000};
  const sigset_t signals = StopSignals();
  for (;;) {
    const int received = sigtimedwait(&signals, nullptr, &kStep);
    if (received == SIGINT) return "SIGINT";
    if (received == SIGTERM) return "SIGTERM";
    look();
  }
}

bool LockMemory() {
  // Others than root have a limit, which later mappings would run into.
  if (geteuid() != 0) return false;
  return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

absl::Status MakeRuntimeDir(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(error.value(), absl::StrCat("runtime_dir: ", path));
}

}  // namespace dataplane
