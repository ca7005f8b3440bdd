// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Smoothed round trip: from the sending of a frame to the acknowledgement that covers it.
//
// Frames that were repaired, or waited behind one that was, give no sample: theirs is the time of a
// repair.
// Threads: one.  Memory: a value.  Source: RFC 6298 §2 (smoothing), Karn's rule §3.

#pragma once

#include "statesync/types.h"

namespace statesync {

class RoundTrip {
 public:
  void Reset() { smoothed_ = {}; }
  void OnSample(Duration sample) {
    if (sample.ns < 0) return;
    smoothed_.ns = smoothed_.ns == 0 ? sample.ns : smoothed_.ns + (sample.ns - smoothed_.ns) / 8;
  }
  // Zero before the first sample.
  [[nodiscard]] Duration smoothed() const { return smoothed_; }

 private:
  Duration smoothed_;
};

}  // namespace statesync
