// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The checked byte stream: byte `offset` of stream `key` is a pure function of both, so either end
// can produce or check any part of it without keeping what was sent.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace traffic {

enum class Direction : std::uint8_t { kToServer = 0, kToClient = 1 };

// Key of one direction of a flow. Different flows and directions give unrelated bytes.
[[nodiscard]] std::uint64_t StreamKey(std::uint64_t flow_id, Direction direction) noexcept;

// Writes bytes [offset, offset + bytes.size()) of the stream.
void FillPattern(std::uint64_t key, std::uint64_t offset, std::span<std::byte> bytes) noexcept;

// Number of bytes that differ from the stream at `offset`; 0 means intact.
[[nodiscard]] std::size_t CountMismatches(std::uint64_t key, std::uint64_t offset,
                                          std::span<const std::byte> bytes) noexcept;

}  // namespace traffic
