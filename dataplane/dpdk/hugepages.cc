// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/hugepages.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace dataplane {

std::uint64_t FreeHugepagesMb() {
  std::uint64_t free_kb = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/kernel/mm/hugepages", error)) {
    const std::string name = entry.path().filename();  // "hugepages-2048kB"
    const std::size_t dash = name.find('-');
    if (dash == std::string::npos) continue;
    std::uint64_t free = 0;
    std::uint64_t reserved = 0;  // Promised to a mapping, not yet touched: still counted as free.
    std::ifstream(entry.path() / "free_hugepages") >> free;
    std::ifstream(entry.path() / "resv_hugepages") >> reserved;
    if (free <= reserved) continue;
    free_kb += (free - reserved) * strtoull(name.c_str() + dash + 1, nullptr, 10);
  }
  return free_kb / 1024;
}

HugepageLock::HugepageLock() : fd_(open("/proc/sys/vm/nr_hugepages", O_RDONLY | O_CLOEXEC)) {
  if (fd_ >= 0) (void)flock(fd_, LOCK_EX);
}

HugepageLock::~HugepageLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace dataplane
