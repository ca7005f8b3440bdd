// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/session_view.h"

#include <arpa/inet.h>

#include <array>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dataplane/config/mistakes.h"
#include "dataplane/control/names.h"

namespace dataplane {
namespace {

using statesync::Handle;
using statesync::SessionEntry;
using statesync::SessionState;

constexpr std::uint32_t kDumpSlotsPerChunk = 65'536;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

std::string Endpoint(statesync::NetAddr address, statesync::NetPort port) {
  return absl::StrCat(FormatAddress(address), ":", ntohs(port));
}

// Snapshot of the next live entry at or after the cursor, which moves past it. At most
// `*slots_left` slots are looked at. False at the end or when they are used up.
bool NextEntry(const statesync::SessionTable& table, TableCursor& cursor, std::uint64_t& slots_left,
               Handle& handle, SessionEntry& entry) {
  const std::uint32_t slot_count = table.slots_per_shard();
  while (!cursor.is_at_end() && slots_left > 0) {
    const auto shard = static_cast<statesync::ShardIndex>(cursor.shard);
    if (cursor.slot >= slot_count || table.live_count(shard) == 0) {
      ++cursor.shard;
      cursor.slot = 0;
      continue;
    }
    handle = {shard, static_cast<statesync::SlotIndex>(cursor.slot)};
    ++cursor.slot;
    --slots_left;
    if (table.Snapshot(handle, entry)) {
      return true;
    }
  }
  return false;
}

absl::StatusOr<PrefixOptions> ReadPrefixOrAny(std::string_view field, const std::string& text) {
  if (text.empty()) {
    return PrefixOptions{};
  }
  const bool is_host = text.find('/') == std::string::npos;
  const auto parsed = ParseAddressWithLength(is_host ? text + "/32" : text);
  if (!parsed) {
    return absl::InvalidArgumentError(
        absl::StrCat(View(field), ": ", Quoted(text),
                     ": is no address or prefix; write 10.1.0.7 or 10.1.0.0/24"));
  }
  return PrefixOf(parsed->address, parsed->prefix_length);
}

std::optional<TableCursor> ReadToken(const std::string& token) {
  TableCursor cursor;
  if (token.empty()) {
    return cursor;
  }
  const std::vector<std::string> parts = absl::StrSplit(token, '.');
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &cursor.shard) ||
      !absl::SimpleAtoi(parts[1], &cursor.slot)) {
    return std::nullopt;
  }
  return cursor;
}

bool Matches(const SessionFilter& filter, const SessionEntry& entry) {
  const auto state = static_cast<SessionState>(entry.state);
  return Contains(filter.client, entry.client_addr) && Contains(filter.server, entry.server_addr) &&
         (filter.protocol == 0 || filter.protocol == statesync::ProtocolOf(state)) &&
         (filter.server_port == 0 || htons(filter.server_port) == entry.server_port) &&
         (filter.state.empty() || filter.state == NameOf(state));
}

void Fill(const SessionEntry& entry, Handle handle, std::uint32_t now_s,
          lockstep::control::Session& out) {
  const auto state = static_cast<SessionState>(entry.state);
  const statesync::Version version{entry.version};
  out.set_protocol(std::string(ProtocolName(statesync::ProtocolOf(state))));
  out.set_client(Endpoint(entry.client_addr, entry.client_port));
  out.set_server(Endpoint(entry.server_addr, entry.server_port));
  if ((entry.flags & statesync::kSessionHasNat) != 0) {
    out.set_nat(Endpoint(entry.nat_addr, entry.nat_port));
  }
  out.set_state(std::string(NameOf(state)));
  out.set_rule(entry.rule);
  // Never seen here: a standby that has not forwarded it.
  const bool is_seen = entry.last_seen_s != 0 && entry.last_seen_s <= now_s;
  out.set_idle_s(is_seen ? now_s - entry.last_seen_s : 0);
  out.set_version_term(statesync::TermOf(version).value);
  out.set_version_counter(statesync::CounterOf(version));
  out.set_shard(handle.shard);
  out.set_slot(handle.slot);
  out.set_synthetic((entry.flags & statesync::kSessionSynthetic) != 0);
}

// Replicates at all: ICMP only where a rule asks for it.
bool IsReplicated(const SessionEntry& entry) {
  return statesync::ProtocolOf(static_cast<SessionState>(entry.state)) != IPPROTO_ICMP ||
         (entry.flags & statesync::kSessionLocalOnly) == 0;
}

std::string CanonicalLine(const SessionEntry& entry) {
  const auto state = static_cast<SessionState>(entry.state);
  const statesync::Version version{entry.version};
  const bool has_nat = (entry.flags & statesync::kSessionHasNat) != 0;
  return absl::StrCat(
      "session ", View(ProtocolName(statesync::ProtocolOf(state))), " ",
      Endpoint(entry.client_addr, entry.client_port), " ",
      Endpoint(entry.server_addr, entry.server_port), " nat ",
      has_nat ? Endpoint(entry.nat_addr, entry.nat_port) : "-",
      absl::StrCat(" state ", View(NameOf(state)), " rule ", entry.rule, " version ",
                   statesync::TermOf(version).value, ".", statesync::CounterOf(version)));
}

}  // namespace

absl::StatusOr<SessionFilter> ReadFilter(const lockstep::control::ListSessionsRequest& request) {
  SessionFilter filter;
  absl::StatusOr<PrefixOptions> client = ReadPrefixOrAny("source", request.source());
  absl::StatusOr<PrefixOptions> server = ReadPrefixOrAny("destination", request.destination());
  if (!client.ok() || !server.ok()) {
    return client.ok() ? server.status() : client.status();
  }
  filter.client = *client;
  filter.server = *server;
  constexpr std::array<std::uint8_t, 3> kProtocols{IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP};
  for (const std::uint8_t protocol : kProtocols) {
    if (request.protocol() == ProtocolName(protocol)) {
      filter.protocol = protocol;
    }
  }
  if (filter.protocol == 0 && !request.protocol().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("protocol: ", Quoted(request.protocol()), ": must be tcp, udp or icmp"));
  }
  if (request.port() > 65'535) {
    return absl::InvalidArgumentError(
        absl::StrCat("port: ", request.port(), ": must be 1 to 65535"));
  }
  filter.server_port = static_cast<std::uint16_t>(request.port());
  std::string known;
  bool is_known = request.state().empty();
  for (int s = 1; s <= statesync::kSessionStateMax; ++s) {
    const auto state = static_cast<SessionState>(s);
    if (statesync::ProtocolOf(state) != 0) {
      is_known = is_known || request.state() == NameOf(state);
      absl::StrAppend(&known, known.empty() ? "" : ", ", View(NameOf(state)));
    }
  }
  if (!is_known) {
    return absl::InvalidArgumentError(
        absl::StrCat("state: ", Quoted(request.state()), ": must be one of ", known));
  }
  filter.state = request.state();
  return filter;
}

absl::StatusOr<lockstep::control::ListSessionsResponse> ListSessions(
    const statesync::SessionTable& table, const lockstep::control::ListSessionsRequest& request,
    std::uint32_t now_s) {
  const absl::StatusOr<SessionFilter> filter = ReadFilter(request);
  if (!filter.ok()) {
    return filter.status();
  }
  if (request.limit() > kSessionsPerPageMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit: ", request.limit(), ": at most ", kSessionsPerPageMax, " a page"));
  }
  std::optional<TableCursor> cursor = ReadToken(request.page_token());
  if (!cursor) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_token: ", Quoted(request.page_token()), ": is none of ours"));
  }
  const std::uint32_t limit = request.limit() == 0 ? kSessionsPerPage : request.limit();
  std::uint64_t slots_left = statesync::kShardCount * (statesync::kSlotsPerShardMax + 1);
  lockstep::control::ListSessionsResponse response;
  std::uint64_t count = 0;
  Handle handle;
  SessionEntry entry{};
  TableCursor before = *cursor;
  while (NextEntry(table, *cursor, slots_left, handle, entry)) {
    if (Matches(*filter, entry)) {
      if (!request.count_only() && count == limit) {
        response.set_next_page_token(absl::StrCat(before.shard, ".", before.slot));
        break;
      }
      ++count;
      if (!request.count_only()) {
        Fill(entry, handle, now_s, *response.add_sessions());
      }
    }
    before = *cursor;
  }
  response.set_count(count);
  return response;
}

void DumpSessions(const statesync::SessionTable& table, TableCursor& cursor,
                  lockstep::control::DumpTablesResponse& chunk) {
  std::uint64_t slots_left = kDumpSlotsPerChunk;
  Handle handle;
  SessionEntry entry{};
  while (chunk.lines_size() < kDumpLinesPerChunk &&
         NextEntry(table, cursor, slots_left, handle, entry)) {
    if (IsReplicated(entry)) {
      chunk.add_lines(CanonicalLine(entry));
    }
  }
}

absl::StatusOr<FoundEntry> FindEntry(const statesync::SessionTable& table, const std::string& key) {
  std::uint64_t slots_left = statesync::kShardCount * (statesync::kSlotsPerShardMax + 1);
  const std::string wanted = absl::StrCat("session ", key, key.empty() ? "" : " nat ");
  TableCursor cursor;
  Handle handle;
  SessionEntry entry{};
  while (NextEntry(table, cursor, slots_left, handle, entry)) {
    if (!IsReplicated(entry) || (key.empty() && entry.version == 0)) {
      continue;
    }
    std::string line = CanonicalLine(entry);
    if (line.rfind(wanted, 0) == 0) {
      return FoundEntry{handle, std::move(line)};
    }
  }
  return absl::NotFoundError(
      key.empty() ? "no session is here that was replicated; see lockstepctl sessions"
                  : absl::StrCat("key: ", Quoted(key),
                                 ": no such session; write it as in `lockstepctl tables dump`: tcp "
                                 "10.1.0.10:40000 10.2.0.10:80"));
}

}  // namespace dataplane
