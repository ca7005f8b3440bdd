// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/unit/configsync/peer/lying_server.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "absl/strings/str_cat.h"
#include "configsync/peer/byte_buffers.h"
#include "configsync/peer/login.h"
#include "configsync/peer/tls_credentials.h"
#include "proto/peersync.pb.h"

namespace configsync {

class LyingServer::Service : public grpc::CallbackGenericService {
 public:
  Service(LyingServer& lies, const DeviceStore& own, const DeviceStore& caller)
      : lies_(lies), own_(own), caller_(caller) {}

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Call(*this, *context);
  }

 private:
  class Call : public grpc::ServerGenericBidiReactor {
   public:
    Call(Service& service, grpc::GenericCallbackServerContext& context)
        : service_(service), context_(context) {
      StartRead(&buffer_);
    }
    void OnReadDone(bool) override {
      answer_ = service_.AnswerTo(context_.method(), TextOfBuffer(buffer_));
      if (answer_.is_compressed) context_.set_compression_algorithm(GRPC_COMPRESS_GZIP);
      Next();
    }
    void OnWriteDone(bool is_written) override {
      if (is_written) {
        Next();
      } else {
        Finish(grpc::Status::CANCELLED);
      }
    }
    void OnDone() override { delete this; }

   private:
    void Next() {
      if (at_ < answer_.messages.size()) {
        buffer_ = BufferOfText(answer_.messages[at_++]);
        StartWrite(&buffer_);
        return;
      }
      if (!answer_.reason.empty()) context_.AddTrailingMetadata("lockstep-reason", answer_.reason);
      Finish({static_cast<grpc::StatusCode>(answer_.status), answer_.status == 0 ? "" : "because"});
    }
    Service& service_;
    grpc::GenericCallbackServerContext& context_;
    grpc::ByteBuffer buffer_;
    Answer answer_;
    std::size_t at_ = 0;
  };

  Answer AnswerTo(const std::string& method, const std::string& bytes) {
    if (method == RowOf(PeerMethod::kOpen).path) {
      lockstep::peersync::OpenRequest request;
      request.ParseFromString(bytes);
      transcript_ = {.challenge = RandomBytes(kNonceBytes),
                     .client_nonce = request.nonce(),
                     .client_sha256 = caller_.own().sha256,
                     .server_sha256 = own_.own().sha256};
      lockstep::peersync::OpenResponse response;
      response.set_challenge(lies_.challenge.empty() ? transcript_.challenge : lies_.challenge);
      return {.messages = {response.SerializeAsString()}};
    }
    if (method == RowOf(PeerMethod::kLogin).path) {
      lockstep::peersync::LoginResponse response;
      response.set_session(RandomBytes(kSessionBytes));
      response.set_proof(lies_.welcome.empty() ? WelcomeOf(own_.own_password(), transcript_)
                                               : lies_.welcome);
      return {.messages = {response.SerializeAsString()}};
    }
    const std::lock_guard lock(lies_.hold);
    return lies_.answer;
  }

  LyingServer& lies_;
  const DeviceStore& own_;
  const DeviceStore& caller_;
  LoginTranscript transcript_;
};

struct LyingServer::Impl {
  std::unique_ptr<Service> service;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

LyingServer::LyingServer(const DeviceStore& own, const DeviceStore& caller)
    : impl_(std::make_unique<Impl>()) {
  impl_->service = std::make_unique<Service>(*this, own, caller);
  const Identity identity = own.OwnIdentity();
  grpc::ServerBuilder builder;
  builder.RegisterCallbackGenericService(impl_->service.get());
  builder.AddListeningPort(
      "127.0.0.1:0",
      MakeServerCredentials({.certificate_pem = identity.certificate.pem,
                             .key_pem = identity.key_pem,
                             .check = [](const std::string&) { return absl::OkStatus(); }}),
      &impl_->port);
  builder.SetMaxSendMessageSize(-1);
  impl_->server = builder.BuildAndStart();
}

LyingServer::~LyingServer() {
  impl_->server->Shutdown();
  impl_->server->Wait();
}

std::string LyingServer::address() const { return absl::StrCat("127.0.0.1:", impl_->port); }

}  // namespace configsync
