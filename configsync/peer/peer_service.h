// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The calls of one connection: methods are looked up in a table, their messages are bounded before
// they are parsed, and who may not call is refused before anything is read. A method of any other
// service ends here too: PERMISSION_DENIED.
//
// Threads: gRPC's call in, those of the pools run the calls.

#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <atomic>
#include <cstddef>

#include "configsync/peer/peer_connection.h"
#include "configsync/serving/work_pool.h"

namespace configsync {

// What all connections share.
struct PeerLanes {
  static constexpr std::size_t kPushesMax = 2;  // Of 128 MiB each, at once.
  WorkPool quick;
  WorkPool slow;
  std::atomic<std::size_t> push_count{0};  // Writers: gRPC's threads.
};

class PeerService final : public grpc::CallbackGenericService {
 public:
  // Borrows both.
  PeerService(PeerConnection& connection, PeerLanes& lanes)
      : connection_(connection), lanes_(lanes) {}

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;

  // Calls that have not ended.
  [[nodiscard]] std::size_t active_count() const { return active_count_.load(); }

 private:
  class Call;
  PeerConnection& connection_;
  PeerLanes& lanes_;
  std::atomic<std::size_t> active_count_{0};  // Writers: gRPC's threads.
};

}  // namespace configsync
