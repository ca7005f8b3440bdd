// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Memory fences by name, and prefetches. ThreadSanitizer does not model stand-alone fences; under
// it each is a read-modify-write of one word that everybody shares, which it does model.
//
// Threads: any.

#pragma once

#include <atomic>

namespace statesync {

#if defined(__SANITIZE_THREAD__)
#define LOCKSTEP_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LOCKSTEP_TSAN 1
#endif
#endif

#if defined(LOCKSTEP_TSAN)
inline std::atomic<unsigned> fence_word{0};
inline void FullFence() noexcept { fence_word.fetch_add(1, std::memory_order_seq_cst); }
inline void ReleaseFence() noexcept { fence_word.fetch_add(1, std::memory_order_seq_cst); }
inline void AcquireFence() noexcept { fence_word.fetch_add(1, std::memory_order_seq_cst); }
// For functions that read what a writer may be changing and judge it by the sequence word after.
#define LOCKSTEP_RACY_READ __attribute__((no_sanitize("thread"), noinline))
#else
// Stores before it are visible before loads after it are made.
inline void FullFence() noexcept { std::atomic_thread_fence(std::memory_order_seq_cst); }
inline void ReleaseFence() noexcept { std::atomic_thread_fence(std::memory_order_release); }
inline void AcquireFence() noexcept { std::atomic_thread_fence(std::memory_order_acquire); }
#define LOCKSTEP_RACY_READ inline
#endif

inline void PrefetchRead(const void* p) noexcept { __builtin_prefetch(p, 0, 3); }
inline void PrefetchWrite(const void* p) noexcept { __builtin_prefetch(p, 1, 3); }

}  // namespace statesync
