// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What wiredump was asked for.
//
// Threads: start-up only.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace wiredump {

inline constexpr int kStatusDone = 0;
inline constexpr int kStatusFailed = 1;  // Not everything could be shown.
inline constexpr int kStatusUsage = 2;

struct Request {
  std::string capture;  // "-": standard input.
  std::string keys;     // Empty: none.
  std::string plain;    // Capture to write; empty: none.
  std::uint16_t port = 4'799;
  bool verbose = false;
  bool json = false;
  bool schema = false;
};

// Text to print instead of running: help, or a usage error.
struct Leave {
  int status = kStatusDone;
  std::string text;
};

// Fills `request` and returns nothing, or says what to print.
std::optional<Leave> ReadCommandLine(int argc, const char* const* argv, Request& request);

}  // namespace wiredump
