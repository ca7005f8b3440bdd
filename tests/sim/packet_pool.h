// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Datagrams on their way, in buffers that are used again: engines write frames into them, and what
// arrives twice is there once.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "statesync/limits.h"
#include "statesync/role/role_machine.h"
#include "statesync/types.h"

namespace sim {

enum class PacketKind : std::uint8_t { kHello, kFrame, kBeat };

// In place of the handshake: which boots have heard each other, and what PeerInfo needs.
struct Hello {
  bool is_connected = false;  // The sender has a session with to_boot.
  std::uint32_t term = 0;
  std::uint32_t capacity = 0;
  std::uint16_t datagram_bytes_max = 0;
  std::uint8_t stream_count = 1;
};

struct Packet {
  PacketKind kind = PacketKind::kFrame;
  bool is_damaged = false;
  std::uint8_t copies = 0;         // On their way or in an inbox.
  std::uint8_t path = 0;           // Of a beat: HeartbeatPath.
  std::uint64_t from_boot = 0;     // Keys belong to two boots.
  std::uint64_t to_boot = 0;       // Of a hello: the boot it has heard, 0 if none.
  std::uint64_t number = 0;        // Of a frame: the packet number of its nonce.
  std::uint16_t stream = 0;        // Of a frame.
  std::uint16_t epoch = 0;         // Of a frame.
  std::uint16_t bytes = 0;         // Of a frame: plaintext.
  Hello hello;                     // Of a hello.
  statesync::Statement statement;  // Of a beat.
  std::array<std::byte, statesync::kDatagramBytesMax> data;  // Of a frame.
};

class PacketPool {
 public:
  using Index = std::uint32_t;

  [[nodiscard]] Packet& at(Index index) { return *packets_[index]; }
  [[nodiscard]] Index Take() {
    if (free_.empty()) {
      packets_.push_back(std::make_unique_for_overwrite<Packet>());
      free_.push_back(static_cast<Index>(packets_.size() - 1));
    }
    const Index index = free_.back();
    free_.pop_back();
    return index;
  }
  // One copy less; the last one frees the buffer.
  void Drop(Index index) {
    Packet& packet = at(index);
    if (packet.copies > 1) {
      --packet.copies;
    } else {
      free_.push_back(index);
    }
  }
  [[nodiscard]] std::size_t used_count() const { return packets_.size() - free_.size(); }

 private:
  std::vector<std::unique_ptr<Packet>> packets_;
  std::vector<Index> free_;
};

}  // namespace sim
