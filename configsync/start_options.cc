// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/start_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "configsync/peer/peer_server.h"
#include "configsync/peer/remote_address.h"

namespace configsync {
namespace {

constexpr int kStatusUsage = 2;
constexpr std::size_t kNameBytesMax = 32;
constexpr std::size_t kHa1Max = 4;
constexpr std::uint16_t kPortMin = 1024;  // A lower one needs privileges that are given up.

constexpr std::string_view kFooter =
    "Groups of this machine give roles to the users of the admin socket:\n"
    "  lockstep-view          viewer: show, compare, history, status\n"
    "  lockstep-config        operator: edit, commit, lock, HA edits\n"
    "  lockstep-admin         admin: take another's lock, change the master key\n"
    "  lockstep-ha-dangerous  overwrite a whole node by the other's configuration\n"
    "root, and the user that lockstep-configd runs as, have all of them.\n"
    "\n"
    "Examples:\n"
    "  lockstep-configd --name fw-a --check\n"
    "  lockstep-configd --name fw-a --user lockstep-configd\n"
    "  lockstep-configd --name fw-a --ha1 10.9.1.1 --ha1 10.9.4.1            # one of a pair\n"
    "  lockstep-configd --name a --state-dir /tmp/a/state --run-dir /tmp/a   # without privileges\n"
    "  lockstepctl config status                                             # another shell\n"
    "\n"
    "It runs in the foreground until SIGTERM, and logs to stderr. Forwarding does not depend on "
    "it:\n"
    "the dataplane goes on with what it has. To let it reach the dataplane as its own user, name\n"
    "that user in the node file: configd_user: \"lockstep-configd\".\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 usage.";

ExitRequest Usage(const std::string& problem) {
  return {kStatusUsage, "lockstep-configd: " + problem + "; see lockstep-configd --help\n"};
}

void Build(CLI::App& app, StartOptions& options) {
  const auto text = [&](const char* flag, std::string& value, const char* argument,
                        const char* help) {
    app.add_option(flag, value, help)->type_name(argument);
  };
  app.set_version_flag("--version", "lockstep-configd " + std::string(ProgramVersion()),
                       "Print the version");
  text("--name", options.name, "NAME",
       "Name of the node, as in its node file; names the folders below");
  text("--state-dir", options.state_dir, "FOLDER",
       "Store and master key, mode 0700; default /var/lib/lockstep/NAME/config");
  text("--run-dir", options.run_dir, "FOLDER",
       "admin.sock and config/hosts; default /run/lockstep/NAME");
  text("--dataplane", options.dataplane, "PATH",
       "Control socket of the dataplane; default RUN_DIR/control.sock");
  text("--yang-dir", options.yang_dir, "FOLDER",
       "Modules; default: yang beside the program, else share/lockstep/yang");
  text("--user", options.user, "NAME", "User to change to, once the socket is there");
  text("--master-key-file", options.master_key_file, "FILE",
       "Master key of a new store; default: a random one is made");
  app.add_option("--ha1", options.ha1,
                 "Address of this node on HA1, where other nodes reach it; again for the backup; "
                 "without one the node is alone")
      ->type_name("ADDRESS[:PORT]")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  text("--pair-secret-file", options.pair_secret_file, "FILE",
       "Pair secret of HA2, as in the node file; a pairing hands it over");
  text("--debug-tls-keys", options.debug_tls_keys, "FILE",
       "For test benches alone: appends TLS keys to FILE, so that captures can be decrypted");
  text("--view-group", options.groups[0].name, "GROUP", "Default lockstep-view");
  text("--config-group", options.groups[1].name, "GROUP", "Default lockstep-config");
  text("--admin-group", options.groups[2].name, "GROUP", "Default lockstep-admin");
  text("--ha-dangerous-group", options.groups[3].name, "GROUP", "Default lockstep-ha-dangerous");
  app.add_flag("--accept-store-loss", options.accept_loss,
               "Start although the store lost its last transactions; it is audited");
  app.add_flag("--check", options.check, "Judge options, modules and store, then end");
  app.footer(std::string(kFooter));
}

bool IsName(const std::string& name) {
  return name.size() <= kNameBytesMax && name[0] != '.' && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
         });
}

// "10.9.1.1" becomes "10.9.1.1:4792". Returns what is wrong; empty: nothing.
std::string ReadHa1(std::vector<std::string>& ha1) {
  if (ha1.size() > kHa1Max) {
    return "--ha1: at most " + std::to_string(kHa1Max) + " addresses";
  }
  for (std::string& text : ha1) {
    const absl::StatusOr<Endpoint> endpoint = ParseRemoteAddress(text, kPeersyncPort);
    if (!endpoint.ok()) {
      return "--ha1: " + std::string(endpoint.status().message());
    }
    if (endpoint->address == "0.0.0.0" || endpoint->address == "::") {
      return "--ha1 " + text + ": one address of HA1, not all that this node has";
    }
    if (endpoint->port < kPortMin) {
      return "--ha1 " + text + ": a port is 1024 to 65535";
    }
    text = TextOf(*endpoint);
  }
  return {};
}

}  // namespace

std::variant<StartOptions, ExitRequest> ReadCommandLine(int argc, const char* const* argv) {
  StartOptions options;
  CLI::App app("lockstep-configd: keeps the configuration of a node, and its dataplane at it.",
               "lockstep-configd");
  Build(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return ExitRequest{0, app.help()};
  } catch (const CLI::CallForVersion& version) {
    return ExitRequest{0, std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    return Usage(error.what());
  }
  const bool has_folders = !options.state_dir.empty() && !options.run_dir.empty();
  if (options.name.empty() && !has_folders) {
    return Usage("--name is missing; or give --state-dir and --run-dir");
  }
  if (!options.name.empty() && !IsName(options.name)) {
    return Usage("--name '" + options.name.substr(0, 64) +
                 "': 1 to 32 letters, digits, '-', '_' or '.', not first '-' or '.'");
  }
  if (const std::string wrong = ReadHa1(options.ha1); !wrong.empty()) {
    return Usage(wrong);
  }
  if (options.state_dir.empty()) {
    options.state_dir = "/var/lib/lockstep/" + options.name + "/config";
  }
  if (options.run_dir.empty()) {
    options.run_dir = "/run/lockstep/" + options.name;
  }
  if (options.dataplane.empty()) {
    options.dataplane = options.run_dir + "/control.sock";
  }
  if (options.yang_dir.empty()) {
    options.yang_dir = DefaultYangDir();
  }
  return options;
}

std::string DefaultYangDir() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path beside = program.parent_path() / "yang";
  if (std::filesystem::is_directory(beside, error)) {
    return beside.string();
  }
  return (program.parent_path().parent_path() / "share" / "lockstep" / "yang").string();
}

std::string_view ProgramVersion() { return LOCKSTEP_VERSION; }

}  // namespace configsync
