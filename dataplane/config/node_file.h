// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Reads, checks and prints the node file (proto/node.proto in text format).
//
// All mistakes of a file are reported at once, one line each:
//   FILE:LINE: field[index].field: value: what is wrong; limit or remedy
//
// Threads: no shared state.  Memory: allocates; start-up only.

#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataplane/config/options.h"

namespace dataplane {

inline constexpr std::size_t kNodeFileBytesMax = 16u << 20;

// Fewest ports of a NAT pool: each node owns half of them, and a half must reach all 256 shards.
inline constexpr std::uint32_t kNatPortsMin = 1024;

// Bytes one session may cost, index and slack included: what tables.memory_mb is compared with.
inline constexpr std::uint64_t kSessionBytesMax = 96;
inline constexpr std::uint64_t kNeighbourBytesMax = 128;
// And one that the peer may hold beyond this node's own number: a place in the map of its handles.
inline constexpr std::uint64_t kPeerSessionBytes = 8;

// Checked options from the file at `path`.
//
// Errors: kNotFound / kPermissionDenied / … (path, reason of the system); kInvalidArgument: one
// line per mistake, joined by newlines.
absl::StatusOr<Options> LoadNodeFile(const std::string& path);

// The same from text; `file_name` only stands in messages. Judges the text alone: no file, device
// or address of this machine is looked at.
absl::StatusOr<Options> ParseNodeText(std::string_view text, std::string_view file_name);

// Canonical node file of `options`: defaults filled in, one spelling per value. Parsing it gives
// equal options, so printing what was parsed gives the same text again.
std::string PrintConfig(const Options& options);

// What the file names but this machine lacks: kernel interfaces of af_packet and AF_XDP devices,
// PCI devices. Asked before any port starts. One line per mistake as above, without line numbers.
//
// Errors: kInvalidArgument.
absl::Status CheckMachine(const Options& options);

}  // namespace dataplane
