// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <ctime>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "configsync/engine/clock.h"

namespace configsync {
namespace {

constexpr char kBootIdPath[] = "/proc/sys/kernel/random/boot_id";

std::int64_t Micros(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

class Machine final : public Clock {
 public:
  std::int64_t BootMs() override { return Micros(CLOCK_BOOTTIME) / 1'000; }
  std::int64_t WallMs() override { return Micros(CLOCK_REALTIME) / 1'000; }
  std::int64_t ThreadCpuUs() override { return Micros(CLOCK_THREAD_CPUTIME_ID); }
};

}  // namespace

std::unique_ptr<Clock> SystemClock() { return std::make_unique<Machine>(); }

absl::StatusOr<std::string> MachineBootId() {
  std::ifstream file(kBootIdPath);
  std::string id;
  if (!std::getline(file, id) || id.empty()) {
    return absl::UnavailableError(std::string(kBootIdPath) +
                                  ": cannot be read; /proc must be mounted");
  }
  return id;
}

}  // namespace configsync
