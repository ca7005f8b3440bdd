// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The node itself: identity, table sizes, threads and memory.

#include <algorithm>
#include <array>

#include "dataplane/config/address.h"
#include "dataplane/config/node_file.h"
#include "dataplane/config/readers.h"
#include "dataplane/core/shared_state.h"

namespace dataplane {
namespace {

constexpr std::size_t kNodeNameBytesMax = 32;
constexpr std::size_t kUserNameBytesMax = 32;     // As useradd(8) has it.
constexpr std::size_t kSocketPathBytesMax = 107;  // sun_path less its NUL.
constexpr std::size_t kFilePrefixBytesMax = 64;
constexpr std::size_t kEalArgsMax = 64;
constexpr std::uint64_t kMemoryMbMax = 1'048'576;

bool IsNodeName(const std::string& name) {
  return !name.empty() && name.size() <= kNodeNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// EAL arguments that a field of the node file stands for: given twice, EAL takes one silently.
struct OwnedArgument {
  std::string_view argument;
  std::string_view field;
};
constexpr std::array<OwnedArgument, 6> kOwnedArguments{{
    {"-l", "runtime.worker_cpus"},
    {"-c", "runtime.worker_cpus"},
    {"-m", "runtime.memory_mb"},
    {"--lcores", "runtime.worker_cpus"},
    {"--no-huge", "runtime.no_huge"},
    {"--file-prefix", "runtime.file_prefix"},
}};

void ReadEalArgs(Reading& reading) {
  const auto& source = reading.node.runtime().eal_args();
  if (source.size() > static_cast<int>(kEalArgsMax)) {
    reading.mistakes.Add("runtime.eal_args", static_cast<std::uint64_t>(source.size()),
                         absl::StrCat("too many: at most ", kEalArgsMax));
    return;
  }
  for (int i = 0; i < source.size(); ++i) {
    const std::string path = Item("runtime.eal_args", static_cast<std::size_t>(i));
    const std::string& argument = source[i];
    if (argument.empty()) {
      reading.mistakes.Add(path, argument, "is empty; remove it");
      continue;
    }
    if (!CheckPath(reading.mistakes, path, argument, /*is_absolute=*/false)) {
      continue;
    }
    const std::string_view word = std::string_view(argument).substr(0, argument.find('='));
    for (const OwnedArgument& owned : kOwnedArguments) {
      if (word == owned.argument) {
        reading.mistakes.Add(
            path, argument,
            absl::StrCat("use ", absl::string_view(owned.field.data(), owned.field.size())));
      }
    }
    reading.options.runtime.eal_args.push_back(argument);
  }
}

}  // namespace

void ReadIdentity(Reading& reading) {
  const lockstep::node::Node& node = reading.node;
  Options& options = reading.options;
  if (node.name().empty()) {
    reading.mistakes.Add("name", "missing: name the node, 1 to 32 characters of [a-z0-9-]");
  } else if (!IsNodeName(node.name())) {
    reading.mistakes.Add("name", node.name(), "must be 1 to 32 characters of [a-z0-9-]");
  } else {
    options.name = node.name();
  }
  if (node.index() > 1) {
    reading.mistakes.Add("index", node.index(), "must be 0 or 1, and the peer's the other one");
  } else {
    options.index = static_cast<std::uint8_t>(node.index());
  }
  options.priority =
      Ranged<std::uint8_t>(reading.mistakes, "priority", node.priority(), 100, 1, 255);
  options.runtime_dir = node.runtime_dir().empty() ? absl::StrCat("/run/lockstep/", options.name)
                                                   : node.runtime_dir();
  if (CheckPath(reading.mistakes, "runtime_dir", options.runtime_dir, /*is_absolute=*/true) &&
      options.control_socket().size() > kSocketPathBytesMax) {
    reading.mistakes.Add("runtime_dir", options.runtime_dir,
                         absl::StrCat("too long for a socket: with /control.sock at most ",
                                      kSocketPathBytesMax, " characters"));
  }
  options.configd_user = node.configd_user();
  if (options.configd_user.size() > kUserNameBytesMax ||
      options.configd_user.find_first_of(std::string_view(" :/\n\0", 5)) != std::string::npos) {
    reading.mistakes.Add("configd_user", options.configd_user,
                         "must be the name of a user, at most 32 characters");
  }
}

void ReadTables(Reading& reading) {
  const lockstep::node::Tables& source = reading.node.tables();
  TableOptions& target = reading.options.tables;
  target.sessions = Ranged<std::uint32_t>(reading.mistakes, "tables.sessions", source.sessions(),
                                          131'072, 256, 16'000'000);
  target.neighbours = Ranged<std::uint32_t>(reading.mistakes, "tables.neighbours",
                                            source.neighbours(), 4096, 16, 65'536);
  target.memory_mb = Ranged<std::uint32_t>(reading.mistakes, "tables.memory_mb", source.memory_mb(),
                                           1024, 16, kMemoryMbMax);
  target.peer_sessions =
      Ranged<std::uint32_t>(reading.mistakes, "tables.peer_sessions", source.peer_sessions(),
                            target.sessions, 256, 16'000'000);
  const std::uint64_t more_of_peer =
      target.peer_sessions > target.sessions ? target.peer_sessions - target.sessions : 0;
  const std::uint64_t bytes = target.sessions * kSessionBytesMax +
                              more_of_peer * kPeerSessionBytes +
                              target.neighbours * kNeighbourBytesMax;
  const std::uint64_t need_mb = (bytes + (1u << 20) - 1) >> 20;
  if (need_mb > target.memory_mb) {
    reading.mistakes.Add(
        "tables.sessions", target.sessions,
        absl::StrCat("tables would take ", need_mb, " MB, tables.memory_mb allows ",
                     target.memory_mb, "; lower sessions or raise memory_mb"));
  }
}

void ReadRuntime(Reading& reading) {
  const lockstep::node::Runtime& source = reading.node.runtime();
  RuntimeOptions& target = reading.options.runtime;
  target.workers = Ranged<std::uint8_t>(reading.mistakes, "runtime.workers", source.workers(), 1, 1,
                                        kWorkersMax);
  if (!source.worker_cpus().empty()) {
    const auto cpus = ParseCpuSet(source.worker_cpus());
    if (cpus) {
      target.worker_cpus = *cpus;
    } else {
      reading.mistakes.Add(
          "runtime.worker_cpus", source.worker_cpus(),
          absl::StrCat("is no CPU set; write 0-1 or 0,2-3, ascending, below ", kCpusMax));
    }
  }
  target.sync_own_core = source.sync_own_core();
  target.spin = source.spin();
  target.memory_mb = Ranged<std::uint32_t>(reading.mistakes, "runtime.memory_mb",
                                           source.memory_mb(), 512, 64, kMemoryMbMax);
  target.no_huge = source.no_huge();
  target.file_prefix = source.file_prefix().empty() ? reading.options.name : source.file_prefix();
  if (target.file_prefix.size() > kFilePrefixBytesMax ||
      target.file_prefix.find('/') != std::string::npos) {
    reading.mistakes.Add(
        "runtime.file_prefix", target.file_prefix,
        absl::StrCat("must be at most ", kFilePrefixBytesMax, " characters without '/'"));
  } else {
    CheckPath(reading.mistakes, "runtime.file_prefix", target.file_prefix, /*is_absolute=*/false);
  }
  ReadEalArgs(reading);
}

void ReadDebug(Reading& reading) {
  const lockstep::node::Debug& source = reading.node.debug();
  DebugOptions& target = reading.options.debug;
  target.enabled = source.enabled();
  if (source.ha2_key_file().empty()) {
    return;
  }
  if (!target.enabled) {
    reading.mistakes.Add("debug.ha2_key_file", source.ha2_key_file(),
                         "would write the keys of HA2; that needs debug.enabled, on a test bench");
    return;
  }
  if (CheckPath(reading.mistakes, "debug.ha2_key_file", source.ha2_key_file(),
                /*is_absolute=*/true)) {
    target.ha2_key_file = source.ha2_key_file();
  }
}

}  // namespace dataplane
