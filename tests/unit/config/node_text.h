// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A node file without mistakes, in pieces that a test replaces.

#pragma once

#include <string>

#include "absl/strings/str_replace.h"

namespace dataplane {

inline constexpr char kGoodNode[] =
    R"(name: "a" ports { name: "p0" device: "net_af_packet0,iface=lan0" }
index: 0 ports { name: "p1" device: "net_af_packet1,iface=wan0" }
forwarding { zones { id: 1 name: "lan" }
zones { id: 2 name: "wan" }
interfaces { id: 1 name: "lan" zone: "lan" port: "p0"
  address: "10.1.0.2/24" virtual_addresses { address: "10.1.0.1" vrid: 1 } }
interfaces { id: 2 name: "wan" zone: "wan" port: "p1"
  address: "10.2.0.2/24" virtual_addresses { address: "10.2.0.1" vrid: 2 } }
routes { prefix: "0.0.0.0/0" next_hop: "10.2.0.254" }
rules { id: 10 name: "out" from_zone: "lan" to_zone: "wan" action: PERMIT source_nat: "pool" }
nat_pools { id: 1 name: "pool" addresses { id: 1 address: "10.2.0.100" } } }
ha {
  enabled: true pair_secret_file: "/etc/lockstep/secret" state_sync: true
  ha1 { local_address: "10.9.1.1" peer_address: "10.9.1.2" }
  ha2 { device: "net_af_xdp0,iface=ha2" local_address: "10.9.3.1" peer_address: "10.9.3.2" }
}
)";

// kGoodNode with `from` replaced by `to`.
inline std::string NodeWith(const std::string& from, const std::string& to) {
  return absl::StrReplaceAll(kGoodNode, {{from, to}});
}

}  // namespace dataplane
