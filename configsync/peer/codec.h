// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Values of pair/messages.h as messages of peersync.proto and back. Pure and total: whatever a
// message holds, decoding gives a value whose every length and count is checked, or an error.
//
// What this node says is cut to the bounds; what it hears beyond them is refused.
//
// Threads: values and functions.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "configsync/pair/messages.h"
#include "proto/peersync.pb.h"

namespace configsync {

// Bounds of what is in a message. A text is UTF-8.
inline constexpr std::size_t kPeerNameBytesMax = 256;    // Names, codes, versions.
inline constexpr std::size_t kPeerTextBytesMax = 4'096;  // Sentences, paths, values, comments.
inline constexpr std::size_t kPeerReasonsMax = 32;       // Of a state.
inline constexpr std::size_t kPeerReasonBytesMax = 512;  // Evidence in a state.
inline constexpr std::size_t kPeerProblemsMax = 100;     // Of an answer.
inline constexpr std::size_t kPeerWarningsMax = 100;
inline constexpr std::size_t kPeerServicesMax = 256;
inline constexpr std::size_t kPeerExamplesMax = 10;  // Of sessions that end.
inline constexpr std::size_t kPeerFactsMax = 256;    // Features, licences, plugins each.
inline constexpr std::size_t kPeerSchemaPathsMax = 65'536;
inline constexpr std::size_t kPeerPathMax = 16;  // Devices that a content came through.
inline constexpr std::size_t kPeerRevisionsMax = 100;
inline constexpr std::size_t kWireCommentBytesMax = 1'024;
inline constexpr std::size_t kPushBytesMax = 128 << 20;   // Edits of a push or a fetch.
inline constexpr std::size_t kPieceBytesMax = 256 << 10;  // Of them in one message.

// All errors of Decode...: kInvalidArgument, with field, value and bound.
[[nodiscard]] lockstep::peersync::Exchange Encode(const Exchange& value);
[[nodiscard]] absl::StatusOr<Exchange> Decode(const lockstep::peersync::Exchange& message);

// Without the edits, which travel in pieces behind it.
[[nodiscard]] lockstep::peersync::PrepareHeader EncodeHeader(const PrepareRequest& value);
[[nodiscard]] absl::StatusOr<PrepareRequest> Decode(
    const lockstep::peersync::PrepareHeader& message);

[[nodiscard]] lockstep::peersync::PrepareResponse Encode(const PrepareResponse& value);
[[nodiscard]] absl::StatusOr<PrepareResponse> Decode(
    const lockstep::peersync::PrepareResponse& message);

[[nodiscard]] lockstep::peersync::ApplyResponse Encode(const ApplyResponse& value);
[[nodiscard]] absl::StatusOr<ApplyResponse> Decode(
    const lockstep::peersync::ApplyResponse& message);

// A hash is 32 bytes, all zero is none; a device 16 bytes, or none.
[[nodiscard]] std::string BytesOf(const Hash& hash);
[[nodiscard]] absl::StatusOr<Hash> HashOf(const char* field, std::string_view bytes);
[[nodiscard]] std::string BytesOfDevice(const DeviceId& device);
[[nodiscard]] absl::StatusOr<DeviceId> DeviceOf(const char* field, std::string_view bytes);

// `text` as valid UTF-8 of at most `bytes_max`: what is not becomes '?', the rest is cut between
// characters.
[[nodiscard]] std::string CutText(std::string_view text, std::size_t bytes_max);

}  // namespace configsync
