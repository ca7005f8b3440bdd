// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/command_line.h"

#include <CLI/CLI.hpp>
#include <array>
#include <string_view>
#include <variant>

#include "dataplane/config/version.h"

namespace lockstepctl {
namespace {

// A noun, or a verb under a noun. A noun with `verb` set does something by itself: its default
// verb.
struct Command {
  std::string_view noun;
  std::string_view name;  // Empty: the noun itself.
  Verb verb;              // kNone: a verb must follow.
  std::string_view help;
  std::string_view examples;
};

constexpr std::array<Command, 17> kCommands{{
    {"status", "", Verb::kStatus, "Role, readiness, exposure and the last takeover of the node",
     "  lockstepctl status\n"
     "  lockstepctl status --json | jq .role\n"
     "\n"
     "READINESS says whether this node holds what its peer holds: no-peer, bulk (full transfer\n"
     "running), catch-up (transfer done, not yet compared), synced (proven equal), at-risk\n"
     "(a named reason). EXPOSURE is what a crash now would lose: changes that the peer has not\n"
     "confirmed, and the age of the oldest. The lines per table say the same of each table;\n"
     "`lockstepctl peer` explains their columns."},
    {"sessions", "", Verb::kSessionsShow, "Sessions of the node: filter, count, page",
     "  lockstepctl sessions --source 10.1.0.0/24 --state established\n"
     "  lockstepctl sessions --protocol udp --port 53 --count\n"
     "  lockstepctl sessions --all --json\n"
     "\n"
     "IDLE_S is 0 on a standby, which sees no packets. VERSION is term.counter of the entry's\n"
     "last publication to the peer; 0.0 if it was never published."},
    {"sessions", "show", Verb::kSessionsShow, "The same as `sessions`", ""},
    {"tables", "", Verb::kNone, "Replicated tables: dump one node's, compare two nodes'",
     "  lockstepctl tables dump > before.dump\n"
     "  lockstepctl tables diff /run/lockstep/a/control.sock /run/lockstep/b/control.sock"},
    {"tables", "dump", Verb::kTablesDump, "Every replicated entry as one canonical line, sorted",
     "  lockstepctl tables dump > before.dump\n"
     "\n"
     "Lines hold what replicates, as last published. At a quiet moment the dumps of two nodes\n"
     "whose tables agree are equal; `tables diff` compares them."},
    {"tables", "diff", Verb::kTablesDiff, "What differs between the tables of two nodes",
     "  lockstepctl tables diff /run/lockstep/a/control.sock /run/lockstep/b/control.sock\n"
     "  lockstepctl tables diff before.dump after.dump\n"
     "  ssh B lockstepctl tables dump | lockstepctl tables diff /run/lockstep/a/control.sock -\n"
     "\n"
     "Each side is a control socket, a file that `tables dump` wrote, or - for standard input.\n"
     "Entries only in FIRST begin with <, only in SECOND with >, and with ! come entries that "
     "both\n"
     "hold with other fields: NAME FIRST | SECOND. While traffic runs, changes that are on their\n"
     "way between the nodes are shown as well: ask again, and look at what stays.\n"
     "Exit status: 0 equal, 1 different, 2 could not compare."},
    {"stats", "", Verb::kStatsShow, "Counters: packets by reason, replication, HA2 guard, ports",
     "  lockstepctl stats --nonzero\n"
     "  lockstepctl stats --match dataplane.drop"},
    {"stats", "show", Verb::kStatsShow, "The same as `stats`", ""},
    {"peer", "", Verb::kPeerShow, "What is known of the peer and of the links to it",
     "  lockstepctl peer\n"
     "  lockstepctl peer --json | jq '.tables[0].confirmed'\n"
     "  lockstepctl peer resync\n"
     "\n"
     "Names end in their units. BULK is the running transfer with the time it will take at its\n"
     "rate so far, SCRUB_PASS_MS how long the active took to have all values compared once.\n"
     "READINESS and EXPOSURE of a table speak of the copy: the standby's own, on the active the\n"
     "peer's. Each table is compared in 256 shards. SHARDS_AGREED, DIFFERED and UNDECIDED say how\n"
     "the last comparison of each ended; a shard is undecided while it changes too often. REFUSED\n"
     "counts entries that the receiver could not take, by reason.\n"
     "MISMATCHES, on the standby: shards that differed although no lost frame explains it, and\n"
     "how many of them are still OPEN; then the latest one, what found it (digest: an entry is\n"
     "missing, too many or of another version; scrub: another value under the same version), and\n"
     "how long its repair took. On the active, bars show how long changes took until the peer\n"
     "had applied them."},
    {"peer", "show", Verb::kPeerShow, "The same as `peer`", ""},
    {"peer", "resync", Verb::kPeerResync, "Ask the active for a full transfer (on the standby)",
     "  lockstepctl peer resync && lockstepctl peer"},
    {"switchover", "", Verb::kSwitchover,
     "Hand the active role to the peer and wait until it has it",
     "  lockstepctl switchover\n"
     "\n"
     "Refused unless this node is active and its peer is synced."},
    {"debug", "", Verb::kNone, "Tools for drills, benchmarks and test benches",
     "  lockstepctl debug fill-sessions --count 100000\n"
     "  lockstepctl debug corrupt-entry --what missing --any"},
    {"debug", "fill-sessions", Verb::kFillSessions, "Make synthetic sessions on the active",
     "  lockstepctl debug fill-sessions --count 100000"},
    {"debug", "corrupt-entry", Verb::kCorruptEntry,
     "Damage one session of the standby, to see it noticed and repaired",
     "  lockstepctl debug corrupt-entry --what missing --any\n"
     "  lockstepctl debug corrupt-entry --what value --key 'tcp 10.1.0.10:40000 10.2.0.10:80'\n"
     "  lockstepctl peer\n"
     "\n"
     "version makes the entry older and missing removes it: the next comparison of digests finds\n"
     "both, names the shard in the log and in `peer`, and repairs it. value changes what the "
     "entry\n"
     "holds under the same version, which only the slow comparison of values in the background\n"
     "finds. Refused unless the node is standby and its node file has debug { enabled: true }."},
    {"pair-secret", "", Verb::kNone, "The secret that both nodes of a pair share",
     "  lockstepctl pair-secret new /etc/lockstep/pair-secret"},
    {"pair-secret", "new", Verb::kPairSecretNew,
     "Make a new pair secret in FILE, mode 0600; never replaces a file",
     "  lockstepctl pair-secret new /etc/lockstep/pair-secret\n"
     "\n"
     "Copy the file to the peer by a safe way, and name it in ha.pair_secret_file of both node\n"
     "files."},
}};

constexpr std::uint32_t kTimeoutSecondsMax = 86'400;

using Target = std::variant<std::string Request::*, std::uint32_t Request::*,
                            std::uint64_t Request::*, bool Request::*>;

struct Option {
  std::string_view noun;  // Empty: every command.
  std::string_view name;  // Verb it belongs to; empty: the noun itself.
  const char* flags;
  const char* argument;  // As in help; nullptr for a switch.
  const char* help;
  Target target;
  bool is_required = false;
};

const std::array<Option, 23> kOptions{{
    {"", "", "--socket", "PATH",
     "Control socket of the node; default $LOCKSTEP_SOCKET, else the only "
     "/run/lockstep/*/control.sock",
     &Request::socket},
    {"", "", "--json", nullptr, "One JSON object for machines; keys as in proto/control.proto",
     &Request::json},
    {"", "", "--timeout", "SECONDS", "Give up on the node after this long; default 60",
     &Request::timeout_s},
    {"sessions", "", "--source", "PREFIX", "Client address or prefix", &Request::source},
    {"sessions", "", "--destination", "PREFIX", "Server address or prefix", &Request::destination},
    {"sessions", "", "--protocol", "NAME", "tcp, udp or icmp", &Request::protocol},
    {"sessions", "", "--port", "PORT", "Server port", &Request::port},
    {"sessions", "", "--state", "STATE",
     "syn-sent, syn-received, established, fin-wait, closing, time-wait, closed (tcp); single, "
     "multiple (udp); echo (icmp)",
     &Request::state},
    {"sessions", "", "--limit", "COUNT", "At most this many; default 100, at most 10000",
     &Request::limit},
    {"sessions", "", "--all", nullptr, "All pages, whatever --limit", &Request::all},
    {"sessions", "", "--count", nullptr, "Only the number of matching sessions",
     &Request::count_only},
    {"tables", "dump", "--table", "NAME", "Only this table: session; default all", &Request::table},
    {"tables", "diff", "first", "FIRST", "Control socket, dump or -", &Request::first, true},
    {"tables", "diff", "second", "SECOND", "What to compare it with", &Request::second, true},
    {"tables", "diff", "--table", "NAME", "Of sockets, only this table: session; default all",
     &Request::table},
    {"tables", "diff", "--limit", "COUNT",
     "Differences to print; default 100, 0 prints all. All are counted",
     &Request::difference_limit},
    {"stats", "", "--nonzero", nullptr, "Only counters that are not zero", &Request::nonzero},
    {"stats", "", "--match", "TEXT", "Only counters whose name contains TEXT", &Request::match},
    {"debug", "fill-sessions", "--count", "COUNT", "Sessions to have made since the start",
     &Request::count, true},
    {"debug", "corrupt-entry", "--what", "WHAT", "version, value or missing", &Request::what, true},
    {"debug", "corrupt-entry", "--key", "KEY", "Protocol, client and server as in a dump",
     &Request::key},
    {"debug", "corrupt-entry", "--any", nullptr, "Any session that was replicated", &Request::any},
    {"pair-secret", "new", "file", "FILE", "File to make", &Request::file, true},
}};

void AddOptions(CLI::App& app, std::string_view noun, std::string_view name, Request& request) {
  for (const Option& row : kOptions) {
    if (row.noun != noun || row.name != name) {
      continue;
    }
    CLI::Option* added = std::visit(
        [&](auto member) -> CLI::Option* {
          auto& value = request.*member;
          if constexpr (std::is_same_v<std::remove_reference_t<decltype(value)>, bool>) {
            return app.add_flag(row.flags, value, row.help);
          } else {
            return app.add_option(row.flags, value, row.help)
                ->type_name(row.flags[0] == '-' ? row.argument : "");
          }
        },
        row.target);
    added->required(row.is_required);
    if (row.target == Target(&Request::timeout_s)) {
      added->check(CLI::Range(1u, kTimeoutSecondsMax).description(""));
    }
  }
}

std::string Text(std::string_view text) { return std::string(text); }

CLI::App* AddCommand(CLI::App& parent, const Command& row, std::string_view name,
                     Request& request) {
  CLI::App* const app = parent.add_subcommand(Text(name), Text(row.help));
  app->group("Commands");
  app->fallthrough();
  if (!row.examples.empty()) {
    app->footer(
        "Examples:\n" + Text(row.examples) +
        "\n\nEvery command also takes --socket, --json and --timeout: see lockstepctl --help.");
  }
  AddOptions(*app, row.noun, row.name, request);
  if (row.verb != Verb::kNone) {
    // Callbacks run from the innermost command outwards: the first one decides.
    app->final_callback([&request, verb = row.verb] {
      if (request.verb == Verb::kNone) {
        request.verb = verb;
      }
    });
  }
  return app;
}

void Build(CLI::App& app, Request& request) {
  app.footer(
      "Examples:\n"
      "  lockstepctl status\n"
      "  lockstepctl sessions --source 10.1.0.0/24 --limit 20\n"
      "  lockstepctl stats --nonzero\n"
      "  lockstepctl COMMAND --help\n"
      "\n"
      "Exit status: 0 done, 1 failed, 2 usage. Errors are one line on stderr.");
  app.set_version_flag("--version", "lockstepctl " + Text(dataplane::ProgramVersion()),
                       "Print the version");
  AddOptions(app, "", "", request);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  // Whether a command is there is judged after parsing: CLI11 would hide an unknown word behind it.
  app.require_subcommand(0, 1);
  CLI::App* noun_app = nullptr;
  for (const Command& row : kCommands) {
    if (row.name.empty()) {
      noun_app = AddCommand(app, row, row.noun, request);
      noun_app->require_subcommand(0, 1);
    } else {
      AddCommand(*noun_app, row, row.name, request);
    }
  }
}

// Help of the command that was named, under its full name.
std::string HelpOf(const CLI::App& app) {
  const CLI::App* asked = &app;
  std::string before;
  while (!asked->get_subcommands().empty()) {
    before += (before.empty() ? "" : " ") + asked->get_name();
    asked = asked->get_subcommands().front();
  }
  return asked->help(before);
}

Leave Usage(const std::string& problem) {
  return {kStatusUsage, "lockstepctl: " + problem + "; see lockstepctl --help\n"};
}

}  // namespace

std::optional<Leave> ReadCommandLine(int argc, const char* const* argv, Request& request) {
  CLI::App app("lockstepctl: asks a running lockstep-dataplane, and tells it what to do.",
               "lockstepctl");
  Build(app, request);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Leave{kStatusDone, HelpOf(app)};
  } catch (const CLI::CallForVersion& version) {
    return Leave{kStatusDone, std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    return Usage(error.what());
  }
  if (request.verb == Verb::kNone) {
    return Usage("a command is missing");
  }
  return std::nullopt;
}

}  // namespace lockstepctl
