// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/traffic/udp_flow.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "tools/traffic/limits.h"
#include "tools/traffic/pattern.h"
#include "tools/traffic/wire.h"

namespace traffic {

UdpFlow::UdpFlow(Loop& loop, Sampler& sampler, std::uint64_t flow_id, const Endpoint& server,
                 std::uint32_t rate_hz, std::uint32_t datagram_bytes)
    : loop_(loop),
      sampler_(sampler),
      record_{.flow_id = flow_id,
              .server = server,
              .rate_hz = rate_hz,
              .datagram_bytes = datagram_bytes},
      interval_nanos_(kNanosPerSecond / rate_hz) {}

UdpFlow::~UdpFlow() {
  if (fd_ < 0) return;
  loop_.Remove(fd_);
  close(fd_);
}

int UdpFlow::Open(std::uint64_t now) {
  fd_ = ConnectUdp(record_.server);
  if (fd_ < 0) return -fd_;
  record_.local_port = LocalPortOf(fd_);
  loop_.Add(fd_, EPOLLIN, *this);
  // Spread over one interval, so that flows of one rate do not send in one burst.
  next_at_ = now + record_.flow_id * 7919 * 1000 % interval_nanos_;
  loop_.ArmTimer(next_at_, *this);
  return 0;
}

void UdpFlow::OnTimer(std::uint64_t now) {
  if (stopped_) return;
  if (now > next_at_ + kLateNanosMax) {
    const std::uint64_t missed = (now - next_at_) / interval_nanos_;
    record_.unsent_count += missed;
    next_at_ += missed * interval_nanos_;
  }
  Send(now);
  next_at_ += interval_nanos_;
  loop_.ArmTimer(next_at_, *this);
}

void UdpFlow::Send(std::uint64_t now) {
  std::array<std::byte, kDatagramBytesMax> buffer;
  const auto datagram = std::span(buffer).first(record_.datagram_bytes);
  const DatagramHeader header{.flow_id = record_.flow_id,
                              .sequence = record_.sent_count,
                              .magic = kUdpMagic,
                              .source_address = 0,
                              .source_port = 0,
                              .bytes = static_cast<std::uint16_t>(record_.datagram_bytes),
                              .corrupt_bytes = 0};
  std::memcpy(datagram.data(), &header, sizeof header);
  FillPattern(StreamKey(record_.flow_id, Direction::kToServer), header.sequence * kDatagramStride,
              datagram.subspan(sizeof header));
  if (send(fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL) < 0) {
    if (errno == EAGAIN || errno == ENOBUFS) {
      ++record_.unsent_count;
    } else {
      ++record_.refused_count;
    }
    return;
  }
  if (record_.last_sent_at != 0) {
    record_.send_gap_nanos_max = std::max(record_.send_gap_nanos_max, now - record_.last_sent_at);
  }
  record_.last_sent_at = now;
  ++record_.sent_count;
}

void UdpFlow::OnReady(std::uint32_t, std::uint64_t now) {
  std::array<std::byte, kDatagramBytesMax> buffer;
  for (std::size_t i = 0; i < kDatagramsPerTurnMax; ++i) {
    const ssize_t count = recv(fd_, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno != EAGAIN && errno != EINTR) {
      ++record_.refused_count;
      continue;
    }
    if (count < 0) return;
    OnDatagram(std::span(buffer).first(static_cast<std::size_t>(count)), now);
  }
}

void UdpFlow::OnDatagram(std::span<const std::byte> datagram, std::uint64_t now) {
  DatagramHeader header{};
  if (datagram.size() >= sizeof header) std::memcpy(&header, datagram.data(), sizeof header);
  const bool is_whole = header.magic == kUdpMagic && header.flow_id == record_.flow_id &&
                        header.bytes == datagram.size() &&
                        datagram.size() == record_.datagram_bytes && header.corrupt_bytes == 0;
  if (!is_whole ||
      CountMismatches(StreamKey(record_.flow_id, Direction::kToClient),
                      header.sequence * kDatagramStride, datagram.subspan(sizeof header)) != 0) {
    ++record_.corrupt_count;
    return;
  }
  if (header.sequence < next_sequence_in_) {
    ++record_.stale_count;
    return;
  }
  next_sequence_in_ = header.sequence + 1;
  const Endpoint source{header.source_address, header.source_port};
  if (record_.echoed_count == 0) source_ = source;
  record_.source_changed_count += source != source_;

  if (record_.first_echo_at == 0) {
    record_.first_echo_at = now;
  } else if (now - record_.last_echo_at >= kUdpGapNanosMin + interval_nanos_) {
    record_.gaps.Add({record_.last_echo_at, now});
  }
  record_.last_echo_at = now;
  ++record_.echoed_count;
  ++sampler_.At(now).udp_echoes;
}

}  // namespace traffic
