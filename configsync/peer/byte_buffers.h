// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// gRPC's buffers as strings. A message is looked at as bytes first, so that its bound is checked
// before anything parses it.
//
// Threads: functions.

#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <string>

namespace configsync {

[[nodiscard]] inline std::string TextOfBuffer(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) {
    return "";
  }
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

[[nodiscard]] inline grpc::ByteBuffer BufferOfText(const std::string& text) {
  const grpc::Slice slice(text);
  return {&slice, 1};
}

}  // namespace configsync
