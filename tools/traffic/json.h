// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Writes one line of JSON. Keys are literals of ours and values need no escapes beyond quotes and
// backslashes.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace traffic {

class JsonWriter {
 public:
  JsonWriter& BeginObject(std::string_view key = {}) { return Begin(key, '{'); }
  JsonWriter& BeginArray(std::string_view key = {}) { return Begin(key, '['); }
  JsonWriter& EndObject() { return End('}'); }
  JsonWriter& EndArray() { return End(']'); }

  JsonWriter& Number(std::string_view key, std::uint64_t value);
  JsonWriter& Boolean(std::string_view key, bool value);
  JsonWriter& Text(std::string_view key, std::string_view value);
  JsonWriter& Item(std::uint64_t value) { return Number({}, value); }  // In an array.

  [[nodiscard]] const std::string& line() const noexcept { return line_; }

 private:
  JsonWriter& Begin(std::string_view key, char bracket);
  JsonWriter& End(char bracket);
  void Key(std::string_view key);

  std::string line_;
  bool needs_comma_ = false;
};

// Prints the line and flushes: a reader waits for whole lines.
void PrintLine(const JsonWriter& json);

}  // namespace traffic
