// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/port.h"

#include <net/if.h>
#include <rte_ethdev.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dataplane/core/mac_address.h"
#include "dataplane/dpdk/device_args.h"
#include "dataplane/dpdk/eal_log.h"
#include "dataplane/dpdk/shard_map.h"
#include "statesync/limits.h"

namespace dataplane {
namespace {

constexpr std::uint32_t kRingFrames = 2'048;
constexpr std::size_t kHashKeyBytesMin = 40;
constexpr std::uint64_t kHashFields = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP;

// Toeplitz key that repeats every 16 bits, as SessionTable::ShardOf uses it: symmetric.
std::vector<std::uint8_t> HashKey(std::size_t bytes) {
  std::vector<std::uint8_t> key(bytes);
  for (std::size_t i = 0; i < bytes; ++i) key[i] = (i % 2 == 0) ? 0x6d : 0x5a;
  return key;
}

bool CanSteer(const rte_eth_dev_info& info, std::uint8_t worker_count) {
  return worker_count > 1 && info.max_rx_queues >= worker_count &&
         (info.flow_type_rss_offloads & kHashFields) == kHashFields &&
         info.reta_size >= kRedirectionPeriod && info.reta_size % kRedirectionPeriod == 0 &&
         (info.hash_key_size == 0 || info.hash_key_size >= kHashKeyBytesMin);
}

// A kernel interface with a smaller MTU would drop what we send, without a word.
absl::Status CheckKernelMtu(const PortSetup& setup) {
  const std::string name(DeviceArgument(setup.device, "iface"));
  if (name.empty() || name.size() >= IFNAMSIZ) return absl::OkStatus();
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::OkStatus();
  ifreq request{};
  memcpy(request.ifr_name, name.data(), name.size());
  const bool known = ioctl(fd, SIOCGIFMTU, &request) == 0;
  close(fd);
  if (!known || request.ifr_mtu >= setup.mtu) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      setup.what, ": kernel interface ", name, " has MTU ", request.ifr_mtu,
      ", the node file wants ", setup.mtu, "; ip link set ", name, " mtu ", setup.mtu));
}

absl::Status Failed(const PortSetup& setup, const char* step, int error) {
  const std::string complaint = TakeEalComplaint();
  const std::string text =
      absl::StrCat(setup.what, ": device ", setup.device, ": ", step, ": ",
                   complaint.empty() ? strerror(error < 0 ? -error : error) : complaint);
  return error == -ENOMEM ? absl::ResourceExhaustedError(text) : absl::UnavailableError(text);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Port>> Port::Open(const PortSetup& setup) {
  std::unique_ptr<Port> port(new Port);
  port->what_ = setup.what;
  port->home_worker_ = setup.home_worker;
  port->pool_ = setup.pool;
  const std::string name(DeviceName(setup.device));
  if (rte_eth_dev_get_port_by_name(name.c_str(), &port->id_) != 0) {
    return absl::NotFoundError(absl::StrCat(setup.what, ": DPDK has no port ", name));
  }
  port->opened_ = true;
  (void)TakeEalComplaint();
  absl::Status status = CheckKernelMtu(setup);
  if (status.ok()) status = port->Configure(setup);
  if (status.ok()) status = port->SetUpQueues(setup);
  if (!status.ok()) return status;
  if (const int error = rte_eth_dev_start(port->id_); error != 0) {
    return Failed(setup, "start", error);
  }
  if (port->has_rss()) {
    status = port->SteerByShard(setup);
    if (!status.ok()) return status;
  }
  const int promiscuous = rte_eth_promiscuous_enable(port->id_);
  if (promiscuous != 0 && promiscuous != -ENOTSUP) {
    return Failed(setup, "promiscuous mode", promiscuous);
  }
  rte_ether_addr mac{};
  if (const int error = rte_eth_macaddr_get(port->id_, &mac); error != 0) {
    return Failed(setup, "MAC address", error);
  }
  std::copy_n(mac.addr_bytes, 6, port->mac_.bytes.begin());
  return port;
}

absl::Status Port::Configure(const PortSetup& setup) {
  rte_eth_dev_info info{};
  if (const int error = rte_eth_dev_info_get(id_, &info); error != 0) {
    return Failed(setup, "device info", error);
  }
  rte_eth_conf conf{};
  std::vector<std::uint8_t> key = HashKey(std::max<std::size_t>(info.hash_key_size, 40));
  if (CanSteer(info, setup.worker_count)) {
    rx_queues_ = setup.worker_count;
    redirection_size_ = info.reta_size;
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_key = key.data();
    conf.rx_adv_conf.rss_conf.rss_key_len = static_cast<std::uint8_t>(key.size());
    conf.rx_adv_conf.rss_conf.rss_hf = kHashFields;
  }
  tx_queues_ = info.max_tx_queues >= setup.worker_count ? setup.worker_count : std::uint16_t{1};
  conf.rxmode.offloads = info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_CHECKSUM;
  if (const int error = rte_eth_dev_configure(id_, rx_queues_, tx_queues_, &conf); error != 0) {
    return Failed(setup, "configure", error);
  }
  // Kernel interfaces keep the MTU that their owner gave them; CheckKernelMtu saw that it suffices.
  std::uint16_t mtu = 0;
  if (!DeviceArgument(setup.device, "iface").empty() || rte_eth_dev_get_mtu(id_, &mtu) != 0 ||
      mtu == setup.mtu) {
    return absl::OkStatus();
  }
  const int error = rte_eth_dev_set_mtu(id_, setup.mtu);
  if (error == 0 || error == -ENOTSUP) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(setup.what, ": device ", setup.device,
                                                 " cannot have MTU ", setup.mtu, "; it takes ",
                                                 info.min_mtu, " to ", info.max_mtu));
}

absl::Status Port::SetUpQueues(const PortSetup& setup) {
  const auto socket = static_cast<unsigned>(std::max(rte_eth_dev_socket_id(id_), 0));
  std::uint16_t rx_descriptors = setup.rx_descriptors;
  std::uint16_t tx_descriptors = setup.tx_descriptors;
  if (rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx_descriptors, &tx_descriptors) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(setup.what, ": device ", setup.device,
                                                   " cannot have ", setup.rx_descriptors,
                                                   " receive descriptors"));
  }
  for (std::uint16_t queue = 0; queue < rx_queues_; ++queue) {
    const int error = rte_eth_rx_queue_setup(id_, queue, rx_descriptors, socket, nullptr, pool_);
    if (error != 0) return Failed(setup, "receive queue", error);
  }
  for (std::uint16_t queue = 0; queue < tx_queues_; ++queue) {
    const int error = rte_eth_tx_queue_setup(id_, queue, tx_descriptors, socket, nullptr);
    if (error != 0) return Failed(setup, "transmit queue", error);
  }
  if (tx_queues_ >= setup.worker_count) return absl::OkStatus();
  ring_ = rte_ring_create(absl::StrCat("tx_", id_).c_str(), kRingFrames, static_cast<int>(socket),
                          RING_F_SC_DEQ);
  return ring_ != nullptr ? absl::OkStatus() : Failed(setup, "transmit ring", -ENOMEM);
}

absl::Status Port::SteerByShard(const PortSetup& setup) {
  std::vector<rte_eth_rss_reta_entry64> table(
      static_cast<std::size_t>(redirection_size_ / RTE_ETH_RETA_GROUP_SIZE));
  for (std::uint16_t i = 0; i < redirection_size_; ++i) {
    rte_eth_rss_reta_entry64& group = table[i / RTE_ETH_RETA_GROUP_SIZE];
    group.mask = UINT64_MAX;
    group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = WorkerOf(i, setup.worker_count);
  }
  const int error = rte_eth_dev_rss_reta_update(id_, table.data(), redirection_size_);
  return error == 0 ? absl::OkStatus() : Failed(setup, "redirection table", error);
}

Port::~Port() {
  if (!opened_) return;
  (void)rte_eth_dev_stop(id_);
  (void)rte_eth_dev_close(id_);
  rte_ring_free(ring_);
}

std::uint16_t Port::Receive(std::uint8_t worker, rte_mbuf** frames, std::uint16_t count) noexcept {
  if (rx_queues_ > 1) return rte_eth_rx_burst(id_, worker, frames, count);
  return worker == home_worker_ ? rte_eth_rx_burst(id_, 0, frames, count) : std::uint16_t{0};
}

std::uint16_t Port::Transmit(std::uint8_t worker, rte_mbuf** frames, std::uint16_t count) noexcept {
  std::uint16_t sent = 0;
  if (ring_ != nullptr && worker != home_worker_) {
    sent = static_cast<std::uint16_t>(
        rte_ring_mp_enqueue_burst(ring_, reinterpret_cast<void**>(frames), count, nullptr));
  } else {
    const std::uint16_t queue = ring_ != nullptr ? std::uint16_t{0} : worker;
    sent = rte_eth_tx_burst(id_, queue, frames, count);
  }
  if (sent < count) rte_pktmbuf_free_bulk(frames + sent, static_cast<unsigned>(count - sent));
  return static_cast<std::uint16_t>(count - sent);
}

std::uint16_t Port::DrainRing(std::uint8_t worker, bool forwarding) noexcept {
  if (ring_ == nullptr || worker != home_worker_) return 0;
  std::array<rte_mbuf*, statesync::kBatchMax> frames;
  const auto count = static_cast<std::uint16_t>(rte_ring_sc_dequeue_burst(
      ring_, reinterpret_cast<void**>(frames.data()), frames.size(), nullptr));
  if (count == 0) return 0;
  if (forwarding) return Transmit(worker, frames.data(), count);
  // Frames may have waited here while this node yielded: none leaves from a virtual MAC (I6).
  std::uint16_t kept = 0;
  for (std::uint16_t i = 0; i < count; ++i) {
    const auto* const source = rte_pktmbuf_mtod_offset(frames[i], const std::byte*, 6);
    if (IsVirtualMac(LoadMac(source))) {
      rte_pktmbuf_free(frames[i]);
    } else {
      frames[kept++] = frames[i];
    }
  }
  const auto dropped = static_cast<std::uint16_t>(count - kept);
  return kept == 0 ? dropped
                   : static_cast<std::uint16_t>(dropped + Transmit(worker, frames.data(), kept));
}

}  // namespace dataplane
