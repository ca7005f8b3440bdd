// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/eal.h"

#include <errno.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dataplane/dpdk/device_args.h"
#include "dataplane/dpdk/eal_log.h"
#include "dataplane/dpdk/hugepages.h"

namespace dataplane {
namespace {

std::string CpuList(const std::vector<std::uint16_t>& wanted) {
  if (!wanted.empty()) return absl::StrJoin(wanted, ",");
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    }
  }
  return cpus.empty() ? "0" : absl::StrJoin(cpus, ",");
}

// "0@(0,1),1@(0,1)": each lcore may run on every CPU of the set.
std::string LcoreMap(const EalSetup& setup) {
  const std::string cpus = CpuList(setup.cpus);
  std::vector<std::string> map;
  for (unsigned lcore = 0; lcore < setup.lcores; ++lcore) {
    map.push_back(absl::StrCat(lcore, "@(", cpus, ")"));
  }
  return absl::StrJoin(map, ",");
}

std::vector<std::string> Arguments(const EalSetup& setup, bool hugepages) {
  std::vector<std::string> args = {"lockstep-dataplane",
                                   "--log-level=error",
                                   absl::StrCat("--file-prefix=", setup.file_prefix),
                                   absl::StrCat("--lcores=", LcoreMap(setup)),
                                   "-m",
                                   absl::StrCat(setup.memory_mb)};
  if (hugepages) {
    args.emplace_back("--in-memory");
  } else {
    // EAL refuses --in-memory together with --no-huge; --no-shconf has the effect that we want.
    args.insert(args.end(), {"--no-huge", "--no-shconf"});
  }
  if (setup.pci_devices.empty()) args.emplace_back("--no-pci");
  for (const std::string& device : setup.pci_devices) {
    args.insert(args.end(), {"-a", device});
  }
  args.insert(args.end(), setup.extra_args.begin(), setup.extra_args.end());
  return args;
}

absl::Status EalError(int error, const EalSetup& setup) {
  const std::string text =
      absl::StrCat("DPDK did not start: ", TakeEalComplaint(), " (", strerror(error), ")");
  switch (error) {
    case ENOMEM:
      return absl::ResourceExhaustedError(absl::StrCat(
          text, "; runtime.memory_mb is ", setup.memory_mb, ": lower it or free memory"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(absl::StrCat(text, "; run as root or with CAP_NET_ADMIN"));
    default:
      return absl::InvalidArgumentError(absl::StrCat(text, "; see runtime.eal_args"));
  }
}

}  // namespace

absl::StatusOr<EalInfo> StartEal(const EalSetup& setup) {
  EalInfo info;
  const HugepageLock lock;
  const std::uint64_t free_mb = FreeHugepagesMb();
  info.hugepages = !setup.no_huge && free_mb >= setup.memory_mb;
  if (!setup.no_huge && !info.hugepages) {
    info.note = absl::StrCat("hugepages: ", free_mb, " MB free, ", setup.memory_mb,
                             " MB wanted; running with --no-huge, which is slower");
  }
  CaptureEalLog();
  std::vector<std::string> args = Arguments(setup, info.hugepages);
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
    return EalError(rte_errno, setup);
  }
  (void)TakeEalComplaint();
  return info;
}

absl::Status ProbeDevice(const std::string& what, const std::string& device) {
  // EAL has probed the PCI devices on its allow list itself; probing again is harmless.
  (void)TakeEalComplaint();
  const int result = rte_dev_probe(device.c_str());
  if (result >= 0 || result == -EEXIST) return absl::OkStatus();
  // Most drivers fail with -1, which says nothing; their words do.
  const std::string complaint = TakeEalComplaint();
  const std::string text = absl::StrCat(what, ": device ", device, ": ",
                                        complaint.empty() ? strerror(-result) : complaint);
  if (absl::StrContains(complaint, "No such device") ||
      absl::StrContains(complaint, "Cannot find device") || result == -ENODEV) {
    return absl::NotFoundError(text);
  }
  if (geteuid() != 0 || absl::StrContains(complaint, "not permitted") || result == -EACCES) {
    return absl::PermissionDeniedError(
        absl::StrCat(text, "; run as root or with CAP_NET_RAW and CAP_NET_ADMIN"));
  }
  return absl::UnavailableError(text);
}

void StopEal() { rte_eal_cleanup(); }

}  // namespace dataplane
