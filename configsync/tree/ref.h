// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A counted pointer to an object that holds its own count: half of what std::shared_ptr takes, and
// one allocation an object.
//
// Threads: as std::shared_ptr: the count is atomic, one Ref is not.

#pragma once

#include <cstddef>
#include <utility>

namespace configsync {

// T has `void AddReference() const` and `void DropReference() const`, which frees it with the last.
template <typename T>
class Ref {
 public:
  constexpr Ref() = default;
  constexpr Ref(std::nullptr_t) {}  // NOLINT(google-explicit-constructor): as std::shared_ptr.
  Ref(const Ref& other) : object_(other.object_) {
    if (object_ != nullptr) object_->AddReference();
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->DropReference();
  }

  // Takes over the one reference that a new object is born with.
  static Ref Adopt(T* object) {
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  // Gives the reference to the caller.
  [[nodiscard]] T* Release() { return std::exchange(object_, nullptr); }
  // Another owner of an object that has owners already.
  static Ref Share(T* object) {
    if (object != nullptr) object->AddReference();
    return Adopt(object);
  }

  [[nodiscard]] T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  void reset() { *this = Ref(); }
  friend bool operator==(const Ref& a, const Ref& b) { return a.object_ == b.object_; }
  friend bool operator==(const Ref& a, std::nullptr_t) { return a.object_ == nullptr; }

 private:
  T* object_ = nullptr;
};

}  // namespace configsync
