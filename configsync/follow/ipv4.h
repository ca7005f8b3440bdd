// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// IPv4 prefixes as numbers, in host order.
//
// Threads: values only.

#pragma once

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace configsync {

struct Ipv4Prefix {
  std::uint32_t address = 0;  // May have bits behind `length`: an interface's own address has.
  std::uint32_t length = 0;   // 0–32.

  [[nodiscard]] std::uint32_t mask() const {
    return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
  }
  [[nodiscard]] std::uint32_t first() const { return address & mask(); }
  [[nodiscard]] bool Contains(std::uint32_t other) const { return (other & mask()) == first(); }
  [[nodiscard]] bool Overlaps(const Ipv4Prefix& other) const {
    return ((address ^ other.address) & mask() & other.mask()) == 0;
  }
  // Whether `other`, an address of the prefix, names the network or everybody in it: up to /30.
  [[nodiscard]] bool IsEdge(std::uint32_t other) const {
    const std::uint32_t host_bits = other & ~mask();
    return length <= 30 && (host_bits == 0 || host_bits == ~mask());
  }
};

// "10.1.0.2".
inline std::optional<std::uint32_t> ParseIpv4(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) {
    return std::nullopt;
  }
  return ntohl(address.s_addr);
}

// "10.1.0.2/24".
inline std::optional<Ipv4Prefix> ParseIpv4Prefix(const std::string& text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::optional<std::uint32_t> address = ParseIpv4(text.substr(0, slash));
  const std::string_view digits = std::string_view(text).substr(std::min(slash + 1, text.size()));
  std::uint32_t length = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (!address || parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() ||
      length > 32) {
    return std::nullopt;
  }
  return Ipv4Prefix{*address, length};
}

// "10.1.0.0/24", without the bits behind the length.
inline std::string PrefixText(const Ipv4Prefix& prefix) {
  const std::uint32_t first = prefix.first();
  return std::to_string(first >> 24) + "." + std::to_string((first >> 16) & 0xff) + "." +
         std::to_string((first >> 8) & 0xff) + "." + std::to_string(first & 0xff) + "/" +
         std::to_string(prefix.length);
}

}  // namespace configsync
