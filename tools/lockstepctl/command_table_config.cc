// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Commands of lockstep-configd.

#include "tools/lockstepctl/command_table.h"

namespace lockstepctl {
namespace {

constexpr std::array kCommands = std::to_array<Command>({
    {"config", "", Verb::kConfigShow, "The configuration: edit a candidate, compare, commit, undo",
     "  lockstepctl config set zones zone dmz\n"
     "  lockstepctl config set policy rule web to-zone dmz --first\n"
     "  lockstepctl config compare\n"
     "  lockstepctl config plan\n"
     "  lockstepctl config commit --comment 'web servers' --confirm-within 5m\n"
     "  lockstepctl config confirm && lockstepctl config save\n"
     "\n"
     "Every operator edits an own candidate. A commit makes it the running configuration, whole "
     "or\n"
     "not at all; the dataplane follows without a restart. `startup` is what the next boot of the\n"
     "machine begins with. Without a command: `config show`.\n"
     "Paths are words, or one argument: /policy/rule[name='web']/to-zone"},
    {"config", "show", Verb::kConfigShow, "Print a configuration or a part of it",
     "  lockstepctl config show\n"
     "  lockstepctl config show policy rule web --view candidate\n"
     "  lockstepctl config show --view 17 --commands > revision-17.commands\n"
     "\n"
     "JSON as of RFC 7951, or with --commands as the `set` lines that make it. Secrets are "
     "printed\n"
     "as fingerprints: what is printed cannot give them back."},
    {"config", "set", Verb::kConfigSet, "Set a value, or make an entry, in your candidate",
     "  lockstepctl config set system host-name fw-a\n"
     "  lockstepctl config set policy rule web action permit --after ssh\n"
     "  lockstepctl config set ha configuration-synchronization local-password --value-from -\n"
     "  lockstepctl config set \"/interfaces/interface[name='lan']/mtu\" 9000\n"
     "\n"
     "What is on the way to the place is made too. A new entry of an ordered list goes to the "
     "end,\n"
     "or where --first or --after say. Give secrets by --value-from: a command line can be read "
     "by\n"
     "others. A value that begins with a dash comes after `--`."},
    {"config", "delete", Verb::kConfigDelete, "Delete a place and all below it in your candidate",
     "  lockstepctl config delete policy rule web\n"
     "  lockstepctl config delete policy rule web source 10.0.0.0/8"},
    {"config", "move", Verb::kConfigMove, "Move an entry of an ordered list in your candidate",
     "  lockstepctl config move policy rule web --first\n"
     "  lockstepctl config move policy rule web --after ssh"},
    {"config", "load", Verb::kConfigLoad, "Make your candidate what a file says",
     "  lockstepctl config load firewall.json\n"
     "  ssh B lockstepctl config show | lockstepctl config load -\n"
     "\n"
     "JSON as of RFC 7951, at most 64 MiB; - is standard input. All that is wrong is listed, and\n"
     "then the candidate is as it was."},
    {"config", "merge", Verb::kConfigMerge, "Add what a file says to your candidate",
     "  lockstepctl config merge rules.json\n"
     "  lockstepctl config merge --commands rules.commands\n"
     "\n"
     "JSON, or with --commands lines as of `config show --commands`: set, delete or move, all of\n"
     "them or none. # begins a comment."},
    {"config", "compare", Verb::kConfigCompare, "What differs between two configurations",
     "  lockstepctl config compare\n"
     "  lockstepctl config compare startup running\n"
     "  lockstepctl config compare 17 candidate\n"
     "\n"
     "Each is candidate, running, startup or a revision's number; without: running and candidate.\n"
     "+ is only in the second, - only in the first, ~ has another value, > was moved.\n"
     "Exit status: 0 equal, 1 different, 2 could not compare."},
    {"config", "plan", Verb::kConfigPlan, "What a commit would do; changes nothing",
     "  lockstepctl config plan\n"
     "\n"
     "Judges your candidate and shows its differences from running, services that would be\n"
     "reloaded, and how many live sessions would end: on this node and on each remote, which "
     "judges\n"
     "it by itself. What travels because something else needs it comes with what needs it. The "
     "same\n"
     "as `config commit --check`.\n"
     "Exit status: 0 it could be committed, 3 problems, here or on a remote."},
    {"config", "commit", Verb::kConfigCommit, "Make your candidate the running configuration",
     "  lockstepctl config commit --comment 'web servers'\n"
     "  lockstepctl config commit --confirm-within 5m --save\n"
     "  lockstepctl config commit --check\n"
     "\n"
     "With --confirm-within each node goes back by itself unless `config confirm` comes in time,\n"
     "whatever happens to you, to lockstep-configd or to the machine.\n"
     "Remotes judge it before anything changes, and keep what they apply over a restart; --save "
     "keeps\n"
     "it here too. For each remote it says applied, pending (it gets it later, and why) or "
     "refused.\n"
     "Exit status: 0 committed (with --check: it could be), on remotes at once or, if pending, "
     "later;\n"
     "3 problems, here or on a remote, or with policy strict a remote that does not answer: "
     "nothing\n"
     "has changed; 1 committed here, but a remote refused it afterwards."},
    {"config", "confirm", Verb::kConfigConfirm, "Keep what was committed with --confirm-within",
     "  lockstepctl config confirm"},
    {"config", "rollback", Verb::kConfigRollback, "Make your candidate an older revision",
     "  lockstepctl config history\n"
     "  lockstepctl config rollback 16 && lockstepctl config commit --comment 'undo 17'\n"
     "\n"
     "A rollback is a commit like any other: it is judged, planned and kept in the history."},
    {"config", "discard", Verb::kConfigDiscard, "Throw your candidate's changes away",
     "  lockstepctl config discard"},
    {"config", "save", Verb::kConfigSave, "Make running the startup configuration",
     "  lockstepctl config save"},
    {"config", "history", Verb::kConfigHistory, "Revisions: when, who, why",
     "  lockstepctl config history --limit 5"},
    {"config", "audit", Verb::kConfigAudit, "Who did or tried what, and its outcome",
     "  lockstepctl config audit --limit 100\n"
     "\n"
     "Each record holds the hash of the one before: `config verify` finds one that was changed or\n"
     "taken away."},
    {"config", "lock", Verb::kConfigLock, "Let nobody else edit or commit for a time",
     "  lockstepctl config lock --for 30m\n"
     "\n"
     "The lock is a lease: your own commands renew it, and it ends by itself."},
    {"config", "unlock", Verb::kConfigUnlock, "Give the lock back",
     "  lockstepctl config unlock\n"
     "  lockstepctl config unlock --force"},
    {"config", "status", Verb::kConfigStatus, "Revisions, dataplane, lock, timers, names, reasons",
     "  lockstepctl config status\n"
     "  lockstepctl config status --json | jq .follow.state\n"
     "\n"
     "FOLLOW says what the dataplane does with the running revision: following (it runs it),\n"
     "applying, refused (it says why), unreachable (it gets it when it is back).\n"
     "SYNC, one for each remote: in-sync is proven by the hashes of what both have in common, here "
     "=\n"
     "there. Each REASON has its remedy; `config sync` says more."},
    {"config", "verify", Verb::kConfigVerify, "Check the whole store: pages, hashes, audit chain",
     "  lockstepctl config verify\n"
     "\n"
     "Exit status: 0 all is well, 1 there are faults."},
    {"config", "complete", Verb::kConfigComplete, "What may follow in a path, for shells",
     "  lockstepctl config complete --verb set policy rule\n"
     "\n"
     "One choice a line: word, tab, help."},
    {"ha", "", Verb::kNone, "High availability: edits that need it switched off",
     "  lockstepctl ha edit begin --for 10m"},
    {"ha", "edit", Verb::kHaEditStatus, "Edit interfaces: failover off, edit, failover on again",
     "  lockstepctl ha edit begin --for 10m\n"
     "  lockstepctl config set interfaces interface lan mtu 9000\n"
     "  lockstepctl config commit\n"
     "  lockstepctl ha edit end\n"
     "\n"
     "While failover is armed, interfaces cannot be changed: the standby would take over into a\n"
     "half-made network. `begin` switches failover off and starts a timer that switches it on\n"
     "again, whatever happens to you. Without a command: `ha edit status`."},
    {"ha", "edit begin", Verb::kHaEditBegin, "Switch failover off for an edit, for a time",
     "  lockstepctl ha edit begin --for 10m"},
    {"ha", "edit end", Verb::kHaEditEnd, "Switch failover on again, now",
     "  lockstepctl ha edit end"},
    {"ha", "edit status", Verb::kHaEditStatus, "Whether failover is armed, and when it will be",
     "  lockstepctl ha edit status"},
    {"master-key", "", Verb::kNone, "The key that seals secrets in the store",
     "  lockstepctl master-key change --old old.key --new new.key"},
    {"master-key", "change", Verb::kMasterKeyChange, "Seal all secrets under another key",
     "  lockstepctl master-key change --old old.key --new new.key\n"
     "\n"
     "Keys come from files, or one of them from standard input (-): never from the command line,\n"
     "which others can read. On a pair: switch configuration synchronization off on both nodes,\n"
     "change the key on both, compare the fingerprints, switch it on again."},
    {"completion", "", Verb::kNone, "Completion of commands, paths and values for a shell",
     "  . <(lockstepctl completion bash)"},
    {"completion", "bash", Verb::kCompletionBash, "Print the script for bash",
     "  . <(lockstepctl completion bash)\n"
     "  lockstepctl completion bash > /etc/bash_completion.d/lockstepctl"},
});

const std::array kOptions = std::to_array<Option>({
    {"config", "show", "path", "PATH", "Place to print; without: everything", &Request::words},
    {"config", "show", "--view", "NAME", "candidate, running (default), startup or a revision",
     &Request::view},
    {"config", "show", "--commands", nullptr, "As `set` lines instead of JSON",
     &Request::as_commands},
    {"config", "set", "path", "PATH", "Place, and the value of a leaf behind it", &Request::words,
     true},
    {"config", "set", "--first", nullptr, "A new entry of an ordered list goes to the front",
     &Request::is_first},
    {"config", "set", "--after", "KEY", "… or behind this entry; one for each key",
     &Request::after},
    {"config", "set", "--value-from", "FILE", "The value is what this file, or - for stdin, holds",
     &Request::value_file},
    {"config", "delete", "path", "PATH", "Place", &Request::words, true},
    {"config", "move", "path", "PATH", "Entry of an ordered list", &Request::words, true},
    {"config", "move", "--first", nullptr, "To the front", &Request::is_first},
    {"config", "move", "--after", "KEY", "Behind this entry; one for each key", &Request::after},
    {"config", "load", "file", "FILE", "JSON (RFC 7951), or - for stdin", &Request::file, true},
    {"config", "merge", "file", "FILE", "JSON (RFC 7951), or - for stdin", &Request::file, true},
    {"config", "merge", "--commands", nullptr, "The file holds lines of set, delete, move",
     &Request::as_commands},
    {"config", "compare", "first", "FIRST", "Default running", &Request::first},
    {"config", "compare", "second", "SECOND", "Default candidate", &Request::second},
    {"config", "commit", "--comment", "TEXT", "Why, for the history; at most 1024 bytes",
     &Request::comment},
    {"config", "commit", "--check", nullptr, "Judge and plan; change nothing",
     &Request::check_only},
    {"config", "commit", "--confirm-within", "TIME", "Go back unless confirmed: 300, 90s, 5m, 1h",
     &Request::confirm_within},
    {"config", "commit", "--save", nullptr, "Make it the startup configuration too",
     &Request::save},
    {"config", "commit", "--from-central-manager", nullptr,
     "It comes from a manager that gives it to the remotes too; needs the role admin",
     &Request::from_central_manager},
    {"config", "rollback", "revision", "REVISION", "Number as in `config history`, or startup",
     &Request::view, true},
    {"config", "history", "--limit", "COUNT", "Newest so many; default 20, at most 1000",
     &Request::revision_limit},
    {"config", "audit", "--limit", "COUNT", "Newest so many; default 20, at most 1000",
     &Request::revision_limit},
    {"config", "lock", "--for", "TIME", "Lease: 10s to 1d; default 10m", &Request::duration},
    {"config", "unlock", "--force", nullptr, "Take another's lock away; needs the role admin",
     &Request::force},
    {"config", "complete", "path", "PATH", "Words so far", &Request::words},
    {"config", "complete", "--verb", "VERB", "set (default), delete, move or show",
     &Request::completed_verb},
    {"config", "complete", "--partial", "TEXT", "Beginning of the next word", &Request::partial},
    {"ha", "edit begin", "--for", "TIME", "Failover comes on again after: 10s to 1d; default 10m",
     &Request::duration},
    {"master-key", "change", "--old", "FILE", "Holds the present key", &Request::old_key_file,
     true},
    {"master-key", "change", "--new", "FILE", "Holds the new key", &Request::new_key_file, true},
});

}  // namespace

std::span<const Command> ConfigCommands() { return kCommands; }
std::span<const Option> ConfigOptions() { return kOptions; }

}  // namespace lockstepctl
