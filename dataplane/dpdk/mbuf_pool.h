// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Packet buffers: one pool for ports that forward, one for HA2.
//
// Threads: created by main; buffers are taken and returned by any lcore.

#pragma once

#include <rte_mbuf.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace dataplane {

struct MbufPoolDeleter {
  void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
};
using MbufPool = std::unique_ptr<rte_mempool, MbufPoolDeleter>;

// Bytes of a buffer, headroom included, that hold a whole frame of `mtu` in one piece. AF_XDP takes
// half a page less its own headroom; 3840 is the largest that its umem accepts.
[[nodiscard]] std::uint16_t DataRoomFor(std::uint16_t mtu, bool af_xdp, bool af_packet);

// Errors: kResourceExhausted with the bytes asked for.
absl::StatusOr<MbufPool> CreateMbufPool(const std::string& name, std::uint32_t count,
                                        std::uint16_t data_room);

}  // namespace dataplane
