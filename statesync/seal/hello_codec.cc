// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/seal/hello_codec.h"

#include "statesync/ensure.h"
#include "statesync/wire/version_range.h"

namespace statesync {

void EncodeHello(const Capabilities& capabilities, NodeIndex node, BootId boot_id,
                 HelloBody& body) noexcept {
  ENSURE(capabilities.table_count <= kHelloTablesMax);
  body.version_min = capabilities.version_min;
  body.version_max = capabilities.version_max;
  body.node = node;
  body.stream_count = capabilities.stream_count;
  body.boot_id.Set(boot_id);
  body.term.Set(capabilities.term.value);
  body.role = static_cast<std::uint8_t>(capabilities.role);
  body.datagram_bytes_max.Set(capabilities.datagram_bytes_max);
  body.table_count.Set(capabilities.table_count);
  body.id_map_digest.Set(capabilities.id_map_digest);
  for (std::size_t i = 0; i < kHelloTablesMax; ++i) {
    body.tables[i] = HelloTable{};
    if (i >= capabilities.table_count) continue;
    const TableCapability& table = capabilities.tables[i];
    body.tables[i].table = static_cast<std::uint8_t>(table.table);
    body.tables[i].schema_min = table.schema_min;
    body.tables[i].schema_max = table.schema_max;
    body.tables[i].capacity.Set(table.capacity);
  }
}

SealVerdict DecodeHello(const HelloBody& body, NodeIndex own, PeerHello& peer) noexcept {
  constexpr VersionRange kOwnVersions{kProtocolVersion, kProtocolVersion};
  if (HighestCommon(kOwnVersions, {body.version_min, body.version_max}) == 0) {
    return SealVerdict::kHelloVersion;
  }
  if (body.node == own) return SealVerdict::kHelloOwnNode;
  if (body.node >= kNodesMax) return SealVerdict::kHelloBadNode;
  const std::uint16_t table_count = body.table_count.Get();
  if (body.boot_id.Get() == 0 || body.stream_count == 0 || body.stream_count > kStreamsMax ||
      body.datagram_bytes_max.Get() < kDatagramBytesMin || table_count > kHelloTablesMax ||
      body.role > static_cast<std::uint8_t>(Role::kTentative)) {
    return SealVerdict::kHelloMalformed;
  }
  peer = PeerHello{};
  peer.node = body.node;
  peer.boot_id = body.boot_id.Get();
  Capabilities& capabilities = peer.capabilities;
  capabilities.version_min = body.version_min;
  capabilities.version_max = body.version_max;
  capabilities.stream_count = body.stream_count;
  capabilities.term = Term{body.term.Get()};
  capabilities.role = static_cast<Role>(body.role);
  capabilities.datagram_bytes_max = body.datagram_bytes_max.Get();
  capabilities.id_map_digest = body.id_map_digest.Get();
  capabilities.table_count = table_count;
  for (std::size_t i = 0; i < table_count; ++i) {
    const HelloTable& table = body.tables[i];
    if (table.schema_min > table.schema_max || table.reserved != 0) {
      return SealVerdict::kHelloMalformed;
    }
    // A table that this release does not know keeps its number; whoever looks for one skips it.
    capabilities.tables[i] = TableCapability{static_cast<TableId>(table.table), table.schema_min,
                                             table.schema_max, table.capacity.Get()};
  }
  return SealVerdict::kAccepted;
}

}  // namespace statesync
