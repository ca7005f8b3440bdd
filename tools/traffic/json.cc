// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/traffic/json.h"

#include <cstdio>

namespace traffic {

void JsonWriter::Key(std::string_view key) {
  if (needs_comma_) line_ += ',';
  needs_comma_ = true;
  if (key.empty()) return;
  line_ += '"';
  line_ += key;
  line_ += "\":";
}

JsonWriter& JsonWriter::Begin(std::string_view key, char bracket) {
  Key(key);
  line_ += bracket;
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::End(char bracket) {
  line_ += bracket;
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::Number(std::string_view key, std::uint64_t value) {
  Key(key);
  line_ += std::to_string(value);
  return *this;
}

JsonWriter& JsonWriter::Boolean(std::string_view key, bool value) {
  Key(key);
  line_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::Text(std::string_view key, std::string_view value) {
  Key(key);
  line_ += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') line_ += '\\';
    line_ += c;
  }
  line_ += '"';
  return *this;
}

void PrintLine(const JsonWriter& json) {
  std::fputs(json.line().c_str(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

}  // namespace traffic
