// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/unit/configsync/peer/peer_pair.h"

#include <array>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "absl/strings/str_cat.h"
#include "proto/peersync.pb.h"

namespace configsync {

ScratchFolder::ScratchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "lockstep-peer-XXXXXX").string();
  path_ = mkdtemp(name.data());
}

absl::Status FakeCalls::See(const char* name, const DeviceId& from) {
  const std::lock_guard lock(mutex);
  seen.push_back(absl::StrCat(name, " ", from));
  return status;
}

absl::StatusOr<Exchange> FakeCalls::OnExchange(const DeviceId& from, const Exchange&) {
  const std::lock_guard hold(hold_exchange);
  if (absl::Status refused = See("Exchange", from); !refused.ok()) return refused;
  const std::lock_guard lock(mutex);
  return exchange;
}

absl::StatusOr<PrepareResponse> FakeCalls::OnPrepare(const DeviceId& from,
                                                     const PrepareRequest& given) {
  if (absl::Status refused = See("Prepare", from); !refused.ok()) return refused;
  const std::lock_guard hold(hold_prepare);
  const std::lock_guard lock(mutex);
  request = given;
  return prepared;
}

absl::StatusOr<ApplyResponse> FakeCalls::OnApply(const DeviceId& from, const ApplyRequest&) {
  if (absl::Status refused = See("Apply", from); !refused.ok()) return refused;
  const std::lock_guard lock(mutex);
  return applied;
}

absl::Status FakeCalls::OnAbort(const DeviceId& from, const ApplyRequest&) {
  return See("Abort", from);
}

absl::Status FakeCalls::OnConfirm(const DeviceId& from, const ApplyRequest&) {
  return See("Confirm", from);
}

absl::StatusOr<FetchResponse> FakeCalls::OnFetch(const DeviceId& from, const Hash&) {
  if (absl::Status refused = See("Fetch", from); !refused.ok()) return refused;
  const std::lock_guard lock(mutex);
  return fetched;
}

absl::Status FakePairing::OnBegin(const PairingCaller&, const lockstep::peersync::PairingBegin&,
                                  lockstep::peersync::PairingAnswer&) {
  ++count;
  return absl::OkStatus();
}
absl::Status FakePairing::OnReveal(const PairingCaller&, const lockstep::peersync::PairingReveal&) {
  ++count;
  return absl::OkStatus();
}
absl::Status FakePairing::OnFinish(const PairingCaller&, const lockstep::peersync::PairingFinish&,
                                   lockstep::peersync::PairingFinished&) {
  ++count;
  return absl::OkStatus();
}
absl::Status FakePairing::OnEnd(const PairingCaller&, const lockstep::peersync::PairingEnd&) {
  ++count;
  return absl::OkStatus();
}

KnownDevice Known(const DeviceStore& store, const std::string& password) {
  return {.certificate = store.own(), .name = store.own().name, .their_password = password};
}

bool Eventually(const std::function<bool()>& is_so) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

PeerPair::PeerPair() {
  a = *DeviceStore::Open(folder.path() + "/a", "fw-a");
  b = *DeviceStore::Open(folder.path() + "/b", "fw-b");
  server_setup.listen = {"127.0.0.1:0"};
  server_setup.devices = b.get();
  server_setup.calls = &calls;
  server_setup.pairing = &pairing;
  server_setup.password = [this] { return b->own_password(); };
  server_setup.is_expected = [](const std::string&) { return true; };
  links_setup.devices = a.get();
  links_setup.local_addresses = {"127.0.0.1"};
  calls.exchange.state.device = b->own().device;
}

PeerPair::~PeerPair() {
  links.reset();
  server.reset();
}

void PeerPair::Introduce() {
  ASSERT_TRUE(a->Add(Known(*b, b->own_password())).ok());
  ASSERT_TRUE(b->Add(Known(*a, a->own_password())).ok());
}

void PeerPair::StartServer() {
  auto started = PeerServer::Start(server_setup);
  ASSERT_TRUE(started.ok()) << started.status();
  server = *std::move(started);
}

std::unique_ptr<PeerLink> PeerPair::LinkTo(const std::string& address, const std::string& backup) {
  if (links == nullptr) links = MakeGrpcLinks(links_setup);
  return links->MakeLink(
      {.name = "fw-b", .address = address, .backup_address = backup, .user = "hasync"});
}

Exchange PeerPair::State() const {
  Exchange state;
  state.state.device = a->own().device;
  return state;
}

std::string PeerPair::CodeOfExchange(PeerLink& link) {
  const auto answer = link.DoExchange(State());
  if (answer.ok()) return "";
  const Reason reason = ReasonOf(answer.status());
  EXPECT_EQ(reason.remote, "fw-b");
  EXPECT_FALSE(reason.evidence.empty());
  SCOPED_TRACE(reason.evidence);
  return std::string(RowOf(reason.code).name);
}

bool PeerPair::SaysRefused(ReasonCode code) {
  return Eventually([&] {
    for (const Reason& reason : server->Refusals()) {
      if (reason.code == code) return true;
    }
    return false;
  });
}

}  // namespace configsync
