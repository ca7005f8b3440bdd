// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/confirmation.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace lockstepctl {

absl::StatusOr<std::string> Confirmation(const std::string& must_type, const std::string& given,
                                         bool is_terminal, std::FILE* in, std::FILE* out) {
  if (!given.empty()) {
    return given;  // The node judges it.
  }
  if (!is_terminal) {
    return absl::InvalidArgumentError(
        absl::StrCat("this overwrites ", must_type,
                     ": look at it with --preview, then give --confirm ", must_type));
  }
  std::fprintf(out, "This overwrites %s. Type its name to go on: ", must_type.c_str());
  std::fflush(out);
  std::array<char, 512> line{};
  std::string typed =
      std::fgets(line.data(), static_cast<int>(line.size()), in) == nullptr ? "" : line.data();
  while (!typed.empty() && (typed.back() == '\n' || typed.back() == '\r')) {
    typed.pop_back();
  }
  if (typed != must_type) {
    return absl::AbortedError(absl::StrCat("that is not ", must_type, ": nothing has changed"));
  }
  return typed;
}

}  // namespace lockstepctl
