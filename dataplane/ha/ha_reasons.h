// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Why HA is not fully available, as far as the ha thread knows: a set of bits that one thread
// writes and others turn into sentences.
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dataplane {

enum class HaReason : std::uint8_t {
  kHa1Silent,
  kHa1BackupSilent,
  kHa2Silent,
  kLivenessDown,
  kNotRealTime,
  kCarrierDown,
  kDetectionDiffers,
  kTookOverUnready,
  kTermNotWritten,
  kTermsExhausted,
  kKeysExhausted,
  kHa2FirstSilent,
  kHa2SecondSilent,
  kPeerTableLarger,
  kFailoverDisabled,
  kCount,
};
inline constexpr std::size_t kHaReasonCount = static_cast<std::size_t>(HaReason::kCount);

using HaReasonBits = std::uint32_t;
[[nodiscard]] constexpr HaReasonBits BitOf(HaReason reason) {
  return HaReasonBits{1} << static_cast<unsigned>(reason);
}

// One sentence with a remedy.
[[nodiscard]] std::string_view SentenceOf(HaReason reason) noexcept;
[[nodiscard]] std::vector<std::string> SentencesOf(HaReasonBits bits);

}  // namespace dataplane
