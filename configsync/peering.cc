// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peering.h"

#include <algorithm>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "configsync/admin/pairing_calls.h"
#include "configsync/devices/device.h"
#include "configsync/follow/role_watch.h"
#include "configsync/inventory/inventory.h"
#include "configsync/log/log.h"
#include "configsync/peer/pairing.h"
#include "configsync/peer/peer_server.h"
#include "configsync/peer_policy.h"
#include "configsync/ticker.h"

namespace configsync {
namespace {

constexpr std::uint32_t kPushTickMs = 1'000;  // Woken long before that.

std::size_t CountKnown(const DeviceStore& devices) {
  const std::vector<KnownDevice> known = devices.Known();
  return static_cast<std::size_t>(std::ranges::count(known, false, &KnownDevice::is_revoked));
}

absl::StatusOr<std::string> ReadMasterKey(const std::string& state_dir) {
  const std::string path = state_dir + "/master.key";
  std::string text;
  std::ifstream file(path);
  if (!std::getline(file, text)) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  }
  return text;
}

}  // namespace

// In the order of their making: what is below uses what is above.
struct Peering::Impl : public NodeFacts {
  Setup setup;
  std::mutex ticker_mutex;  // The pair may wake somebody who is not there yet, or not any more.
  std::mutex server_mutex;  // Guards server and server_fault.
  std::unique_ptr<DeviceStore> devices_store;
  std::unique_ptr<LinkMaker> links;
  std::unique_ptr<Inventory> inventory;
  std::unique_ptr<PairSync> pair;
  std::unique_ptr<Pairing> pairing;
  std::unique_ptr<DeviceCalls> device_calls;
  std::unique_ptr<Ticker> pushes;  // Woken by `ticker` behind each round of states.
  std::unique_ptr<Ticker> ticker;
  std::unique_ptr<RoleWatch> watch;
  std::unique_ptr<PeerServer> server;
  std::string server_fault;  // Why it does not listen although it should.

  void Wake() {
    const std::lock_guard lock(ticker_mutex);
    if (ticker != nullptr) {
      ticker->Wake();
    }
  }

  PeerPolicy Policy() { return PeerPolicyOf(setup.engine->Running().second); }

  std::string Password() {
    std::string configured = Policy().password;
    return configured.empty() ? devices_store->own_password() : configured;
  }

  void Audit(const Operator& by, const std::string& detail, const std::string& outcome) {
    const absl::Status status = setup.engine->WriteAudit(by, "pairing", detail, outcome);
    if (!status.ok()) {
      Log(LogLevel::kError, "audit",
          absl::StrCat(detail, ": ", outcome, ": not written: ", status.message()));
    }
  }

  absl::Status TakeMasterKey(const Operator& by, const std::string& key) {
    const absl::StatusOr<std::string> old_key = ReadMasterKey(setup.options->state_dir);
    return old_key.ok() ? setup.engine->ChangeMasterKey(by, *old_key, key) : old_key.status();
  }

  // What this node is, and what its service for peers has to say beside.
  Facts FactsOf(const Tree& running) override { return inventory->FactsOf(running); }
  LocalRole Role() override {
    LocalRole role = inventory->Role();
    const PeerPolicy policy = Policy();
    if (policy.is_enabled && setup.options->ha1.empty()) {
      Reason& reason = role.reasons.emplace_back();
      reason.code = ReasonCode::kHa1NotSyncInterface;
      reason.evidence =
          "lockstep-configd was started without --ha1: it reaches no remote, and none reaches it";
    }
    const std::lock_guard lock(server_mutex);
    if (policy.is_enabled && !server_fault.empty()) {
      Reason& reason = role.reasons.emplace_back();
      reason.code = ReasonCode::kHa1Down;
      reason.evidence = server_fault;
    }
    if (server != nullptr) {
      std::ranges::move(server->Refusals(), std::back_inserter(role.reasons));
      if (std::string fault = server->fault(); policy.is_enabled && !fault.empty()) {
        // The other address of HA1 serves: nothing is blocked by that.
        role.reasons.push_back({.code = ReasonCode::kHa1Down,
                                .evidence = std::move(fault),
                                .severity = Severity::kWarning,
                                .blocks = Blocks::kNothing});
      }
    }
    return role;
  }

  std::string PairedName(const DeviceId& device) override {
    const std::optional<KnownDevice> known = devices_store->Find(device);
    return known.has_value() && !known->is_revoked ? known->name : std::string();
  }

  void MakeInventory() {
    InventorySetup with;
    with.schema = setup.schema;
    with.version = std::string(ProgramVersion());
    with.node_name = setup.options->node_name();
    with.file = setup.options->state_dir + "/inventory.json";
    with.device = [this] { return devices_store->own().device; };
    inventory = Inventory::Make(with);
    inventory->Refresh(setup.store->KeyFingerprint(), {});
  }

  void MakePairing() {
    PairingSetup with;
    with.devices = devices_store.get();
    with.node_name = setup.options->node_name();
    with.pair_secret_file = setup.options->pair_secret_file;
    with.password = [this] { return Password(); };
    with.read_master_key = [this] { return ReadMasterKey(setup.options->state_dir); };
    with.take_master_key = [this](const Operator& by, const std::string& key) {
      return TakeMasterKey(by, key);
    };
    with.audit = [this](const Operator& by, const std::string& detail, const std::string& outcome) {
      Audit(by, detail, outcome);
    };
    pairing = Pairing::Make(with);
    device_calls = std::make_unique<DeviceCalls>(
        DeviceCalls::Setup{.devices = devices_store.get(),
                           .pairing = setup.options->ha1.empty() ? nullptr : pairing.get(),
                           .audit = with.audit,
                           .changed = [this] { pair->Wake(); }});
  }

  void MakeWatch() {
    RoleWatchOptions with;
    with.socket = setup.options->dataplane;
    with.on_poll = [this](const DataplaneView& view) {
      if (inventory->Refresh(setup.engine->Status().master_key_fingerprint, view)) {
        pair->Wake();
      }
    };
    watch = std::make_unique<RoleWatch>(std::move(with));
  }

  absl::StatusOr<std::unique_ptr<PeerServer>> MakeServer() {
    PeerServerSetup with;
    with.listen = setup.options->ha1;
    with.devices = devices_store.get();
    with.calls = pair.get();
    with.pairing = pairing.get();
    with.password = [this] { return Password(); };
    with.is_expected = [this](const std::string& address) {
      return IsExpected(Policy(), address, CountKnown(*devices_store), pairing->is_open());
    };
    with.debug_tls_keys = setup.options->debug_tls_keys;
    return PeerServer::Start(with);
  }

  void StartServer() {
    absl::StatusOr<std::unique_ptr<PeerServer>> started = MakeServer();
    const std::string fault =
        started.ok() ? std::string() : std::string(started.status().message());
    if (started.ok()) {
      Log(LogLevel::kNotice, "peer",
          absl::StrCat("listens for other nodes on ", setup.options->ha1[0],
                       setup.options->ha1.size() > 1 ? " and others" : ""));
    } else if (fault != server_fault) {
      Log(LogLevel::kError, "peer",
          absl::StrCat("does not listen for other nodes, tries again: ", fault));
    }
    const std::lock_guard lock(server_mutex);
    server_fault = fault;
    server = started.ok() ? *std::move(started) : nullptr;
  }

  // Calls that run end before it does; nobody who asks for refusals waits for that.
  void StopServer() {
    std::unique_ptr<PeerServer> stopped;
    {
      const std::lock_guard lock(server_mutex);
      stopped = std::move(server);
      server_fault.clear();
    }
    if (stopped != nullptr) {
      stopped.reset();
      Log(LogLevel::kNotice, "peer", "listens for other nodes no more");
    }
  }
};

Peering::Peering() : impl_(std::make_unique<Impl>()) {}

void Peering::StopCalls() {
  if (impl_->links != nullptr) {
    impl_->links->Stop();
  }
}

Peering::~Peering() {
  StopCalls();
  impl_->StopServer();
  impl_->watch.reset();
  std::unique_ptr<Ticker> ticker;
  {
    const std::lock_guard lock(impl_->ticker_mutex);
    ticker = std::move(impl_->ticker);
  }
  ticker.reset();
  impl_->pushes.reset();
}

absl::StatusOr<std::unique_ptr<Peering>> Peering::Start(const Setup& setup) {
  std::unique_ptr<Peering> peering(new Peering);
  Impl& impl = *peering->impl_;
  impl.setup = setup;
  absl::StatusOr<std::unique_ptr<DeviceStore>> devices =
      DeviceStore::Open(setup.options->state_dir + "/device", setup.options->node_name());
  if (!devices.ok()) {
    return devices.status();
  }
  impl.devices_store = *std::move(devices);
  impl.links = MakeGrpcLinks({.devices = impl.devices_store.get(),
                              .local_addresses = setup.options->ha1,
                              .debug_tls_keys = setup.options->debug_tls_keys});
  impl.MakeInventory();
  PairSync::Setup with;
  with.engine = setup.engine;
  with.clock = setup.clock;
  with.links = impl.links.get();
  with.facts = &impl;
  with.root = &setup.schema->root();
  with.store = setup.store;
  with.wake = [&impl] { impl.Wake(); };
  absl::StatusOr<std::unique_ptr<PairSync>> pair = PairSync::Start(with);
  if (!pair.ok()) {
    return pair.status();
  }
  impl.pair = *std::move(pair);
  impl.MakePairing();
  impl.pushes = std::make_unique<Ticker>([&impl] {
    impl.pair->TickPushes();
    return kPushTickMs;
  });
  impl.ticker = std::make_unique<Ticker>([&impl] {
    const std::uint32_t next_ms = impl.pair->TickStates();
    impl.pushes->Wake();
    return next_ms;
  });
  impl.MakeWatch();
  peering->Tick();
  return peering;
}

void Peering::Tick() {
  const bool wants = !impl_->setup.options->ha1.empty() && impl_->Policy().has_interface;
  if (!wants) {
    impl_->StopServer();
  } else if (impl_->server == nullptr) {
    impl_->StartServer();
  }
}

PairSync& Peering::pair() { return *impl_->pair; }

DeviceMethods& Peering::devices() { return *impl_->device_calls; }

}  // namespace configsync
