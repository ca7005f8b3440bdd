// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/traffic/server_connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tools/traffic/limits.h"
#include "tools/traffic/pattern.h"
#include "tools/traffic/server.h"

namespace traffic {

ServerConnection::ServerConnection(Loop& loop, Server& server, int fd)
    : loop_(loop), server_(server), fd_(fd), watched_events_(EPOLLIN) {
  loop_.Add(fd_, watched_events_, *this);
}

ServerConnection::~ServerConnection() {
  if (!ended_) loop_.Remove(fd_);
  close(fd_);
}

void ServerConnection::OnReady(std::uint32_t, std::uint64_t) {
  Receive();
  if (!ended_) Answer();
  if (ended_) return;
  if (peer_done_ && owed_bytes() == 0) return End(/*reset=*/false);
  const bool may_read = !peer_done_ && owed_bytes() < kOwedBytesMax;
  const std::uint32_t wanted =
      (may_read ? EPOLLIN : 0u) | (owed_bytes() > 0 ? static_cast<std::uint32_t>(EPOLLOUT) : 0u);
  if (wanted != watched_events_) loop_.Modify(fd_, watched_events_ = wanted);
}

void ServerConnection::Receive() {
  std::array<std::byte, kChunkBytes> chunk;
  for (std::size_t turn = 0; turn < kChunksPerTurnMax && owed_bytes() < kOwedBytesMax; ++turn) {
    const ssize_t count = recv(fd_, chunk.data(), chunk.size(), 0);
    if (count == 0) peer_done_ = true;
    if (count < 0 && errno != EAGAIN && errno != EINTR) return End(/*reset=*/true);
    if (count <= 0) return;
    Check(std::span(chunk).first(static_cast<std::size_t>(count)));
  }
}

void ServerConnection::Check(std::span<const std::byte> bytes) {
  server_.counters().received_bytes += bytes.size();
  if (received_bytes_ < hello_.size()) {
    const std::size_t at = received_bytes_;
    const std::size_t count = std::min(bytes.size(), hello_.size() - at);
    std::copy_n(bytes.begin(), count, hello_.begin() + static_cast<std::ptrdiff_t>(at));
    received_bytes_ += count;
    bytes = bytes.subspan(count);
    if (received_bytes_ == hello_.size()) {
      TcpHello hello;
      std::memcpy(&hello, hello_.data(), sizeof hello);
      refused_ = hello.magic != kTcpMagic || hello.reserved != 0;
      if (refused_) server_.counters().corrupt_bytes += hello_.size();
      key_in_ = StreamKey(hello.flow_id, Direction::kToServer);
      key_out_ = StreamKey(hello.flow_id, Direction::kToClient);
    }
  }
  server_.counters().corrupt_bytes +=
      refused_ ? bytes.size() : CountMismatches(key_in_, received_bytes_, bytes);
  received_bytes_ += bytes.size();
}

void ServerConnection::Answer() {
  if (received_bytes_ < hello_.size()) return;  // The key is not known yet.
  std::array<std::byte, kChunkBytes> chunk;
  while (owed_bytes() > 0) {
    const auto bytes = std::span(chunk).first(std::min<std::uint64_t>(owed_bytes(), chunk.size()));
    FillPattern(key_out_, sent_bytes_, bytes);
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return End(/*reset=*/true);
    if (count <= 0) return;
    sent_bytes_ += static_cast<std::uint64_t>(count);
  }
}

void ServerConnection::End(bool reset) {
  if (reset) ++server_.counters().connection_reset_count;
  ended_ = true;
  server_.Retire(fd_);
}

}  // namespace traffic
