// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The client's end of one UDP flow: numbered datagrams at a steady rate, and what came back.
//
// Threads: one.  Memory: constant but for gaps, which are bounded.

#pragma once

#include <cstdint>
#include <span>

#include "tools/traffic/longest_spans.h"
#include "tools/traffic/loop.h"
#include "tools/traffic/sampler.h"
#include "tools/traffic/socket.h"

namespace traffic {

// Times are nanoseconds of the monotonic clock; 0 = it has not happened.
struct UdpRecord {
  std::uint64_t flow_id;
  Endpoint server;
  std::uint32_t rate_hz;
  std::uint32_t datagram_bytes;
  std::uint16_t local_port = 0;
  std::uint64_t sent_count = 0;
  std::uint64_t unsent_count = 0;  // The kernel or the pace had no room for them.
  std::uint64_t echoed_count = 0;  // Each sequence number once, in order of arrival.
  std::uint64_t stale_count = 0;   // Arrived behind a later one, or twice.
  std::uint64_t corrupt_count = 0;
  std::uint64_t source_changed_count = 0;  // The server saw another source than at first.
  std::uint64_t refused_count = 0;         // ICMP errors reported on the socket.
  std::uint64_t first_echo_at = 0;
  std::uint64_t last_echo_at = 0;
  std::uint64_t last_sent_at = 0;
  std::uint64_t send_gap_nanos_max = 0;  // How late this program itself has been.
  LongestSpans gaps{};                   // Between echoes; kUdpGapNanosMin above the interval.
};

class UdpFlow final : public Handler {
 public:
  UdpFlow(Loop& loop, Sampler& sampler, std::uint64_t flow_id, const Endpoint& server,
          std::uint32_t rate_hz, std::uint32_t datagram_bytes);
  ~UdpFlow() override;

  // 0, or the error number.
  [[nodiscard]] int Open(std::uint64_t now);
  void StopSending() noexcept { stopped_ = true; }

  void OnReady(std::uint32_t events, std::uint64_t now) override;
  void OnTimer(std::uint64_t now) override;

  [[nodiscard]] const UdpRecord& record() const noexcept { return record_; }

 private:
  void Send(std::uint64_t now);
  void OnDatagram(std::span<const std::byte> datagram, std::uint64_t now);

  Loop& loop_;
  Sampler& sampler_;
  UdpRecord record_;
  int fd_ = -1;
  bool stopped_ = false;
  std::uint64_t interval_nanos_;
  std::uint64_t next_at_ = 0;
  std::uint64_t next_sequence_in_ = 0;  // Every echo below it is stale.
  Endpoint source_;                     // As the server saw it first.
};

}  // namespace traffic
