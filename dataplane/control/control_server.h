// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The control service (proto/control.proto) on a Unix socket, for lockstepctl.
//
// This header is free of gRPC, so that main compiles fast. The socket is owned by the process's
// user, mode 0600; every connection's credentials are checked as well: only that user and root get
// in.
//
// Threads: Start() makes one accepting thread; gRPC brings its own. Handlers read atomics and
// snapshots.
// Memory:  allocates per call; a dump holds one chunk of lines at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/config/forwarding_target.h"
#include "dataplane/config/options.h"
#include "dataplane/control/sources.h"
#include "dataplane/core/shared_state.h"
#include "statesync/table/session_table.h"

namespace dataplane {

// Everything is borrowed and must outlive the server.
struct ControlSetup {
  const Options* options = nullptr;
  SharedState* shared = nullptr;
  const statesync::SessionTable* sessions = nullptr;
  std::vector<const StatsSource*> stats;
  const HaSource* ha = nullptr;  // Null: HA is off.
  ForwardingTarget* forwarding = nullptr;
  std::uint64_t boot_id = 0;
  std::string version;  // As --version prints it.
  bool hugepages = false;
  std::int64_t started_ns = 0;  // CLOCK_MONOTONIC of the process's start.
};

class ControlServer {
 public:
  // Listens on options->control_socket(), replacing a socket that a dead process left behind.
  // Errors: kAlreadyExists (a living process listens there), kPermissionDenied / kInternal (path,
  // reason).
  static absl::StatusOr<std::unique_ptr<ControlServer>> Start(const ControlSetup& setup);

  // Ends running calls within a second and removes the socket. Called by the destructor as well.
  void Stop();
  ~ControlServer();

  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  ControlServer();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dataplane
