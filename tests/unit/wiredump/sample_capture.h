// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A small capture with every record of the schema, and the keys that open it.
//
// Threads: one.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wiredump::testing {

inline constexpr std::uint16_t kPort = 4'799;

// Datagrams of node 0 to node 1, and what lies between them on a link.
struct Sample {
  // One sealed frame per record kind (three records, each byte another number), one keepalive, one
  // confirmation, every link report, one hello, and packets that are no HA2.
  static constexpr int kOther = 2;
  static constexpr int kHellos = 1;
  static constexpr int kConfirmations = 1;
  static constexpr int kLinkReports = 4;

  std::vector<std::vector<std::uint8_t>> packets;  // Ethernet frames.
  int frames = 0;                                  // Sealed frames with a frame header.
};

// key: of the first byte of the sealing key; another one for a capture that the file does not open.
Sample MakeSample(std::uint8_t key = 7);

// A sealed datagram without plaintext.
std::vector<std::uint8_t> EmptyDatagram(std::uint16_t stream, std::uint16_t epoch,
                                        std::uint8_t key = 7);

// "ha2-key …" lines for that key, among others.
std::string SampleKeys(std::uint8_t key = 7);

// A pcap file. snap_bytes: what is kept of each packet.
void WriteCapture(const std::string& path, const std::vector<std::vector<std::uint8_t>>& packets,
                  std::size_t snap_bytes = 65'535);

}  // namespace wiredump::testing
