// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Captured packets (pcap or pcapng, by libpcap) and the UDP datagrams of HA2 in them.
//
// Threads: one.  Memory: libpcap's buffer of one packet.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct pcap;
struct pcap_dumper;

namespace wiredump {

// What a packet turned out to be.
enum class PacketKind : std::uint8_t {
  kDatagram,   // UDP to the port asked for, complete.
  kOther,      // Other traffic.
  kCut,        // To that port, but the capture has not all of it (snap length).
  kMalformed,  // IPv4 or UDP lengths that contradict each other.
};

struct Packet {
  PacketKind kind = PacketKind::kOther;
  std::uint64_t number = 0;  // In the capture, from 1.
  std::int64_t time_us = 0;  // Since 1970.
  std::uint32_t source = 0;  // IPv4 address, host order.
  std::uint32_t target = 0;
  std::uint16_t source_port = 0;
  std::span<const std::byte> frame;     // From the link header on.
  std::span<const std::byte> datagram;  // Payload of UDP; empty unless kDatagram.
};

class CaptureReader {
 public:
  // Link types: Ethernet, raw IPv4, and Linux "any".
  // Errors: kNotFound and others as the system says; kInvalidArgument if it is no capture, or its
  // link type is another.
  static absl::StatusOr<std::unique_ptr<CaptureReader>> Open(const std::string& path,
                                                             std::uint16_t port);
  ~CaptureReader();
  CaptureReader(const CaptureReader&) = delete;
  CaptureReader& operator=(const CaptureReader&) = delete;

  // The next packet, valid until the call after. False at the end.
  // Errors: kDataLoss if the capture is cut short or damaged; what came before it is good.
  absl::StatusOr<bool> Next(Packet& packet);

  [[nodiscard]] int link_type() const { return link_type_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  CaptureReader(std::string path, pcap* handle, int link_type, std::uint16_t port)
      : path_(std::move(path)), handle_(handle), link_type_(link_type), port_(port) {}
  void Look(Packet& packet, std::size_t wire_bytes) const;

  std::string path_;
  pcap* handle_;
  int link_type_;
  std::uint16_t port_;
  std::uint64_t count_ = 0;
};

class CaptureWriter {
 public:
  // Replaces `path`, mode 0600: what it will hold was sealed.
  // Errors: as the system says, with the path.
  static absl::StatusOr<std::unique_ptr<CaptureWriter>> Open(const std::string& path,
                                                             int link_type);
  ~CaptureWriter();
  CaptureWriter(const CaptureWriter&) = delete;
  CaptureWriter& operator=(const CaptureWriter&) = delete;

  // The packet with another datagram of at most the same size: lengths and checksums follow.
  // REQUIRES: packet.kind is kDatagram.
  void Write(const Packet& packet, std::span<const std::byte> datagram);
  // Errors: a disk that is full, for instance.
  absl::Status Close();

 private:
  CaptureWriter(std::string path, pcap* handle, pcap_dumper* dumper)
      : path_(std::move(path)), handle_(handle), dumper_(dumper) {}
  std::string path_;
  pcap* handle_;
  pcap_dumper* dumper_;
};

}  // namespace wiredump
