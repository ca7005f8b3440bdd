// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// "NAME   value" lines, as all commands of lockstep-configd print them.
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <string>

namespace lockstepctl {

inline constexpr std::size_t kHashDigits = 12;  // Enough to tell revisions apart at a glance.

// "NAME   value"; "-" for an empty value.
void AddLine(std::string& text, const std::string& label, const std::string& value);

// "    NAME     value", further lines of the value under its first; nothing for an empty one.
void AddField(std::string& text, const std::string& label, std::string value);

}  // namespace lockstepctl
