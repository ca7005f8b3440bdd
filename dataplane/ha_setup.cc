// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha_setup.h"

#include <arpa/inet.h>

#include <array>
#include <limits>

#include "absl/strings/str_cat.h"
#include "dataplane/dpdk/device_args.h"
#include "dataplane/log/log.h"

namespace dataplane {
namespace {

using statesync::Millis;

std::string AddressText(statesync::NetAddr address) {
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &address, text.data(), text.size());
  return text.data();
}

Ha1Path PathOf(const Ha1PathOptions& options) {
  return {.interface = {},
          .local_address = AddressText(options.local_address),
          .peer_address = AddressText(options.peer_address),
          .heartbeat_port = options.udp_port,
          .liveness_port = options.tcp_port};
}

void LogHa(HaSeverity severity, std::string_view text) {
  LogLevel level = LogLevel::kNotice;
  if (severity == HaSeverity::kWarning) level = LogLevel::kWarning;
  if (severity == HaSeverity::kError) level = LogLevel::kError;
  Log(level, "ha", text);
}

}  // namespace

HaThreadOptions HaThreadOptionsOf(const Options& options, statesync::BootId boot_id) {
  HaThreadOptions ha;
  ha.role.node = options.index;
  ha.role.priority = options.priority;
  ha.role.heartbeat_interval = Millis(options.ha.heartbeat_ms);
  ha.role.ha2_interval = Millis(options.ha.heartbeat_ms);
  ha.role.missed_max = options.ha.heartbeat_misses;
  ha.role.startup_hold = Millis(options.ha.startup_hold_ms);
  ha.role.preempt = options.ha.preempt;
  ha.peer_node = options.index == 0 ? 1 : 0;
  ha.boot_id = boot_id;
  if (!options.ha.ha1.empty()) ha.ha1 = PathOf(options.ha.ha1[0]);
  if (options.ha.ha1.size() > 1) ha.ha1_backup = PathOf(options.ha.ha1[1]);
  // DPDK's drivers of kernel interfaces do not report carrier; rtnetlink does.
  for (std::size_t i = 0; i < options.ports.size(); ++i) {
    const std::string name(DeviceArgument(options.ports[i].device, "iface"));
    if (name.empty()) continue;
    ha.watched.push_back({.name = name, .critical = true, .port = static_cast<std::uint8_t>(i)});
  }
  // A state link is never critical: without it forwarding goes on. Its carrier is worth a log line.
  for (const Ha2Options* link : {&options.ha.ha2, &options.ha.ha2_second}) {
    const std::string name(DeviceArgument(link->device, "iface"));
    if (!name.empty()) ha.watched.push_back({.name = name, .critical = false});
    if (!link->device.empty()) ++ha.ha2_links;
  }
  ha.term_path = absl::StrCat(options.runtime_dir, "/term");
  ha.log = &LogHa;
  return ha;
}

void PresetSharedState(const Options& options, SharedState& shared) {
  shared.forwarding.given.store(options.has_forwarding);
  shared.forwarding.id_map_digest.store(options.forwarding.id_map_digest);
  shared.requests.state_sync_enabled.store(options.forwarding.ha.state_sync);
  if (options.ha.enabled) return;
  shared.sync.released_change.store(std::numeric_limits<std::uint32_t>::max());
  shared.role.forward_until_ns.store(std::numeric_limits<std::int64_t>::max());
  shared.role.announce_count.store(1);
  shared.role.word.store(
      RoleWord::Make(statesync::Role::kActive, statesync::MakeTerm(1, options.index), 1).bits);
}

std::vector<Ha1PathState> HaView::Ha1Paths() const {
  const std::array<Ha1Facts, 2> facts = ha_.ha1();
  std::vector<Ha1PathState> paths;
  for (std::size_t i = 0; i < options_.ha.ha1.size() && i < facts.size(); ++i) {
    const Ha1PathOptions& path = options_.ha.ha1[i];
    paths.push_back({.local = absl::StrCat(AddressText(path.local_address), ":", path.udp_port),
                     .remote = absl::StrCat(AddressText(path.peer_address), ":", path.udp_port),
                     .last_heard_ns = facts[i].last_heard_ns,
                     .liveness_connected = facts[i].liveness_connected});
  }
  return paths;
}

}  // namespace dataplane
