// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Memory for the session table: hugepages, so that a random lookup misses no TLB, and so that a
// killed process is gone at once: the kernel frees small pages one by one before it closes the
// connection by which the peer learns of the death.
//
// Threads: start-up.  Memory: one mapping, zero, unmapped by the destructor.

#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "absl/status/statusor.h"

namespace dataplane {

class TableMemory {
 public:
  // Hugepages if wanted and free, else small pages that the kernel may merge.
  // Errors: kResourceExhausted with the bytes asked for.
  static absl::StatusOr<std::unique_ptr<TableMemory>> Map(std::size_t bytes, bool want_hugepages);
  ~TableMemory();
  TableMemory(const TableMemory&) = delete;
  TableMemory& operator=(const TableMemory&) = delete;

  [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool hugepages() const noexcept { return hugepages_; }

 private:
  TableMemory(std::span<std::byte> bytes, bool hugepages) : bytes_(bytes), hugepages_(hugepages) {}

  std::span<std::byte> bytes_;
  bool hugepages_;
};

}  // namespace dataplane
