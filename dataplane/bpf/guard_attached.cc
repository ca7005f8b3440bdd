// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/bpf/guard_attached.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "absl/strings/str_format.h"
#include "dataplane/bpf/guard_layout.h"

namespace dataplane {
namespace {

// The guard has three; another program may have more, and then it is not ours.
constexpr std::size_t kMapsMax = 32;

// Whether one process has the program open. A process that ends meanwhile simply has not.
bool HoldsProgram(const std::filesystem::path& process, const std::string& wanted) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(process / "fdinfo", error)) {
    std::ifstream info(entry.path());
    for (std::string line; std::getline(info, line);) {
      if (line == wanted) return true;
    }
  }
  return false;
}

}  // namespace

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) close(fd_);
}

std::string InterfaceName(int ifindex) {
  std::array<char, IF_NAMESIZE> name{};
  if (ifindex <= 0 || if_indextoname(static_cast<unsigned>(ifindex), name.data()) == nullptr) {
    return absl::StrFormat("interface %d", ifindex);
  }
  return absl::StrFormat("%s (index %d)", name.data(), ifindex);
}

absl::Status OsError(int error, const std::string& what) {
  const std::string message = absl::StrFormat("%s: %s", what, std::strerror(error));
  if (error == EPERM || error == EACCES) {
    return absl::PermissionDeniedError(message + "; needs root, or CAP_BPF and CAP_NET_ADMIN");
  }
  if (error == ENODEV || error == EINVAL) return absl::InvalidArgumentError(message);
  return absl::InternalError(message);
}

absl::StatusOr<AttachedProgram> FindAttachedProgram(int ifindex) {
  // bpf_xdp_query() reports an interface that does not exist as one without a program.
  std::array<char, IF_NAMESIZE> name{};
  if (ifindex <= 0 || if_indextoname(static_cast<unsigned>(ifindex), name.data()) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrFormat("there is no interface with index %d in this network namespace", ifindex));
  }
  bpf_xdp_query_opts query{};
  query.sz = sizeof(query);
  const int queried = bpf_xdp_query(ifindex, 0, &query);
  if (queried < 0) {
    return OsError(-queried, "asking for the XDP program of " + InterfaceName(ifindex));
  }
  // Generic and native mode are told apart, because detaching names the mode.
  const bool generic = query.skb_prog_id != 0;
  const std::uint32_t id = generic ? query.skb_prog_id : query.drv_prog_id;
  if (id == 0) {
    return absl::NotFoundError(
        absl::StrFormat("%s has no XDP program attached", InterfaceName(ifindex)));
  }
  OwnedFd fd(bpf_prog_get_fd_by_id(id));
  if (fd.get() < 0) return OsError(errno, absl::StrFormat("opening XDP program %u", id));
  bpf_prog_info info{};
  std::uint32_t info_bytes = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd.get(), &info, &info_bytes) != 0) {
    return OsError(errno, absl::StrFormat("reading about XDP program %u", id));
  }
  return AttachedProgram{std::move(fd), id, info.name,
                         static_cast<int>(generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE)};
}

absl::StatusOr<AttachedProgram> FindAttachedGuard(int ifindex) {
  absl::StatusOr<AttachedProgram> program = FindAttachedProgram(ifindex);
  if (absl::IsNotFound(program.status())) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s has no HA2 guard attached; the port must be probed first", InterfaceName(ifindex)));
  }
  if (program.ok() && program->name != GUARD_PROGRAM_NAME) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s: XDP program %u is '%s', not the HA2 guard '%s'",
                        InterfaceName(ifindex), program->id, program->name, GUARD_PROGRAM_NAME));
  }
  return program;
}

absl::StatusOr<OwnedFd> OpenMap(const AttachedProgram& program, const char* name,
                                std::uint32_t value_bytes) {
  std::array<std::uint32_t, kMapsMax> ids{};
  bpf_prog_info info{};
  info.nr_map_ids = ids.size();
  info.map_ids = reinterpret_cast<std::uintptr_t>(ids.data());
  std::uint32_t info_bytes = sizeof(info);
  if (bpf_obj_get_info_by_fd(program.fd.get(), &info, &info_bytes) != 0) {
    return OsError(errno, absl::StrFormat("listing the maps of XDP program %u", program.id));
  }
  for (std::size_t i = 0; i < info.nr_map_ids && i < ids.size(); ++i) {
    OwnedFd fd(bpf_map_get_fd_by_id(ids[i]));
    if (fd.get() < 0) return OsError(errno, absl::StrFormat("opening BPF map %u", ids[i]));
    bpf_map_info map{};
    std::uint32_t map_bytes = sizeof(map);
    if (bpf_obj_get_info_by_fd(fd.get(), &map, &map_bytes) != 0) {
      return OsError(errno, absl::StrFormat("reading about BPF map %u", ids[i]));
    }
    if (std::string_view(map.name) != name) continue;
    if (map.value_size == value_bytes) return fd;
    return absl::FailedPreconditionError(
        absl::StrFormat("map %s of XDP program %u has values of %u bytes, this release uses %u; "
                        "restart the dataplane so that its own guard is loaded",
                        name, program.id, map.value_size, value_bytes));
  }
  return absl::FailedPreconditionError(
      absl::StrFormat("XDP program %u has no map %s: it is not this release's guard; restart the "
                      "dataplane so that its own guard is loaded",
                      program.id, name));
}

pid_t FindHolder(std::uint32_t program_id) {
  const std::string wanted = absl::StrFormat("prog_id:\t%u", program_id);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) continue;
    if (pid != getpid() && HoldsProgram(entry.path(), wanted)) return pid;
  }
  return 0;
}

}  // namespace dataplane
