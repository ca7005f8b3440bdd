// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/bpf/guard.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "dataplane/bpf/guard_attached.h"
#include "statesync/ensure.h"

namespace dataplane {
namespace {

constexpr std::array<std::string_view, GUARD_REASON_COUNT> kReasonNames = {
    "redirected", "no-socket",  "not-configured",    "truncated", "not-ipv4",
    "bad-header", "other-peer", "other-address",     "options",   "fragment",
    "not-udp",    "other-port", "other-source-port",
};
static_assert(kReasonNames[GUARD_OTHER_SOURCE_PORT] == "other-source-port");
static_assert(kReasonNames[GUARD_OPTIONS] == "options");

absl::Status Validate(const GuardConfig& config) {
  if (config.own_ipv4 == 0 || config.peer_ipv4 == 0 || config.own_ipv4 == config.peer_ipv4) {
    return absl::InvalidArgumentError(
        absl::StrFormat("HA2 guard: own address %#x and peer address %#x must be set and different",
                        config.own_ipv4, config.peer_ipv4));
  }
  if (config.port == 0) return absl::InvalidArgumentError("HA2 guard: port 0 is not a port");
  if (config.source_port_first == 0 || config.source_port_first > config.source_port_last) {
    return absl::InvalidArgumentError(
        absl::StrFormat("HA2 guard: source ports %u to %u are not a range of ports",
                        config.source_port_first, config.source_port_last));
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view GuardReasonName(std::size_t reason) {
  ENSURE(reason < kReasonNames.size());
  return kReasonNames[reason];
}

absl::StatusOr<std::string> FindGuardObject(std::string_view configured) {
  std::vector<std::string> tried;
  if (!configured.empty()) {
    tried.emplace_back(configured);
  } else {
    std::error_code error;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::filesystem::path folder = program.parent_path();
    tried.push_back(folder / "bpf" / "guard.bpf.o");
    tried.push_back((folder / ".." / "lib" / "lockstep" / "guard.bpf.o").lexically_normal());
  }
  for (const std::string& path : tried) {
    if (access(path.c_str(), R_OK) == 0) return std::filesystem::absolute(path).string();
  }
  return absl::NotFoundError(absl::StrFormat(
      "the XDP guard's object file was not found at %s; build it, or name it in the node file",
      absl::StrJoin(tried, " or ")));
}

absl::Status ConfigureGuard(int ifindex, const GuardConfig& config) {
  if (absl::Status valid = Validate(config); !valid.ok()) return valid;
  const absl::StatusOr<AttachedProgram> program = FindAttachedGuard(ifindex);
  if (!program.ok()) return program.status();
  const absl::StatusOr<OwnedFd> map =
      OpenMap(*program, GUARD_CONFIG_MAP_NAME, sizeof(struct guard_config));
  if (!map.ok()) return map.status();

  struct guard_config value {};
  value.own_ipv4_be = htonl(config.own_ipv4);
  value.peer_ipv4_be = htonl(config.peer_ipv4);
  value.port_be = htons(config.port);
  value.source_port_first = config.source_port_first;
  value.source_port_last = config.source_port_last;
  value.enabled = 1;
  const std::uint32_t only = 0;
  if (bpf_map_update_elem(map->get(), &only, &value, BPF_ANY) != 0) {
    return OsError(errno, "configuring the HA2 guard of " + InterfaceName(ifindex));
  }
  return absl::OkStatus();
}

absl::StatusOr<GuardCounters> ReadGuardCounters(int ifindex) {
  const absl::StatusOr<AttachedProgram> program = FindAttachedGuard(ifindex);
  if (!program.ok()) return program.status();
  const absl::StatusOr<OwnedFd> map =
      OpenMap(*program, GUARD_COUNTERS_MAP_NAME, sizeof(std::uint64_t));
  if (!map.ok()) return map.status();

  const int cpu_count = libbpf_num_possible_cpus();
  if (cpu_count <= 0) return OsError(-cpu_count, "counting the CPUs");
  std::vector<std::uint64_t> per_cpu(static_cast<std::size_t>(cpu_count));
  GuardCounters counters;
  for (std::uint32_t reason = 0; reason < GUARD_REASON_COUNT; ++reason) {
    if (bpf_map_lookup_elem(map->get(), &reason, per_cpu.data()) != 0) {
      return OsError(errno, "reading the HA2 guard's counters of " + InterfaceName(ifindex));
    }
    for (const std::uint64_t frames : per_cpu) counters.frames[reason] += frames;
  }
  return counters;
}

absl::Status DetachStaleGuard(int ifindex) {
  const absl::StatusOr<AttachedProgram> program = FindAttachedProgram(ifindex);
  if (absl::IsNotFound(program.status())) return absl::OkStatus();
  if (!program.ok()) return program.status();
  if (program->name != GUARD_PROGRAM_NAME) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s already has the XDP program '%s' (id %u), which is not ours; remove it with "
        "'ip link set dev IF xdp off' or use another interface for HA2",
        InterfaceName(ifindex), program->name, program->id));
  }
  if (const pid_t holder = FindHolder(program->id); holder != 0) {
    return absl::FailedPreconditionError(
        absl::StrFormat("the HA2 guard of %s is in use by the running process %d; stop it first",
                        InterfaceName(ifindex), holder));
  }
  // Only this very program: another process may have attached its own in the meantime.
  bpf_xdp_attach_opts options{};
  options.sz = sizeof(options);
  options.old_prog_fd = program->fd.get();
  const int detached = bpf_xdp_detach(
      ifindex, static_cast<std::uint32_t>(program->flags) | XDP_FLAGS_REPLACE, &options);
  if (detached < 0) {
    return OsError(-detached, "detaching the stale HA2 guard from " + InterfaceName(ifindex));
  }
  return absl::OkStatus();
}

}  // namespace dataplane
