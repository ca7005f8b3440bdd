// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A connection to one address of a remote, logged in. It is made anew when it breaks: what went
// wrong is found out then.
//
// Threads: one at a time.

#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "configsync/devices/device.h"
#include "configsync/pair/link.h"
#include "configsync/peer/client_call.h"
#include "configsync/peer/peer_server.h"
#include "configsync/peer/remote_address.h"

namespace configsync {

// What our own check said of the remote's certificate, on gRPC's threads.
struct SeenCertificate {
  std::mutex mutex;
  bool is_seen = false;
  PinVerdict verdict = PinVerdict::kNotPinned;
  Certificate certificate;
  DeviceId bound;  // The only one that is right; empty: each that is pinned. Never changes.
};

class LinkConnection {
 public:
  // Borrowed; it outlives the connection.
  struct Setup {
    const LinksSetup& links;
    const RemoteAddress& address;
    CallStop& stop;
  };
  // Probes, connects, logs in: at most a second and a fifth. `bound`: the device that it has to be;
  // empty: any that is pinned. Errors with a reason.
  static absl::StatusOr<std::unique_ptr<LinkConnection>> Make(const Setup& setup,
                                                              const std::string& text,
                                                              const DeviceId& bound);

  // Whether it may still be used: certificates as they were, interface up. Errors with a reason.
  absl::Status Check(const DeviceId& bound);
  // Fills the session in. What the network says is in the reason. An exchange gets the deadline of
  // its row, while it is not known that this connection answers quickly.
  [[nodiscard]] ClientEnd Run(ClientCall call);

  [[nodiscard]] const Certificate& theirs() const { return theirs_; }

 private:
  LinkConnection(const Setup& setup, Endpoint remote, LocalAddress local)
      : setup_(setup.links),
        address_(setup.address),
        stop_(setup.stop),
        remote_(std::move(remote)),
        local_(std::move(local)) {}

  void Connect();
  absl::Status LogIn();
  absl::StatusOr<std::string> Password();
  // Instead of gRPC's "unavailable" and "deadline".
  [[nodiscard]] Reason WhyBroken(const ClientEnd& end, bool was_open);

  const LinksSetup& setup_;
  const RemoteAddress& address_;
  CallStop& stop_;
  const Endpoint remote_;
  const LocalAddress local_;
  Certificate own_;
  std::shared_ptr<SeenCertificate> seen_ = std::make_shared<SeenCertificate>();
  std::shared_ptr<grpc::Channel> channel_;
  Certificate theirs_;
  std::string session_;
  bool is_quick_ = false;  // The last exchange was answered within kQuickAnswerMs.
};

}  // namespace configsync
