// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A first-in first-out queue of fixed capacity. Push says no when it is full; nothing is
// overwritten.
//
// Threads: one.  Memory: allocated by the constructor, never afterwards.

#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

#include "statesync/ensure.h"

namespace statesync {

template <typename Item>
class BoundedQueue {
  static_assert(std::is_trivially_copyable_v<Item>);

 public:
  explicit BoundedQueue(std::size_t capacity)
      : items_(std::make_unique<Item[]>(capacity)), capacity_(capacity) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool is_empty() const { return size_ == 0; }
  [[nodiscard]] bool is_full() const { return size_ == capacity_; }
  void Clear() { size_ = 0; }

  // False if the queue is full; the item was not taken.
  [[nodiscard]] bool Push(const Item& item) {
    if (is_full()) return false;
    std::size_t at = first_ + size_;
    if (at >= capacity_) at -= capacity_;
    items_[at] = item;
    ++size_;
    return true;
  }
  // REQUIRES: not empty.
  [[nodiscard]] const Item& Front() const {
    ENSURE(size_ > 0);
    return items_[first_];
  }
  // The i-th from the front. REQUIRES: i < size().
  [[nodiscard]] const Item& At(std::size_t i) const {
    ENSURE(i < size_);
    const std::size_t at = first_ + i;
    return items_[at >= capacity_ ? at - capacity_ : at];
  }
  [[nodiscard]] Item& At(std::size_t i) {
    return const_cast<Item&>(static_cast<const BoundedQueue&>(*this).At(i));
  }
  Item Pop() {
    ENSURE(size_ > 0);
    const Item item = items_[first_];
    first_ = first_ + 1 == capacity_ ? 0 : first_ + 1;
    --size_;
    return item;
  }

 private:
  std::unique_ptr<Item[]> items_;  // [capacity_]
  std::size_t capacity_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace statesync
