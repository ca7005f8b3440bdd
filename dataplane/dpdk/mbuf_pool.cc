// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/mbuf_pool.h"

#include <rte_errno.h>
#include <rte_lcore.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dataplane/dpdk/device_args.h"

namespace dataplane {
namespace {

constexpr std::uint16_t kDataRoomSmall = 2'048 + RTE_PKTMBUF_HEADROOM;
constexpr std::uint16_t kDataRoomAfXdp = 3'840;
constexpr std::uint32_t kFrameExtraBytes = 14 + 4 + 4;  // Ethernet, one VLAN tag, FCS.
constexpr std::uint32_t kCachedBuffers = 256;

}  // namespace

std::uint16_t DataRoomFor(std::uint16_t mtu, bool af_xdp, bool af_packet) {
  if (af_xdp) return kDataRoomAfXdp;
  // af_packet wants room for a whole place of its ring, whatever the MTU is.
  const std::uint32_t frame_bytes = af_packet ? AfPacketFrameBytes(mtu) : mtu + kFrameExtraBytes;
  return std::max(kDataRoomSmall, static_cast<std::uint16_t>(frame_bytes + RTE_PKTMBUF_HEADROOM));
}

absl::StatusOr<MbufPool> CreateMbufPool(const std::string& name, std::uint32_t count,
                                        std::uint16_t data_room) {
  const std::uint32_t cached = count >= 4 * kCachedBuffers ? kCachedBuffers : 0;
  MbufPool pool(rte_pktmbuf_pool_create(name.c_str(), count, cached, 0, data_room,
                                        static_cast<int>(rte_socket_id())));
  if (pool != nullptr) return pool;
  const std::uint64_t bytes = std::uint64_t{count} * (sizeof(rte_mbuf) + data_room);
  return absl::ResourceExhaustedError(
      absl::StrCat("packet buffers ", name, ": ", count, " of ", data_room, " bytes (", bytes >> 20,
                   " MB): ", rte_strerror(rte_errno), "; raise runtime.memory_mb"));
}

}  // namespace dataplane
