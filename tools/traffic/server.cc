// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/traffic/server.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tools/traffic/limits.h"
#include "tools/traffic/pattern.h"
#include "tools/traffic/server_connection.h"
#include "tools/traffic/wire.h"

namespace traffic {
namespace {

// Turns a received datagram into its echo, in place. False if it is not one of ours.
bool MakeEcho(std::span<std::byte> datagram, const sockaddr_in& source, ServerCounters& counters) {
  DatagramHeader header;
  if (datagram.size() < sizeof header) return false;
  std::memcpy(&header, datagram.data(), sizeof header);
  if (header.magic != kUdpMagic) return false;
  const auto body = datagram.subspan(sizeof header);
  const std::uint64_t offset = header.sequence * kDatagramStride;
  std::size_t corrupt =
      CountMismatches(StreamKey(header.flow_id, Direction::kToServer), offset, body);
  if (header.bytes != datagram.size()) ++corrupt;
  counters.datagram_corrupt_count += corrupt > 0;

  header.source_address = source.sin_addr.s_addr;
  header.source_port = source.sin_port;
  header.corrupt_bytes = static_cast<std::uint32_t>(corrupt);
  std::memcpy(datagram.data(), &header, sizeof header);
  FillPattern(StreamKey(header.flow_id, Direction::kToClient), offset, body);
  return true;
}

}  // namespace

Server::Server(Loop& loop) : loop_(loop) {}

Server::~Server() {
  for (const int fd : listen_fds_) close(fd);
  for (const int fd : datagram_fds_) close(fd);
}

int Server::Listen(const Endpoint& local) {
  const int listen_fd = ListenTcp(local);
  if (listen_fd < 0) return -listen_fd;
  listen_fds_.push_back(listen_fd);
  loop_.Add(listen_fd, EPOLLIN, *this);
  const int datagram_fd = BindUdp(local);
  if (datagram_fd < 0) return -datagram_fd;
  datagram_fds_.push_back(datagram_fd);
  loop_.Add(datagram_fd, EPOLLIN, *this);
  return 0;
}

void Server::OnReady(std::uint32_t, std::uint64_t) {
  // A few sockets only: asking each costs less than remembering which one it was.
  for (const int fd : datagram_fds_) EchoDatagrams(fd);
  for (const int fd : listen_fds_) AcceptAll(fd);
}

void Server::OnTimer(std::uint64_t) { retired_.clear(); }

void Server::AcceptAll(int listen_fd) {
  for (std::size_t i = 0; i < kEventsPerTurnMax; ++i) {
    const int fd = accept4(listen_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++counters_.connection_count;
    connections_.emplace(fd, std::make_unique<ServerConnection>(loop_, *this, fd));
  }
}

void Server::EchoDatagrams(int fd) {
  std::array<std::byte, kDatagramBytesMax> buffer;
  for (std::size_t i = 0; i < kDatagramsPerTurnMax; ++i) {
    sockaddr_in source{};
    socklen_t source_bytes = sizeof source;
    const ssize_t count = recvfrom(fd, buffer.data(), buffer.size(), 0,
                                   reinterpret_cast<sockaddr*>(&source), &source_bytes);
    if (count < 0) return;
    ++counters_.datagram_count;
    const auto datagram = std::span(buffer).first(static_cast<std::size_t>(count));
    if (!MakeEcho(datagram, source, counters_)) continue;
    sendto(fd, datagram.data(), datagram.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&source), source_bytes);
  }
}

void Server::Retire(int fd) {
  loop_.Remove(fd);
  const auto found = connections_.find(fd);
  retired_.push_back(std::move(found->second));
  connections_.erase(found);
  if (retired_.size() == 1) loop_.ArmTimer(0, *this);  // It is still in one of its own calls.
}

}  // namespace traffic
