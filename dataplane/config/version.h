// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The version that every program of one build prints.

#pragma once

#include <string_view>

namespace dataplane {

// "0.1.0".
std::string_view ProgramVersion();

}  // namespace dataplane
