// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Hugepages of the machine: how many are free, and a lock for those who look and then take.
//
// Threads: start-up.

#pragma once

#include <cstdint>

namespace dataplane {

// Free hugepages of all sizes that nobody has reserved, in MiB.
[[nodiscard]] std::uint64_t FreeHugepagesMb();

// While it lives, other nodes of this machine wait before they look: else two that start together
// count the same pages. The lock is on a file of procfs, which mount namespaces share. Without it
// (no procfs) all goes on, as a lock is a courtesy here.
class HugepageLock {
 public:
  HugepageLock();
  ~HugepageLock();
  HugepageLock(const HugepageLock&) = delete;
  HugepageLock& operator=(const HugepageLock&) = delete;

 private:
  int fd_;
};

}  // namespace dataplane
