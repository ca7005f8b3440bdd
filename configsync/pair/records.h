// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What pair/ keeps beside the revisions, as values and as the text of the engine's notes:
//
//   sync/source         whose push was applied last, with term and path
//   sync/remote/NAME    what was agreed with a remote, and offered to it
//   sync/bound/NAME     device that a remote is, and the addresses it has answered at
//   sync/held           categories that wait, each at a revision
//   sync/pin            revision that this node stays at
//   sync/number         no push of this device is numbered so high yet
//   sync/taken/DEVICE   number of the last push that was taken of a device
//   keep/N              history keeps revision N: something waits, or is at a remote, as it was
//   then
//
// One line a fact, its name first. A line that is not understood is an error: a note is written by
// this program alone.
//
// Threads: values and functions.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "configsync/pair/messages.h"
#include "configsync/tree/revision_id.h"

namespace configsync {

// The store does not forget revision N while there is a note "keep/N".
inline constexpr std::string_view kKeepNotes = "keep/";
inline constexpr std::size_t kOfferedMax = 8;
inline constexpr std::size_t kPathDevicesMax = 16;
inline constexpr std::size_t kNoteBytesMax = 64 << 10;

struct SourceRecord {
  DeviceId device;  // Empty: none.
  std::uint32_t term = 0;
  std::vector<DeviceId> path;  // Origin first, the source last.
  friend bool operator==(const SourceRecord&, const SourceRecord&) = default;
};

// Where a target came from: a revision, but for categories that were as in another one.
struct TargetRef {
  RevisionId revision = 0;
  std::map<std::string, RevisionId> held;
  friend bool operator==(const TargetRef&, const TargetRef&) = default;
};

// A commit that the remote takes back unless it is told in time that it stays.
struct ConfirmPassed {
  std::uint64_t number = 0;  // Of the push; 0: the remote's own, which this node got of it.
  RevisionId revision = 0;   // Here.
  std::int64_t until_wall_ms = 0;
  friend bool operator==(const ConfirmPassed&, const ConfirmPassed&) = default;
};

struct RemoteRecord {
  DeviceId device;  // Another one behind the same name was never agreed with.
  std::optional<TargetRef> agreed;
  std::vector<TargetRef> offered;  // Oldest first.
  std::optional<ConfirmPassed> confirm;
  friend bool operator==(const RemoteRecord&, const RemoteRecord&) = default;
};

// Who was at these addresses first is the remote, until somebody decides otherwise.
struct BoundRecord {
  DeviceId device;
  std::string address, backup_address;
  friend bool operator==(const BoundRecord&, const BoundRecord&) = default;
};

enum class HoldCause : std::uint8_t { kApply, kManual, kCentralManager };
inline constexpr std::size_t kHoldCauseCount = 3;

struct HeldRecord {
  struct Category {
    RevisionId revision = 0;  // As it was then.
    HoldCause cause = HoldCause::kApply;
    friend bool operator==(const Category&, const Category&) = default;
  };
  std::map<std::string, Category> categories;
  std::map<HoldCause, std::uint32_t> revisions;  // That wait, by cause.
  friend bool operator==(const HeldRecord&, const HeldRecord&) = default;
};

[[nodiscard]] std::string Encode(const SourceRecord& record);
[[nodiscard]] std::string Encode(const RemoteRecord& record);
[[nodiscard]] std::string Encode(const HeldRecord& record);
[[nodiscard]] std::string Encode(const BoundRecord& record);
// Errors: kDataLoss with the line.
[[nodiscard]] absl::StatusOr<SourceRecord> DecodeSource(std::string_view text);
[[nodiscard]] absl::StatusOr<RemoteRecord> DecodeRemote(std::string_view text);
[[nodiscard]] absl::StatusOr<HeldRecord> DecodeHeld(std::string_view text);
[[nodiscard]] absl::StatusOr<BoundRecord> DecodeBound(std::string_view text);
[[nodiscard]] absl::StatusOr<std::uint64_t> DecodeNumber(std::string_view text);

// `ref` at the end, once; the oldest of more than kOfferedMax is forgotten.
void Offer(RemoteRecord& record, const TargetRef& ref);

}  // namespace configsync
