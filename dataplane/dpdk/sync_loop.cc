// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/sync_loop.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "dataplane/dpdk/port_stats.h"
#include "dataplane/dpdk/sync_facts.h"
#include "dataplane/dpdk/sync_link.h"
#include "dataplane/dpdk/sync_peer.h"
#include "dataplane/dpdk/sync_receive.h"
#include "dataplane/dpdk/sync_role.h"
#include "dataplane/dpdk/sync_send.h"
#include "dataplane/dpdk/sync_setup.h"
#include "dataplane/dpdk/sync_stats.h"
#include "dataplane/log/log.h"
#include "statesync/engine.h"
#include "statesync/ensure.h"

namespace dataplane {
namespace {

using statesync::Engine;
using statesync::Instant;

// Facts are as old as this at most while nothing happens, the whole status and counters always.
constexpr statesync::Duration kFactsInterval = statesync::Millis(1);
constexpr statesync::Duration kCountersInterval = statesync::Millis(20);

// What exists only with an HA2 device.
struct Ha2Side {
  Ha2Side(const Options& options, const statesync::HandshakeOptions& handshake,
          const statesync::PairSecret& secret, statesync::Primitives& primitives,
          std::unique_ptr<Cipher> cipher, SyncFacts& facts, SyncStats& stats, Engine& engine)
      : links{.links = {},
              .cipher = std::move(cipher),
              .datagram_bytes_max = DatagramBytesMax(options.ha),
              .silence_limit = LinkSilenceLimit(options.ha),
              .report_interval = statesync::Millis(options.ha.heartbeat_ms),
              .handshake = statesync::Handshake(primitives, secret, handshake),
              .stats = stats},
        peer(engine, links.handshake, facts, stats, PeerSlotsOf(options.tables)),
        receiver(links, peer, engine),
        sender(links, engine) {}

  void Add(std::unique_ptr<Ha2Port> port, const Ha2Options& options, SyncFacts& facts) {
    SyncLink& link = links.links[links.count];
    link.addresses = LinkOf(options, port->mac());
    link.port = std::move(port);
    link.facts = &facts.ha2_links[links.count];
    ++links.count;
  }

  SyncLinks links;
  SyncPeer peer;
  SyncReceiver receiver;
  SyncSender sender;
};

// Without HA2 only the hand-over is left, and the tables' upkeep: deleted entries free their slots.
class SyncLoopParts final : public SyncLoop {
 public:
  SyncLoopParts(const SyncLoopOptions& options, SharedState& shared, statesync::SessionTable& table,
                std::unique_ptr<Engine> engine)
      : options_(*options.options),
        shared_(shared),
        table_(table),
        sessions_(table.replicated()),
        engine_(std::move(engine)),
        role_(shared, *engine_, stats_, options.worker_count),
        resyncs_seen_(shared.requests.resync.load(std::memory_order_relaxed)) {}

  absl::Status OpenHa2(const SyncLoopOptions& options, const statesync::PairSecret& secret,
                       statesync::Primitives& primitives);

  std::size_t Turn(std::int64_t now_ns) noexcept override;
  void AppendStats(std::vector<StatValue>& stats) const override;

 private:
  absl::Status OpenKeyLog();
  void StateCapabilities() noexcept;
  void ObeyForwarding(Instant now) noexcept;
  void ObeyRequests(Instant now) noexcept;
  void ObeyDamage() noexcept;
  void Publish(Instant now, bool busy) noexcept;

  const Options& options_;
  SharedState& shared_;
  statesync::SessionTable& table_;
  statesync::ReplicatedTable& sessions_;
  SyncStats stats_;
  std::unique_ptr<Engine> engine_;
  RoleHandover role_;
  std::unique_ptr<Ha2Side> ha2_;  // Null: no HA2 device.

  std::uint32_t resyncs_seen_;
  std::uint32_t damages_seen_ = 0;
  std::uint64_t forwarding_seen_ = 0;
  std::uint64_t id_map_digest_ = 0;
  bool state_sync_ = true;  // As the engine begins.
  Instant next_facts_{};
  Instant next_counters_{};
};

absl::Status SyncLoopParts::OpenHa2(const SyncLoopOptions& options,
                                    const statesync::PairSecret& secret,
                                    statesync::Primitives& primitives) {
  absl::StatusOr<std::unique_ptr<Cipher>> cipher =
      Cipher::Create(absl::StrCat("ha2_", options_.name));
  if (!cipher.ok()) return cipher.status();
  const std::string sealed_by = (*cipher)->device();
  ha2_ = std::make_unique<Ha2Side>(options_, HandshakeOptionsOf(options_, options.boot_id), secret,
                                   primitives, *std::move(cipher), shared_.sync, stats_, *engine_);
  for (const Ha2Options* const link : {&options_.ha.ha2, &options_.ha.ha2_second}) {
    if (link->device.empty()) continue;
    absl::StatusOr<std::unique_ptr<Ha2Port>> port =
        Ha2Port::Open(kHa2LinkNames[ha2_->links.count], *link);
    if (!port.ok()) return port.status();
    Log(LogLevel::kInfo, "ha2",
        absl::StrCat("HA2 on ", link->device, ", datagrams of ", DatagramBytesMax(options_.ha),
                     " bytes, sealed by ", sealed_by,
                     (*port)->guard_ifindex() != 0 ? ", behind the XDP guard" : ""));
    ha2_->Add(*std::move(port), *link, shared_.sync);
  }
  id_map_digest_ = shared_.forwarding.id_map_digest.load(std::memory_order_relaxed);
  ha2_->peer.SetIdMapDigest(Instant{}, id_map_digest_);
  StateCapabilities();
  return OpenKeyLog();
}

absl::Status SyncLoopParts::OpenKeyLog() {
  const std::string& path = options_.debug.ha2_key_file;
  if (path.empty()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<KeyLog>> log = KeyLog::Open(path);
  if (!log.ok()) return log.status();
  ha2_->links.key_log = *std::move(log);
  ha2_->links.node = options_.index;
  Log(LogLevel::kWarning, "debug",
      absl::StrCat("THE KEYS OF HA2 ARE WRITTEN TO ", path,
                   ": who reads it can read and forge replication; remove debug.ha2_key_file from "
                   "the node file and the file itself when you are done"));
  return absl::OkStatus();
}

// The order of a turn is the engine's contract: events, what arrived, what is to be sent.
std::size_t SyncLoopParts::Turn(std::int64_t now_ns) noexcept {
  const Instant now{now_ns};
  ObeyForwarding(now);
  const bool new_role = role_.Turn(now);
  engine_->SetMuted(now_ns >= shared_.role.forward_until_ns.load(std::memory_order_relaxed));
  ObeyRequests(now);
  std::size_t done = 0;
  if (ha2_ != nullptr) {
    if (new_role) StateCapabilities();
    done += ha2_->receiver.Turn(now);
    ha2_->peer.Turn(now);
    done += ha2_->sender.Turn(now);
  } else {
    (void)engine_->TakeFrames(now, {});
  }
  Publish(now, done > 0 || new_role);
  return done;
}

void SyncLoopParts::StateCapabilities() noexcept {
  ha2_->links.handshake.SetCapabilities(
      CapabilitiesOf(options_, id_map_digest_, role_.word(), sessions_));
}

// The turn before has ended, so nothing of an earlier configuration is in use here. Another id map
// travels in a hello: the rekey that carries it leaves streams and forwarding alone.
void SyncLoopParts::ObeyForwarding(Instant now) noexcept {
  ForwardingFacts& facts = shared_.forwarding;
  const std::uint64_t number = facts.number.load(std::memory_order_acquire);
  if (number == forwarding_seen_) return;
  forwarding_seen_ = number;
  const std::uint64_t digest = facts.id_map_digest.load(std::memory_order_relaxed);
  if (ha2_ != nullptr && digest != id_map_digest_) {
    id_map_digest_ = digest;
    StateCapabilities();
    ha2_->peer.SetIdMapDigest(now, digest);
  }
  facts.seen_by_sync.store(number, std::memory_order_release);
}

void SyncLoopParts::ObeyRequests(Instant now) noexcept {
  const Requests& requests = shared_.requests;
  const std::uint32_t resyncs = requests.resync.load(std::memory_order_relaxed);
  if (resyncs != resyncs_seen_) {
    resyncs_seen_ = resyncs;
    engine_->RequestBulk(now);
  }
  ObeyDamage();
  const bool wanted = requests.state_sync_enabled.load(std::memory_order_relaxed);
  if (wanted != state_sync_) {
    state_sync_ = wanted;
    engine_->SetStateSync(now, wanted);
  }
}

// On the standby this loop is the only writer, so it damages what `debug corrupt-entry` names.
void SyncLoopParts::ObeyDamage() noexcept {
  const DamageRequest request{shared_.requests.damage.load(std::memory_order_acquire)};
  if (request.number() == damages_seen_) return;
  damages_seen_ = request.number();
  const bool is_done = options_.debug.enabled && role_.word().role() == statesync::Role::kStandby &&
                       table_.Damage(request.handle(), request.damage());
  shared_.requests.damage_done.store(request.number() | (is_done ? kDamageWasDone : 0),
                                     std::memory_order_release);
}

void SyncLoopParts::Publish(Instant now, bool busy) noexcept {
  if (busy || now >= next_facts_) {
    const statesync::EngineStatus& status = engine_->status(now);
    CopyFacts(status, shared_.sync);
    CopyRefusals(*engine_, shared_.sync);
    CopyConfirmed(status, role_.word(), shared_.sync);
    if (ha2_ != nullptr) {
      shared_.sync.keys_exhausted.store(ha2_->links.handshake.exhausted(),
                                        std::memory_order_relaxed);
    }
    if (now >= next_facts_) {
      next_facts_ = now + kFactsInterval;
      shared_.status.Write(status);
    }
  }
  if (now < next_counters_) return;
  next_counters_ = now + kCountersInterval;
  stats_.Copy(engine_->status(now).counters);
  if (ha2_ != nullptr) stats_.Copy(ha2_->links.handshake.counters());
}

void SyncLoopParts::AppendStats(std::vector<StatValue>& stats) const {
  stats_.AppendTo(stats);
  if (ha2_ == nullptr) return;
  for (std::size_t i = 0; i < ha2_->links.count; ++i) {
    const SyncLink& link = ha2_->links.links[i];
    AppendLinkStats(kHa2LinkNames[i], *link.facts, stats);
    AppendPortStats(kHa2LinkNames[i], link.port->id(), stats);
    AppendGuardStats(kHa2LinkNames[i], link.port->guard_ifindex(), stats);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<SyncLoop>> SyncLoop::Create(const SyncLoopOptions& options,
                                                           const statesync::PairSecret& secret,
                                                           statesync::Primitives& primitives,
                                                           SharedState& shared,
                                                           statesync::SessionTable& table) {
  ENSURE(options.options != nullptr && options.options->ha.enabled);
  ENSURE(options.worker_count >= 1 && options.worker_count <= kWorkersMax);
  statesync::ReplicatedTable* const tables[] = {&table.replicated()};
  absl::StatusOr<std::unique_ptr<Engine>> engine =
      Engine::Create(EngineOptionsOf(*options.options), tables);
  if (!engine.ok()) return engine.status();
  auto loop = std::make_unique<SyncLoopParts>(options, shared, table, *std::move(engine));
  if (!options.options->ha.ha2.device.empty()) {
    if (absl::Status status = loop->OpenHa2(options, secret, primitives); !status.ok()) {
      return status;
    }
  }
  return loop;
}

}  // namespace dataplane
