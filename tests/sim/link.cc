// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/link.h"

namespace sim {

std::size_t Link::Offer(bool is_hello, statesync::Duration (&delays)[2]) {
  ++counters_.offered;
  if (is_cut_) {
    ++counters_.cut;
    return 0;
  }
  if (!is_hello && drop_next_ > 0) {
    --drop_next_;
    ++counters_.lost;
    return 0;
  }
  if (random_.Chance(faults_.loss_ppm)) {
    ++counters_.lost;
    return 0;
  }
  if (random_.Chance(faults_.corrupt_ppm)) {
    ++counters_.corrupted;
    return 0;
  }
  delays[0] = DrawDelay();
  if (!random_.Chance(faults_.duplicate_ppm)) return 1;
  ++counters_.duplicated;
  delays[1] = DrawDelay() + faults_.delay_max;
  return 2;
}

statesync::Duration Link::DrawDelay() {
  statesync::Duration delay{random_.Between(faults_.delay_min.ns, faults_.delay_max.ns)};
  if (random_.Chance(faults_.late_ppm)) delay.ns += random_.Between(0, faults_.late_max.ns);
  return delay;
}

}  // namespace sim
