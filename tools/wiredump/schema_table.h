// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Every field of statesync/wire/schema.h by name, place and kind: what text, JSON and the dissector
// are made from. A struct whose fields are not all here, and a record that has no table, do not
// compile.
//
// Threads: constants only.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tools/wiredump/names.h"

namespace wiredump {

enum class FieldKind : std::uint8_t {
  kNumber,
  kHex,
  kAddress,  // IPv4.
  kBytes,    // No number: nonces, bitmaps.
  kName,     // A number of an enumeration.
};

struct Field {
  const char* name;
  std::uint16_t offset;
  std::uint16_t bytes;
  FieldKind kind = FieldKind::kNumber;
  const Enumeration* names = nullptr;  // Of kName.
};

struct Record {
  std::uint8_t table;
  std::uint8_t op;
  std::uint8_t schema;
  const char* name;  // "session_insert_v4".
  std::uint16_t bytes;
  std::span<const Field> fields;
};

[[nodiscard]] std::span<const Field> ClearHeaderFields();
[[nodiscard]] std::span<const Field> FrameHeaderFields();
[[nodiscard]] std::span<const Field> SectionHeaderFields();
[[nodiscard]] std::span<const Field> HelloFields();
[[nodiscard]] std::span<const Record> Records();

// Null if there is none.
[[nodiscard]] const Record* FindRecord(std::uint8_t table, std::uint8_t op, std::uint8_t schema);

// Enumeration of a section's operations.
[[nodiscard]] const Enumeration& OpsOf(std::uint8_t table);

// The big-endian number of a field of at most eight bytes.
[[nodiscard]] std::uint64_t NumberOf(const Field& field, const std::byte* record);

}  // namespace wiredump
