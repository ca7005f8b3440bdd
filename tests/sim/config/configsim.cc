// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// configsim: the commit machine with a crash at every step; `configsim --help`.

#include <cstdint>
#include <cstdio>
#include <string>

#include "tests/sim/config/number_options.h"
#include "tests/sim/config/world.h"

namespace {

constexpr char kHelp[] = R"(usage: configsim [options]

Runs the configuration engine over the real store on a disk in memory that loses what was not
synced, and a model of it that never fails. Operators edit, commit, confirm, lock, roll back and
change the master key; the disk stops in the middle of an act; after the restart the node must be
where the model is, before or after that act, and after it if it was acknowledged.

  --story         a fixed story with every act, and a crash before each of its steps, of each kind
  --points N      random runs until N crashes (default 1000)
  --seed N        first seed (default 1)
  --count N       that many seeds instead of a number of crashes
  --crashes N     crashes in one random run (default 20)
  --verbose       a line for each run

A failed run prints what was done, what was wrong, and the command that replays it.
Exit status: 0 all runs were good, 1 one was not, 2 wrong usage.
)";

struct Arguments {
  std::uint64_t seed = 1, count = 0, points = 1'000, crashes = 20;
  bool tells_story = false, is_verbose = false;
};

int TellStories(std::uint64_t seed, std::uint64_t& points) {
  using configsync::Crash;
  for (const Crash crash : {Crash::kKill, Crash::kPowerLoss, Crash::kDiskLoss}) {
    bool is_over = false;
    for (std::uint64_t step = 1; !is_over; ++step, ++points) {
      const std::string failure = configsync::RunStory(seed + step, step, crash, is_over);
      if (failure.empty()) continue;
      std::printf("%s\nstory, crash %d before step %llu\nreplay: configsim --story --seed %llu\n",
                  failure.c_str(), static_cast<int>(crash), static_cast<unsigned long long>(step),
                  static_cast<unsigned long long>(seed));
      return 1;
    }
  }
  return 0;
}

int RunAll(const Arguments& arguments) {
  std::uint64_t points = 0, runs = 0;
  if (arguments.tells_story) {
    if (TellStories(arguments.seed, points) != 0) return 1;
    std::printf("story: %llu crash points\n", static_cast<unsigned long long>(points));
  }
  const auto is_over = [&] {
    return arguments.count > 0 ? runs == arguments.count : points >= arguments.points;
  };
  for (; !is_over(); ++runs) {
    const std::uint64_t seed = arguments.seed + runs;
    const std::string failure =
        configsync::RunRandom(seed, arguments.crashes, points, arguments.is_verbose);
    if (failure.empty()) continue;
    std::printf("%s\nreplay: configsim --seed %llu --count 1 --crashes %llu\n", failure.c_str(),
                static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(arguments.crashes));
    return 1;
  }
  std::printf("%llu crash points, %llu runs from seed %llu: 0 torn, 0 lost\n",
              static_cast<unsigned long long>(points), static_cast<unsigned long long>(runs),
              static_cast<unsigned long long>(arguments.seed));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  const configsync::NumberOptions options = {
      .program = "configsim",
      .help = kHelp,
      .flags = {{"--story", &arguments.tells_story}, {"--verbose", &arguments.is_verbose}},
      .numbers = {{"--seed", &arguments.seed},
                  {"--count", &arguments.count},
                  {"--points", &arguments.points},
                  {"--crashes", &arguments.crashes}}};
  if (const auto status = configsync::ReadOptions(options, argc, argv)) return *status;
  return RunAll(arguments);
}
