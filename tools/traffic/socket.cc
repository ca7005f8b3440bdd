// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/traffic/socket.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace traffic {
namespace {

constexpr int kDatagramBufferBytes = 1024 * 1024;  // A pause of ours is not loss.

int CloseWithError(int fd) noexcept {
  const int error = errno;
  close(fd);
  return -error;
}

int Open(int type) noexcept {
  const int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return fd >= 0 ? fd : -errno;
}

void SetOption(int fd, int level, int name, int value) noexcept {
  setsockopt(fd, level, name, &value, sizeof value);
}

int BindAt(int fd, const Endpoint& local) noexcept {
  const sockaddr_in address = ToSockaddr(local);
  return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

int ConnectTo(int fd, const Endpoint& server) noexcept {
  const sockaddr_in address = ToSockaddr(server);
  return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

}  // namespace

sockaddr_in ToSockaddr(const Endpoint& endpoint) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = endpoint.port;
  address.sin_addr.s_addr = endpoint.address;
  return address;
}

bool ParseAddress(const std::string& text, std::uint32_t& address) noexcept {
  in_addr parsed{};
  if (inet_pton(AF_INET, text.c_str(), &parsed) != 1) return false;
  address = parsed.s_addr;
  return true;
}

int ListenTcp(const Endpoint& local) noexcept {
  const int fd = Open(SOCK_STREAM);
  if (fd < 0) return fd;
  SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (BindAt(fd, local) != 0 || listen(fd, 1024) != 0) return CloseWithError(fd);
  return fd;
}

int ConnectTcp(const Endpoint& server) noexcept {
  const int fd = Open(SOCK_STREAM);
  if (fd < 0) return fd;
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (ConnectTo(fd, server) != 0 && errno != EINPROGRESS) return CloseWithError(fd);
  return fd;
}

int BindUdp(const Endpoint& local) noexcept {
  const int fd = Open(SOCK_DGRAM);
  if (fd < 0) return fd;
  SetOption(fd, SOL_SOCKET, SO_RCVBUF, kDatagramBufferBytes);
  if (BindAt(fd, local) != 0) return CloseWithError(fd);
  return fd;
}

int ConnectUdp(const Endpoint& server) noexcept {
  const int fd = Open(SOCK_DGRAM);
  if (fd < 0) return fd;
  SetOption(fd, SOL_SOCKET, SO_RCVBUF, kDatagramBufferBytes);
  if (ConnectTo(fd, server) != 0) return CloseWithError(fd);
  return fd;
}

int TakeError(int fd) noexcept {
  int error = 0;
  socklen_t bytes = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) return errno;
  return error;
}

std::uint64_t InodeOf(int fd) noexcept {
  struct stat status {};
  return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

std::uint16_t LocalPortOf(int fd) noexcept {
  sockaddr_in address{};
  socklen_t bytes = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) return 0;
  return ntohs(address.sin_port);
}

std::uint8_t TcpStateOf(int fd) noexcept {
  tcp_info info{};
  socklen_t bytes = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0) return 0;
  return info.tcpi_state;
}

void RaiseDescriptorLimit() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace traffic
