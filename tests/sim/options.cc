// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/options.h"

#include <sstream>

#include "tests/sim/random.h"

namespace sim {

using statesync::Duration;
using statesync::Micros;
using statesync::Millis;

namespace {

Duration Micro(Random& random, std::int64_t low, std::int64_t high) {
  return Micros(random.Between(low, high));
}

std::uint32_t Number(Random& random, std::int64_t low, std::int64_t high) {
  return static_cast<std::uint32_t>(random.Between(low, high));
}

void DrawEngine(Random& random, statesync::EngineOptions& engine) {
  engine.stream_count = static_cast<std::uint8_t>(random.OneIn(2) ? 1 : random.Between(2, 5));
  engine.datagram_bytes_max = static_cast<std::uint16_t>(
      random.OneIn(2) ? 1'472 : random.Between(statesync::kDatagramBytesMin, 8'952));
  engine.flush_delay = Micro(random, 0, 500);
  engine.keepalive_interval = Micro(random, 1'000, 20'000);
  engine.reorder_wait = Micro(random, 0, 1'000);
  engine.nack_retry_interval = Micro(random, 200, 5'000);
  engine.statement_interval = Micro(random, 500, 10'000);
  engine.digest_interval = Micro(random, 2'000, 50'000);
  engine.credit_frames = Number(random, 16, 4'096);
  engine.bulk_frames_per_turn = Number(random, 1, 32);
}

void DrawFaults(Random& random, FaultOptions& faults) {
  const auto sometimes = [&random](std::int64_t low_ms, std::int64_t high_ms) {
    return random.OneIn(2) ? Duration{} : Millis(random.Between(low_ms, high_ms));
  };
  faults.cut_every = sometimes(50, 500);
  faults.cut_length = Micro(random, 100, 900'000);
  faults.one_way_cut_every = sometimes(50, 500);
  faults.crash_every = sometimes(100, 1'500);
  faults.down_length = Micro(random, 1'000, 300'000);
  faults.pause_every = sometimes(50, 800);
  faults.pause_length = Micro(random, 100, 200'000);
  faults.switch_every = sometimes(100, 1'000);
  faults.resync_every = sometimes(50, 1'000);
}

}  // namespace

WorldOptions DrawOptions(std::uint64_t seed) {
  Random random = Random(seed).Fork(0x0b75);
  WorldOptions options;
  options.seed = seed;
  DrawEngine(random, options.engine);
  DrawFaults(random, options.faults);
  const auto ppm = [&random](std::int64_t high) {
    return random.OneIn(2) ? 0u : Number(random, 1, high);
  };
  options.link.loss_ppm = ppm(300'000);
  options.link.corrupt_ppm = ppm(50'000);
  options.link.duplicate_ppm = ppm(200'000);
  options.link.late_ppm = ppm(300'000);
  options.link.delay_min = Micro(random, 5, 500);
  options.link.delay_max = options.link.delay_min + Micro(random, 0, 200);
  options.link.late_max = Micro(random, 10, 30'000);
  options.dirty_ring_handles = 1u << random.Between(6, 11);
  options.workload.interval = Micro(random, 50, 2'000);
  options.workload.changes_per_burst = Number(random, 1, 40);
  options.workload.open_percent = Number(random, 10, 50);
  options.workload.close_percent = Number(random, 5, 45);
  options.workload.nat_percent = Number(random, 0, 100);
  options.workload.sessions_max = Number(random, 10, 3'000);
  options.workload.clients = Number(random, 1, 300);
  options.workload.client_ports = Number(random, 1, 30);
  return options;
}

std::string Describe(const WorldOptions& o) {
  const auto ms = [](Duration d) { return static_cast<double>(d.ns) / 1e6; };
  std::ostringstream text;
  text << "seed " << o.seed << ": streams " << int{o.engine.stream_count} << ", datagram "
       << o.engine.datagram_bytes_max << ", credit " << o.engine.credit_frames << ", loss "
       << o.link.loss_ppm << " ppm, twice " << o.link.duplicate_ppm << " ppm, late "
       << o.link.late_ppm << " ppm up to " << ms(o.link.late_max) << " ms, delay "
       << ms(o.link.delay_min) << "–" << ms(o.link.delay_max) << " ms, cut every "
       << ms(o.faults.cut_every) << " ms, one way " << ms(o.faults.one_way_cut_every) << ", crash "
       << ms(o.faults.crash_every) << ", pause " << ms(o.faults.pause_every) << ", switch "
       << ms(o.faults.switch_every) << ", resync " << ms(o.faults.resync_every) << ", sessions "
       << o.workload.sessions_max << ", burst " << o.workload.changes_per_burst << " every "
       << ms(o.workload.interval) << " ms";
  return text.str();
}

}  // namespace sim
