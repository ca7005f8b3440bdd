// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/seal/seal_verdict.h"

#include <array>

#include "statesync/ensure.h"

namespace statesync {

std::string_view NameOf(SealVerdict verdict) noexcept {
  static constexpr std::array<std::string_view, kSealVerdictCount> kNames{
      "accepted",        "too-short",      "too-long",       "bad-magic",       "bad-kind",
      "hello-bad-mac",   "hello-version",  "hello-own-node", "hello-bad-node",  "hello-group-full",
      "hello-malformed", "hello-unproven", "hello-stale",    "hello-duplicate", "hello-bad-share",
      "no-key",          "bad-version",    "bad-stream",     "replayed",        "bad-seal",
      "stale-key",       "bad-empty"};
  ENSURE(verdict < SealVerdict::kCount);
  return kNames[static_cast<std::size_t>(verdict)];
}

}  // namespace statesync
