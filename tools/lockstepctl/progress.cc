// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/progress.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/lockstepctl/sync_client.h"

namespace lockstepctl {
namespace {

constexpr std::uint32_t kFirstSecond = 2;  // Of a terminal: what is quicker needs no word.
constexpr std::uint32_t kOnlySecond = 10;  // Of a file or pipe.
constexpr std::uint32_t kAnswerTimeoutS = 1;

}  // namespace

std::string WaitingText(const lockstep::admin::SyncStatus& status) {
  std::string text;
  for (const lockstep::admin::RemoteStatus& remote : status.remotes()) {
    if (remote.state() != "disabled" && remote.state() != "in-sync") {
      absl::StrAppend(&text, text.empty() ? "waiting for " : ", ", remote.name(), " (",
                      remote.state(), ")");
    }
  }
  return text;
}

Progress::Progress(std::string socket)
    : socket_(std::move(socket)),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      thread_([this] { Run(); }) {}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  wake_.notify_all();
  thread_.join();
  if (has_line_) {
    std::fputs("\r\033[K", stderr);
  }
}

void Progress::Run() {
  std::unique_lock lock(mutex_);
  for (std::uint32_t second = 1; !is_over_; ++second) {
    if (wake_.wait_for(lock, std::chrono::seconds(1), [this] { return is_over_; })) {
      return;
    }
    lock.unlock();
    Say(second);
    lock.lock();
  }
}

void Progress::Say(std::uint32_t second) {
  if (is_terminal_ ? second < kFirstSecond : second != kOnlySecond) {
    return;
  }
  SyncClient client(socket_, kAnswerTimeoutS);
  const absl::StatusOr<lockstep::admin::SyncStatus> status =
      client.Call(lockstep::admin::GetSyncRequest());
  const std::string text = status.ok() ? WaitingText(*status) : "";
  if (text.empty()) {
    return;
  }
  if (is_terminal_) {
    std::fprintf(stderr, "\r\033[K%s, %u s", text.c_str(), second);
    std::fflush(stderr);
    has_line_ = true;
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
}

}  // namespace lockstepctl
