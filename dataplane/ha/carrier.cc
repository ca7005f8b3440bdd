// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha/carrier.h"

#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace dataplane {
namespace {

constexpr int kReadsPerTurnMax = 8;

// Name of the interface in a link message; empty if it has none.
std::string_view NameIn(std::span<const std::uint8_t> attributes) {
  while (attributes.size() >= sizeof(rtattr)) {
    rtattr attribute;
    std::memcpy(&attribute, attributes.data(), sizeof(attribute));
    if (attribute.rta_len < sizeof(rtattr) || attribute.rta_len > attributes.size()) return {};
    if (attribute.rta_type == IFLA_IFNAME) {
      const auto* text = reinterpret_cast<const char*>(attributes.data() + sizeof(rtattr));
      return {text, ::strnlen(text, attribute.rta_len - sizeof(rtattr))};
    }
    const std::size_t step = RTA_ALIGN(attribute.rta_len);
    attributes = attributes.subspan(std::min(step, attributes.size()));
  }
  return {};
}

}  // namespace

std::string_view NameOf(Carrier carrier) noexcept {
  switch (carrier) {
    case Carrier::kUnknown:
      return "unknown";
    case Carrier::kUp:
      return "up";
    case Carrier::kDown:
      return "down";
    case Carrier::kAbsent:
      return "absent";
  }
  return "unknown";
}

absl::StatusOr<CarrierWatch> CarrierWatch::Create(const std::vector<WatchedInterface>& watched) {
  CarrierWatch watch;
  for (const WatchedInterface& interface : watched) watch.entries_.push_back({interface, {}});
  watch.socket_ =
      Descriptor(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl local{};
  local.nl_family = AF_NETLINK;
  local.nl_groups = RTMGRP_LINK;
  if (!watch.socket_.open() ||
      ::bind(watch.socket_.get(), reinterpret_cast<const sockaddr*>(&local), sizeof(local)) != 0) {
    return absl::ErrnoToStatus(errno, "watching carriers by netlink");
  }
  watch.AskForAll();
  return watch;
}

void CarrierWatch::AskForAll() {
  struct {
    nlmsghdr header;
    ifinfomsg link;
  } request{};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  // A refused request is repeated after the next overrun; changes are reported all the same.
  (void)::send(socket_.get(), &request, sizeof(request), MSG_NOSIGNAL);
}

void CarrierWatch::Turn(const OnChange& on_change) {
  // Read also when nothing is watched: what stays unread would wake the thread for ever.
  std::array<std::uint8_t, 16 * 1024> buffer;
  for (int i = 0; i < kReadsPerTurnMax; ++i) {
    const ssize_t bytes = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (bytes < 0 && errno == ENOBUFS) {
      AskForAll();
      continue;
    }
    if (bytes <= 0) return;
    Parse(std::span(buffer).first(static_cast<std::size_t>(bytes)), on_change);
  }
}

void CarrierWatch::Parse(std::span<const std::uint8_t> messages, const OnChange& on_change) {
  while (messages.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    std::memcpy(&header, messages.data(), sizeof(header));
    if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > messages.size()) return;
    const auto body = messages.subspan(sizeof(header), header.nlmsg_len - sizeof(header));
    const bool link = header.nlmsg_type == RTM_NEWLINK || header.nlmsg_type == RTM_DELLINK;
    if (link && body.size() >= sizeof(ifinfomsg)) {
      ifinfomsg info;
      std::memcpy(&info, body.data(), sizeof(info));
      const bool up = (info.ifi_flags & IFF_UP) != 0 && (info.ifi_flags & IFF_LOWER_UP) != 0;
      Note(NameIn(body.subspan(sizeof(ifinfomsg))),
           header.nlmsg_type == RTM_DELLINK ? Carrier::kAbsent
           : up                             ? Carrier::kUp
                                            : Carrier::kDown,
           on_change);
    }
    messages =
        messages.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), messages.size()));
  }
}

void CarrierWatch::Note(std::string_view name, Carrier carrier, const OnChange& on_change) {
  for (Entry& entry : entries_) {
    if (entry.interface.name != name || entry.carrier == carrier) continue;
    entry.carrier = carrier;
    on_change(entry);
  }
}

bool CarrierWatch::functional(std::uint32_t ports) const {
  return std::ranges::none_of(entries_, [ports](const Entry& entry) {
    return entry.interface.critical && (ports >> entry.interface.port & 1) != 0 &&
           (entry.carrier == Carrier::kDown || entry.carrier == Carrier::kAbsent);
  });
}

}  // namespace dataplane
