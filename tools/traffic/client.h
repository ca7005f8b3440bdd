// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The client end: opens the flows of a plan, keeps opening short ones, and at the end asks every
// flow that stays open for one more echo.
//
// Threads: one.  Memory: one record per flow of the run; kTcpFlowsMax bounds them.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tools/traffic/limits.h"
#include "tools/traffic/loop.h"
#include "tools/traffic/sampler.h"
#include "tools/traffic/socket.h"
#include "tools/traffic/tcp_flow.h"
#include "tools/traffic/udp_flow.h"

namespace traffic {

struct ClientOptions {
  std::vector<Endpoint> servers;  // Flows take turns between them.
  std::uint64_t seed = 1;         // Of sizes and pauses.
  std::uint32_t idle_count = 70;
  std::uint32_t interactive_count = 110;
  std::uint32_t bulk_count = 24;
  std::uint32_t short_rate_hz = 60;  // Short TCP flows opened a second; 0 = none.
  std::uint32_t udp_fast_count = 4;
  std::uint32_t udp_fast_rate_hz = 1000;
  std::uint32_t udp_slow_count = 46;   // At 25 pps.
  std::uint32_t udp_bytes = 200;       // Of a datagram, without UDP and IP headers.
  std::uint32_t settle_ms_max = 3000;  // Longest wait for the last echoes.
  std::uint32_t ramp_ms = 500;         // The flows that stay open are opened over this time.
};

// A named instant of the run, told by whoever runs the drill.
struct Mark {
  std::string name;
  std::uint64_t at_nanos;
};

class Client final : public Handler {
 public:
  Client(Loop& loop, const ClientOptions& options, std::uint64_t now);

  // Opens the first flows and arms what follows. 0, or an error number.
  [[nodiscard]] int Start(std::uint64_t now);
  void AddMark(Mark mark) { marks_.push_back(std::move(mark)); }

  // Opens nothing more, probes what is open, and stops the loop once all is settled or late.
  void BeginSettling(std::uint64_t now);

  void OnReady(std::uint32_t, std::uint64_t) override {}
  void OnTimer(std::uint64_t now) override;  // Every millisecond: opens, settles.

  [[nodiscard]] const std::vector<std::unique_ptr<TcpFlow>>& tcp_flows() const { return tcp_; }
  [[nodiscard]] const std::vector<std::unique_ptr<UdpFlow>>& udp_flows() const { return udp_; }
  [[nodiscard]] const std::vector<Mark>& marks() const noexcept { return marks_; }
  [[nodiscard]] const Sampler& sampler() const noexcept { return sampler_; }
  [[nodiscard]] std::uint64_t settling_since() const noexcept { return settling_since_; }

 private:
  void OpenTcp(TcpClass tcp_class, std::uint64_t now);
  void OpenDue(std::uint64_t now);
  [[nodiscard]] bool AllSettled() const noexcept;

  Loop& loop_;
  ClientOptions options_;
  Sampler sampler_;
  std::uint64_t started_at_;
  std::uint64_t settling_since_ = 0;
  std::uint64_t short_count_ = 0;  // Opened so far.
  std::vector<TcpClass> lasting_;  // Flows that stay open, in the order of opening.
  std::size_t lasting_opened_count_ = 0;
  std::vector<std::unique_ptr<TcpFlow>> tcp_;
  std::vector<std::unique_ptr<UdpFlow>> udp_;
  std::vector<Mark> marks_;
};

}  // namespace traffic
