// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A firewall of two ports for tests of the workers: real ports over rings, real tables, time by
// hand.
//
//   client 10.1.0.10 ── lan[0] 10.1.0.2, virtual .1 ── node ── lan[1] 10.2.0.2, virtual .1
//   ── 10.2.0.20
//
// Threads: one; it calls the workers' turns in order.

#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/core/arp.h"
#include "dataplane/dpdk/handover_rings.h"
#include "dataplane/dpdk/mbuf_pool.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/dpdk/tables.h"
#include "dataplane/dpdk/worker.h"
#include "tests/dpdk/sync_wire.h"
#include "tests/unit/core/frames.h"

namespace dataplane::testing {

inline constexpr std::uint8_t kClients = 0;  // Interface indexes.
inline constexpr std::uint8_t kServers = 1;
inline constexpr MacAddress kClientMac{{0x02, 0xc1, 0, 0, 0, 0x10}};
inline constexpr MacAddress kServerMac{{0x02, 0x5e, 0, 0, 0, 0x20}};
inline const NetAddr kOwnClients = MakeAddr(10, 1, 0, 2);
inline const NetAddr kOwnServers = MakeAddr(10, 2, 0, 2);
inline const NetAddr kVirtualClients = MakeAddr(10, 1, 0, 1);
inline constexpr std::int64_t kMillisecond = 1'000'000;

inline Options TwoPortOptions(std::uint8_t workers) {
  Options options;
  options.name = "test";
  options.runtime.workers = workers;
  options.tables.sessions = 65'536;
  options.tables.neighbours = 64;
  options.ports = {{"p0", ""}, {"p1", ""}};
  ForwardingOptions& forwarding = options.forwarding;
  forwarding.zones = {{1, "clients"}, {2, "servers"}};
  InterfaceOptions clients;
  clients.id = 1;
  clients.name = "clients";
  clients.zone_id = 1;
  clients.address = kOwnClients;
  clients.prefix_length = 24;
  clients.virtual_addresses = {{kVirtualClients, 1}};
  InterfaceOptions servers = clients;
  servers.id = 2;
  servers.name = "servers";
  servers.port = 1;
  servers.zone_id = 2;
  servers.address = kOwnServers;
  servers.virtual_addresses = {{MakeAddr(10, 2, 0, 1), 2}};
  forwarding.interfaces = {clients, servers};
  RuleOptions out;
  out.id = 10;
  out.from_zone_id = 1;
  out.to_zone_id = 2;
  out.permit = true;
  out.nat_pool_id = 1;
  forwarding.rules = {out};
  NatPoolOptions pool;
  pool.id = 1;
  pool.addresses = {{1, kNatAddr}};
  forwarding.nat_pools = {pool};
  forwarding.nat_addresses = {kNatAddr};
  return options;
}

class WorkerNode {
 public:
  // commit: of the one rule.
  explicit WorkerNode(std::uint8_t workers = 1, const CommitOptions& commit = {})
      : options(TwoPortOptions(workers)), shared(std::make_unique<SharedState>()) {
    options.forwarding.rules[0].commit = commit;
    static int count = 0;
    const std::string name = "node" + std::to_string(count++);
    auto buffers = CreateMbufPool(name, 4'095, DataRoomFor(1'500, false, false));
    ENSURE(buffers.ok());
    pool = *std::move(buffers);
    for (std::uint8_t i = 0; i < 2; ++i) {
      auto port = Port::Open({.what = "port",
                              .device = lan[i].device(),
                              .worker_count = workers,
                              .home_worker = static_cast<std::uint8_t>(i % workers),
                              .pool = pool.get()});
      EXPECT_TRUE(port.ok()) << port.status();
      ENSURE(port.ok());
      own_macs.push_back((*port)->mac());
      ports.push_back(*std::move(port));
    }
    auto created = Tables::Create(options, {.index_seed = 7});
    ENSURE(created.ok());
    tables = *std::move(created);
    ENSURE(tables->Complete(options, own_macs).ok());
    rings = *HandoverRings::Create(workers);
    for (std::uint8_t i = 0; i < workers; ++i) {
      all_workers.push_back(std::make_unique<Worker>(WorkerSetup{.index = i,
                                                                 .worker_count = workers,
                                                                 .tables = tables.get(),
                                                                 .shared = shared.get(),
                                                                 .rings = rings.get(),
                                                                 .ports = ports,
                                                                 .seed = 11u + i}));
    }
  }

  // What the workers forward by from their next turn on. The one before is kept.
  void Reconfigure(const ForwardingOptions& forwarding) {
    options.forwarding = forwarding;
    auto built = ForwardingTables::Build(forwarding, {own_macs, options.index},
                                         tables->owned_forwarding.get());
    EXPECT_TRUE(built.ok()) << built.status();
    ENSURE(built.ok());
    (*built)->number = tables->owned_forwarding->number + 1;
    tables->sessions->SetNatAddresses((*built)->nat_addresses);
    tables->forwarding.store(built->get());
    retired.push_back(std::move(tables->owned_forwarding));
    tables->owned_forwarding = *std::move(built);
  }

  void SetRole(statesync::Role role, std::uint32_t change) {
    shared->role.word.store(RoleWord::Make(role, statesync::MakeTerm(1, 0), change).bits);
  }
  // Active, released, far from its deadline.
  void Activate(std::uint32_t change = 1) {
    SetRole(statesync::Role::kActive, change);
    shared->sync.released_change.store(change);
    shared->role.forward_until_ns.store(INT64_MAX);
  }

  // Turns of all workers: enough for frames to pass the rings between them.
  void Run(int rounds = 3, std::int64_t step_ns = kMillisecond) {
    for (int round = 0; round < rounds; ++round) {
      now_ns += step_ns;
      for (const auto& worker : all_workers) worker->Turn(now_ns);
    }
  }
  void Give(std::uint8_t interface, const Bytes& frame) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(frame.data());
    lan[interface].Give({bytes, bytes + frame.size()}, pool.get());
  }
  std::vector<Bytes> Take(std::uint8_t interface) {
    std::vector<Bytes> frames;
    for (const Frame& frame : lan[interface].Take()) {
      const auto* const bytes = reinterpret_cast<const std::byte*>(frame.data());
      frames.emplace_back(bytes, bytes + frame.size());
    }
    return frames;
  }
  // The station answers for itself, as if it had been asked.
  void TeachMac(std::uint8_t interface, NetAddr addr, const MacAddress& mac) {
    const bool clients = interface == kClients;
    Bytes request(kArpFramePadded);
    BuildArpRequest(mac, addr, kBroadcastMac, clients ? kOwnClients : kOwnServers, request);
    Give(interface, request);
    Run();
    (void)Take(interface);
  }
  // A frame addressed to what this node is reached by on `interface`.
  Bytes To(std::uint8_t interface, Bytes frame, const MacAddress& from) const {
    StoreMac(frame.data(), tables->owned_forwarding->interfaces->SourceMac(interface, true));
    StoreMac(frame.data() + 6, from);
    return frame;
  }
  [[nodiscard]] std::uint64_t Count(Event event) const {
    std::uint64_t sum = 0;
    for (const auto& worker : all_workers) sum += worker->counters().value(event);
    return sum;
  }
  [[nodiscard]] std::uint64_t Count(DropReason reason) const {
    std::uint64_t sum = 0;
    for (const auto& worker : all_workers) sum += worker->counters().value(reason);
    return sum;
  }

  Options options;
  std::unique_ptr<SharedState> shared;
  MbufPool pool;  // Before what holds its buffers.
  WireEnd lan[2];
  std::vector<std::unique_ptr<Port>> ports;
  std::vector<MacAddress> own_macs;
  std::vector<std::unique_ptr<const ForwardingTables>> retired;
  std::unique_ptr<Tables> tables;
  std::unique_ptr<HandoverRings> rings;
  std::vector<std::unique_ptr<Worker>> all_workers;
  std::int64_t now_ns = 1'000 * kMillisecond;
};

}  // namespace dataplane::testing
