// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two nodes on loopback: identities on a disk of their own, a server that answers from values, and
// a link to it.
//
// Threads: the values that answers are made of are set while nobody calls, or under `mutex`.

#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "configsync/devices/device.h"
#include "configsync/pair/link.h"
#include "configsync/peer/pairing.h"
#include "configsync/peer/peer_server.h"

namespace configsync {

// A folder that goes away with the object.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct FakeCalls : PeerCalls {
  absl::StatusOr<Exchange> OnExchange(const DeviceId& from, const Exchange& theirs) override;
  absl::StatusOr<PrepareResponse> OnPrepare(const DeviceId& from,
                                            const PrepareRequest& request) override;
  absl::StatusOr<ApplyResponse> OnApply(const DeviceId& from, const ApplyRequest& request) override;
  absl::Status OnAbort(const DeviceId& from, const ApplyRequest& request) override;
  absl::Status OnConfirm(const DeviceId& from, const ApplyRequest& request) override;
  absl::StatusOr<FetchResponse> OnFetch(const DeviceId& from, const Hash& selection) override;

  std::mutex mutex;  // For all that follow.
  absl::Status status;
  Exchange exchange;
  PrepareResponse prepared;
  ApplyResponse applied;
  FetchResponse fetched;
  std::vector<std::string> seen;  // "Exchange DEVICE".
  PrepareRequest request;         // The last.
  // Held calls wait until it is unlocked.
  std::mutex hold_prepare, hold_exchange;

 private:
  absl::Status See(const char* name, const DeviceId& from);
};

struct FakePairing : PairingCalls {
  [[nodiscard]] bool is_open() override { return open.load(); }
  absl::Status OnBegin(const PairingCaller&, const lockstep::peersync::PairingBegin&,
                       lockstep::peersync::PairingAnswer&) override;
  absl::Status OnReveal(const PairingCaller&, const lockstep::peersync::PairingReveal&) override;
  absl::Status OnFinish(const PairingCaller&, const lockstep::peersync::PairingFinish&,
                        lockstep::peersync::PairingFinished&) override;
  absl::Status OnEnd(const PairingCaller&, const lockstep::peersync::PairingEnd&) override;
  std::atomic<bool> open{false};
  std::atomic<int> count{0};
};

class PeerPair : public ::testing::Test {
 protected:
  PeerPair();
  ~PeerPair() override;

  // Both know each other's certificates; each has the other's password.
  void Introduce();
  void StartServer();
  // A link of node a to the server of b.
  std::unique_ptr<PeerLink> LinkTo(const std::string& address, const std::string& backup = "");
  std::unique_ptr<PeerLink> LinkToServer() { return LinkTo(server->listening()[0]); }
  // A state of node a.
  [[nodiscard]] Exchange State() const;
  // Code of what the link says about an exchange; empty: it answered.
  std::string CodeOfExchange(PeerLink& link);
  // A refusal with this code is listed by the server, within seconds.
  bool SaysRefused(ReasonCode code);

  ScratchFolder folder;
  std::unique_ptr<DeviceStore> a, b;
  FakeCalls calls;
  FakePairing pairing;
  PeerServerSetup server_setup;
  LinksSetup links_setup;
  std::unique_ptr<PeerServer> server;
  std::unique_ptr<LinkMaker> links;
};

[[nodiscard]] KnownDevice Known(const DeviceStore& store, const std::string& password);
// Waits for a condition, for seconds at most.
[[nodiscard]] bool Eventually(const std::function<bool()>& is_so);

}  // namespace configsync
