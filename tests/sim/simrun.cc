// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// simrun: random runs of two simulated nodes; `simrun --help`.

#include <malloc.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "statesync/sim_hooks.h"
#include "tests/sim/swarm.h"

namespace {

constexpr char kHelp[] = R"(usage: simrun [options]

Runs two nodes with the real engine and the real role machine under virtual time, with lost, late,
doubled and damaged datagrams, cuts, crashes, pauses and drifting clocks, all drawn from one seed,
and checks after every change what must always be true. One seed replays a run bit for bit.

What to run
  --seed N        first seed (default 1; with --swarm a new one from the clock, printed)
  --count N       that many seeds, one after the other (default 1)
  --swarm S       seeds for S seconds of the wall clock
  --millis M      virtual milliseconds of faults in each run (default 2000); then everything heals
                  and the nodes must become equal
  --profile P     all    every option and timer anywhere in its range (default)
                  speed  all faults with default timers and small tables
                  loss   a tenth of the frames lost, late or doubled, nothing else
  --bug NAME      with a planted bug: a run that fails shows that the checkers see
  --verify-replay runs every seed two times; their traces must be equal
  --verbose       options and counters of every run
  --list-bugs     names of the planted bugs, one sentence each
  --list-probes   names of the marked rare branches

A failed run prints what was broken, the options it had, and the command that replays it:
  $ simrun --bug ignore_gap --count 20
  at 1061204 us: …
  replay: simrun --seed 2 --millis 2000 --bug ignore_gap
At the end of a swarm the rare branches that no run took are listed.

Exit status: 0 all runs were good, 1 one was not, 2 wrong usage.
)";

struct Arguments {
  sim::RunPlan plan;
  bool has_seed = false;
  std::uint64_t count = 1;
  std::int64_t swarm_seconds = 0;
  bool is_verbose = false;
  bool verifies_replay = false;
};

int Usage(const std::string& problem) {
  std::fprintf(stderr, "simrun: %s; see simrun --help\n", problem.c_str());
  return 2;
}

template <std::size_t N>
int List(const std::array<statesync::SimMark, N>& marks) {
  for (const statesync::SimMark& mark : marks) {
    std::printf("%-28.*s %.*s\n", static_cast<int>(mark.name.size()), mark.name.data(),
                static_cast<int>(mark.help.size()), mark.help.data());
  }
  return 0;
}

// Applies one option with a value. Returns what is wrong with it; empty: nothing.
std::string Apply(std::string_view name, std::string_view value, Arguments& arguments) {
  if (name == "--profile") {
    if (sim::ProfileOf(value, arguments.plan.profile)) return "";
    return "no profile '" + std::string(value) + "'; there are: all, speed, loss";
  }
  if (name == "--bug") {
    if (sim::BugOf(value, arguments.plan.bug)) return "";
    return "no bug '" + std::string(value) + "'; simrun --list-bugs names them";
  }
  std::uint64_t number = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
  if (read.ec != std::errc() || read.ptr != value.data() + value.size()) {
    return std::string(name) + " wants a number, not '" + std::string(value) + "'";
  }
  if (name == "--seed") {
    arguments.plan.seed = number;
    arguments.has_seed = true;
  } else if (name == "--count") {
    arguments.count = number;
  } else if (name == "--swarm") {
    arguments.swarm_seconds = static_cast<std::int64_t>(number);
  } else if (name == "--millis") {
    arguments.plan.millis = static_cast<std::int64_t>(number);
  } else {
    return "unknown option '" + std::string(name) + "'";
  }
  return "";
}

bool Run(const sim::RunPlan& plan, const Arguments& arguments) {
  const bool is_verbose = arguments.is_verbose;
  if (is_verbose) {
    std::printf("%s\n", sim::Describe(sim::DrawOptions(plan.seed, plan.profile)).c_str());
  }
  sim::RunResult result = sim::RunOnce(plan, is_verbose);
  if (result.failure.empty() && arguments.verifies_replay &&
      sim::RunOnce(plan).trace_hash != result.trace_hash) {
    result.failure = "replay: the second run sent other datagrams than the first one";
  }
  if (is_verbose) {
    std::printf("%s%llu changes in %.3f virtual seconds, trace %016llx\n", result.counters.c_str(),
                static_cast<unsigned long long>(result.changes), result.virtual_seconds,
                static_cast<unsigned long long>(result.trace_hash));
  }
  if (result.failure.empty()) return true;
  if (!is_verbose) {
    std::printf("%s\n", sim::Describe(sim::DrawOptions(plan.seed, plan.profile)).c_str());
  }
  std::printf("%s\nreplay: %s\n", result.failure.c_str(), sim::ReplayCommand(plan).c_str());
  return false;
}

void PrintProbes() {
  std::string missed;
  std::size_t reached = 0;
  for (std::size_t i = 0; i < statesync::kSimProbes.size(); ++i) {
    if (statesync::sim_hooks.reached[i] > 0) {
      ++reached;
    } else {
      missed += ' ' + std::string(statesync::kSimProbes[i].name);
    }
  }
  std::printf("rare branches: %zu of %zu reached%s%s\n", reached, statesync::kSimProbes.size(),
              missed.empty() ? "" : "; never:", missed.c_str());
}

int RunAll(Arguments arguments) {
  const auto begin = std::chrono::steady_clock::now();
  if (arguments.swarm_seconds != 0 && !arguments.has_seed) {
    const auto ns = std::chrono::system_clock::now().time_since_epoch().count();
    arguments.plan.seed = static_cast<std::uint64_t>(ns) / 1'000'000 % 1'000'000'000'000;
    std::printf("first seed %llu\n", static_cast<unsigned long long>(arguments.plan.seed));
  }
  const auto is_over = [&](std::uint64_t runs) {
    if (arguments.swarm_seconds == 0) return runs == arguments.count;
    return std::chrono::steady_clock::now() - begin >=
           std::chrono::seconds(arguments.swarm_seconds);
  };
  const std::uint64_t first = arguments.plan.seed;
  std::uint64_t runs = 0;
  for (; !is_over(runs); ++runs) {
    sim::RunPlan plan = arguments.plan;
    plan.seed = first + runs;
    if (!Run(plan, arguments)) return 1;
  }
  std::printf("%llu runs from seed %llu: all good\n", static_cast<unsigned long long>(runs),
              static_cast<unsigned long long>(first));
  if (runs > 1) PrintProbes();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // Every boot of a node takes megabytes and gives them back soon: keep them.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--help" || name == "-h") {
      std::fputs(kHelp, stdout);
      return 0;
    }
    if (name == "--list-bugs") return List(statesync::kSimBugs);
    if (name == "--list-probes") return List(statesync::kSimProbes);
    if (name == "--verbose") {
      arguments.is_verbose = true;
    } else if (name == "--verify-replay") {
      arguments.verifies_replay = true;
    } else if (i + 1 == argc) {
      return Usage("unknown option, or no value: '" + std::string(name) + "'");
    } else if (std::string problem = Apply(name, argv[++i], arguments); !problem.empty()) {
      return Usage(problem);
    }
  }
  return RunAll(arguments);
}
