// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/table_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "absl/strings/str_cat.h"
#include "dataplane/dpdk/hugepages.h"

namespace dataplane {
namespace {

constexpr std::size_t kHugepageBytes = std::size_t{2} << 20;

void* MapAnonymous(std::size_t bytes, int flags) {
  void* const memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TableMemory>> TableMemory::Map(std::size_t bytes,
                                                              bool want_hugepages) {
  const std::size_t rounded = (bytes + kHugepageBytes - 1) / kHugepageBytes * kHugepageBytes;
  const HugepageLock lock;
  void* memory = want_hugepages ? MapAnonymous(rounded, MAP_HUGETLB) : nullptr;
  const bool hugepages = memory != nullptr;
  if (!hugepages) memory = MapAnonymous(rounded, 0);
  if (memory == nullptr) {
    return absl::ResourceExhaustedError(
        absl::StrCat("tables.sessions: ", rounded >> 20, " MB of memory: ", strerror(errno)));
  }
  if (!hugepages) (void)madvise(memory, rounded, MADV_HUGEPAGE);
  return std::unique_ptr<TableMemory>(
      new TableMemory({static_cast<std::byte*>(memory), rounded}, hugepages));
}

TableMemory::~TableMemory() { (void)munmap(bytes_.data(), bytes_.size()); }

}  // namespace dataplane
