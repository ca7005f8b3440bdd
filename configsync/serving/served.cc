// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/serving/served.h"

#include <unistd.h>

#include <chrono>
#include <utility>

namespace configsync {
namespace {

constexpr std::chrono::seconds kPatience{1};

}  // namespace

void Served::End() {
  if (server != nullptr) {
    server->Shutdown(std::chrono::system_clock::now() + kPatience);
    server->Wait();
    server.reset();
  }
  if (watched >= 0) close(std::exchange(watched, -1));
}

}  // namespace configsync
