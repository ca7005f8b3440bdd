// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/node.h"

#include <rte_launch.h>
#include <rte_lcore.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dataplane/dpdk/device_args.h"

namespace dataplane {
namespace {

constexpr std::uint32_t kTxDescriptors = 1'024;
constexpr std::uint32_t kBuffersPerWorker = 2'048;  // Bursts, transmit buffers, the pool's cache.
constexpr std::uint32_t kBuffersPerAfXdp = 6'144;   // Its fill and completion rings.

int RunLcore(void* setup) {
  RunLoop(*static_cast<const LoopSetup*>(setup));
  return 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Node>> Node::Create(const NodeSetup& setup) {
  std::unique_ptr<Node> node(new Node(setup));
  absl::StatusOr<std::unique_ptr<Tables>> tables = Tables::Create(*setup.options, setup.table_keys);
  if (!tables.ok()) return tables.status();
  node->tables_ = *std::move(tables);
  absl::Status status = node->BeginEal();
  if (status.ok()) status = node->OpenPorts();
  if (status.ok()) status = node->MakeWorkers();
  if (status.ok()) status = node->MakeSyncLoop();
  if (!status.ok()) return status;
  node->swap_ =
      std::make_unique<ForwardingSwap>(SwapSetup{.tables = node->tables_.get(),
                                                 .shared = setup.shared,
                                                 .ports = {node->own_macs_, setup.options->index},
                                                 .worker_count = setup.options->runtime.workers,
                                                 .has_sync_loop = node->sync_ != nullptr});
  PassEalLogTo(setup.log_sink);
  return node;
}

absl::Status Node::BeginEal() {
  const RuntimeOptions& runtime = setup_.options->runtime;
  EalSetup eal;
  eal.file_prefix = runtime.file_prefix.empty() ? setup_.options->name : runtime.file_prefix;
  eal.memory_mb = runtime.memory_mb;
  eal.no_huge = runtime.no_huge;
  eal.lcores = static_cast<std::uint16_t>(1 + runtime.workers + (runtime.sync_own_core ? 1 : 0));
  eal.cpus = runtime.worker_cpus;
  eal.extra_args = runtime.eal_args;
  for (const PortOptions& port : setup_.options->ports) {
    if (IsPci(port.device)) eal.pci_devices.push_back(port.device);
  }
  for (const Ha2Options* link : {&setup_.options->ha.ha2, &setup_.options->ha.ha2_second}) {
    if (IsPci(link->device)) eal.pci_devices.push_back(link->device);
  }
  absl::StatusOr<EalInfo> info = StartEal(eal);
  if (!info.ok()) return info.status();
  eal_ = *std::move(info);
  eal_started_ = true;
  return absl::OkStatus();
}

std::uint32_t Node::ForwardingBuffers() const {
  std::uint32_t count =
      kArpQueueTotal + (kBuffersPerWorker + kHeldMax) * setup_.options->runtime.workers;
  for (const PortOptions& port : setup_.options->ports) {
    count += port.rx_descriptors * std::uint32_t{setup_.options->runtime.workers};
    count += IsAfXdp(port.device) ? kBuffersPerAfXdp : kTxDescriptors;
  }
  return count;
}

absl::Status Node::OpenPorts() {
  const Options& options = *setup_.options;
  std::uint16_t data_room = 0;
  for (const PortOptions& port : options.ports) {
    data_room = std::max(
        data_room, DataRoomFor(port.frame_mtu, IsAfXdp(port.device), IsAfPacket(port.device)));
  }
  absl::StatusOr<MbufPool> pool = CreateMbufPool("forwarding", ForwardingBuffers(), data_room);
  if (!pool.ok()) return pool.status();
  pool_ = *std::move(pool);
  for (const PortOptions& source : options.ports) {
    PortSetup port{
        .what = absl::StrCat("port ", source.name),
        .device = CompleteDevice(source.device, source.frame_mtu, ""),
        .mtu = source.frame_mtu,
        .rx_descriptors = source.rx_descriptors,
        .tx_descriptors = kTxDescriptors,
        .worker_count = options.runtime.workers,
        .home_worker = static_cast<std::uint8_t>(ports_.size() % options.runtime.workers),
        .pool = pool_.get()};
    absl::Status probed = ProbeDevice(port.what, port.device);
    if (!probed.ok()) return probed;
    absl::StatusOr<std::unique_ptr<Port>> opened = Port::Open(port);
    if (!opened.ok()) return opened.status();
    own_macs_.push_back((*opened)->mac());
    ports_.push_back(*std::move(opened));
  }
  return tables_->Complete(options, own_macs_);
}

absl::Status Node::MakeWorkers() {
  const RuntimeOptions& runtime = setup_.options->runtime;
  absl::StatusOr<std::unique_ptr<HandoverRings>> rings = HandoverRings::Create(runtime.workers);
  if (!rings.ok()) return rings.status();
  rings_ = *std::move(rings);
  for (std::uint8_t index = 0; index < runtime.workers; ++index) {
    std::uint64_t seed = 0;
    setup_.primitives->Random({reinterpret_cast<std::uint8_t*>(&seed), sizeof(seed)});
    workers_.push_back(std::make_unique<Worker>(WorkerSetup{.index = index,
                                                            .worker_count = runtime.workers,
                                                            .tables = tables_.get(),
                                                            .shared = setup_.shared,
                                                            .rings = rings_.get(),
                                                            .ports = ports_,
                                                            .seed = seed}));
    loops_.push_back({.worker = workers_.back().get(),
                      .sync = nullptr,
                      .drain = nullptr,
                      .stop = &setup_.shared->requests.stop,
                      .spin = runtime.spin});
  }
  return absl::OkStatus();
}

absl::Status Node::MakeSyncLoop() {
  const Options& options = *setup_.options;
  if (!options.ha.enabled) {
    drain_.emplace(tables_->sessions->replicated());
    loops_.front().drain = &*drain_;
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<SyncLoop>> created = SyncLoop::Create(
      {.options = &options, .boot_id = setup_.boot_id, .worker_count = options.runtime.workers},
      *setup_.secret, *setup_.primitives, *setup_.shared, *tables_->sessions);
  if (!created.ok()) return created.status();
  sync_ = *std::move(created);
  if (options.runtime.sync_own_core) {
    loops_.push_back({.worker = nullptr,
                      .sync = sync_.get(),
                      .drain = nullptr,
                      .stop = &setup_.shared->requests.stop,
                      .spin = options.runtime.spin});
  } else {
    loops_.front().sync = sync_.get();
  }
  return absl::OkStatus();
}

absl::Status Node::Start() {
  running_ = true;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    const auto lcore = static_cast<unsigned>(i + 1);  // 0 is main's.
    if (const int error = rte_eal_remote_launch(&RunLcore, &loops_[i], lcore); error != 0) {
      return absl::InternalError(
          absl::StrCat("lcore ", lcore, " did not start: ", strerror(-error)));
    }
  }
  return absl::OkStatus();
}

void Node::Stop() {
  if (!running_) return;
  running_ = false;
  setup_.shared->requests.stop.store(true, std::memory_order_relaxed);
  rte_eal_mp_wait_lcore();
}

// EAL goes last: everything before it lives in its memory.
Node::~Node() {
  Stop();
  swap_.reset();
  sync_.reset();
  drain_.reset();
  workers_.clear();
  rings_.reset();
  ports_.clear();
  tables_.reset();
  pool_.reset();
  if (eal_started_) StopEal();
}

}  // namespace dataplane
