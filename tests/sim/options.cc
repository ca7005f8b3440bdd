// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/options.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "tests/sim/random.h"

namespace sim {

using statesync::Duration;
using statesync::Micros;
using statesync::Millis;
using statesync::Seconds;

namespace {

constexpr std::array<std::string_view, 3> kProfileNames{"all", "speed", "loss"};

Duration Micro(Random& random, std::int64_t low, std::int64_t high) {
  return Micros(random.Between(low, high));
}

std::uint32_t Number(Random& random, std::int64_t low, std::int64_t high) {
  return static_cast<std::uint32_t>(random.Between(low, high));
}

// Even over the orders of magnitude, so that small values come as often as large ones.
std::int64_t Spread(Random& random, std::int64_t low, std::int64_t high) {
  std::int64_t steps = 0;
  while (low << steps < high) ++steps;
  const std::int64_t bottom = low << random.Between(0, steps > 0 ? steps - 1 : 0);
  return random.Between(bottom, bottom * 2 < high ? bottom * 2 : high);
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
  faults.link_cut_every = sometimes(50, 500);
  faults.ha1_cut_every = sometimes(50, 500);
  faults.all_paths_cut_every = sometimes(200, 2'000);
  faults.crash_every = sometimes(100, 1'500);
  faults.down_length = Micro(random, 1'000, 300'000);
  faults.pause_every = sometimes(50, 800);
  faults.pause_length = Micro(random, 100, 200'000);
  faults.mtu_every = sometimes(50, 800);
  faults.mtu_length = Micro(random, 1'000, 500'000);
  faults.switch_every = sometimes(100, 1'000);
  faults.resync_every = sometimes(50, 1'000);
}

void DrawLink(Random& random, LinkFaults& link) {
  const auto ppm = [&random](std::int64_t high) {
    return random.OneIn(2) ? 0u : Number(random, 1, high);
  };
  link.loss_ppm = ppm(300'000);
  link.corrupt_ppm = ppm(50'000);
  link.duplicate_ppm = ppm(200'000);
  link.late_ppm = ppm(300'000);
  link.delay_min = Micro(random, 5, 500);
  link.delay_max = link.delay_min + Micro(random, 0, 200);
  link.late_max = Micro(random, 10, 30'000);
}

void DrawNodes(Random& random, WorldOptions& options) {
  const auto capacity = Number(random, 256, 4'096);
  for (std::size_t i = 0; i < 2; ++i) {
    options.capacity[i] = random.OneIn(3) ? Number(random, 256, 4'096) : capacity;
    options.worker_count[i] = static_cast<std::uint8_t>(random.OneIn(2) ? 1 : random.Between(2, 8));
    options.clock_ppm[i] =
        random.OneIn(2) ? 0 : static_cast<std::int32_t>(random.Between(-500, 500));
    if (random.OneIn(6)) {
      options.turn_gap[i] = Micro(random, 10, 2'000);
      // Slow, but not so slow that it loses more than is sent to it again: nothing paces repairs
      // for a receiver whose own queue overflows all the time.
      options.frames_per_turn[i] = Number(random, 16, 64);
      options.inbox_datagrams[i] = Number(random, 2'048, 8'192);
    }
    options.is_newer[i] = random.OneIn(4);
  }
  options.ha2_links = random.OneIn(3) ? 2 : 1;
  options.small_mtu_bytes =
      static_cast<std::uint16_t>(random.Between(statesync::kDatagramBytesMin, 1'471));
}

void DrawWorkload(Random& random, WorkloadOptions& workload) {
  workload.interval = Micros(Spread(random, 200, 20'000));
  workload.changes_per_burst = static_cast<std::uint32_t>(Spread(random, 1, 40));
  workload.open_percent = Number(random, 10, 50);
  workload.close_percent = Number(random, 5, 45);
  workload.nat_percent = Number(random, 0, 100);
  workload.sessions_max = static_cast<std::uint32_t>(Spread(random, 10, 3'000));
  workload.clients = Number(random, 1, 300);
  workload.client_ports = Number(random, 1, 30);
  if (random.OneIn(4)) {
    workload.shards = Number(random, 1, 8);
    workload.clients = std::max(workload.clients, 50u);
    workload.client_ports = std::max(workload.client_ports, 10u);
  }
}

WorldOptions DrawAll(Random& random) {
  WorldOptions options;
  options.roles = RoleDrive::kByMachine;
  DrawEngine(random, options.engine);
  DrawFaults(random, options.faults);
  DrawLink(random, options.link);
  DrawLink(random, options.ha1);
  DrawNodes(random, options);
  options.dirty_ring_handles = 1u << random.Between(6, 11);
  DrawWorkload(random, options.workload);
  return options;
}

// Every fault, none of them all the time; timers of engine and roles as they are by default.
WorldOptions DrawSpeed(Random& random) {
  WorldOptions options;
  options.roles = RoleDrive::kByMachine;
  options.capacity[0] = options.capacity[1] = 256;
  options.worker_count[1] = 2;
  options.clock_ppm[0] = static_cast<std::int32_t>(random.Between(-200, 200));
  options.is_newer[1] = random.OneIn(2);
  options.ha2_links = 2;
  options.link = {
      .loss_ppm = 5'000, .corrupt_ppm = 1'000, .duplicate_ppm = 2'000, .late_ppm = 5'000};
  options.ha1 = options.link;
  options.faults.cut_every = Seconds(7);
  options.faults.cut_length = Millis(600);
  options.faults.one_way_cut_every = Seconds(11);
  options.faults.link_cut_every = Seconds(13);
  options.faults.ha1_cut_every = Seconds(17);
  options.faults.all_paths_cut_every = Seconds(37);
  options.faults.crash_every = Seconds(23);
  options.faults.down_length = Seconds(2);
  options.faults.pause_every = Seconds(19);
  options.faults.pause_length = Millis(100);
  options.faults.mtu_every = Seconds(29);
  options.faults.mtu_length = Millis(500);
  options.faults.switch_every = Seconds(31);
  options.faults.resync_every = Seconds(41);
  options.dirty_ring_handles = 64;
  options.workload.interval = Millis(40);
  options.workload.changes_per_burst = 6;
  options.workload.sessions_max = 150;
  options.workload.clients = 50;
  options.workload.client_ports = 10;
  return options;
}

WorldOptions DrawLoss(Random& random) {
  WorldOptions options;
  options.roles = RoleDrive::kByMachine;
  options.capacity[0] = options.capacity[1] = 512;
  options.link = {.loss_ppm = 100'000,
                  .duplicate_ppm = 100'000,
                  .late_ppm = 100'000,
                  .late_max = Micro(random, 100, 10'000)};
  DrawWorkload(random, options.workload);
  options.workload.sessions_max = std::min(options.workload.sessions_max, 400u);
  return options;
}

}  // namespace

bool ProfileOf(std::string_view name, Profile& profile) {
  for (std::size_t i = 0; i < kProfileNames.size(); ++i) {
    if (kProfileNames[i] != name) continue;
    profile = static_cast<Profile>(i);
    return true;
  }
  return false;
}

std::string_view NameOf(Profile profile) {
  return kProfileNames[static_cast<std::size_t>(profile)];
}

WorldOptions DrawOptions(std::uint64_t seed, Profile profile) {
  Random random = Random(seed).Fork(0x0b75);
  WorldOptions options;
  switch (profile) {
    case Profile::kAll:
      options = DrawAll(random);
      break;
    case Profile::kSpeed:
      options = DrawSpeed(random);
      break;
    case Profile::kLoss:
      options = DrawLoss(random);
      break;
  }
  options.seed = seed;
  return options;
}

std::string Describe(const WorldOptions& o) {
  const auto ms = [](Duration d) { return static_cast<double>(d.ns) / 1e6; };
  const auto link = [&](const LinkFaults& l) {
    std::ostringstream text;
    text << "loss " << l.loss_ppm << ", damaged " << l.corrupt_ppm << ", twice " << l.duplicate_ppm
         << ", late " << l.late_ppm << " ppm up to " << ms(l.late_max) << " ms, delay "
         << ms(l.delay_min) << "–" << ms(l.delay_max) << " ms";
    return text.str();
  };
  std::ostringstream text;
  text << "seed " << o.seed << ": streams " << int{o.engine.stream_count} << ", datagram "
       << o.engine.datagram_bytes_max << ", credit " << o.engine.credit_frames << "; HA2 × "
       << o.ha2_links << ": " << link(o.link) << "; HA1: " << link(o.ha1) << "; every … ms: cut "
       << ms(o.faults.cut_every) << " (≤ " << ms(o.faults.cut_length) << "), one way "
       << ms(o.faults.one_way_cut_every) << ", one link " << ms(o.faults.link_cut_every) << ", HA1 "
       << ms(o.faults.ha1_cut_every) << ", all paths " << ms(o.faults.all_paths_cut_every)
       << ", crash " << ms(o.faults.crash_every) << ", pause " << ms(o.faults.pause_every)
       << ", MTU " << o.small_mtu_bytes << ' ' << ms(o.faults.mtu_every) << ", switch "
       << ms(o.faults.switch_every) << ", resync " << ms(o.faults.resync_every) << "; sessions "
       << o.workload.sessions_max << ", burst " << o.workload.changes_per_burst << " every "
       << ms(o.workload.interval) << " ms";
  for (std::size_t i = 0; i < 2; ++i) {
    text << "; node " << i << ": capacity " << o.capacity[i] << ", workers "
         << int{o.worker_count[i]} << ", clock " << o.clock_ppm[i] << " ppm, turn gap "
         << ms(o.turn_gap[i]) << " ms" << (o.is_newer[i] ? ", version N + 1" : "");
  }
  return text.str();
}

}  // namespace sim
