// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// IPv4 addresses, prefixes, port ranges and CPU sets as text.
//
// Threads: values only.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/config/options.h"

namespace dataplane {

// An address with the length of its connected prefix, "10.1.0.2/24".
struct InterfaceAddress {
  statesync::NetAddr address = 0;
  std::uint8_t prefix_length = 0;
};

// Dotted quad only: no names, no shortened forms, no leading zeros.
std::optional<statesync::NetAddr> ParseAddress(std::string_view text);
std::optional<InterfaceAddress> ParseAddressWithLength(std::string_view text);
// "443" or "8000-8999", 1–65535.
std::optional<PortRangeOptions> ParsePortRange(std::string_view text);
// "0-1,3": ascending, without duplicates, below kCpusMax.
inline constexpr std::uint16_t kCpusMax = 1024;
std::optional<std::vector<std::uint16_t>> ParseCpuSet(std::string_view text);

std::string FormatAddress(statesync::NetAddr address);
std::string FormatPrefix(const PrefixOptions& prefix);
std::string FormatPortRange(const PortRangeOptions& range);
std::string FormatCpuSet(const std::vector<std::uint16_t>& cpus);

// Netmask in network byte order; length 0–32.
statesync::NetAddr PrefixMask(std::uint8_t length);
PrefixOptions PrefixOf(statesync::NetAddr address, std::uint8_t length);
bool Contains(const PrefixOptions& prefix, statesync::NetAddr address);
bool Overlap(const PrefixOptions& a, const PrefixOptions& b);
// May be the address of one host: not 0/8, loopback, multicast, reserved or broadcast.
bool IsUnicast(statesync::NetAddr address);
// Network or broadcast address of a prefix that has them (up to /30).
bool IsPrefixEdge(const PrefixOptions& prefix, statesync::NetAddr address);

}  // namespace dataplane
