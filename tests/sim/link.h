// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One direction of HA2: datagrams arrive late, twice, out of order, or not at all.
//
// A corrupted datagram is one that does not arrive: the seal rejects it before anybody looks at it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "statesync/types.h"
#include "tests/sim/random.h"

namespace sim {

struct LinkFaults {
  std::uint32_t loss_ppm = 0;
  std::uint32_t corrupt_ppm = 0;
  std::uint32_t duplicate_ppm = 0;
  std::uint32_t late_ppm = 0;  // Takes up to late_max longer, so it is overtaken.
  statesync::Duration delay_min = statesync::Micros(50);
  statesync::Duration delay_max = statesync::Micros(60);
  statesync::Duration late_max = statesync::Millis(5);
};

// A hello, or a frame under the keys of two boots.
struct Datagram {
  std::uint64_t from_boot = 0;
  std::uint64_t to_boot = 0;  // Of a hello: the boot it has heard, 0 if none.
  bool is_hello = false;
  std::uint32_t term = 0;      // Of a hello.
  std::uint32_t capacity = 0;  // Of a hello.
  std::uint16_t stream = 0;
  std::uint16_t epoch = 0;
  std::vector<std::byte> bytes;
};

struct LinkCounters {
  std::uint64_t offered = 0, lost = 0, corrupted = 0, cut = 0, duplicated = 0, delivered = 0;
};

class Link {
 public:
  explicit Link(Random random) : random_(random) {}

  void SetFaults(const LinkFaults& faults) { faults_ = faults; }
  void SetCut(bool cut) { is_cut_ = cut; }
  [[nodiscard]] bool is_cut() const { return is_cut_; }
  // Tests: the next datagrams that `choose` picks are lost.
  void DropNext(std::size_t count) { drop_next_ = count; }

  // Delays of the copies that will arrive: none, one or two.
  std::size_t Offer(bool is_hello, statesync::Duration (&delays)[2]);
  void OnDelivered() { ++counters_.delivered; }
  [[nodiscard]] const LinkCounters& counters() const { return counters_; }

 private:
  statesync::Duration DrawDelay();

  Random random_;
  LinkFaults faults_;
  bool is_cut_ = false;
  std::size_t drop_next_ = 0;
  LinkCounters counters_;
};

}  // namespace sim
