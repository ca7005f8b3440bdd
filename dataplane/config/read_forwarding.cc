// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Forwarding as a whole, and its small parts: timeouts, switches of HA.

#include "dataplane/config/forwarding.h"

#include "absl/strings/str_cat.h"
#include "dataplane/config/id_map.h"
#include "dataplane/config/readers.h"

namespace dataplane {
namespace {

constexpr std::uint64_t kTimeoutSecondsMax =
    32'000;  // Check times are 16-bit seconds, compared signed.

std::uint16_t Seconds(ForwardingReading& reading, std::string_view field, std::uint32_t value,
                      std::uint16_t standard) {
  return Ranged<std::uint16_t>(reading.mistakes, Field("timeouts", field), value, standard, 1,
                               kTimeoutSecondsMax);
}

}  // namespace

void ReadTimeouts(ForwardingReading& reading) {
  const lockstep::forwarding::Timeouts& source = reading.source.timeouts();
  const TimeoutOptions standard;
  reading.options.timeouts = {
      .tcp_syn_s = Seconds(reading, "tcp_syn_s", source.tcp_syn_s(), standard.tcp_syn_s),
      .tcp_established_s = Seconds(reading, "tcp_established_s", source.tcp_established_s(),
                                   standard.tcp_established_s),
      .tcp_fin_s = Seconds(reading, "tcp_fin_s", source.tcp_fin_s(), standard.tcp_fin_s),
      .tcp_time_wait_s =
          Seconds(reading, "tcp_time_wait_s", source.tcp_time_wait_s(), standard.tcp_time_wait_s),
      .tcp_closed_s =
          Seconds(reading, "tcp_closed_s", source.tcp_closed_s(), standard.tcp_closed_s),
      .udp_single_s =
          Seconds(reading, "udp_single_s", source.udp_single_s(), standard.udp_single_s),
      .udp_multiple_s =
          Seconds(reading, "udp_multiple_s", source.udp_multiple_s(), standard.udp_multiple_s),
      .icmp_s = Seconds(reading, "icmp_s", source.icmp_s(), standard.icmp_s),
      .arp_s = Seconds(reading, "arp_s", source.arp_s(), standard.arp_s),
      .takeover_grace_s = Seconds(reading, "takeover_grace_s", source.takeover_grace_s(),
                                  standard.takeover_grace_s),
  };
}

// Absent fields keep the node file's values.
void ReadHaSwitches(ForwardingReading& reading) {
  const lockstep::forwarding::HaSwitches& source = reading.source.ha();
  const HaOptions& node = reading.node.ha;
  HaSwitchOptions& target = reading.options.ha;
  target.failover = source.has_failover() ? source.failover() : true;
  target.state_sync = source.has_state_sync() ? source.state_sync() : node.state_sync;
  target.preempt = source.has_preempt() ? source.preempt() : node.preempt;
  target.priority = reading.node.priority;
  if (source.has_priority()) {
    if (source.priority() < 1 || source.priority() > 255) {
      reading.mistakes.Add("ha.priority", source.priority(), "must be 1 to 255");
    } else {
      target.priority = static_cast<std::uint8_t>(source.priority());
    }
  }
  if (source.state_sync() && node.enabled && node.ha2.device.empty()) {
    reading.mistakes.Add("ha.state_sync",
                         "the node has no state link; add ha.ha2 to its node file, or leave this "
                         "false");
  }
}

void ReadForwardingParts(ForwardingReading& reading) {
  ReadZones(reading);
  ReadInterfaces(reading);
  ReadRoutes(reading);
  ReadNatPools(reading);
  ReadRules(reading);
  ReadTimeouts(reading);
  ReadHaSwitches(reading);
  reading.options.id_map_digest = IdMapDigest(reading.options);
}

ForwardingOptions EmptyForwarding(const Options& node) {
  const lockstep::forwarding::Forwarding nothing;
  ForwardingOptions options;
  Mistakes mistakes;
  ForwardingReading reading{nothing, node, options, mistakes};
  ReadForwardingParts(reading);
  return options;
}

absl::StatusOr<ForwardingOptions> ReadForwarding(const lockstep::forwarding::Forwarding& message,
                                                 const Options& node) {
  ForwardingOptions options;
  Mistakes mistakes;
  ForwardingReading reading{message, node, options, mistakes};
  ReadForwardingParts(reading);
  if (mistakes.list().empty()) return options;
  std::string text;
  for (const Mistake& mistake : mistakes.list()) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", mistake.path, ": ", mistake.text);
  }
  if (mistakes.omitted_count() > 0) {
    absl::StrAppend(&text, "\n", mistakes.omitted_count(), " more mistakes");
  }
  return absl::InvalidArgumentError(text);
}

}  // namespace dataplane
