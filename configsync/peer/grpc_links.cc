// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Links to remotes: connections made when they are needed, values as messages.

#include <algorithm>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/peer/codec.h"
#include "configsync/peer/link_connection.h"
#include "configsync/peer/peer_server.h"

namespace configsync {
namespace {

namespace wire = lockstep::peersync;

// The header, then the edits in pieces.
std::function<std::optional<std::string>()> Pieces(const PrepareRequest& request) {
  return [&request, at = std::size_t{0}, is_first = true]() mutable -> std::optional<std::string> {
    wire::PrepareRequest message;
    if (std::exchange(is_first, false)) {
      *message.mutable_header() = EncodeHeader(request);
    } else if (at < request.edits.size()) {
      message.set_edits(request.edits.substr(at, kPieceBytesMax));
      at += message.edits().size();
    } else {
      return std::nullopt;
    }
    return message.SerializeAsString();
  };
}

class GrpcLink final : public PeerLink {
 public:
  GrpcLink(const LinksSetup& setup, std::shared_ptr<CallStop> stop, RemoteAddress address)
      : setup_(setup), stop_(std::move(stop)), address_(std::move(address)) {}

  absl::StatusOr<Exchange> DoExchange(const Exchange& mine) override {
    const bool is_of_states = !mine.selection.has_value() && !mine.facts.has_value() &&
                              !mine.want_selection && !mine.want_facts;
    auto answer = Ask<wire::Exchange, Exchange>(
        PeerMethod::kExchange, Encode(mine),
        is_of_states ? kQuickExchangeMs : RowOf(PeerMethod::kExchange).deadline_ms);
    if (answer.ok() && answer->state.device != device()) {
      return StatusOf({.code = ReasonCode::kPeerAnswerInvalid,
                       .remote = address_.name,
                       .evidence = absl::StrCat("the state is of device ", answer->state.device,
                                                ", the certificate of ", device())});
    }
    return answer;
  }
  absl::StatusOr<PrepareResponse> Prepare(const PrepareRequest& request) override {
    if (request.edits.size() > kPushBytesMax) {
      return StatusOf({.code = ReasonCode::kPeerRefused,
                       .remote = address_.name,
                       .evidence = absl::StrCat("the push has ", request.edits.size(),
                                                " bytes, at most ", kPushBytesMax, " travel")});
    }
    absl::StatusOr<PrepareResponse> answer = NoAnswer();
    const absl::Status called = Run({.row = &RowOf(PeerMethod::kPrepare),
                                     .deadline_ms = PrepareMs(request.edits.size()),
                                     .next = {},
                                     .on_message = Decoder<wire::PrepareResponse>(answer)},
                                    [&request] { return Pieces(request); });
    return called.ok() ? answer : called;
  }
  absl::StatusOr<ApplyResponse> Apply(const ApplyRequest& request) override {
    return Ask<wire::ApplyResponse, ApplyResponse>(PeerMethod::kApply, MessageOf(request),
                                                   RowOf(PeerMethod::kApply).deadline_ms);
  }
  absl::Status Abort(const ApplyRequest& request) override {
    return Tell(PeerMethod::kAbort, request);
  }
  absl::Status Confirm(const ApplyRequest& request) override {
    return Tell(PeerMethod::kConfirm, request);
  }
  absl::StatusOr<FetchResponse> Fetch(const Hash& selection) override;

  [[nodiscard]] DeviceId device() const override {
    const std::lock_guard lock(mutex_);
    return device_;
  }
  void Bind(const DeviceId& device) override {
    const std::lock_guard lock(mutex_);
    bound_ = device;
  }

 private:
  absl::Status NoAnswer() const {
    return Named({.code = ReasonCode::kPeerAnswerInvalid, .evidence = "success, and no answer"});
  }
  static wire::ApplyRequest MessageOf(const ApplyRequest& request) {
    wire::ApplyRequest message;
    message.set_number(request.number);
    return message;
  }
  template <typename Message, typename Value>
  static std::function<absl::Status(const std::string&)> Decoder(absl::StatusOr<Value>& value) {
    return [&value](const std::string& bytes) {
      Message message;
      value = message.ParseFromString(bytes)
                  ? Decode(message)
                  : absl::InvalidArgumentError("an answer that does not parse");
      return value.status();
    };
  }
  template <typename Message, typename Value>
  absl::StatusOr<Value> Ask(PeerMethod method, const google::protobuf::MessageLite& request,
                            std::uint32_t deadline_ms) {
    absl::StatusOr<Value> answer = NoAnswer();
    const absl::Status called = Run({.row = &RowOf(method),
                                     .deadline_ms = deadline_ms,
                                     .next = {},
                                     .on_message = Decoder<Message>(answer)},
                                    [&request] { return Only(request); });
    return called.ok() ? answer : called;
  }
  absl::Status Tell(PeerMethod method, const ApplyRequest& request) {
    const PeerMethodRow& row = RowOf(method);
    const wire::ApplyRequest message = MessageOf(request);
    return Run({.row = &row,
                .deadline_ms = row.deadline_ms,
                .next = {},
                .on_message = [](const std::string&) { return absl::OkStatus(); }},
               [&message] { return Only(message); });
  }

  absl::Status Connected();
  absl::Status Run(ClientCall call,
                   const std::function<std::function<std::optional<std::string>()>()>& sender);
  absl::Status Named(Reason reason) const {
    reason.remote = address_.name;
    return StatusOf(reason);
  }

  const LinksSetup setup_;
  const std::shared_ptr<CallStop> stop_;
  const RemoteAddress address_;
  std::unique_ptr<LinkConnection> connection_;
  bool is_on_backup_ = false;  // Which address answered last.
  mutable std::mutex mutex_;
  DeviceId device_;  // Under mutex_.
  DeviceId bound_;   // Under mutex_.
};

absl::StatusOr<FetchResponse> GrpcLink::Fetch(const Hash& selection) {
  wire::FetchRequest message;
  message.set_selection(BytesOf(selection));
  FetchResponse answer;
  std::size_t count = 0;
  const PeerMethodRow& row = RowOf(PeerMethod::kFetch);
  const absl::Status called =
      Run({.row = &row,
           .deadline_ms = row.deadline_ms,
           .next = {},
           .on_message =
               [&answer, &count](const std::string& bytes) {
                 wire::FetchPiece piece;
                 if (!piece.ParseFromString(bytes)) {
                   return absl::InvalidArgumentError("an answer that does not parse");
                 }
                 if (count++ == 0) {
                   answer.edits.clear();
                   const auto part = HashOf("part", piece.part());
                   if (!part.ok()) {
                     return part.status();
                   }
                   answer.part = *part;
                 }
                 if (answer.edits.size() + piece.edits().size() > kPushBytesMax) {
                   return absl::ResourceExhaustedError(
                       absl::StrCat("a part of more than ", kPushBytesMax, " bytes"));
                 }
                 answer.edits += piece.edits();
                 return absl::OkStatus();
               }},
          [&message, &count] {
            count = 0;
            return Only(message);
          });
  if (!called.ok()) {
    return called;
  }
  if (count == 0) {
    return NoAnswer();
  }
  return answer;
}

// The address that answered last first; the other one if it does not.
absl::Status GrpcLink::Connected() {
  if (stop_->is_stopped()) {
    return Named(CallStop::Why());
  }
  DeviceId bound;
  {
    const std::lock_guard lock(mutex_);
    bound = bound_;
  }
  if (connection_ != nullptr) {
    const absl::Status checked = connection_->Check(bound);
    if (checked.ok()) {
      return checked;
    }
    connection_.reset();
  }
  absl::Status first;
  for (const bool is_backup : {is_on_backup_, !is_on_backup_}) {
    const std::string& text = is_backup ? address_.backup_address : address_.address;
    if (text.empty()) {
      continue;
    }
    auto made =
        LinkConnection::Make({.links = setup_, .address = address_, .stop = *stop_}, text, bound);
    if (made.ok()) {
      connection_ = *std::move(made);
      is_on_backup_ = is_backup;
      const std::lock_guard lock(mutex_);
      device_ = connection_->theirs().device;
      return absl::OkStatus();
    }
    // What is wrong with the main address is said first.
    if (first.ok() || !is_backup) {
      first = made.status();
    }
  }
  return first.ok() ? Named({.code = ReasonCode::kHa1NotSyncInterface,
                             .evidence = "the remote has no address"})
                    : Named(ReasonOf(first));
}

absl::Status GrpcLink::Run(
    ClientCall call, const std::function<std::function<std::optional<std::string>()>()>& sender) {
  // What does no harm if it is done twice is tried again on a new connection.
  const bool may_repeat =
      call.row->method == PeerMethod::kExchange || call.row->method == PeerMethod::kFetch;
  for (int attempt = 0;; ++attempt) {
    const bool was_connected = connection_ != nullptr;
    if (const absl::Status connected = Connected(); !connected.ok()) {
      return connected;
    }
    call.next = sender();
    const ClientEnd end = connection_->Run(call);
    if (!end.reason) {
      return absl::OkStatus();
    }
    const bool is_session_lost = end.is_refused && end.reason->code == ReasonCode::kAuthFailed;
    const bool is_broken = end.code == grpc::StatusCode::UNAVAILABLE && !end.is_refused;
    if (!end.is_refused || is_session_lost) {
      connection_.reset();
    }
    const bool is_again = is_session_lost || (is_broken && may_repeat);
    if (attempt > 0 || !was_connected || !is_again) {
      return Named(*end.reason);
    }
  }
}

class GrpcLinks final : public LinkMaker {
 public:
  explicit GrpcLinks(const LinksSetup& setup) : setup_(setup) {}
  std::unique_ptr<PeerLink> MakeLink(const RemoteAddress& address) override {
    return std::make_unique<GrpcLink>(setup_, stop_, address);
  }
  void Stop() override { stop_->Stop(); }

 private:
  const LinksSetup setup_;
  const std::shared_ptr<CallStop> stop_ = std::make_shared<CallStop>();
};

}  // namespace

std::unique_ptr<LinkMaker> MakeGrpcLinks(const LinksSetup& setup) {
  return std::make_unique<GrpcLinks>(setup);
}

}  // namespace configsync
