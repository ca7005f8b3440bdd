// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What a dataplane takes at most. It checks the same numbers; here they have the configuration's
// paths.
//
// Threads: constants only.

#pragma once

#include <cstddef>

namespace configsync {

inline constexpr std::size_t kZonesMax = 255;
inline constexpr std::size_t kInterfacesMax = 31;        // DPDK holds 32 ports, one is HA2.
inline constexpr std::size_t kVirtualAddressesMax = 16;  // Of an interface.
inline constexpr std::size_t kRoutesMax = 65'536;
inline constexpr std::size_t kRulesMax = 65'535;
inline constexpr std::size_t kPrefixesPerRuleMax = 1'024;  // Of source or destination, resolved.
inline constexpr std::size_t kPortsPerRuleMax = 256;
inline constexpr std::size_t kNatPoolsMax = 255;
inline constexpr std::size_t kNatAddressesMax = 255;  // Over all pools.
inline constexpr std::size_t kForwardingBytesMax = 64u << 20;

}  // namespace configsync
