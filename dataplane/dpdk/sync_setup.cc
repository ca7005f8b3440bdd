// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/sync_setup.h"

#include <algorithm>

#include "statesync/table/table_layout.h"

namespace dataplane {
std::uint16_t DatagramBytesMax(const HaOptions& options) {
  std::size_t mtu = options.ha2.mtu;
  if (!options.ha2_second.device.empty()) mtu = std::min<std::size_t>(mtu, options.ha2_second.mtu);
  return static_cast<std::uint16_t>(
      std::min<std::size_t>(mtu - kHa2IpUdpBytes, statesync::kDatagramBytesMax));
}

statesync::Duration LinkSilenceLimit(const HaOptions& options) {
  return statesync::Millis(options.heartbeat_ms) * (options.heartbeat_misses + 1);
}

std::uint32_t PeerSlotsOf(const TableOptions& tables) {
  const std::uint32_t with_reserve = (statesync::SlotsPerShardOf(tables.sessions) * 5 + 3) / 4;
  const std::uint32_t wanted =
      std::max(with_reserve, statesync::SlotsPerShardOf(tables.peer_sessions));
  return std::min<std::uint32_t>(wanted, statesync::kSlotsPerShardMax);
}

statesync::EngineOptions EngineOptionsOf(const Options& options) {
  statesync::EngineOptions engine;
  engine.node = options.index;
  engine.stream_count = options.ha.ha2.streams;
  engine.datagram_bytes_max = DatagramBytesMax(options.ha);
  engine.peer_slots_per_shard_max = PeerSlotsOf(options.tables);
  // Frames of HA2 are heartbeats too.
  engine.keepalive_interval = statesync::Millis(options.ha.heartbeat_ms);
  // Not before the role machine would call the path silent.
  engine.silence_limit = std::max(engine.silence_limit, LinkSilenceLimit(options.ha));
  return engine;
}

statesync::HandshakeOptions HandshakeOptionsOf(const Options& options, statesync::BootId boot_id) {
  statesync::HandshakeOptions handshake;
  handshake.node = options.index;
  handshake.boot_id = boot_id;
  handshake.rekey_after_packets = options.ha.ha2.rekey_after_packets;
  handshake.rekey_after = statesync::Seconds(options.ha.ha2.rekey_after_s);
  return handshake;
}

Ha2Link LinkOf(const Ha2Options& options, const MacAddress& own_mac) {
  Ha2Link link;
  link.own_mac = own_mac;
  link.own_addr = options.local_address;
  link.peer_addr = options.peer_address;
  link.port = options.udp_port;
  link.streams = options.streams;
  return link;
}

statesync::Capabilities CapabilitiesOf(const Options& options, std::uint64_t id_map_digest,
                                       RoleWord word, const statesync::ReplicatedTable& sessions) {
  statesync::Capabilities own;
  own.stream_count = options.ha.ha2.streams;
  own.term = word.term();
  own.role = word.role();
  own.datagram_bytes_max = DatagramBytesMax(options.ha);
  own.id_map_digest = id_map_digest;
  own.table_count = 1;
  own.tables[0] = {.table = sessions.id(),
                   .schema_min = 1,
                   .schema_max = sessions.schema_max(statesync::Op::kInsert),
                   .capacity = sessions.capacity()};
  return own;
}

statesync::PeerInfo PeerInfoOf(const statesync::PeerHello& hello, std::uint64_t own_id_map_digest) {
  const statesync::Capabilities& capabilities = hello.capabilities;
  statesync::PeerInfo peer;
  peer.node = hello.node;
  peer.boot_id = hello.boot_id;
  peer.term = capabilities.term;
  peer.datagram_bytes_max = capabilities.datagram_bytes_max;
  peer.id_map_digest = capabilities.id_map_digest;
  peer.stream_count = capabilities.stream_count;
  peer.id_map_equal = capabilities.id_map_digest == own_id_map_digest;
  peer.schemas.fill({});
  for (std::uint16_t i = 0; i < capabilities.table_count; ++i) {
    const statesync::TableCapability& table = capabilities.tables[i];
    const auto index = static_cast<std::size_t>(table.table);
    if (index >= peer.capacity.size()) continue;
    peer.capacity[index] = table.capacity;
    peer.schemas[index] = {table.schema_min, table.schema_max};
  }
  return peer;
}

}  // namespace dataplane
