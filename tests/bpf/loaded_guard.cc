// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/bpf/loaded_guard.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_xdp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "statesync/ensure.h"

namespace dataplane {

LoadedGuard::LoadedGuard() {
  object_ = bpf_object__open_file(GUARD_OBJECT_PATH, nullptr);
  ENSURE(object_ != nullptr);
  bpf_program__set_type(bpf_object__next_program(object_, nullptr), BPF_PROG_TYPE_XDP);
  ENSURE(bpf_object__load(object_) == 0);
}

LoadedGuard::~LoadedGuard() {
  if (socket_ >= 0) close(socket_);
  bpf_object__close(object_);
}

int LoadedGuard::program_fd() const {
  return bpf_program__fd(bpf_object__next_program(object_, nullptr));
}

int LoadedGuard::MapFd(const char* name) const {
  const int fd = bpf_object__find_map_fd_by_name(object_, name);
  ENSURE(fd >= 0);
  return fd;
}

void LoadedGuard::Configure(const GuardConfig& config) {
  struct guard_config value {};
  value.own_ipv4_be = htonl(config.own_ipv4);
  value.peer_ipv4_be = htonl(config.peer_ipv4);
  value.port_be = htons(config.port);
  value.source_port_first = config.source_port_first;
  value.source_port_last = config.source_port_last;
  value.enabled = 1;
  const std::uint32_t only = 0;
  ENSURE(bpf_map_update_elem(MapFd(GUARD_CONFIG_MAP_NAME), &only, &value, BPF_ANY) == 0);
}

void LoadedGuard::BindSocket() {
  // The kernel wants a socket with a receive ring; it need not be bound, since no frame is
  // delivered.
  socket_ = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  ENSURE(socket_ >= 0);
  const int entries = 64;
  ENSURE(setsockopt(socket_, SOL_XDP, XDP_RX_RING, &entries, sizeof(entries)) == 0);
  const std::uint32_t queue = 0;
  ENSURE(bpf_map_update_elem(MapFd(GUARD_SOCKETS_MAP_NAME), &queue, &socket_, BPF_ANY) == 0);
}

std::array<std::uint64_t, GUARD_REASON_COUNT> LoadedGuard::ReadCounters() const {
  std::array<std::uint64_t, GUARD_REASON_COUNT> sums{};
  std::vector<std::uint64_t> per_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  for (std::uint32_t reason = 0; reason < GUARD_REASON_COUNT; ++reason) {
    ENSURE(bpf_map_lookup_elem(MapFd(GUARD_COUNTERS_MAP_NAME), &reason, per_cpu.data()) == 0);
    for (const std::uint64_t frames : per_cpu) sums[reason] += frames;
  }
  return sums;
}

GuardRun LoadedGuard::Run(std::span<const std::uint8_t> frame) {
  const auto before = ReadCounters();
  std::vector<std::uint8_t> out(frame.size() + 256);
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = frame.data();
  options.data_size_in = static_cast<std::uint32_t>(frame.size());
  options.data_out = out.data();
  options.data_size_out = static_cast<std::uint32_t>(out.size());
  options.repeat = 1;
  const int failed = bpf_prog_test_run_opts(program_fd(), &options);
  GuardRun run{.error = failed == 0 ? 0 : errno, .verdict = options.retval, .reasons = {}};
  if (failed != 0) return run;

  const auto after = ReadCounters();
  for (std::size_t reason = 0; reason < after.size(); ++reason) {
    for (std::uint64_t n = before[reason]; n < after[reason]; ++n) {
      run.reasons += (run.reasons.empty() ? "" : " ") + std::string(GuardReasonName(reason));
    }
  }
  run.unchanged =
      options.data_size_out == frame.size() && std::equal(frame.begin(), frame.end(), out.begin());
  return run;
}

std::string WhyNotLoadable() {
  const int fd = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "probe", 4, 4, 1, nullptr);
  if (fd >= 0) {
    close(fd);
    return {};
  }
  const int error = errno;
  const bool refused = error == EPERM || error == EACCES;
  return std::string("skip: ") + (refused ? "no-privilege" : "no-kernel-feature") +
         ": loading an XDP program needs CAP_BPF, CAP_NET_ADMIN and AF_XDP: " +
         std::strerror(error);
}

}  // namespace dataplane
