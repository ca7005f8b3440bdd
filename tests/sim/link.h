// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One direction of one link: datagrams arrive late, twice, out of order, damaged, or not at all.

#pragma once

#include <cstddef>
#include <cstdint>

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

struct LinkCounters {
  std::uint64_t offered = 0, lost = 0, corrupted = 0, cut = 0, too_large = 0, duplicated = 0;
};

// What becomes of one datagram.
struct Passage {
  std::size_t copies = 0;         // 0, 1 or 2.
  statesync::Duration delays[2];  // [copies]
  bool is_damaged = false;        // The first copy.
};

class Link {
 public:
  Link() : random_(0) {}
  explicit Link(Random random) : random_(random) {}

  void SetFaults(const LinkFaults& faults) { faults_ = faults; }
  void SetCut(bool cut) { is_cut_ = cut; }
  [[nodiscard]] bool is_cut() const { return is_cut_; }
  // UDP payload of the largest datagram that arrives; 0: any does.
  void SetMtu(std::uint16_t bytes) { mtu_bytes_ = bytes; }
  // Tests: the next frames are lost; other datagrams pass.
  void DropNext(std::size_t count) { drop_next_ = count; }

  Passage Offer(bool is_frame, std::size_t datagram_bytes);
  [[nodiscard]] const LinkCounters& counters() const { return counters_; }

 private:
  statesync::Duration DrawDelay();

  Random random_;
  LinkFaults faults_;
  bool is_cut_ = false;
  std::uint16_t mtu_bytes_ = 0;
  std::size_t drop_next_ = 0;
  LinkCounters counters_;
};

}  // namespace sim
