// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One Ethernet port: configured, started, promiscuous (virtual MACs), with queues for its workers.
//
// Receive: if the port has RSS, a queue per worker, steered by our symmetric key and a redirection
// table that follows shard → worker. Else one queue, polled by the port's home worker, which
// hands packets over by software.
// Transmit: a queue per worker if the port has so many, else the home worker's queue, which the
// others reach through a ring.
//
// Threads: Open and the destructor by main; Receive and Transmit by the worker they name, each
// worker one thread. Memory: descriptors and a ring at Open, none afterwards.

#pragma once

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "dataplane/core/mac_address.h"

namespace dataplane {

struct PortSetup {
  std::string what;    // Stands in messages: "interface lan0".
  std::string device;  // Complete device string; already attached (ProbeDevice).
  std::uint16_t mtu = 1'500;
  std::uint16_t rx_descriptors = 1'024;
  std::uint16_t tx_descriptors = 1'024;
  std::uint8_t worker_count = 1;
  std::uint8_t home_worker = 0;
  rte_mempool* pool = nullptr;  // Outlives the port.
};

class Port {
 public:
  // Errors: kNotFound (no such port), kInvalidArgument (MTU or descriptors the port cannot have),
  // kResourceExhausted, kUnavailable (it does not start), each with the port's name.
  static absl::StatusOr<std::unique_ptr<Port>> Open(const PortSetup& setup);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // Up to `count` frames of this worker's queue, each in one piece. 0 if the worker polls none.
  [[nodiscard]] std::uint16_t Receive(std::uint8_t worker, rte_mbuf** frames,
                                      std::uint16_t count) noexcept;
  // Sends frames or frees them. Returns how many were not sent because a queue was full.
  [[nodiscard]] std::uint16_t Transmit(std::uint8_t worker, rte_mbuf** frames,
                                       std::uint16_t count) noexcept;
  // Sends what other workers left in the ring; by the home worker, each turn. While this node does
  // not forward, frames from a virtual MAC are dropped. Returns frames lost.
  [[nodiscard]] std::uint16_t DrainRing(std::uint8_t worker, bool forwarding) noexcept;

  [[nodiscard]] std::uint16_t id() const noexcept { return id_; }
  [[nodiscard]] const MacAddress& mac() const noexcept { return mac_; }
  [[nodiscard]] rte_mempool* pool() const noexcept { return pool_; }
  [[nodiscard]] bool has_rss() const noexcept { return rx_queues_ > 1; }
  [[nodiscard]] const std::string& what() const noexcept { return what_; }

 private:
  Port() = default;
  absl::Status Configure(const PortSetup& setup);
  absl::Status SetUpQueues(const PortSetup& setup);
  absl::Status SteerByShard(const PortSetup& setup);

  std::string what_;
  std::uint16_t id_ = 0;
  std::uint16_t rx_queues_ = 1;
  std::uint16_t tx_queues_ = 1;
  std::uint16_t redirection_size_ = 0;
  std::uint8_t home_worker_ = 0;
  bool opened_ = false;
  MacAddress mac_;
  rte_mempool* pool_ = nullptr;
  rte_ring* ring_ = nullptr;  // Frames of workers without a queue; null if all have one.
};

}  // namespace dataplane
