// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A connection with a gRPC server of its own: who is at its other end is a fact of the server.

#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <memory>

namespace configsync {

// gRPC unpacks a compressed message before it looks at its size, and before anybody has said who
// sends it: a caller that compresses is told that nobody does so here.
void RefuseCompressed(grpc::ServerBuilder& builder);

struct Served {
  Served() = default;
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  // Ends the server: calls that run have a second. First in the destructor of who owns what the
  // server serves.
  void End();

  std::unique_ptr<grpc::Server> server;
  int watched = -1;  // A duplicate of the connection's descriptor: gRPC owns that one.
};

}  // namespace configsync
