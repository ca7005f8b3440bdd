// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Writes term marks on a thread of its own, so that the ha thread never waits for a disk.
//
// Threads: Want() and the getters from the ha thread, without locks; one writing thread inside.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "dataplane/ha/descriptor.h"
#include "dataplane/ha/term_store.h"
#include "statesync/types.h"

namespace dataplane {

class TermWriter {
 public:
  // Errors: no event descriptor left.
  static absl::StatusOr<std::unique_ptr<TermWriter>> Start(const TermStore& store);
  ~TermWriter();
  TermWriter(const TermWriter&) = delete;
  TermWriter& operator=(const TermWriter&) = delete;

  // Asks for `mark` to be written. Returns at once; repeating it is harmless.
  void Want(statesync::Term mark);
  // Largest mark on stable storage of those that were wanted; zero before the first.
  [[nodiscard]] statesync::Term written() const {
    return {written_.load(std::memory_order_acquire)};
  }
  [[nodiscard]] bool failing() const { return failing_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t writes() const { return writes_.load(std::memory_order_relaxed); }

 private:
  explicit TermWriter(const TermStore& store) : store_(store) {}
  void Run();

  TermStore store_;
  Descriptor wake_;
  std::atomic<std::uint32_t> wanted_{0};   // Writer: ha thread.
  std::atomic<std::uint32_t> written_{0};  // Writer: the thread inside.
  std::atomic<bool> failing_{false};
  std::atomic<std::uint64_t> writes_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace dataplane
