// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/serving/served.h"

#include <unistd.h>

#include <chrono>
#include <utility>

namespace configsync {
namespace {

constexpr std::chrono::seconds kPatience{1};

}  // namespace

void RefuseCompressed(grpc::ServerBuilder& builder) {
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
}

void Served::End() {
  if (server != nullptr) {
    server->Shutdown(std::chrono::system_clock::now() + kPatience);
    server->Wait();
    server.reset();
  }
  if (watched >= 0) close(std::exchange(watched, -1));
}

}  // namespace configsync
