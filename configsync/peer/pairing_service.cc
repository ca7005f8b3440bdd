// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/pairing_service.h"

#include <grpcpp/server_context.h>

#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_replace.h"
#include "configsync/status_grpc.h"
#include "proto/peersync.grpc.pb.h"

namespace configsync {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using lockstep::peersync::Done;
using lockstep::peersync::PairingAnswer;
using lockstep::peersync::PairingBegin;
using lockstep::peersync::PairingEnd;
using lockstep::peersync::PairingFinish;
using lockstep::peersync::PairingFinished;
using lockstep::peersync::PairingReveal;
using lockstep::peersync::PairingRevealed;

constexpr char kCertificateProperty[] = "x509_pem_cert";

// "ipv4:10.9.1.1:41000", "ipv6:%5Bfd00::1%5D:41000": without scheme and port.
std::string AddressOf(const std::string& peer) {
  const std::size_t scheme = peer.find(':');
  const std::size_t port = peer.rfind(':');
  if (scheme == std::string::npos || port <= scheme) return peer;
  return absl::StrReplaceAll(peer.substr(scheme + 1, port - scheme - 1),
                             {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
}

PairingCaller CallerOf(const CallbackServerContext& context) {
  PairingCaller caller{.certificate_pem = {}, .address = AddressOf(context.peer())};
  const auto found = context.auth_context()->FindPropertyValues(kCertificateProperty);
  if (found.size() == 1) {
    caller.certificate_pem.assign(found.front().data(), found.front().size());
  }
  return caller;
}

// What takes seconds has a thread of its own: one at a time, as pairings are.
class OneAtATime {
 public:
  ~OneAtATime() {
    if (thread_.joinable()) thread_.join();
  }
  // False: one runs.
  bool Run(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    if (is_running_) return false;
    if (thread_.joinable()) thread_.join();  // It has ended, or is about to.
    is_running_ = true;
    thread_ = std::thread([this, work = std::move(work)] {
      work();
      const std::lock_guard ended(mutex_);
      is_running_ = false;
    });
    return true;
  }

 private:
  std::mutex mutex_;
  bool is_running_ = false;
  std::thread thread_;
};

class PairingService final : public lockstep::peersync::Pairing::CallbackService {
 public:
  explicit PairingService(PairingCalls& calls) : calls_(calls) {}

  ServerUnaryReactor* Begin(CallbackServerContext* context, const PairingBegin* request,
                            PairingAnswer* answer) override {
    return Finished(*context, calls_.OnBegin(CallerOf(*context), *request, *answer));
  }
  ServerUnaryReactor* Reveal(CallbackServerContext* context, const PairingReveal* request,
                             PairingRevealed*) override {
    return Finished(*context, calls_.OnReveal(CallerOf(*context), *request));
  }
  ServerUnaryReactor* Finish(CallbackServerContext* context, const PairingFinish* request,
                             PairingFinished* answer) override {
    if (!request->confirmed()) {
      return Finished(*context, calls_.OnFinish(CallerOf(*context), *request, *answer));
    }
    ServerUnaryReactor* reactor = context->DefaultReactor();
    const bool is_started = slow_.Run([this, reactor, context, request, answer] {
      reactor->Finish(GrpcStatus(calls_.OnFinish(CallerOf(*context), *request, *answer)));
    });
    if (!is_started) {
      reactor->Finish({grpc::StatusCode::UNAVAILABLE, "the hand-over runs; ask again"});
    }
    return reactor;
  }
  ServerUnaryReactor* End(CallbackServerContext* context, const PairingEnd* request,
                          Done*) override {
    return Finished(*context, calls_.OnEnd(CallerOf(*context), *request));
  }

 private:
  static ServerUnaryReactor* Finished(CallbackServerContext& context, const absl::Status& status) {
    ServerUnaryReactor* reactor = context.DefaultReactor();
    reactor->Finish(GrpcStatus(status));
    return reactor;
  }

  PairingCalls& calls_;
  OneAtATime slow_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakePairingService(PairingCalls& calls) {
  return std::make_unique<PairingService>(calls);
}

}  // namespace configsync
