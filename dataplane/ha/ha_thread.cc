// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha/ha_thread.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <thread>

#include "absl/strings/str_format.h"
#include "dataplane/ha/carrier.h"
#include "dataplane/ha/ha1_link.h"
#include "dataplane/ha/ha_reasons.h"
#include "dataplane/ha/heartbeat.h"
#include "dataplane/ha/real_time.h"
#include "dataplane/ha/role_driver.h"
#include "dataplane/ha/term_store.h"
#include "dataplane/ha/term_writer.h"
#include "statesync/role/term_mark.h"

namespace dataplane {
namespace {

using statesync::Duration;
using statesync::Instant;
using statesync::Millis;
using statesync::Statement;

// A first beat to a new run of the peer goes out at once, but not more often than this.
constexpr Duration kBeatGapMin = Millis(1);

// A path is reported as silent after this many detection times: an operator sees lasting states.
constexpr int kSilenceFactor = 4;

// Counters are written by the ha thread only, so a load and a store are enough.
class Counter {
 public:
  void Add(std::uint64_t n = 1) { value_.store(get() + n, std::memory_order_relaxed); }
  void Set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// One path as other threads see it.
struct PublishedPath {
  std::atomic<std::int64_t> last_heard_ns{0};
  std::atomic<bool> liveness_connected{false};
};

struct Counters {
  Counter beats_sent;
  std::array<Counter, kBeatVerdictCount> beats;
  Counter liveness_opened;
  Counter liveness_closed;
  Counter stalls;
  Counter term_writes;
  Counter rejected_events;
};

class HaThreadImpl final : public HaThread {
 public:
  HaThreadImpl(HaThreadOptions options, const statesync::PairKeys& keys,
               statesync::Primitives& primitives, SharedState& shared)
      : options_(std::move(options)),
        shared_(shared),
        guard_(primitives, keys.ha1, options_.peer_node),
        store_(options_.term_path),
        mark_(statesync::Term{}) {}
  ~HaThreadImpl() override { Stop(); }

  absl::Status Open();
  void Launch() {
    thread_ = std::thread([this] { Run(); });
  }

  void Stop() override;
  [[nodiscard]] HaCounters counters() const override;
  [[nodiscard]] std::array<Ha1Facts, 2> ha1() const override;
  [[nodiscard]] std::vector<std::string> Reasons() const override {
    return SentencesOf(reasons_.load(std::memory_order_relaxed));
  }
  [[nodiscard]] std::string LastSwitchoverRefusal() const override;
  void SetSuspended(bool suspended) override { suspended_.store(suspended); }

 private:
  absl::Status OpenTerm();
  void Run();
  void Wait(Instant now);
  void Receive(Instant now);
  void OnBeat(Instant now, statesync::HeartbeatPath path, BeatVerdict verdict,
              const Statement& statement);
  void SendBeats(Instant sent, const Statement& statement);
  void TurnTerm();
  void WatchHa2Links();
  void UpdateReasons(Instant now);
  // A port that no interface uses may be without a cable.
  [[nodiscard]] bool HasCarriers() const {
    return carriers_->functional(shared_.forwarding.ports_used.load(std::memory_order_relaxed));
  }
  void Log(HaSeverity severity, std::string_view line) const {
    if (options_.log) options_.log(severity, line);
  }

  HaThreadOptions options_;
  SharedState& shared_;
  HeartbeatGuard guard_;
  TermStore store_;
  statesync::TermMark mark_;
  std::unique_ptr<TermWriter> writer_;
  std::vector<Ha1Link> links_;
  std::optional<CarrierWatch> carriers_;
  std::optional<RoleDriver> driver_;
  Descriptor wake_;
  std::vector<pollfd> polled_;
  Instant next_beat_{};
  Instant last_beat_{};
  bool beat_soon_ = false;
  bool real_time_ = true;
  std::array<bool, 2> ha2_used_{};  // As told by the last log line.

  Counters counters_;
  std::array<PublishedPath, 2> paths_;
  std::atomic<HaReasonBits> reasons_{0};
  std::atomic<bool> suspended_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

absl::Status HaThreadImpl::OpenTerm() {
  absl::StatusOr<statesync::Term> persisted = store_.Read();
  if (!persisted.ok()) return persisted.status();
  mark_ = statesync::TermMark(*persisted);
  options_.role.term_floor = *persisted;
  // The first mark is written before the first role, so a file that cannot be written is an error
  // of the start and not of a takeover.
  if (const auto wanted = mark_.WriteWanted(*persisted)) {
    if (absl::Status written = store_.Write(*wanted); !written.ok()) return written;
    mark_.OnWritten(*wanted);
  }
  absl::StatusOr<std::unique_ptr<TermWriter>> writer = TermWriter::Start(store_);
  if (!writer.ok()) return writer.status();
  writer_ = std::move(*writer);
  return absl::OkStatus();
}

absl::Status HaThreadImpl::Open() {
  wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.open()) return absl::ErrnoToStatus(errno, "ha thread: event descriptor");
  const std::array<std::pair<statesync::HeartbeatPath, const std::optional<Ha1Path>*>, 2> paths{
      {{statesync::HeartbeatPath::kHa1, &options_.ha1},
       {statesync::HeartbeatPath::kHa1Backup, &options_.ha1_backup}}};
  for (const auto& [path, link_options] : paths) {
    if (!link_options->has_value()) continue;
    absl::StatusOr<Ha1Link> link = Ha1Link::Create(path, **link_options);
    if (!link.ok()) return link.status();
    links_.push_back(std::move(*link));
  }
  absl::StatusOr<CarrierWatch> carriers = CarrierWatch::Create(options_.watched);
  if (!carriers.ok()) return carriers.status();
  carriers_.emplace(std::move(*carriers));
  if (absl::Status opened = OpenTerm(); !opened.ok()) return opened;
  polled_.reserve(32);
  driver_.emplace(options_, shared_, MonotonicNow());
  return absl::OkStatus();
}

void HaThreadImpl::Run() {
  if (absl::Status status = BecomeRealTime(options_.fifo_priority, options_.cpu); !status.ok()) {
    real_time_ = false;
    Log(HaSeverity::kWarning, std::string(status.message()));
  }
  while (!stop_.load(std::memory_order_relaxed)) {
    const Instant now = MonotonicNow();
    Receive(now);
    // A failed link is a reason to yield only while there is somebody to yield to.
    const bool functional = HasCarriers() || !driver_->machine().PeerAlive(now);
    const bool beat_now = driver_->Turn(now, functional, suspended_.load());
    const bool soon = beat_soon_ && now - last_beat_ >= kBeatGapMin;
    if (beat_now || soon || now >= next_beat_) {
      const Instant sent = MonotonicNow();
      SendBeats(sent, driver_->machine().own_statement());
      driver_->OnBeatsSent(sent);
    }
    TurnTerm();
    WatchHa2Links();
    UpdateReasons(now);
    Wait(MonotonicNow());
  }
  // Says good-bye: the peer takes over at once instead of after a detection.
  driver_->Retire();
  Statement last = driver_->machine().own_statement();
  last.role = statesync::Role::kSuspended;
  last.asks_takeover = false;
  SendBeats(MonotonicNow(), last);
}

void HaThreadImpl::Wait(Instant now) {
  const Duration tick{
      std::clamp(options_.role.heartbeat_interval.ns / 8, Millis(1).ns / 2, Millis(5).ns)};
  Instant until = now + tick;
  if (beat_soon_) until = std::min(until, last_beat_ + kBeatGapMin);
  until = std::min(until, next_beat_);
  if (until <= now) return;
  polled_.clear();
  polled_.push_back({wake_.get(), POLLIN, 0});
  polled_.push_back({carriers_->descriptor(), POLLIN, 0});
  for (const Ha1Link& link : links_) link.AddTo(polled_);
  const timespec timeout{0, (until - now).ns};  // Below a second: the tick is 5 ms at most.
  ::ppoll(polled_.data(), polled_.size(), &timeout, nullptr);
}

// Heartbeats first: one that was sent before the peer died must not refute its closed connection.
void HaThreadImpl::Receive(Instant now) {
  for (Ha1Link& link : links_) {
    link.ReceiveBeats(now, guard_, [&](BeatVerdict verdict, const Statement& statement) {
      OnBeat(now, link.path(), verdict, statement);
    });
  }
  for (Ha1Link& link : links_) {
    const LivenessEvents events = link.TurnLiveness(now);
    counters_.liveness_opened.Add(static_cast<std::uint64_t>(events.opened));
    counters_.liveness_closed.Add(static_cast<std::uint64_t>(events.closed));
    if (events.closed > 0) driver_->machine().OnLivenessClosed(now);
  }
  carriers_->Turn([&](const CarrierWatch::Entry& entry) {
    Log(entry.carrier == Carrier::kUp ? HaSeverity::kInfo : HaSeverity::kWarning,
        absl::StrFormat("carrier of %s: %s%s", entry.interface.name, NameOf(entry.carrier),
                        entry.interface.critical ? " (critical)" : ""));
  });
}

void HaThreadImpl::OnBeat(Instant now, statesync::HeartbeatPath path, BeatVerdict verdict,
                          const Statement& statement) {
  counters_.beats[static_cast<std::size_t>(verdict)].Add();
  if (verdict == BeatVerdict::kAccepted) driver_->machine().OnStatement(now, path, statement);
  if (verdict == BeatVerdict::kUnproven)
    beat_soon_ = true;  // It needs our challenge to prove itself.
}

void HaThreadImpl::SendBeats(Instant sent, const Statement& statement) {
  for (Ha1Link& link : links_) {
    if (link.SendBeat(statement, guard_)) counters_.beats_sent.Add();
  }
  beat_soon_ = false;
  last_beat_ = sent;
  const Duration interval = options_.role.heartbeat_interval;
  next_beat_ = next_beat_ + interval <= sent ? sent + interval : next_beat_ + interval;
}

void HaThreadImpl::TurnTerm() {
  mark_.OnWritten(writer_->written());
  if (const auto wanted = mark_.WriteWanted(driver_->machine().highest_term())) {
    writer_->Want(*wanted);
  }
}

// The sync loop decides and does not log.
void HaThreadImpl::WatchHa2Links() {
  for (std::size_t i = 0; i < options_.ha2_links; ++i) {
    const Ha2LinkFacts& link = shared_.sync.ha2_links[i];
    const bool used = link.used.load(std::memory_order_acquire);
    if (used == ha2_used_[i]) continue;
    ha2_used_[i] = used;
    const std::string_view name = i == 0 ? "ha.ha2" : "ha.ha2_second";
    const Duration silence{link.left_after_ns.load(std::memory_order_relaxed)};
    Log(used ? HaSeverity::kInfo : HaSeverity::kWarning,
        used ? absl::StrFormat("HA2 link %s: used, both nodes hear each other on it", name)
             : absl::StrFormat("HA2 link %s: not used any more; the last frame of the peer on it "
                               "was %d ms ago",
                               name, silence.ns / 1'000'000));
  }
}

void HaThreadImpl::UpdateReasons(Instant now) {
  const statesync::RoleMachine& machine = driver_->machine();
  const Duration limit = machine.detection_time() * kSilenceFactor;
  HaReasonBits bits = 0;
  const auto note = [&](bool holds, HaReason reason) { bits |= holds ? BitOf(reason) : 0; };
  bool liveness = links_.empty();
  for (const Ha1Link& link : links_) {
    note(now - link.last_heard() > limit, link.path() == statesync::HeartbeatPath::kHa1
                                              ? HaReason::kHa1Silent
                                              : HaReason::kHa1BackupSilent);
    liveness = liveness || link.liveness_connected();
    PublishedPath& path = paths_[link.path() == statesync::HeartbeatPath::kHa1 ? 0 : 1];
    path.last_heard_ns.store(link.last_heard().ns, std::memory_order_relaxed);
    path.liveness_connected.store(link.liveness_connected(), std::memory_order_relaxed);
  }
  const std::int64_t ha2 = shared_.sync.ha2_last_heard_ns.load(std::memory_order_relaxed);
  const bool ha2_silent = now - Instant{ha2} > limit;
  note(ha2_silent, HaReason::kHa2Silent);
  if (options_.ha2_links == 2 && !ha2_silent) {
    note(!ha2_used_[0], HaReason::kHa2FirstSilent);
    note(!ha2_used_[1], HaReason::kHa2SecondSilent);
  }
  note(shared_.sync.peer_table_larger.load(std::memory_order_relaxed), HaReason::kPeerTableLarger);
  note(!liveness, HaReason::kLivenessDown);
  note(!real_time_, HaReason::kNotRealTime);
  note(!HasCarriers(), HaReason::kCarrierDown);
  const ForwardingFacts& forwarding = shared_.forwarding;
  note(forwarding.number.load(std::memory_order_relaxed) != 0 &&
           !forwarding.failover.load(std::memory_order_relaxed),
       HaReason::kFailoverDisabled);
  note(machine.peer().detection.ns != 0 && machine.peer().detection != machine.detection_time(),
       HaReason::kDetectionDiffers);
  note(machine.last_take().unready && machine.role() == statesync::Role::kActive,
       HaReason::kTookOverUnready);
  note(writer_->failing(), HaReason::kTermNotWritten);
  note(machine.terms_exhausted(), HaReason::kTermsExhausted);
  note(shared_.sync.keys_exhausted.load(std::memory_order_relaxed), HaReason::kKeysExhausted);
  reasons_.store(bits, std::memory_order_relaxed);
  counters_.stalls.Set(machine.stalls());
  counters_.term_writes.Set(writer_->writes());
  counters_.rejected_events.Set(machine.rejected_events());
}

void HaThreadImpl::Stop() {
  if (!thread_.joinable()) return;
  stop_.store(true);
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
  links_.clear();
  writer_.reset();
}

HaCounters HaThreadImpl::counters() const {
  const auto beats = [&](BeatVerdict verdict) {
    return counters_.beats[static_cast<std::size_t>(verdict)].get();
  };
  HaCounters counters;
  counters.beats_sent = counters_.beats_sent.get();
  counters.beats_accepted = beats(BeatVerdict::kAccepted);
  counters.beats_short = beats(BeatVerdict::kBadForm) + beats(BeatVerdict::kBadField);
  counters.beats_bad_mac = beats(BeatVerdict::kBadMac);
  counters.beats_replayed = beats(BeatVerdict::kReplayed);
  counters.beats_unproven = beats(BeatVerdict::kUnproven);
  counters.beats_bad_node = beats(BeatVerdict::kBadNode);
  counters.liveness_opened = counters_.liveness_opened.get();
  counters.liveness_closed = counters_.liveness_closed.get();
  counters.stalls = counters_.stalls.get();
  counters.term_writes = counters_.term_writes.get();
  counters.rejected_events = counters_.rejected_events.get();
  return counters;
}

std::array<Ha1Facts, 2> HaThreadImpl::ha1() const {
  std::array<Ha1Facts, 2> facts;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    facts[i].last_heard_ns = paths_[i].last_heard_ns.load(std::memory_order_relaxed);
    facts[i].liveness_connected = paths_[i].liveness_connected.load(std::memory_order_relaxed);
  }
  return facts;
}

std::string HaThreadImpl::LastSwitchoverRefusal() const {
  const statesync::SwitchoverRefusal refusal = driver_->last_refusal();
  if (refusal == statesync::SwitchoverRefusal::kNone) return {};
  return std::string(NameOf(refusal));
}

}  // namespace

absl::StatusOr<std::unique_ptr<HaThread>> HaThread::Start(const HaThreadOptions& options,
                                                          const statesync::PairKeys& keys,
                                                          statesync::Primitives& primitives,
                                                          SharedState& shared) {
  auto thread = std::make_unique<HaThreadImpl>(options, keys, primitives, shared);
  if (absl::Status opened = thread->Open(); !opened.ok()) return opened;
  thread->Launch();
  return thread;
}

}  // namespace dataplane
