// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Names of the numbers on the wire. The compiler finds an enumerator that has none.
//
// Threads: constants only.

#pragma once

#include <array>
#include <cstdint>

namespace wiredump {

// An enumeration of one byte: null for a number that has no name.
struct Enumeration {
  const char* name;
  const char* (*name_of)(std::uint8_t value);
};

extern const Enumeration kDatagramKinds;
extern const Enumeration kTables;
extern const Enumeration kOps;
extern const Enumeration kControlOps;
extern const Enumeration kRoles;
extern const Enumeration kReadiness;
extern const Enumeration kSessionStates;
extern const Enumeration kBulkPhases;
extern const Enumeration kBulkResults;
extern const Enumeration kRefusals;

inline constexpr std::array kEnumerations = {
    &kDatagramKinds, &kTables,     &kOps,         &kControlOps, &kRoles,
    &kReadiness,     &kBulkPhases, &kBulkResults, &kRefusals,   &kSessionStates,
};

}  // namespace wiredump
