// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Reads the fields of a message one after the other; the first that breaks a bound is kept.
//
// Threads: one object, one thread.

#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "configsync/peer/codec.h"

namespace configsync {

class FieldReader {
 public:
  [[nodiscard]] const absl::Status& status() const { return status_; }

  // For people and logs: what would move a cursor or begin a line becomes a blank.
  std::string Text(const char* field, std::string text, std::size_t bytes_max) {
    if (!Counts(field, text.size(), bytes_max, "bytes")) return {};
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      const bool is_c1 = byte == 0xc2 && i + 1 < text.size() &&  // U+0080 to U+009F.
                         static_cast<unsigned char>(text[i + 1]) < 0xa0;
      if (is_c1) text[i + 1] = ' ';
      if (is_c1 || byte < 0x20 || byte == 0x7f) text[i] = ' ';
    }
    return text;
  }
  // A count is checked before anything is read by it.
  bool Counts(const char* field, std::size_t count, std::size_t count_max, const char* unit) {
    if (count > count_max) {
      Fail(absl::StrCat(field, " has ", count, " ", unit, ", at most ", count_max, " are allowed"));
    }
    return count <= count_max;
  }
  Hash ReadHash(const char* field, std::string_view bytes) { return Take(HashOf(field, bytes)); }
  DeviceId ReadDevice(const char* field, std::string_view bytes) {
    return Take(DeviceOf(field, bytes));
  }
  void Fail(const std::string& text) {
    if (status_.ok()) {
      status_ = absl::InvalidArgumentError(text);
    }
  }
  // The value, or an empty one behind an error.
  template <typename Value>
  Value Take(absl::StatusOr<Value> value) {
    if (!value.ok()) {
      Fail(std::string(value.status().message()));
      return Value{};
    }
    return *std::move(value);
  }

 private:
  absl::Status status_;
};

}  // namespace configsync
