// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Bounds of what may come in as configuration. Each is reached with a problem that names it.

#pragma once

#include <cstddef>

namespace configsync {

inline constexpr std::size_t kJsonBytesMax = 64u << 20;
inline constexpr std::size_t kJsonDepthMax = 64;          // Of braces and brackets.
inline constexpr std::size_t kJsonNodesMax = 2'000'000;   // Values, entries and containers.
inline constexpr std::size_t kTextBytesMax = 64u << 10;   // Of a value.
inline constexpr std::size_t kChildrenMax = 64;           // Of one node of the schema.
inline constexpr std::size_t kWordsMax = 4'096;           // Of one command.
inline constexpr std::size_t kCandidatesMax = 1'000;      // Of one completion.
inline constexpr std::size_t kProblemValueBytesMax = 80;  // A longer one is shortened in problems.
inline constexpr std::size_t kModulesMax = 200;           // Files of the schema's folder.
inline constexpr std::size_t kModuleBytesMax = 1u << 20;  // Of one of them.
inline constexpr std::size_t kModuleMistakesMax = 50;     // Listed when a schema does not load.

}  // namespace configsync
