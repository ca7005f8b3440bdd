// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What arrived at the client in every 10 ms of a run: the curve of the drill's plot.

#pragma once

#include <cstdint>
#include <vector>

#include "tools/traffic/limits.h"

namespace traffic {

struct Sample {
  std::uint32_t tcp_bytes = 0;    // Checked bytes of TCP echoes.
  std::uint32_t udp_echoes = 0;   // Datagrams.
  std::uint32_t connections = 0;  // TCP connections established.
};

// Memory: one Sample per 10 ms, at most kSampleCountMax; later events fall into the last one.
class Sampler {
 public:
  explicit Sampler(std::uint64_t start) : start_(start) {}

  [[nodiscard]] Sample& At(std::uint64_t now) {
    std::uint64_t index = (now - start_) / kSampleNanos;
    if (index >= kSampleCountMax) index = kSampleCountMax - 1;
    if (index >= samples_.size()) samples_.resize(index + 1);
    return samples_[index];
  }

  [[nodiscard]] std::uint64_t start() const noexcept { return start_; }
  [[nodiscard]] const std::vector<Sample>& samples() const noexcept { return samples_; }

 private:
  std::uint64_t start_;
  std::vector<Sample> samples_;
};

}  // namespace traffic
