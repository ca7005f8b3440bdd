// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One call on a channel, of whatever kind: messages out, messages in, an end before its deadline.
//
// Threads: the caller's waits; gRPC's threads ask for messages and give them.

#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "configsync/peer/methods.h"
#include "configsync/reasons/reason.h"

namespace configsync {

// A message, and nothing behind it.
[[nodiscard]] std::function<std::optional<std::string>()> Only(
    const google::protobuf::MessageLite& message);

// Ends calls from elsewhere: those that run, and those that begin later.
//
// Threads: thread-safe. It outlives the calls.
class CallStop {
 public:
  void Stop();
  [[nodiscard]] bool is_stopped() const;
  [[nodiscard]] static Reason Why();

 private:
  friend class RunningCall;
  mutable std::mutex mutex_;  // Guards what follows.
  bool is_stopped_ = false;
  std::set<grpc::ClientContext*> running_;
};

struct ClientCall {
  const PeerMethodRow* row = nullptr;
  std::string session;  // Empty: none.
  std::uint32_t deadline_ms = 0;
  std::function<std::optional<std::string>()> next;            // Messages to send.
  std::function<absl::Status(const std::string&)> on_message;  // An error ends the call.
  // Asked once, by the caller's thread, if the call has not ended after `late_ms`: a reason ends it
  // with that, unless it is answered meanwhile. 0: never.
  std::uint32_t late_ms = 0;
  std::function<std::optional<Reason>()> when_late;
  CallStop* stop = nullptr;  // Null: nothing but the deadline ends it.
};

struct ClientEnd {
  grpc::StatusCode code = grpc::StatusCode::OK;
  // Set if the call failed. What our side finds wrong with an answer is PEER_ANSWER_INVALID or
  // PEER_ANSWER_TOO_LARGE.
  std::optional<Reason> reason;
  // The other side has refused it with a reason: it has done nothing.
  bool is_refused = false;
};

[[nodiscard]] ClientEnd RunCall(const std::shared_ptr<grpc::Channel>& channel,
                                const ClientCall& call);

}  // namespace configsync
