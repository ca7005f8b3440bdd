// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Commands of the dataplane, and the options of every command.

#include "tools/lockstepctl/command_table.h"

namespace lockstepctl {
namespace {

constexpr std::array kCommands = std::to_array<Command>({
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
    {"debug", "apply-forwarding", Verb::kApplyForwarding,
     "Make a node without lockstep-configd forward by another configuration",
     "  lockstepctl debug apply-forwarding forwarding.textproto --plan\n"
     "  lockstepctl debug apply-forwarding forwarding.textproto\n"
     "\n"
     "FILE is a Forwarding in protobuf text format (proto/forwarding.proto), as it stands in\n"
     "forwarding { … } of a node file. lockstep-configd, where it runs, puts its own back."},
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
});

const std::array kOptions = std::to_array<Option>({
    {"", "", "--socket", "PATH",
     "Socket of the node; default $LOCKSTEP_SOCKET (for config, devices, explain, ha, "
     "master-key and pair $LOCKSTEP_ADMIN_SOCKET), else the only /run/lockstep/*/control.sock "
     "(admin.sock)",
     &Request::socket},
    {"", "", "--json", nullptr,
     "One JSON object for machines; keys as in proto/control.proto, proto/admin.proto",
     &Request::json},
    {"", "", "--timeout", "SECONDS",
     "Give up on the node after this long; default 60, and 180 for what waits for another node",
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
    {"debug", "apply-forwarding", "file", "FILE", "What to forward by", &Request::file, true},
    {"debug", "apply-forwarding", "--plan", nullptr, "Only say what it would do",
     &Request::only_plan},
    {"debug", "corrupt-entry", "--what", "WHAT", "version, value or missing", &Request::what, true},
    {"debug", "corrupt-entry", "--key", "KEY", "Protocol, client and server as in a dump",
     &Request::key},
    {"debug", "corrupt-entry", "--any", nullptr, "Any session that was replicated", &Request::any},
    {"pair-secret", "new", "file", "FILE", "File to make", &Request::file, true},
});

}  // namespace

std::span<const Command> NodeCommands() { return kCommands; }
std::span<const Option> NodeOptions() { return kOptions; }

std::array<std::span<const Command>, 4> AllCommands() {
  return {NodeCommands(), ConfigCommands(), SyncCommands(), DeviceCommands()};
}
std::array<std::span<const Option>, 4> AllOptions() {
  return {NodeOptions(), ConfigOptions(), SyncOptions(), DeviceOptions()};
}

}  // namespace lockstepctl
