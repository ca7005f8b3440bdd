// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/fields.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace lockstepctl {
namespace {

constexpr std::size_t kLabelWidth = 23;  // As of `lockstepctl status`.

}  // namespace

void AddLine(std::string& text, const std::string& label, const std::string& value) {
  absl::StrAppend(&text, label,
                  std::string(kLabelWidth - std::min(label.size(), kLabelWidth - 1), ' '),
                  value.empty() ? "-" : value, "\n");
}

void AddField(std::string& text, const std::string& label, std::string value) {
  if (value.empty()) {
    return;
  }
  const std::string begin = label + std::string(9 - label.size(), ' ');
  for (std::size_t at = value.find('\n'); at != std::string::npos;
       at = value.find('\n', at + 1 + 13)) {
    value.replace(at, 1, "\n" + std::string(13, ' '));
  }
  absl::StrAppend(&text, "    ", begin, value, "\n");
}

}  // namespace lockstepctl
