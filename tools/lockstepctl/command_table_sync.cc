// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Commands of lockstep-configd that are about other nodes.

#include "tools/lockstepctl/command_table.h"

namespace lockstepctl {
namespace {

constexpr std::array kCommands = std::to_array<Command>({
    {"config", "difference", Verb::kConfigDifference,
     "What differs between this node and a remote, of what they have in common",
     "  lockstepctl config difference\n"
     "  lockstepctl config difference fw-b && echo equal\n"
     "\n"
     "From the remote's to this node's: + is only here, - only there, ~ has another value here,\n"
     "> is in another place. Secrets are fingerprints: equal ones have equal fingerprints. There "
     "is\n"
     "no difference if and only if the hashes are equal.\n"
     "Exit status: 0 equal, 1 different, 2 could not compare."},
    {"config", "sync", Verb::kSyncStatus,
     "Synchronization with other nodes: status, push, decisions after a divergence",
     "  lockstepctl config sync\n"
     "  lockstepctl config sync push\n"
     "  lockstepctl config sync overwrite --preview\n"
     "\n"
     "Without a command: `config sync status`. Commits travel by themselves, as\n"
     "`config sync settings` says; this is for what waits, and for what needs a decision."},
    {"config", "sync status", Verb::kSyncStatus, "Remotes, hashes of both sides, reasons, remedies",
     "  lockstepctl config sync status\n"
     "  lockstepctl config sync status --json | jq '.remotes[].state'\n"
     "\n"
     "STATE is in-sync (proven: MY_HASH and THEIR_HASH are equal), pending (something waits), "
     "pushing,\n"
     "diverged or not-baselined (a decision is needed: overwrite, adopt or merge), blocked,\n"
     "connecting or disabled. PENDING counts revisions that the remote does not have. SOURCE is "
     "the\n"
     "device whose push this node applied last."},
    {"config", "sync settings", Verb::kSyncSettings,
     "Every setting of synchronization, on one page",
     "  lockstepctl config sync settings\n"
     "\n"
     "* marks a default, - what is not set. `config set ha configuration-synchronization …` "
     "changes\n"
     "them."},
    {"config", "sync category", Verb::kSyncCategory,
     "Switch categories on or off in your candidate",
     "  lockstepctl config sync category dhcp off\n"
     "  lockstepctl config sync category all\n"
     "  lockstepctl config sync category none && lockstepctl config sync category firewall on\n"
     "\n"
     "all switches every category on, none off: the same as setting each by itself. What "
     "something\n"
     "that travels needs travels with it, whatever its category."},
    {"config", "sync push", Verb::kSyncPush, "Push what waits, all or one category",
     "  lockstepctl config sync push\n"
     "  lockstepctl config sync push --category firewall\n"
     "\n"
     "Refused where a decision is needed (diverged, not-baselined), while the category is off, "
     "and\n"
     "on a node that may not push.\n"
     "Exit status: 0 pushed, or nothing waited; 3 refused: nothing has changed."},
    {"config", "sync apply", Verb::kSyncApply, "Let travel what waits to be applied",
     "  lockstepctl config sync apply\n"
     "\n"
     "With push by-category, changes of some categories (DHCP, firewall, NAT, virtual addresses)\n"
     "wait for this."},
    {"config", "sync pin", Verb::kSyncPin, "Take nothing from others: stay at a known good state",
     "  lockstepctl config sync pin"},
    {"config", "sync unpin", Verb::kSyncUnpin, "Take pushes again",
     "  lockstepctl config sync unpin"},
    {"config", "sync overwrite", Verb::kSyncOverwrite, "Make the remote as this node",
     "  lockstepctl config sync overwrite --preview\n"
     "  lockstepctl config sync overwrite --confirm fw-b\n"
     "\n"
     "For high-risk troubleshooting, and where both nodes were changed. Shows what would change, "
     "and\n"
     "asks for the name of the node that is overwritten; without a terminal give it by --confirm.\n"
     "Needs the role ha-dangerous. The revision before is the restore point.\n"
     "Exit status: 0 done, 2 not confirmed, 3 refused and nothing has changed; 1 the remote was\n"
     "told, and did not say that it took it."},
    {"config", "sync adopt", Verb::kSyncAdopt, "Make this node as the remote",
     "  lockstepctl config sync adopt --preview\n"
     "  lockstepctl config sync adopt\n"
     "\n"
     "As overwrite, the other way round: this node's name is asked for.\n"
     "Exit status: 0 done, 2 not confirmed, 3 refused; unless 0 nothing has changed."},
    {"config", "sync merge", Verb::kSyncMerge, "Put the changes of both nodes together",
     "  lockstepctl config sync merge --preview\n"
     "  lockstepctl config sync merge --prefer mine\n"
     "\n"
     "Three ways, from what both agreed on last. Conflicts are listed, and nothing happens until\n"
     "--prefer gives them a side. The name of the node that loses by it is asked for.\n"
     "Exit status: 0 done, 2 not confirmed, 3 refused, or conflicts without --prefer, and nothing\n"
     "has changed; 1 the remote was told, and did not say that it took it."},
    {"explain", "", Verb::kNone, "Why something is as it is",
     "  lockstepctl explain sync policy rule web"},
    {"explain", "sync", Verb::kExplainSync, "Why a node of the configuration travels, or not",
     "  lockstepctl explain sync policy rule web\n"
     "  lockstepctl explain sync \"/interfaces/interface[name='lan']/mtu\" --remote fw-b\n"
     "\n"
     "Names the rule, class, category, dependency or condition that decides, in active/passive "
     "and\n"
     "in active/active mode; the mode in force comes first."},
});

const std::array kOptions = std::to_array<Option>({
    {"config", "difference", "remote", "REMOTE", "Name of the remote; default the only one",
     &Request::remote},
    {"config", "sync category", "category", "NAME", "all, none, or a category", &Request::category,
     true},
    {"config", "sync category", "switch", "SWITCH", "on or off, of a category",
     &Request::switch_word},
    {"config", "sync push", "--remote", "REMOTE", "Default the only one", &Request::remote},
    {"config", "sync push", "--category", "NAME", "Only this one, with what it needs",
     &Request::category},
    {"config", "sync push", "--preview", nullptr, "Only show what it would change",
     &Request::preview},
    {"config", "sync push", "--comment", "TEXT", "Why, for the audit", &Request::comment},
    {"config", "sync overwrite", "--remote", "REMOTE", "Default the only one", &Request::remote},
    {"config", "sync overwrite", "--preview", nullptr, "Only show what it would change",
     &Request::preview},
    {"config", "sync overwrite", "--confirm", "NAME", "Of the node that is overwritten",
     &Request::confirmation},
    {"config", "sync overwrite", "--comment", "TEXT", "Why, for the audit", &Request::comment},
    {"config", "sync adopt", "--remote", "REMOTE", "Default the only one", &Request::remote},
    {"config", "sync adopt", "--preview", nullptr, "Only show what it would change",
     &Request::preview},
    {"config", "sync adopt", "--confirm", "NAME", "Of the node that is overwritten",
     &Request::confirmation},
    {"config", "sync adopt", "--comment", "TEXT", "Why, for the audit", &Request::comment},
    {"config", "sync merge", "--remote", "REMOTE", "Default the only one", &Request::remote},
    {"config", "sync merge", "--prefer", "SIDE", "Of conflicts: mine or theirs", &Request::prefer},
    {"config", "sync merge", "--preview", nullptr, "Only show what it would change",
     &Request::preview},
    {"config", "sync merge", "--confirm", "NAME", "Of the node that is overwritten",
     &Request::confirmation},
    {"config", "sync merge", "--comment", "TEXT", "Why, for the audit", &Request::comment},
    {"explain", "sync", "path", "PATH", "Place: words, or one /a/b[k='v']", &Request::words, true},
    {"explain", "sync", "--remote", "REMOTE", "Default the only one", &Request::remote},
});

}  // namespace

std::span<const Command> SyncCommands() { return kCommands; }
std::span<const Option> SyncOptions() { return kOptions; }

}  // namespace lockstepctl
