// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/link.h"

namespace sim {

Passage Link::Offer(bool is_frame, std::size_t datagram_bytes) {
  Passage passage;
  ++counters_.offered;
  if (is_cut_) {
    ++counters_.cut;
    return passage;
  }
  if (is_frame && drop_next_ > 0) {
    --drop_next_;
    ++counters_.lost;
    return passage;
  }
  if (mtu_bytes_ != 0 && datagram_bytes > mtu_bytes_) {
    ++counters_.too_large;
    return passage;
  }
  if (random_.Chance(faults_.loss_ppm)) {
    ++counters_.lost;
    return passage;
  }
  passage.copies = 1;
  passage.delays[0] = DrawDelay();
  if (random_.Chance(faults_.corrupt_ppm)) {
    ++counters_.corrupted;
    passage.is_damaged = true;
  }
  if (random_.Chance(faults_.duplicate_ppm)) {
    ++counters_.duplicated;
    passage.copies = 2;
    passage.delays[1] = DrawDelay() + faults_.delay_max;
  }
  return passage;
}

statesync::Duration Link::DrawDelay() {
  statesync::Duration delay{random_.Between(faults_.delay_min.ns, faults_.delay_max.ns)};
  if (random_.Chance(faults_.late_ppm)) delay.ns += random_.Between(0, faults_.late_max.ns);
  return delay;
}

}  // namespace sim
