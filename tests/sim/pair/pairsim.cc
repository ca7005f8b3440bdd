// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// pairsim: commits of a pair with kills, cuts and lies at every step; `pairsim --help`.

#include <cstdint>
#include <cstdio>
#include <string>

#include "tests/sim/config/number_options.h"
#include "tests/sim/pair/runs.h"

namespace {

constexpr char kHelp[] = R"(usage: pairsim [options]

Runs two nodes, each with the real engine and the real synchronisation, over stores and links in
memory. Operators commit, confirm, fail over, push, merge, pin and change policies; links lose,
repeat and falsify what is said; nodes die before and after each write and each call. Whatever
happens, each node runs one whole configuration, nothing is replaced that its sender never had, and
nobody says "in sync" who is not. In the end both are equal, or both say why not.

  --story        a fixed story with every kind of act, and a death at each of its points
  --step N       of the story only each N-th point (default 1)
  --ring N       a ring of three, N commits: at most one push of each
  --points N     random runs until N deaths (default 1000)
  --seed N       first seed (default 1)
  --count N      that many seeds instead of a number of deaths
  --kills N      deaths in one random run (default 10)
  --at N         of the story only this point
  --plant N      a planted break, 1 and up: the run must fail
  --verbose      a line for each run

A failed run prints what was done, what was wrong, and the command that replays it.
Exit status: 0 all runs were good, 1 one was not, 2 wrong usage.
)";

struct Arguments {
  std::uint64_t seed = 1, count = 0, points = 1'000, kills = 10, step = 1, ring = 0, at = 0,
                plant = 0;
  bool tells_story = false, is_verbose = false;
};

struct Totals {
  std::uint64_t points = 0, commits = 0, refused = 0, pushes = 0, healed = 0, runs = 0;
  void Add(const configsync::RunResult& result) {
    points += result.kills;
    commits += result.commits;
    refused += result.refused;
    pushes += result.pushes;
    healed += result.healed;
    ++runs;
  }
};

using Number = unsigned long long;

int TellStories(const Arguments& arguments, configsync::Plant plant, Totals& totals) {
  const std::uint64_t first = arguments.at > 0 ? arguments.at : 1;
  for (std::uint64_t point = first;; point += arguments.step) {
    const configsync::RunResult result = configsync::RunStory(arguments.seed, point, plant);
    totals.Add(result);
    if (!result.failure.empty()) {
      std::printf("%s%s\nreplay: pairsim --story --seed %llu --at %llu\n", result.trace.c_str(),
                  result.failure.c_str(), static_cast<Number>(arguments.seed),
                  static_cast<Number>(point));
      return 1;
    }
    if (result.is_over || arguments.at > 0) break;
  }
  std::printf("story: %llu points, each a death\n", static_cast<Number>(totals.points));
  return 0;
}

int RunAll(const Arguments& arguments) {
  const auto plant = static_cast<configsync::Plant>(arguments.plant);
  Totals totals;
  if (arguments.ring > 0) {
    const configsync::RunResult ring = configsync::RunRing(arguments.seed, arguments.ring);
    if (!ring.failure.empty()) {
      std::printf("%s%s\nreplay: pairsim --ring %llu --seed %llu\n", ring.trace.c_str(),
                  ring.failure.c_str(), static_cast<Number>(arguments.ring),
                  static_cast<Number>(arguments.seed));
      return 1;
    }
    std::printf("ring: %llu commits, at most one push of each a node\n",
                static_cast<Number>(ring.commits));
  }
  if (arguments.tells_story && TellStories(arguments, plant, totals) != 0) return 1;
  const auto is_over = [&] {
    if (arguments.at > 0) return true;
    return arguments.count > 0 ? totals.runs >= arguments.count : totals.points >= arguments.points;
  };
  for (std::uint64_t seed = arguments.seed; !is_over(); ++seed) {
    const configsync::RunResult result = configsync::RunRandom(seed, arguments.kills, plant);
    totals.Add(result);
    if (arguments.is_verbose) {
      std::printf("seed %llu: %llu deaths, %llu commits, %llu refused\n", static_cast<Number>(seed),
                  static_cast<Number>(result.kills), static_cast<Number>(result.commits),
                  static_cast<Number>(result.refused));
    }
    if (result.failure.empty()) continue;
    std::printf("%s%s\nreplay: pairsim --seed %llu --count 1 --kills %llu\n", result.trace.c_str(),
                result.failure.c_str(), static_cast<Number>(seed),
                static_cast<Number>(arguments.kills));
    return 1;
  }
  std::printf(
      "%llu points, %llu commits, %llu refused, %llu pushes, %llu decisions, %llu runs from "
      "seed %llu: 0 torn, 0 lost\n",
      static_cast<Number>(totals.points), static_cast<Number>(totals.commits),
      static_cast<Number>(totals.refused), static_cast<Number>(totals.pushes),
      static_cast<Number>(totals.healed), static_cast<Number>(totals.runs),
      static_cast<Number>(arguments.seed));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  const configsync::NumberOptions options = {
      .program = "pairsim",
      .help = kHelp,
      .flags = {{"--story", &arguments.tells_story}, {"--verbose", &arguments.is_verbose}},
      .numbers = {{"--seed", &arguments.seed},
                  {"--count", &arguments.count},
                  {"--points", &arguments.points},
                  {"--kills", &arguments.kills},
                  {"--step", &arguments.step},
                  {"--ring", &arguments.ring},
                  {"--at", &arguments.at},
                  {"--plant", &arguments.plant}}};
  if (const auto status = configsync::ReadOptions(options, argc, argv)) return *status;
  if (arguments.plant >= configsync::kPlantCount) {
    return configsync::Usage(options.program, "there is no such plant");
  }
  if (arguments.step == 0) return configsync::Usage(options.program, "--step wants 1 or more");
  return RunAll(arguments);
}
