// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/remote_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "configsync/peer/peer_server.h"
#include "configsync/reasons/reason.h"

namespace configsync {
namespace {

constexpr std::size_t kTextBytesMax = 128;
using AddressBytes = std::array<std::uint8_t, 16>;

absl::Status BadText(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(
      "address '", std::string(text.substr(0, kTextBytesMax)), "': ", std::string(why),
      "; write 10.10.20.2, 10.10.20.2:4792, fd00::2, [fd00::2]:4792 or https://10.10.20.2"));
}

std::string Printed(int family, const void* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, bytes, text.data(), text.size());
  return text.data();
}

std::optional<std::string> Normal(int family, std::string_view text) {
  AddressBytes bytes{};
  if (inet_pton(family, std::string(text).c_str(), bytes.data()) != 1) {
    return std::nullopt;
  }
  return Printed(family, bytes.data());
}

bool IsInSubnet(const std::string& address, const LocalAddress& local) {
  AddressBytes left{};
  AddressBytes right{};
  inet_pton(local.family, address.c_str(), left.data());
  inet_pton(local.family, local.address.c_str(), right.data());
  int bits = local.prefix_bits;
  for (std::size_t i = 0; i < left.size() && bits > 0; ++i, bits -= 8) {
    const int mask = bits >= 8 ? 0xff : 0xff << (8 - bits) & 0xff;
    if (((left.at(i) ^ right.at(i)) & mask) != 0) {
      return false;
    }
  }
  return true;
}

int BitsOf(const sockaddr* mask) {
  if (mask == nullptr) {
    return 0;
  }
  int bits = 0;
  if (mask->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, mask, sizeof(v4));
    bits = std::popcount(v4.sin_addr.s_addr);
  } else {
    sockaddr_in6 v6{};
    std::memcpy(&v6, mask, sizeof(v6));
    for (const std::uint8_t byte : v6.sin6_addr.s6_addr) {
      bits += std::popcount(byte);
    }
  }
  return bits;
}

// Splits "host:port" and "[host]:port". False: something is wrong with the brackets.
bool Split(std::string_view text, std::string_view& host, std::string_view& port) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) {
      return false;
    }
    host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (host.find(':') == std::string_view::npos || (!text.empty() && text[0] != ':')) {
      return false;
    }
    port = text;
    return true;
  }
  const std::size_t colon = text.find(':');
  const bool is_port = colon != std::string_view::npos && text.find(':', colon + 1) == text.npos;
  host = is_port ? text.substr(0, colon) : text;
  port = is_port ? text.substr(colon) : "";
  return true;
}

}  // namespace

std::string TextOf(const Endpoint& endpoint) {
  return endpoint.family == AF_INET6 ? absl::StrCat("[", endpoint.address, "]:", endpoint.port)
                                     : absl::StrCat(endpoint.address, ":", endpoint.port);
}

std::string TargetOf(const Endpoint& endpoint) {
  return absl::StrCat(endpoint.family == AF_INET6 ? "ipv6:" : "ipv4:", TextOf(endpoint));
}

socklen_t ToSocketAddress(const Endpoint& endpoint, sockaddr_storage& storage) {
  storage = {};
  if (endpoint.family == AF_INET6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    inet_pton(AF_INET6, endpoint.address.c_str(), &v6.sin6_addr);
    std::memcpy(&storage, &v6, sizeof(v6));
    return sizeof(v6);
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(endpoint.port);
  inet_pton(AF_INET, endpoint.address.c_str(), &v4.sin_addr);
  std::memcpy(&storage, &v4, sizeof(v4));
  return sizeof(v4);
}

std::optional<Endpoint> FromSocketAddress(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof(v4));
    return Endpoint{AF_INET, Printed(AF_INET, &v4.sin_addr), ntohs(v4.sin_port)};
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof(v6));
    return Endpoint{AF_INET6, Printed(AF_INET6, &v6.sin6_addr), ntohs(v6.sin6_port)};
  }
  return std::nullopt;
}

absl::StatusOr<Endpoint> ParseRemoteAddress(std::string_view text, std::uint16_t default_port) {
  std::string_view rest = text;
  if (text.size() > kTextBytesMax) {
    return BadText(text, "it is too long");
  }
  if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    if (!absl::EqualsIgnoreCase({rest.data(), scheme}, "https")) {
      return BadText(text, "a URL begins with https");
    }
    rest.remove_prefix(scheme + 3);
    if (rest.ends_with('/')) {
      rest.remove_suffix(1);
    }
  }
  std::string_view host;
  std::string_view port_text;
  if (!Split(rest, host, port_text)) {
    return BadText(text, "brackets are for an IPv6 address, with the port behind them");
  }
  std::uint32_t port = default_port;
  if (!port_text.empty()) {
    port_text.remove_prefix(1);
    const bool is_number =
        !port_text.empty() && port_text.find_first_not_of("0123456789") == port_text.npos;
    if (!is_number || !absl::SimpleAtoi(std::string(port_text), &port) || port == 0 ||
        port > 65'535) {
      return BadText(text, "the port is a number from 1 to 65535");
    }
  }
  for (const int family : {AF_INET, AF_INET6}) {
    if (const auto normal = Normal(family, host)) {
      return Endpoint{family, *normal, static_cast<std::uint16_t>(port)};
    }
  }
  return BadText(text, "no IPv4 or IPv6 address");
}

std::vector<LocalAddress> ListLocalAddresses() {
  std::vector<LocalAddress> local;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) {
    return local;
  }
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    const auto endpoint =
        one->ifa_addr == nullptr ? std::nullopt : FromSocketAddress(*one->ifa_addr);
    if (endpoint) {
      const unsigned int wanted = IFF_UP | IFF_RUNNING;
      local.push_back({one->ifa_name, endpoint->family, endpoint->address, BitsOf(one->ifa_netmask),
                       (one->ifa_flags & wanted) == wanted});
    }
  }
  freeifaddrs(first);
  return local;
}

absl::StatusOr<LocalAddress> FindSyncInterface(const Endpoint& remote,
                                               const std::vector<std::string>& ha1,
                                               const std::vector<LocalAddress>& local) {
  std::vector<std::string> present;
  for (const std::string& text : ha1) {
    const auto own = ParseRemoteAddress(text, kPeersyncPort);
    const auto row = std::find_if(local.begin(), local.end(), [&](const LocalAddress& one) {
      return own.ok() && one.family == own->family && one.address == own->address;
    });
    if (row == local.end()) {
      present.push_back(absl::StrCat(text, " (no interface has it)"));
      continue;
    }
    present.push_back(absl::StrCat(row->address, "/", row->prefix_bits, " of ", row->interface));
    if (row->family != remote.family || !IsInSubnet(remote.address, *row)) {
      continue;
    }
    if (row->address == remote.address && own->port == remote.port) {
      return StatusOf({.code = ReasonCode::kHa1NotSyncInterface,
                       .evidence = absl::StrCat(TextOf(remote), " is this node itself")});
    }
    if (!row->is_running) {
      return StatusOf({.code = ReasonCode::kHa1Down,
                       .subject = row->interface,
                       .evidence = absl::StrCat("interface ", row->interface, " with ",
                                                row->address, " is down or has no carrier")});
    }
    return *row;
  }
  return StatusOf(
      {.code = ReasonCode::kHa1NotSyncInterface,
       .evidence = absl::StrCat(TextOf(remote), " is in no subnet of HA1; HA1 has ",
                                present.empty() ? "none" : absl::StrJoin(present, ", "))});
}

}  // namespace configsync
