// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// HA2's own DPDK port: attached, guarded (AF_XDP), started, with one queue each way and its
// buffers.
//
// Threads: Open and the destructor by main; Receive, Send and Allocate by the sync loop; guard
// counters by any thread.  Memory: one buffer pool at Open, none afterwards.

#pragma once

#include <rte_mbuf.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dataplane/bpf/guard.h"
#include "dataplane/config/options.h"
#include "dataplane/core/mac_address.h"
#include "dataplane/dpdk/mbuf_pool.h"
#include "dataplane/dpdk/port.h"

namespace dataplane {

class Ha2Port {
 public:
  // AF_XDP: removes a guard that a killed process left behind, attaches ours with the port and
  // tells it who the peer is. Any device string of DPDK is taken; a port that exists already is
  // used as it is. Errors: kNotFound (device, interface, guard object), kPermissionDenied,
  // kFailedPrecondition (a foreign XDP program), kInvalidArgument (MTU), kResourceExhausted; one
  // line with the remedy.
  //   name  of the link in messages: "ha2" or "ha2_second"
  static absl::StatusOr<std::unique_ptr<Ha2Port>> Open(std::string_view name,
                                                       const Ha2Options& options);
  ~Ha2Port();
  Ha2Port(const Ha2Port&) = delete;
  Ha2Port& operator=(const Ha2Port&) = delete;

  // Up to frames.size() frames; each may have several segments.
  [[nodiscard]] std::uint16_t Receive(std::span<rte_mbuf*> frames) noexcept;
  // Sends as many as the queue takes, from the front; returns the number. The rest stays the
  // caller's.
  [[nodiscard]] std::uint16_t Send(std::span<rte_mbuf*> frames) noexcept;
  // All or none. Each is one segment and holds a whole frame.
  [[nodiscard]] bool Allocate(std::span<rte_mbuf*> frames) noexcept;

  [[nodiscard]] std::uint16_t id() const noexcept { return port_->id(); }
  [[nodiscard]] const MacAddress& mac() const noexcept { return port_->mac(); }
  // Interface that carries our guard; 0: none.
  [[nodiscard]] int guard_ifindex() const noexcept { return guard_ifindex_; }

 private:
  Ha2Port() = default;

  MbufPool pool_;  // Outlives the port.
  std::unique_ptr<Port> port_;
  int guard_ifindex_ = 0;
};

}  // namespace dataplane
