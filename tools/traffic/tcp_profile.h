// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// How each class of TCP flow behaves, as data.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace traffic {

enum class TcpClass : std::uint8_t { kIdle, kInteractive, kBulk, kShort };

struct TcpProfile {
  std::string_view name;
  std::uint32_t message_bytes_min;
  std::uint32_t message_bytes_max;
  std::uint32_t interval_ms_min;  // Between messages; 0 = no message but the first.
  std::uint32_t interval_ms_max;
  std::uint32_t message_count_min;  // Then the flow closes; 0 = it stays open.
  std::uint32_t message_count_max;
  std::uint32_t waiting_bytes_max;  // No new message while so many bytes are not echoed.
};

// Bulk is 200 kB/s each way: enough to be hurt by a hole, too little to load a small machine.
// clang-format off
inline constexpr std::array<TcpProfile, 4> kTcpProfiles{{
    // name         bytes min, max  interval min, max  messages min, max  waiting
    {"idle",          64,   64,        0,   0,            0,  0,          1},
    {"interactive",    1,  200,       20, 100,            0,  0,          1},
    {"bulk",        2000, 2000,       10,  10,            0,  0,          256 * 1024},
    {"short",        100, 1000,       20,  60,            5, 20,          1},
}};
// clang-format on

[[nodiscard]] constexpr const TcpProfile& ProfileOf(TcpClass tcp_class) noexcept {
  return kTcpProfiles[static_cast<std::size_t>(tcp_class)];
}

}  // namespace traffic
