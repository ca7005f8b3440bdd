// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/ha2_port.h"

#include <net/if.h>
#include <rte_ethdev.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dataplane/core/byte_order.h"
#include "dataplane/dpdk/device_args.h"
#include "dataplane/dpdk/eal.h"

namespace dataplane {
namespace {

constexpr std::uint16_t kDescriptors = 1'024;
// Powers of two less one waste no memory in a mempool. AF_XDP keeps up to 4096 in its fill queue.
constexpr std::uint32_t kBuffers = 4'095;
constexpr std::uint32_t kBuffersAfXdp = 8'191;
constexpr std::size_t kPoolNameMax = 25;  // What rte_mempool leaves of a memzone's name.

// Index of the kernel interface that the device string names; 0: it names none. DPDK's own words
// for an interface that does not exist differ from driver to driver.
absl::StatusOr<int> KernelInterface(const std::string& what, const Ha2Options& options) {
  const std::string name(DeviceArgument(options.device, "iface"));
  if (name.empty() && !IsAfXdp(options.device)) return 0;
  const unsigned ifindex = name.empty() ? 0 : if_nametoindex(name.c_str());
  if (ifindex != 0) return static_cast<int>(ifindex);
  return absl::NotFoundError(
      absl::StrCat(what, ".device: ", options.device, ": no kernel interface \"", name, "\""));
}

// DPDK's drivers for kernel interfaces say what failed, not what to do.
absl::Status WithRemedy(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kUnavailable) return status;
  if (geteuid() != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        status.message(), "; run as root or with CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF"));
  }
  if (absl::StrContains(status.message(), "XDP program")) {
    return absl::UnavailableError(
        absl::StrCat(status.message(),
                     "; the kernel takes no XDP program where the MTU of the interface, or of a "
                     "veth's other end, is above 3506"));
  }
  return status;
}

// The path of the XDP object to attach; empty if the device string names its own program.
absl::StatusOr<std::string> GuardObject(const Ha2Options& options) {
  if (!DeviceArgument(options.device, "xdp_prog").empty()) return std::string();
  return FindGuardObject(options.xdp_guard);
}

absl::Status Attach(const std::string& what, const Ha2Options& options, const std::string& guard) {
  std::uint16_t id = 0;
  const std::string name(DeviceName(options.device));
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id) == 0) return absl::OkStatus();
  return ProbeDevice(what, CompleteDevice(options.device, options.mtu, guard));
}

absl::Status Guard(int ifindex, const Ha2Options& options) {
  GuardConfig config;
  config.own_ipv4 = NetToHost(options.local_address);
  config.peer_ipv4 = NetToHost(options.peer_address);
  config.port = options.udp_port;
  config.source_port_first = options.udp_port;
  config.source_port_last = static_cast<std::uint16_t>(options.udp_port + options.streams - 1);
  return ConfigureGuard(ifindex, config);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Ha2Port>> Ha2Port::Open(std::string_view name,
                                                       const Ha2Options& options) {
  const std::string what = absl::StrCat("ha.", std::string(name));
  const bool af_xdp = IsAfXdp(options.device);
  std::string guard;
  const absl::StatusOr<int> ifindex = KernelInterface(what, options);
  if (!ifindex.ok()) return ifindex.status();
  if (af_xdp) {
    if (absl::Status status = DetachStaleGuard(*ifindex); !status.ok()) return status;
    absl::StatusOr<std::string> object = GuardObject(options);
    if (!object.ok()) return object.status();
    guard = *std::move(object);
  }
  if (absl::Status status = Attach(what, options, guard); !status.ok()) return status;

  std::unique_ptr<Ha2Port> result(new Ha2Port);
  const std::string pool_name =
      ("ha2_" + std::string(DeviceName(options.device))).substr(0, kPoolNameMax);
  absl::StatusOr<MbufPool> pool =
      CreateMbufPool(pool_name, af_xdp ? kBuffersAfXdp : kBuffers,
                     DataRoomFor(options.mtu, af_xdp, IsAfPacket(options.device)));
  if (!pool.ok()) return pool.status();
  result->pool_ = *std::move(pool);

  PortSetup setup;
  setup.what = what;
  setup.device = options.device;
  setup.mtu = options.mtu;
  setup.rx_descriptors = kDescriptors;
  setup.tx_descriptors = kDescriptors;
  setup.pool = result->pool_.get();
  absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(setup);
  if (!port.ok()) return WithRemedy(port.status());
  result->port_ = *std::move(port);

  // DPDK attaches the program with the receive queue; from here it is in place, and passes
  // everything to the kernel until it knows the peer.
  if (!guard.empty()) {
    if (absl::Status status = Guard(*ifindex, options); !status.ok()) return status;
    result->guard_ifindex_ = *ifindex;
  }
  return result;
}

Ha2Port::~Ha2Port() { port_.reset(); }

std::uint16_t Ha2Port::Receive(std::span<rte_mbuf*> frames) noexcept {
  return rte_eth_rx_burst(port_->id(), 0, frames.data(), static_cast<std::uint16_t>(frames.size()));
}

std::uint16_t Ha2Port::Send(std::span<rte_mbuf*> frames) noexcept {
  return rte_eth_tx_burst(port_->id(), 0, frames.data(), static_cast<std::uint16_t>(frames.size()));
}

bool Ha2Port::Allocate(std::span<rte_mbuf*> frames) noexcept {
  return rte_pktmbuf_alloc_bulk(pool_.get(), frames.data(), static_cast<unsigned>(frames.size())) ==
         0;
}

}  // namespace dataplane
