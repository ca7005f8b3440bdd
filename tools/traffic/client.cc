// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/traffic/client.h"

#include <algorithm>

#include "tools/traffic/random.h"

namespace traffic {
namespace {

constexpr std::uint32_t kSlowRateHz = 25;

}  // namespace

Client::Client(Loop& loop, const ClientOptions& options, std::uint64_t now)
    : loop_(loop), options_(options), sampler_(now), started_at_(now) {
  lasting_.insert(lasting_.end(), options_.idle_count, TcpClass::kIdle);
  lasting_.insert(lasting_.end(), options_.interactive_count, TcpClass::kInteractive);
  lasting_.insert(lasting_.end(), options_.bulk_count, TcpClass::kBulk);
  // Mixed, so that each server gets its part of every class whatever the counts are.
  Random random(options_.seed, 0);
  for (std::size_t i = lasting_.size(); i > 1; --i) {
    std::swap(lasting_[i - 1], lasting_[random.Between(0, i - 1)]);
  }
  std::ranges::stable_sort(lasting_, {}, [](TcpClass c) { return c == TcpClass::kBulk; });
}

int Client::Start(std::uint64_t now) {
  const std::uint32_t udp_count = options_.udp_fast_count + options_.udp_slow_count;
  for (std::uint32_t i = 0; i < udp_count; ++i) {
    const std::uint32_t rate_hz =
        i < options_.udp_fast_count ? options_.udp_fast_rate_hz : kSlowRateHz;
    udp_.push_back(std::make_unique<UdpFlow>(loop_, sampler_, i,
                                             options_.servers[i % options_.servers.size()], rate_hz,
                                             options_.udp_bytes));
    const int error = udp_.back()->Open(now);
    if (error != 0) return error;
  }
  loop_.ArmTimer(now, *this);
  return 0;
}

void Client::OnTimer(std::uint64_t now) {
  if (settling_since_ == 0) {
    OpenDue(now);
  } else if (AllSettled() || now >= settling_since_ + options_.settle_ms_max * kNanosPerMilli) {
    return loop_.Stop();
  }
  loop_.ArmTimer(now + kNanosPerMilli, *this);
}

void Client::OpenDue(std::uint64_t now) {
  const std::uint64_t elapsed_ms = (now - started_at_) / kNanosPerMilli;
  const std::uint64_t lasting_due =
      options_.ramp_ms == 0 ? lasting_.size()
                            : std::min<std::uint64_t>(
                                  lasting_.size(), lasting_.size() * elapsed_ms / options_.ramp_ms);
  while (lasting_opened_count_ < lasting_due) OpenTcp(lasting_[lasting_opened_count_++], now);
  const std::uint64_t short_due = options_.short_rate_hz * elapsed_ms / 1000;
  // One at a time: after a pause of this program there is no burst of openings.
  if (short_count_ < short_due) {
    short_count_ = short_due;
    OpenTcp(TcpClass::kShort, now);
  }
}

void Client::OpenTcp(TcpClass tcp_class, std::uint64_t now) {
  if (tcp_.size() >= kTcpFlowsMax) return;
  const std::uint64_t flow_id = tcp_.size() + 1;
  tcp_.push_back(std::make_unique<TcpFlow>(loop_, sampler_, options_.seed, flow_id, tcp_class,
                                           options_.servers[flow_id % options_.servers.size()]));
  tcp_.back()->Open(now);
}

void Client::BeginSettling(std::uint64_t now) {
  if (settling_since_ != 0) return;
  settling_since_ = now;
  for (const auto& flow : udp_) flow->StopSending();
  for (const auto& flow : tcp_) flow->Probe(now);
}

bool Client::AllSettled() const noexcept {
  return std::ranges::all_of(tcp_, [](const auto& flow) { return flow->settled(); });
}

}  // namespace traffic
