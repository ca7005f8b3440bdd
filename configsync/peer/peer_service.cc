// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/peer_service.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/peer/byte_buffers.h"
#include "configsync/peer/failure.h"

namespace configsync {
namespace {

using Clock = std::chrono::system_clock;

// A little more than a client of ours asks for.
constexpr std::uint32_t kDeadlineSlackMs = 1'000;

const PeerMethodRow* FindMethod(std::string_view path) {
  const auto* const row = std::find_if(kPeerMethods.begin(), kPeerMethods.end(),
                                       [&](const PeerMethodRow& one) { return one.path == path; });
  return row == kPeerMethods.end() ? nullptr : row;
}

absl::Status Busy(const char* what) {
  return StatusOf({.code = ReasonCode::kPeerBusy, .evidence = std::string(what)});
}

std::string SessionOf(const grpc::CallbackServerContext& context) {
  const auto found = context.client_metadata().find(kSessionKey);
  return found == context.client_metadata().end()
             ? ""
             : std::string(found->second.data(), found->second.size());
}

}  // namespace

// Reads until the client has said all, runs in a lane, writes the answer. Each step begins the
// next, so there is one thread in it at a time.
class PeerService::Call final : public grpc::ServerGenericBidiReactor {
 public:
  Call(PeerService& service, grpc::GenericCallbackServerContext* context)
      : service_(service), context_(context) {
    service_.active_count_.fetch_add(1);
    if (const absl::Status admitted = Admit(); !admitted.ok()) {
      End(admitted);
      return;
    }
    StartRead(&buffer_);
  }

  void OnReadDone(bool is_message) override {
    if (!is_message) {
      Submit();
      return;
    }
    if (buffer_.Length() > request_.row->request_bytes_max) {
      End(StatusOf(
          {.code = ReasonCode::kPeerAnswerTooLarge,
           .evidence = absl::StrCat(context_->method(), ": a message of ", buffer_.Length(),
                                    " bytes, at most ", request_.row->request_bytes_max)}));
      return;
    }
    if (const absl::Status taken = service_.connection_.Take(request_, TextOfBuffer(buffer_));
        !taken.ok()) {
      End(taken);
      return;
    }
    StartRead(&buffer_);
  }
  void OnWriteDone(bool is_written) override {
    if (!is_written) {
      End(absl::CancelledError("the caller has gone"));
      return;
    }
    WriteNext();
  }
  void OnDone() override {
    if (is_push_) {
      service_.lanes_.push_count.fetch_sub(1);
    }
    PeerService& service = service_;
    delete this;
    service.active_count_.fetch_sub(1);
  }

 private:
  absl::Status Admit() {
    request_.row = FindMethod(context_->method());
    if (request_.row == nullptr) {
      return StatusOf(
          {.code = ReasonCode::kPeerForbidden,
           .evidence = absl::StrCat("nobody may call ",
                                    CutText(context_->method(), kPeerNameBytesMax), " here")});
    }
    const std::uint32_t ms_max =
        request_.row->method == PeerMethod::kPrepare ? kPrepareMsMax : request_.row->deadline_ms;
    if (context_->deadline() >
        Clock::now() + std::chrono::milliseconds(ms_max + kDeadlineSlackMs)) {
      return StatusOf({.code = ReasonCode::kPeerAnswerInvalid,
                       .evidence = absl::StrCat(context_->method(), ": a deadline of at most ",
                                                ms_max, " ms is needed")});
    }
    if (absl::Status admitted = service_.connection_.Admit(*request_.row, SessionOf(*context_));
        !admitted.ok()) {
      return admitted;
    }
    if (request_.row->method == PeerMethod::kPrepare) {
      is_push_ = true;
      if (service_.lanes_.push_count.fetch_add(1) >= PeerLanes::kPushesMax) {
        return Busy("other pushes are coming in");
      }
    }
    return absl::OkStatus();
  }

  void Submit() {
    WorkPool& pool =
        request_.row->lane == PeerLane::kSlow ? service_.lanes_.slow : service_.lanes_.quick;
    if (!pool.Submit([this] { Work(); })) {
      End(Busy("too many calls are waiting"));
    }
  }
  void Work() {
    if (context_->IsCancelled() || Clock::now() >= context_->deadline()) {
      End(absl::DeadlineExceededError("the caller has given up"));
      return;
    }
    auto answer = service_.connection_.Run(request_);
    if (!answer.ok()) {
      End(answer.status());
      return;
    }
    answer_ = *std::move(answer);
    next_ = answer_();
    WriteNext();
  }
  // The last message and the status go together.
  void WriteNext() {
    if (!next_) {
      End(absl::OkStatus());
      return;
    }
    buffer_ = BufferOfText(*std::exchange(next_, std::nullopt));
    next_ = answer_();
    if (next_) {
      StartWrite(&buffer_);
    } else {
      StartWriteAndFinish(&buffer_, {}, grpc::Status::OK);
    }
  }
  void End(const absl::Status& status) { Finish(WireStatusOf(status, *context_)); }

  PeerService& service_;
  grpc::GenericCallbackServerContext* const context_;
  PeerRequest request_;
  grpc::ByteBuffer buffer_;
  PeerAnswer answer_;
  std::optional<std::string> next_;
  bool is_push_ = false;
};

grpc::ServerGenericBidiReactor* PeerService::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  return new Call(*this, context);
}

}  // namespace configsync
