// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/engine/rolled_back.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace configsync {

std::string Encode(const RolledBack& rolled_back) {
  return absl::StrCat(rolled_back.back_to, " ", rolled_back.at);
}

std::optional<RolledBack> DecodeRolledBack(std::string_view text) {
  const std::vector<std::string> words = absl::StrSplit(std::string(text), ' ');
  RolledBack rolled_back;
  const bool is_good = words.size() == 2 && absl::SimpleAtoi(words[0], &rolled_back.back_to) &&
                       absl::SimpleAtoi(words[1], &rolled_back.at);
  return is_good ? std::optional(rolled_back) : std::nullopt;
}

}  // namespace configsync
