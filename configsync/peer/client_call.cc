// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/client_call.h"

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "configsync/peer/byte_buffers.h"
#include "configsync/peer/failure.h"

namespace configsync {
namespace {

// Sends while it receives; a server may refuse before it has heard all.
class Reactor final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Reactor(const ClientCall& call, grpc::ClientContext& context) : call_(call), context_(context) {}

  void Start() {
    next_ = call_.next();
    StartRead(&incoming_);
    WriteNext();
    StartCall();
  }
  grpc::Status Wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return is_done_; });
    return status_;
  }
  // Whether it has ended by then.
  bool WaitFor(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return done_.wait_for(lock, time, [this] { return is_done_; });
  }
  [[nodiscard]] const std::optional<Reason>& own_reason() const { return own_reason_; }

  void OnWriteDone(bool is_written) override {
    if (is_written) {
      WriteNext();
    }
  }
  void OnReadDone(bool is_message) override {
    if (!is_message) {
      return;
    }
    if (incoming_.Length() > call_.row->answer_bytes_max) {
      Fail(ReasonCode::kPeerAnswerTooLarge,
           absl::StrCat("a message of ", incoming_.Length(), " bytes, at most ",
                        call_.row->answer_bytes_max));
      return;
    }
    if (const absl::Status taken = call_.on_message(TextOfBuffer(incoming_)); !taken.ok()) {
      const bool is_too_large = taken.code() == absl::StatusCode::kResourceExhausted;
      Fail(is_too_large ? ReasonCode::kPeerAnswerTooLarge : ReasonCode::kPeerAnswerInvalid,
           std::string(taken.message()));
      return;
    }
    StartRead(&incoming_);
  }
  void OnDone(const grpc::Status& status) override {
    const std::lock_guard lock(mutex_);
    status_ = status;
    is_done_ = true;
    done_.notify_one();
  }

 private:
  // The last message ends this side of the call.
  void WriteNext() {
    if (!next_) {
      return;
    }
    outgoing_ = BufferOfText(*std::exchange(next_, std::nullopt));
    next_ = call_.next();
    if (next_) {
      StartWrite(&outgoing_);
    } else {
      StartWriteLast(&outgoing_, {});
    }
  }
  void Fail(ReasonCode code, const std::string& text) {
    own_reason_ =
        Reason{.code = code, .evidence = absl::StrCat(std::string(call_.row->path), ": ", text)};
    context_.TryCancel();
  }

  const ClientCall& call_;
  grpc::ClientContext& context_;
  grpc::ByteBuffer outgoing_, incoming_;
  std::optional<std::string> next_;
  std::optional<Reason> own_reason_;  // Written before the end, read behind it.
  std::mutex mutex_;
  std::condition_variable done_;
  grpc::Status status_;   // Under mutex_.
  bool is_done_ = false;  // Under mutex_.
};

}  // namespace

// While it lives, Stop() reaches the call.
class RunningCall {
 public:
  RunningCall(CallStop* stop, grpc::ClientContext& context) : stop_(stop), context_(context) {
    if (stop_ == nullptr) {
      return;
    }
    const std::lock_guard lock(stop_->mutex_);
    stop_->running_.insert(&context_);
    if (stop_->is_stopped_) {
      context_.TryCancel();  // Before it begins is early enough.
    }
  }
  ~RunningCall() {
    if (stop_ != nullptr) {
      const std::lock_guard lock(stop_->mutex_);
      stop_->running_.erase(&context_);
    }
  }
  RunningCall(const RunningCall&) = delete;
  RunningCall& operator=(const RunningCall&) = delete;

 private:
  CallStop* const stop_;
  grpc::ClientContext& context_;
};

void CallStop::Stop() {
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  for (grpc::ClientContext* const context : running_) {
    context->TryCancel();
  }
}

bool CallStop::is_stopped() const {
  const std::lock_guard lock(mutex_);
  return is_stopped_;
}

Reason CallStop::Why() {
  return {.code = ReasonCode::kPeerUnreachable,
          .evidence = "this node stops: nobody knows whether the call was done"};
}

std::function<std::optional<std::string>()> Only(const google::protobuf::MessageLite& message) {
  return [bytes = std::optional<std::string>(message.SerializeAsString())]() mutable {
    return std::exchange(bytes, std::nullopt);
  };
}

ClientEnd RunCall(const std::shared_ptr<grpc::Channel>& channel, const ClientCall& call) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(call.deadline_ms));
  if (!call.session.empty()) {
    context.AddMetadata(kSessionKey, call.session);
  }
  const RunningCall running(call.stop, context);
  Reactor reactor(call, context);
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(channel);
  stub.PrepareBidiStreamingCall(&context, std::string(call.row->path), {}, &reactor);
  reactor.Start();
  std::optional<Reason> late_reason;
  if (call.late_ms != 0 && !reactor.WaitFor(std::chrono::milliseconds(call.late_ms))) {
    late_reason = call.when_late();
    if (late_reason) {
      context.TryCancel();
    }
  }
  const grpc::Status status = reactor.Wait();
  ClientEnd end{.code = status.error_code()};
  if (status.error_code() == grpc::StatusCode::CANCELLED && call.stop != nullptr &&
      call.stop->is_stopped()) {
    end.reason = CallStop::Why();
  } else if (reactor.own_reason()) {
    end.reason = reactor.own_reason();
  } else if (late_reason && status.error_code() == grpc::StatusCode::CANCELLED) {
    end.reason = late_reason;
  } else if (!status.ok()) {
    end.reason = ReasonOfCall(status, context);
    end.is_refused = HasWireReason(context);
    // gRPC's own bound, which is the largest of all methods.
    if (!end.is_refused && status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
        absl::StartsWith(status.error_message(), "Received message larger than max")) {
      end.reason->code = ReasonCode::kPeerAnswerTooLarge;
    }
  }
  return end;
}

}  // namespace configsync
