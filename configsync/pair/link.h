// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The way to one remote. peer/ has one over gRPC, which logs in by itself; the simulator has one
// that loses calls and answers.
//
// Every call has the deadline of PAIR.md. Errors carry a Reason (reasons/reason.h): that the call
// was never made, or that nobody knows whether it was.
//
// Threads: one call at a time a link.

#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "configsync/pair/messages.h"

namespace configsync {

class PeerLink {
 public:
  virtual ~PeerLink() = default;
  virtual absl::StatusOr<Exchange> DoExchange(const Exchange& mine) = 0;
  virtual absl::StatusOr<PrepareResponse> Prepare(const PrepareRequest& request) = 0;
  virtual absl::StatusOr<ApplyResponse> Apply(const ApplyRequest& request) = 0;
  virtual absl::Status Abort(const ApplyRequest& request) = 0;
  virtual absl::Status Confirm(const ApplyRequest& request) = 0;
  // The remote's part under the selection of this node that it knows.
  virtual absl::StatusOr<FetchResponse> Fetch(const Hash& selection) = 0;
  // Device at the other end, as its certificate says; empty: not known yet.
  [[nodiscard]] virtual DeviceId device() const = 0;
  // From now on another device that answers at the address is refused before anything is sent to
  // it (CERT_NOT_PINNED). Empty: every paired device is right. On any thread.
  virtual void Bind(const DeviceId& device) = 0;
};

// What a remote of the configuration is reached by.
struct RemoteAddress {
  std::string name;
  std::string address, backup_address;
  std::string user;
  std::string password;  // Empty: of the pairing. Never logged.
  friend bool operator==(const RemoteAddress&, const RemoteAddress&) = default;
};

class LinkMaker {
 public:
  virtual ~LinkMaker() = default;
  virtual std::unique_ptr<PeerLink> MakeLink(const RemoteAddress& address) = 0;
  // This node stops: calls of all its links end at once, and so do those that begin later. On any
  // thread; waits for nothing.
  virtual void Stop() = 0;
};

// The same calls from the other side. `from`: whom TLS and login have proven.
class PeerCalls {
 public:
  virtual ~PeerCalls() = default;
  virtual absl::StatusOr<Exchange> OnExchange(const DeviceId& from, const Exchange& theirs) = 0;
  virtual absl::StatusOr<PrepareResponse> OnPrepare(const DeviceId& from,
                                                    const PrepareRequest& request) = 0;
  virtual absl::StatusOr<ApplyResponse> OnApply(const DeviceId& from,
                                                const ApplyRequest& request) = 0;
  virtual absl::Status OnAbort(const DeviceId& from, const ApplyRequest& request) = 0;
  virtual absl::Status OnConfirm(const DeviceId& from, const ApplyRequest& request) = 0;
  virtual absl::StatusOr<FetchResponse> OnFetch(const DeviceId& from, const Hash& selection) = 0;
};

}  // namespace configsync
