// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Commands about who the nodes of a pair are.

#include "tools/lockstepctl/command_table.h"

namespace lockstepctl {
namespace {

constexpr std::array kCommands = std::to_array<Command>({
    {"pair", "", Verb::kPairStatus, "Make two nodes a pair: each shows a code, typed at the other",
     "  on the node that has what is to be kept:  lockstepctl pair start 10.9.1.2\n"
     "  on the other:                             lockstepctl pair accept\n"
     "\n"
     "Each node shows six digits. Type at each what the other shows: that proves that they talk\n"
     "to each other, and to nobody between them. Then each stores the other's certificate and\n"
     "password; who accepts takes pair secret and master key of who starts.\n"
     "Without a command: `pair status`."},
    {"pair", "start", Verb::kPairStart, "Call the other node, show a code, ask for the other's",
     "  lockstepctl pair start 10.9.1.2\n"
     "  lockstepctl pair start 10.9.1.2 --remote-only\n"
     "\n"
     "The address is the other's on HA1. It is called for three minutes, so `pair accept` may\n"
     "come later. Without a terminal the command returns at once; a script goes on with\n"
     "`pair status --json` and `pair confirm CODE` on both nodes."},
    {"pair", "accept", Verb::kPairAccept, "Open this node for one caller, for three minutes",
     "  lockstepctl pair accept\n"
     "  lockstepctl pair accept --keep-master-key\n"
     "\n"
     "Without --keep-master-key this node takes the other's master key, and seals its secrets\n"
     "anew. A pair secret that it has already is kept."},
    {"pair", "confirm", Verb::kPairConfirm, "Say what code the other node shows",
     "  lockstepctl pair confirm 482913\n"
     "\n"
     "A wrong code ends the pairing on both nodes: there is no second try. Exit status: 1 wrong."},
    {"pair", "status", Verb::kPairStatus, "How far the pairing is, and this node's code",
     "  lockstepctl pair status\n"
     "  lockstepctl pair status --json | jq -r .code\n"
     "\n"
     "STATE is none, waiting (for the other), comparing (type the codes), confirmed (here; the\n"
     "other operator is awaited), done or failed."},
    {"pair", "cancel", Verb::kPairCancel, "End the pairing on both nodes; nothing is stored",
     "  lockstepctl pair cancel"},
    {"devices", "", Verb::kDevicesList,
     "This node's certificate, and those that it was paired with", "  lockstepctl devices list"},
    {"devices", "list", Verb::kDevicesList, "Ids, certificates, days left",
     "  lockstepctl devices list\n"
     "  lockstepctl devices list --json | jq -r '.devices[] | select(.pair).device'\n"
     "\n"
     "KIND is self, pair (the other node of the pair) or remote (configuration alone). STATE is\n"
     "valid, not-yet (this clock is behind), expired or revoked. DAYS are left until the\n"
     "certificate expires. CERTIFICATE begins its SHA-256: the same on both nodes."},
    {"devices", "revoke", Verb::kDevicesRevoke, "Refuse a device from now on, by name",
     "  lockstepctl devices revoke fw-b\n"
     "\n"
     "Nothing is synchronised with it until it is forgotten and paired again. Do the same on the\n"
     "other nodes that know it."},
    {"devices", "forget", Verb::kDevicesForget, "Forget a device, as if it was never paired",
     "  lockstepctl devices forget 3f2a90c1d4e5b6a7889900aabbccddee"},
    {"devices", "renew", Verb::kDevicesRenew, "Make a new key and certificate for this node",
     "  lockstepctl devices renew\n"
     "\n"
     "It is another device then: each of the others refuses it (CERT_NOT_PINNED) until they are\n"
     "paired again. On the others, forget the old one first."},
});

const std::array kOptions = std::to_array<Option>({
    {"pair", "start", "address", "ADDRESS", "IP address on HA1, with or without port",
     &Request::address, true},
    {"pair", "start", "--remote-only", nullptr,
     "Configuration alone, no pair secret; say so on both nodes", &Request::is_remote_only},
    {"pair", "start", "--keep-master-key", nullptr, "Do not give this node's master key",
     &Request::keep_master_key},
    {"pair", "start", "--no-wait", nullptr, "Return at once, on a terminal too", &Request::no_wait},
    {"pair", "accept", "--remote-only", nullptr,
     "Configuration alone, no pair secret; say so on both nodes", &Request::is_remote_only},
    {"pair", "accept", "--keep-master-key", nullptr, "Do not take the other's master key",
     &Request::keep_master_key},
    {"pair", "accept", "--no-wait", nullptr, "Return at once, on a terminal too",
     &Request::no_wait},
    {"pair", "confirm", "code", "CODE", "Six digits, as the other node shows them", &Request::code,
     true},
    {"devices", "revoke", "device", "DEVICE", "Id, or a name that only one device has",
     &Request::device, true},
    {"devices", "forget", "device", "DEVICE", "Id, or a name that only one device has",
     &Request::device, true},
});

}  // namespace

std::span<const Command> DeviceCommands() { return kCommands; }
std::span<const Option> DeviceOptions() { return kOptions; }

}  // namespace lockstepctl
