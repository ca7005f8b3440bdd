// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/traffic/tcp_flow.h"

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

TcpFlow::TcpFlow(Loop& loop, Sampler& sampler, std::uint64_t seed, std::uint64_t flow_id,
                 TcpClass tcp_class, const Endpoint& server)
    : loop_(loop),
      sampler_(sampler),
      random_(seed, flow_id),
      profile_(ProfileOf(tcp_class)),
      record_{.flow_id = flow_id, .tcp_class = tcp_class, .server = server},
      messages_left_(random_.Between(profile_.message_count_min, profile_.message_count_max)),
      key_out_(StreamKey(flow_id, Direction::kToServer)),
      key_in_(StreamKey(flow_id, Direction::kToClient)) {}

TcpFlow::~TcpFlow() {
  if (fd_ >= 0) Release();
}

void TcpFlow::Open(std::uint64_t now) {
  record_.opening_at = now;
  fd_ = ConnectTcp(record_.server);
  if (fd_ < 0) return Fail(-fd_, now);
  record_.inode = InodeOf(fd_);
  record_.local_port = LocalPortOf(fd_);
  watched_events_ = EPOLLOUT;
  loop_.Add(fd_, watched_events_, *this);
}

void TcpFlow::OnReady(std::uint32_t, std::uint64_t now) {
  if (ended()) return;
  if (record_.established_at == 0) {
    const int error = TakeError(fd_);
    if (error != 0) return Fail(error, now);
    OnConnected(now);
  } else {
    Receive(now);
  }
  if (!ended()) Send(now);
}

void TcpFlow::OnConnected(std::uint64_t now) {
  record_.established_at = now;
  ++sampler_.At(now).connections;
  planned_bytes_ = sizeof(TcpHello);
  AddMessage(now);
}

// A flow that falls silent for a moment is not late: the next message counts from now.
void TcpFlow::OnTimer(std::uint64_t now) {
  if (ended() || probed_ || record_.closing_at != 0) return;
  if (waiting_bytes() < profile_.waiting_bytes_max) {
    AddMessage(now);
    Send(now);
  } else {
    ArmNextMessage(now);
  }
}

void TcpFlow::AddMessage(std::uint64_t now) {
  planned_bytes_ += random_.Between(profile_.message_bytes_min, profile_.message_bytes_max);
  if (messages_left_ > 0 && --messages_left_ == 0) return;  // The last one: then it closes.
  ArmNextMessage(now);
}

void TcpFlow::ArmNextMessage(std::uint64_t now) {
  if (profile_.interval_ms_max == 0) return;
  const std::uint64_t interval_ms =
      random_.Between(profile_.interval_ms_min, profile_.interval_ms_max);
  loop_.ArmTimer(now + interval_ms * kNanosPerMilli, *this);
}

void TcpFlow::Probe(std::uint64_t now) {
  if (ended() || probed_ || record_.established_at == 0 || profile_.message_count_max != 0) return;
  probed_ = true;
  planned_bytes_ += profile_.message_bytes_min;
  Send(now);
}

void TcpFlow::Send(std::uint64_t now) {
  std::array<std::byte, kChunkBytes> chunk;
  while (record_.sent_bytes < planned_bytes_) {
    const std::uint64_t left = planned_bytes_ - record_.sent_bytes;
    const auto bytes = std::span(chunk).first(std::min<std::uint64_t>(left, chunk.size()));
    FillPattern(key_out_, record_.sent_bytes, bytes);
    if (record_.sent_bytes < sizeof(TcpHello)) {
      const TcpHello hello{.flow_id = record_.flow_id, .magic = kTcpMagic, .reserved = 0};
      std::array<std::byte, sizeof hello> hello_bytes;
      std::memcpy(hello_bytes.data(), &hello, sizeof hello);
      const auto rest = std::span(hello_bytes).subspan(record_.sent_bytes);
      std::ranges::copy(rest.first(std::min(rest.size(), bytes.size())), bytes.begin());
    }
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return Fail(errno, now);
    if (count <= 0) break;
    if (waiting_bytes() == 0) record_.waiting_since = now;
    record_.sent_bytes += static_cast<std::uint64_t>(count);
  }
  const bool is_blocked = record_.sent_bytes < planned_bytes_;
  const std::uint32_t wanted = EPOLLIN | (is_blocked ? static_cast<std::uint32_t>(EPOLLOUT) : 0u);
  if (wanted != watched_events_) loop_.Modify(fd_, watched_events_ = wanted);
}

void TcpFlow::Receive(std::uint64_t now) {
  std::array<std::byte, kChunkBytes> chunk;
  for (std::size_t turn = 0; turn < kChunksPerTurnMax; ++turn) {
    const ssize_t count = recv(fd_, chunk.data(), chunk.size(), 0);
    if (count == 0) return OnStreamEnd(now);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return Fail(errno, now);
    if (count < 0) break;
    OnEchoed(std::span(chunk).first(static_cast<std::size_t>(count)), now);
  }
  CloseIfDone(now);
}

void TcpFlow::OnEchoed(std::span<const std::byte> bytes, std::uint64_t now) {
  NoteStall(now);
  // More bytes than we sent cannot be right, whatever they say.
  const std::uint64_t expected = std::min<std::uint64_t>(waiting_bytes(), bytes.size());
  record_.corrupt_bytes += CountMismatches(key_in_, record_.echoed_bytes, bytes.first(expected)) +
                           (bytes.size() - expected);
  record_.echoed_bytes += expected;
  if (record_.first_echo_at == 0) record_.first_echo_at = now;
  record_.last_echo_at = now;
  record_.waiting_since = waiting_bytes() > 0 ? now : 0;
  sampler_.At(now).tcp_bytes += static_cast<std::uint32_t>(bytes.size());
}

void TcpFlow::NoteStall(std::uint64_t now) {
  if (record_.waiting_since == 0 || now - record_.waiting_since < kTcpStallNanosMin) return;
  record_.stalls.Add({record_.waiting_since, now});
}

void TcpFlow::CloseIfDone(std::uint64_t now) {
  const bool is_last = profile_.message_count_max != 0 && messages_left_ == 0;
  if (!is_last || record_.closing_at != 0 || record_.echoed_bytes < planned_bytes_) return;
  record_.closing_at = now;
  shutdown(fd_, SHUT_WR);
}

void TcpFlow::OnStreamEnd(std::uint64_t now) {
  if (record_.closing_at == 0) return Fail(0, now);
  record_.closed_at = now;
  Release();
}

void TcpFlow::Fail(int error, std::uint64_t now) {
  record_.failed_at = now;
  record_.error = error;
  if (fd_ >= 0) Release();
  fd_ = -1;
}

void TcpFlow::Release() {
  loop_.Remove(fd_);
  close(fd_);
  fd_ = -1;
}

bool TcpFlow::settled() const noexcept {
  if (ended()) return true;
  if (profile_.message_count_max != 0) return false;  // It ends by itself.
  return probed_ && record_.sent_bytes == planned_bytes_ && waiting_bytes() == 0;
}

}  // namespace traffic
