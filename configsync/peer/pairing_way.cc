// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/pairing_way.h"

#include <arpa/inet.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <array>
#include <charconv>
#include <chrono>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "configsync/peer/peer_server.h"
#include "configsync/peer/tls_credentials.h"
#include "configsync/status_grpc.h"
#include "proto/peersync.grpc.pb.h"

namespace configsync {
namespace {

using lockstep::peersync::Done;
using lockstep::peersync::PairingAnswer;
using lockstep::peersync::PairingBegin;
using lockstep::peersync::PairingEnd;
using lockstep::peersync::PairingFinish;
using lockstep::peersync::PairingFinished;
using lockstep::peersync::PairingReveal;
using lockstep::peersync::PairingRevealed;
using Stub = lockstep::peersync::Pairing::Stub;

constexpr int kAnswerBytesMax = 16 * 1'024;
constexpr auto kAsk = std::chrono::seconds(2);
constexpr auto kHandOver = std::chrono::seconds(30);  // The other seals all secrets anew.

// The certificate that was shown first. The channel's verifier may outlive the way.
class FirstCertificate {
 public:
  absl::Status Check(const std::string& pem) {
    const std::lock_guard lock(mutex_);
    if (pem_.empty()) {
      const absl::StatusOr<Certificate> read = ReadCertificate(pem);
      if (!read.ok()) return read.status();
      pem_ = pem;
    }
    return pem == pem_ ? absl::OkStatus()
                       : absl::UnauthenticatedError("another node answers at this address now");
  }
  [[nodiscard]] std::string pem() {
    const std::lock_guard lock(mutex_);
    return pem_;
  }

 private:
  std::mutex mutex_;
  std::string pem_;
};

class GrpcPairingWay final : public PairingWay {
 public:
  GrpcPairingWay(std::string target, Identity own)
      : target_(std::move(target)),
        own_(std::move(own)),
        first_(std::make_shared<FirstCertificate>()) {}

  absl::Status Begin(const PairingBegin& request, PairingAnswer& answer) override {
    return Call(&Stub::Begin, kAsk, request, answer);
  }
  absl::Status Reveal(const PairingReveal& request) override {
    PairingRevealed answer;
    return Call(&Stub::Reveal, kAsk, request, answer);
  }
  absl::Status Finish(const PairingFinish& request, PairingFinished& answer) override {
    return Call(&Stub::Finish, request.confirmed() ? kHandOver : kAsk, request, answer);
  }
  absl::Status End(const PairingEnd& request) override {
    Done answer;
    return Call(&Stub::End, kAsk, request, answer);
  }
  std::string their_certificate() override { return first_->pem(); }

 private:
  template <typename Request, typename Answer>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Answer*),
                    std::chrono::seconds deadline, const Request& request, Answer& answer) {
    if (stub_ == nullptr) {
      const auto channel = MakeTlsChannel(
          target_,
          {.certificate_pem = own_.certificate.pem,
           .key_pem = own_.key_pem,
           .check = [first = first_](const std::string& pem) { return first->Check(pem); },
           .debug_tls_keys = {}},
          kAnswerBytesMax);
      if (channel == nullptr) {
        return absl::InternalError("pairing: this OpenSSL cannot be kept to TLS 1.3");
      }
      stub_ = lockstep::peersync::Pairing::NewStub(channel);
    }
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + deadline);
    const absl::Status status = AbslStatus((stub_.get()->*method)(&context, request, &answer));
    // The next call makes a connection of its own: one that was made before the other node was
    // opened never serves a pairing.
    if (!status.ok()) stub_.reset();
    return status;
  }

  const std::string target_;
  const Identity own_;
  const std::shared_ptr<FirstCertificate> first_;
  std::unique_ptr<Stub> stub_;
};

bool IsAddress(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(family, text.c_str(), bytes.data()) == 1;
}

bool IsPort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0;
}

}  // namespace

absl::StatusOr<std::string> PairingTarget(const std::string& address) {
  if (IsAddress(AF_INET6, address)) {
    return absl::StrCat("ipv6:[", address, "]:", kPeersyncPort);
  }
  const bool is_bracketed = address.starts_with('[');
  const std::size_t colon = address.rfind(':');
  const std::size_t bracket = address.rfind(']');
  const bool has_port = colon != std::string::npos && (!is_bracketed || (bracket + 1 == colon));
  std::string host = has_port ? address.substr(0, colon) : address;
  const std::string port = has_port ? address.substr(colon + 1) : absl::StrCat(kPeersyncPort);
  if (is_bracketed && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (IsPort(port) && IsAddress(is_bracketed ? AF_INET6 : AF_INET, host)) {
    return is_bracketed ? absl::StrCat("ipv6:[", host, "]:", port)
                        : absl::StrCat("ipv4:", host, ":", port);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("address of the other node: '", address.substr(0, 64),
                   "' is not an IP address with or without port, as 10.9.1.2, 10.9.1.2:4792 or "
                   "[fd00::2]:4792"));
}

std::unique_ptr<PairingWay> MakePairingWay(const std::string& target, const Identity& own) {
  return std::make_unique<GrpcPairingWay>(target, own);
}

}  // namespace configsync
