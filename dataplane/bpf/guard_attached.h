// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The XDP program attached to an interface, found through the kernel: its name, its maps, the
// process that holds it. Private to dataplane/bpf; guard.h is what others use.
//
// Threads: safe from any thread.  Memory: file descriptors, closed by their owner's destructor.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dataplane {

// An open file descriptor; closes it when it goes out of scope. Negative: none.
class OwnedFd {
 public:
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  OwnedFd& operator=(OwnedFd&&) = delete;
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  ~OwnedFd();
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

// The program attached to one interface.
struct AttachedProgram {
  OwnedFd fd;
  std::uint32_t id = 0;  // Kernel-wide program id.
  std::string name;      // At most 15 bytes: the kernel cuts the rest.
  int flags = 0;         // XDP_FLAGS_SKB_MODE or XDP_FLAGS_DRV_MODE, to detach it again.
};

// "eth1 (index 7)", or "interface 7" when it is gone.
[[nodiscard]] std::string InterfaceName(int ifindex);

// Status of a failed system call: what was tried, on what, why, and the remedy for EPERM.
[[nodiscard]] absl::Status OsError(int error, const std::string& what);

// The attached program. Errors: NOT_FOUND when there is none; as OsError otherwise.
[[nodiscard]] absl::StatusOr<AttachedProgram> FindAttachedProgram(int ifindex);

// As FindAttachedProgram, but only ours. Errors: FAILED_PRECONDITION when there is none or another.
[[nodiscard]] absl::StatusOr<AttachedProgram> FindAttachedGuard(int ifindex);

// A map of a program by its name. Errors: FAILED_PRECONDITION when the program has no such map or
// its value has another size, which means that it was built from another release.
[[nodiscard]] absl::StatusOr<OwnedFd> OpenMap(const AttachedProgram& program, const char* name,
                                              std::uint32_t value_bytes);

// Pid of a process, other than this one, that has the program open; 0 when there is none.
// Cost: reads /proc/PID/fdinfo of every process that this one may look at.
[[nodiscard]] pid_t FindHolder(std::uint32_t program_id);

}  // namespace dataplane
