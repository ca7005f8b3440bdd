// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/program.h"

#include <time.h>

#include <cstring>
#include <string>
#include <utility>

#include "dataplane/config/node_file.h"
#include "dataplane/config/version.h"
#include "dataplane/crypto/pair_secret_file.h"
#include "dataplane/log/log.h"
#include "dataplane/process.h"
#include "dataplane/telemetry.h"

namespace dataplane {
namespace {

void LogDpdk(std::string_view line) { Log(LogLevel::kWarning, "dpdk", line); }

absl::Status StartNode(Program& program) {
  NodeSetup setup{.options = &program.options,
                  .shared = &program.shared,
                  .primitives = &program.node_primitives,
                  .secret = program.options.ha.enabled ? &program.secret : nullptr,
                  .table_keys = {},
                  .boot_id = program.boot_id,
                  .log_sink = &LogDpdk};
  setup.primitives->Random({reinterpret_cast<std::uint8_t*>(&setup.table_keys.index_seed),
                            sizeof(setup.table_keys.index_seed)});
  static_assert(sizeof(setup.table_keys.digest_key) == statesync::kDigestKeyBytes);
  std::memcpy(setup.table_keys.digest_key, program.pair_keys.digest.bytes().data(),
              statesync::kDigestKeyBytes);
  absl::StatusOr<std::unique_ptr<Node>> node = Node::Create(setup);
  if (!node.ok()) return node.status();
  program.node = *std::move(node);
  program.node_stats = std::make_unique<NodeStats>(*program.node);
  if (!program.node->eal().note.empty()) {
    Log(LogLevel::kNotice, "dpdk", program.node->eal().note);
  }
  if (!LockMemory()) {
    Log(LogLevel::kNotice, "process",
        "memory is not locked: only root may; takeovers may be slower");
  }
  return program.node->Start();
}

absl::Status StartHa(Program& program) {
  if (!program.options.ha.enabled) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<HaThread>> ha =
      HaThread::Start(HaThreadOptionsOf(program.options, program.boot_id), program.pair_keys,
                      program.ha_primitives, program.shared);
  if (!ha.ok()) return ha.status();
  program.ha = *std::move(ha);
  program.ha_stats = std::make_unique<HaStats>(*program.ha);
  program.ha_view = std::make_unique<HaView>(program.options, *program.ha);
  return absl::OkStatus();
}

absl::Status StartControl(Program& program) {
  ControlSetup setup{.options = &program.options,
                     .shared = &program.shared,
                     .sessions = &program.node->sessions(),
                     .stats = {program.node_stats.get()},
                     .ha = program.ha_view.get(),
                     .forwarding = &program.node->forwarding(),
                     .boot_id = program.boot_id,
                     .version = std::string(ProgramVersion()),
                     .hugepages = program.node->eal().hugepages,
                     .started_ns = program.started_ns};
  if (program.ha_stats != nullptr) setup.stats.push_back(program.ha_stats.get());
  absl::StatusOr<std::unique_ptr<ControlServer>> control = ControlServer::Start(setup);
  if (!control.ok()) return control.status();
  program.control = *std::move(control);
  // A node that cannot be watched still forwards.
  if (const absl::Status status = StartTelemetry(setup); !status.ok()) {
    Log(LogLevel::kWarning, "telemetry", std::string(status.message()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status StartProgram(Program& program) {
  absl::Status status = CheckMachine(program.options);
  if (status.ok()) status = MakeRuntimeDir(program.options.runtime_dir);
  if (!status.ok()) return status;
  if (program.options.ha.enabled) {
    absl::StatusOr<statesync::PairSecret> secret =
        LoadPairSecret(program.options.ha.pair_secret_file);
    if (!secret.ok()) return secret.status();
    program.secret = *std::move(secret);
    program.pair_keys = statesync::DerivePairKeys(program.node_primitives, program.secret);
  }
  if (program.options.debug.enabled) {
    Log(LogLevel::kWarning, "debug",
        "debug.enabled: commands may damage this node's tables; not for a firewall in service");
  }
  program.node_primitives.Random(
      {reinterpret_cast<std::uint8_t*>(&program.boot_id), sizeof(program.boot_id)});
  PresetSharedState(program.options, program.shared);
  status = StartNode(program);
  if (status.ok()) status = StartHa(program);
  if (status.ok()) status = StartControl(program);
  return status;
}

void LogReplication(Program& program) {
  if (!program.options.ha.enabled) return;
  const RoleWord word{program.shared.role.word.load(std::memory_order_acquire)};
  for (const ReplicationWatch::Line& line :
       program.replication.Look(word.role(), program.shared.status.Read())) {
    Log(line.is_warning ? LogLevel::kWarning : LogLevel::kNotice, "sync", line.text);
  }
}

namespace {

constexpr timespec kStopStep{.tv_sec = 0, .tv_nsec = 5'000'000};
constexpr int kStopSteps = 60;       // 300 ms for the peer to take the role over.
constexpr int kStopSettleSteps = 4;  // 20 ms for the last changes to reach it.

// A planned stop hands the role over first, so that no session is younger than the peer's table.
void HandOver(Program& program) {
  const SharedState& shared = program.shared;
  const auto is_active = [&] {
    return RoleWord{shared.role.word.load()}.role() == statesync::Role::kActive;
  };
  if (program.ha == nullptr || !shared.sync.peer_connected.load() || !is_active()) return;
  program.ha->SetSuspended(true);
  for (int i = 0; i < kStopSteps && is_active(); ++i) (void)nanosleep(&kStopStep, nullptr);
  for (int i = 0; i < kStopSettleSteps; ++i) (void)nanosleep(&kStopStep, nullptr);
}

}  // namespace

void StopProgram(Program& program) {
  HandOver(program);
  StopTelemetry();
  if (program.control != nullptr) program.control->Stop();
  if (program.node != nullptr) program.node->Stop();
  if (program.ha != nullptr) program.ha->Stop();
}

}  // namespace dataplane
