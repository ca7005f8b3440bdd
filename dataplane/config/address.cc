// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/config/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"

namespace dataplane {
namespace {

using statesync::NetAddr;

// A decimal number without sign, blanks or leading zeros, at most `max`.
std::optional<std::uint32_t> ParseNumber(std::string_view text, std::uint32_t max) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) {
    return std::nullopt;
  }
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max) {
    return std::nullopt;
  }
  return value;
}

struct NumberRange {
  std::uint32_t first;
  std::uint32_t last;
};

std::optional<NumberRange> ParseNumberRange(std::string_view text, std::uint32_t max) {
  const std::size_t dash = text.find('-');
  const auto first = ParseNumber(text.substr(0, dash), max);
  const auto last =
      dash == std::string_view::npos ? first : ParseNumber(text.substr(dash + 1), max);
  if (!first || !last || *first > *last) {
    return std::nullopt;
  }
  return NumberRange{*first, *last};
}

}  // namespace

std::optional<NetAddr> ParseAddress(std::string_view text) {
  std::uint32_t host = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = text.find('.');
    if ((part < 3) != (dot != std::string_view::npos)) {
      return std::nullopt;
    }
    const auto number = ParseNumber(text.substr(0, dot), 255);
    if (!number) {
      return std::nullopt;
    }
    host = (host << 8) | *number;
    text.remove_prefix(part < 3 ? dot + 1 : text.size());
  }
  return htonl(host);
}

std::optional<InterfaceAddress> ParseAddressWithLength(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return std::nullopt;
  }
  const auto address = ParseAddress(text.substr(0, slash));
  const auto length = ParseNumber(text.substr(slash + 1), 32);
  if (!address || !length) {
    return std::nullopt;
  }
  return InterfaceAddress{*address, static_cast<std::uint8_t>(*length)};
}

std::optional<PortRangeOptions> ParsePortRange(std::string_view text) {
  const auto range = ParseNumberRange(text, 65'535);
  if (!range || range->first == 0) {
    return std::nullopt;
  }
  return PortRangeOptions{static_cast<std::uint16_t>(range->first),
                          static_cast<std::uint16_t>(range->last)};
}

std::optional<std::vector<std::uint16_t>> ParseCpuSet(std::string_view text) {
  std::vector<std::uint16_t> cpus;
  while (true) {
    const std::size_t comma = text.find(',');
    const auto range = ParseNumberRange(text.substr(0, comma), kCpusMax - 1);
    if (!range || (!cpus.empty() && range->first <= cpus.back())) {
      return std::nullopt;
    }
    for (std::uint32_t cpu = range->first; cpu <= range->last; ++cpu) {
      cpus.push_back(static_cast<std::uint16_t>(cpu));
    }
    if (comma == std::string_view::npos) {
      return cpus;
    }
    text.remove_prefix(comma + 1);
  }
}

std::string FormatAddress(NetAddr address) {
  const std::uint32_t host = ntohl(address);
  return absl::StrCat(host >> 24, ".", (host >> 16) & 0xff, ".", (host >> 8) & 0xff, ".",
                      host & 0xff);
}

std::string FormatPrefix(const PrefixOptions& prefix) {
  return absl::StrCat(FormatAddress(prefix.address), "/", prefix.length);
}

std::string FormatPortRange(const PortRangeOptions& range) {
  return range.first == range.last ? absl::StrCat(range.first)
                                   : absl::StrCat(range.first, "-", range.last);
}

std::string FormatCpuSet(const std::vector<std::uint16_t>& cpus) {
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) {
      ++last;
    }
    absl::StrAppend(&text, text.empty() ? "" : ",",
                    FormatPortRange({cpus[i], cpus[last]}));  // The same notation.
    i = last + 1;
  }
  return text;
}

NetAddr PrefixMask(std::uint8_t length) {
  return length == 0 ? 0 : htonl(~std::uint32_t{0} << (32 - length));
}

PrefixOptions PrefixOf(NetAddr address, std::uint8_t length) {
  return {address & PrefixMask(length), length};
}

bool Contains(const PrefixOptions& prefix, NetAddr address) {
  return (address & PrefixMask(prefix.length)) == prefix.address;
}

bool Overlap(const PrefixOptions& a, const PrefixOptions& b) {
  const std::uint8_t shorter = std::min(a.length, b.length);
  return ((a.address ^ b.address) & PrefixMask(shorter)) == 0;
}

bool IsUnicast(NetAddr address) {
  const std::uint32_t first = ntohl(address) >> 24;
  return first != 0 && first != 127 && first < 224;
}

bool IsPrefixEdge(const PrefixOptions& prefix, NetAddr address) {
  if (prefix.length > 30) {
    return false;
  }
  const NetAddr host_bits = address & ~PrefixMask(prefix.length);
  return host_bits == 0 || host_bits == ~PrefixMask(prefix.length);
}

}  // namespace dataplane
