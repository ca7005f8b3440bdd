// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/config/command_line.h"

#include <array>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "dataplane/config/mistakes.h"
#include "dataplane/config/node_file.h"
#include "dataplane/config/version.h"

namespace dataplane {
namespace {

constexpr int kStatusDone = 0;
constexpr int kStatusUsage = 2;

enum class Verb { kRun, kCheck, kPrint, kHelp, kVersion };

// One row per option: help text and parsing cannot diverge.
struct Row {
  std::string_view name;
  std::string_view argument;  // Empty: takes none.
  std::string_view help;
  Verb verb;
};
constexpr std::array<Row, 5> kRows{{
    {"--config", "FILE", "Run with this node file, in the foreground, until SIGTERM.", Verb::kRun},
    {"--check", "FILE", "Judge the node file: one line per mistake, exit 2. Touches no port.",
     Verb::kCheck},
    {"--print-config", "FILE", "Print its canonical form: defaults filled in, parses to itself.",
     Verb::kPrint},
    {"--help", "", "Print this.", Verb::kHelp},
    {"--version", "", "Print the version.", Verb::kVersion},
}};

std::string HelpText() {
  std::string text =
      "lockstep-dataplane: one node of a pair of firewalls that share their sessions.\n"
      "\n"
      "Usage: lockstep-dataplane OPTION\n"
      "\n";
  for (const Row& row : kRows) {
    std::string left = absl::StrCat("  ", absl::string_view(row.name.data(), row.name.size()), " ",
                                    absl::string_view(row.argument.data(), row.argument.size()));
    left.resize(25, ' ');
    absl::StrAppend(&text, left, absl::string_view(row.help.data(), row.help.size()), "\n");
  }
  text +=
      "\n"
      "A node file is protobuf text format; proto/node.proto and proto/forwarding.proto explain "
      "it.\n"
      "The smallest one that forwards between two zones:\n"
      "\n"
      "  name: \"alone\"\n"
      "  ports { name: \"p0\" device: \"net_af_packet0,iface=lan0\" }\n"
      "  ports { name: \"p1\" device: \"net_af_packet1,iface=wan0\" }\n"
      "  forwarding {\n"
      "    zones { id: 1 name: \"lan\" }\n"
      "    zones { id: 2 name: \"wan\" }\n"
      "    interfaces { id: 1 name: \"lan\" zone: \"lan\" address: \"10.1.0.1/24\" port: \"p0\" }\n"
      "    interfaces { id: 2 name: \"wan\" zone: \"wan\" address: \"10.2.0.1/24\" port: \"p1\" }\n"
      "    rules { id: 10 from_zone: \"lan\" to_zone: \"wan\" action: PERMIT }\n"
      "  }\n"
      "\n"
      "Examples:\n"
      "  lockstep-dataplane --check node-a.textproto\n"
      "  lockstep-dataplane --config node-a.textproto\n"
      "  lockstepctl status            # another shell: ask the running node\n"
      "\n"
      "Exit status: 0 done, 1 failed, 2 usage or a mistake in the node file.\n";
  return text;
}

ExitRequest Usage(const std::string& problem) {
  return {kStatusUsage,
          absl::StrCat("lockstep-dataplane: ", problem, "; see lockstep-dataplane --help\n")};
}

// What the file names but this machine lacks is a note here, not a mistake: a file may be judged on
// another machine or outside its network namespace.
ExitRequest Checked(const std::string& path, const Options& options) {
  const ForwardingOptions& forwarding = options.forwarding;
  std::string text = absl::StrCat(
      path, ": ok: node ", options.name, ", ", options.ports.size(), " ports, ",
      options.has_forwarding ? absl::StrCat(forwarding.interfaces.size(), " interfaces, ",
                                            forwarding.rules.size(), " rules")
                             : std::string("no forwarding to begin with"),
      ", HA ", options.ha.enabled ? "on" : "off", "\n");
  const absl::Status machine = CheckMachine(options);
  if (!machine.ok()) {
    absl::StrAppend(&text, "note: ", absl::StrReplaceAll(machine.message(), {{"\n", "\nnote: "}}),
                    "\n");
  }
  return {kStatusDone, text};
}

std::variant<Options, ExitRequest> WithFile(Verb verb, const std::string& path) {
  absl::StatusOr<Options> options = LoadNodeFile(path);
  if (!options.ok()) {
    return ExitRequest{kStatusUsage, absl::StrCat(options.status().message(), "\n")};
  }
  if (verb == Verb::kCheck) {
    return Checked(path, *options);
  }
  if (verb == Verb::kPrint) {
    return ExitRequest{kStatusDone, PrintConfig(*options)};
  }
  return *std::move(options);
}

}  // namespace

std::variant<Options, ExitRequest> ReadCommandLine(int argc, const char* const* argv) {
  if (argc < 2) {
    return Usage("no option given");
  }
  std::string_view name = argv[1];
  std::optional<std::string> value;
  if (const std::size_t equals = name.find('='); equals != std::string_view::npos) {
    value = std::string(name.substr(equals + 1));
    name = name.substr(0, equals);
  }
  for (const Row& row : kRows) {
    if (row.name != name) {
      continue;
    }
    int used = 2;
    if (!row.argument.empty() && !value && argc > 2) {
      value = argv[2];
      used = 3;
    }
    if (row.argument.empty() == value.has_value()) {
      return Usage(absl::StrCat(std::string(name), value ? " takes no argument" : " needs a FILE"));
    }
    if (argc > used) {
      return Usage(absl::StrCat(Quoted(argv[used]), ": one option is enough"));
    }
    if (row.verb == Verb::kHelp) {
      return ExitRequest{kStatusDone, HelpText()};
    }
    if (row.verb == Verb::kVersion) {
      return ExitRequest{kStatusDone,
                         absl::StrCat("lockstep-dataplane ", std::string(ProgramVersion()), "\n")};
    }
    return WithFile(row.verb, *value);
  }
  return Usage(absl::StrCat(Quoted(argv[1]), ": unknown option"));
}

}  // namespace dataplane
