// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Command line of lockstep-configd.
//
// Threads: start-up only.

#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "configsync/admin/roles.h"

namespace configsync {

// Affects behaviour.
struct StartOptions {
  std::string name;              // Of the node; names the folders below, where they are not given.
  std::string state_dir;         // Default /var/lib/lockstep/NAME/config: store and master key.
  std::string run_dir;           // Default /run/lockstep/NAME: admin.sock, config/hosts.
  std::string yang_dir;          // Default: see DefaultYangDir().
  std::string dataplane;         // Its control socket; default RUN_DIR/control.sock.
  std::string user;              // To change to; empty: stays who it is.
  std::string master_key_file;   // For a new store; empty: a random key is made.
  std::vector<std::string> ha1;  // "10.9.1.1:4792": where other nodes reach this one; none: alone.
  std::string pair_secret_file;  // Of HA2, handed over by a pairing; empty: this node has no HA2.
  std::string debug_tls_keys;    // For test benches: keys of all connections. Empty: never.
  RoleGroups groups = DefaultRoleGroups();
  bool accept_loss = false;  // Go on where transactions were lost.
  bool check = false;        // Judge and end.

  // What other nodes call this one, unless its configuration has a host name.
  [[nodiscard]] std::string node_name() const { return name.empty() ? "node" : name; }
  [[nodiscard]] std::string admin_socket() const { return run_dir + "/admin.sock"; }
  [[nodiscard]] std::string names_dir() const { return run_dir + "/config"; }
  [[nodiscard]] std::string hosts_file() const { return names_dir() + "/hosts"; }
};

// The program ends here: print `output` to stdout (status 0) or stderr.
struct ExitRequest {
  int status = 0;  // 0 done, 2 usage.
  std::string output;
};

std::variant<StartOptions, ExitRequest> ReadCommandLine(int argc, const char* const* argv);

// "yang" beside the program, else share/lockstep/yang of the prefix it is installed in.
[[nodiscard]] std::string DefaultYangDir();

// "0.1.0".
[[nodiscard]] std::string_view ProgramVersion();

}  // namespace configsync
