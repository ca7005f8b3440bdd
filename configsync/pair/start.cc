// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Notes, settings, trees: what everything else begins with.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/pair/pair_impl.h"

namespace configsync {
namespace {

constexpr char kSourceNote[] = "sync/source";
constexpr char kHeldNote[] = "sync/held";
constexpr char kPinNote[] = "sync/pin";
constexpr char kNumberNote[] = "sync/number";
constexpr std::string_view kTakenNotes = "sync/taken/";

std::string NoteOf(const std::map<std::string, std::string>& notes, const std::string& name) {
  const auto found = notes.find(name);
  return found == notes.end() ? "" : found->second;
}

}  // namespace

Reason MakeReason(ReasonCode code, std::string_view remote, std::string evidence,
                  std::string subject) {
  return {.code = code,
          .subject = std::move(subject),
          .remote = std::string(remote),
          .evidence = std::move(evidence),
          .severity = {},
          .blocks = {}};
}

Reason ReasonFor(const absl::Status& status, const std::string& remote) {
  Reason reason = ReasonOf(status);
  reason.remote = remote;
  return reason;
}

Reason NoPartReason(const absl::Status& status, std::string_view remote) {
  return MakeReason(ReasonCode::kPeerRefused, remote, std::string(status.message()));
}

Problem ProblemOf(const Reason& reason) {
  const std::string_view meaning = RowOf(reason.code).meaning;  // A sentence with its full stop.
  return {.code = std::string(RowOf(reason.code).name),
          .path = reason.remote.empty()
                      ? "/ha/configuration-synchronization"
                      : absl::StrCat("/ha/configuration-synchronization/remote[name='",
                                     reason.remote, "']"),
          .value = reason.subject,
          .text = reason.evidence.empty()
                      ? std::string(meaning)
                      : absl::StrCat(std::string(meaning.substr(0, meaning.size() - 1)), ": ",
                                     reason.evidence),
          .remedy = std::string(RowOf(reason.code).remedy)};
}

Reason RefusalOf(const Problems& problems, std::string_view remote) {
  const Problem& first = problems.list.front();
  const std::uint64_t more = problems.list.size() - 1 + problems.omitted_count;
  return MakeReason(
      ReasonCode::kPeerRefused, remote,
      absl::StrCat(first.code, " ", first.path, ": ", first.text, first.remedy.empty() ? "" : "; ",
                   first.remedy, more == 0 ? "" : absl::StrCat("; and ", more, " more")),
      first.code);
}

absl::StatusOr<std::unique_ptr<PairSync>> PairSync::Start(const Setup& setup) {
  auto pair = std::make_unique<PairImpl>(setup);
  if (absl::Status status = pair->Begin(); !status.ok()) return status;
  return std::unique_ptr<PairSync>(std::move(pair));
}

PairImpl::~PairImpl() { setup_.engine->SetGate(nullptr); }

absl::Status PairImpl::Begin() {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, text] : setup_.engine->ReadNotes()) {
      absl::Status status;
      if (name == kSourceNote) status = DecodeSource(text).status();
      if (name == kHeldNote) status = DecodeHeld(text).status();
      if (name == kNumberNote || name == kPinNote) status = DecodeNumber(text).status();
      if (name == kRolledBackNote && !DecodeRolledBack(text).has_value()) {
        status = absl::DataLossError("the revisions that were taken back cannot be read");
      }
      if (name.starts_with("sync/remote/")) status = DecodeRemote(text).status();
      if (name.starts_with("sync/bound/")) status = DecodeBound(text).status();
      if (!status.ok()) {
        return absl::DataLossError(absl::StrCat(name, ": ", std::string(status.message())));
      }
    }
    Refresh();
  }
  setup_.engine->SetGate(this);
  return absl::OkStatus();
}

void PairImpl::Wake() {
  is_woken_ = true;
  if (setup_.wake) setup_.wake();
}

void PairImpl::Refresh() {
  auto [revision, tree] = setup_.engine->Running();
  const bool is_new_key =
      running_.has_value() && running_->secret_key().bytes != tree.secret_key().bytes;
  if (is_new_key) trees_.clear();  // Their hashes are of the old key.
  const bool is_moved = !running_.has_value() || revision_ != revision || is_new_key ||
                        running_->hash() != tree.hash();
  if (is_moved) {
    const std::optional<Tree> was = std::exchange(running_, std::move(tree));
    const RevisionId was_revision = std::exchange(revision_, revision);
    if (was.has_value() && !is_new_key) NoteOwnRevisions(*was, was_revision);
    settings_ = SettingsOf(*running_);
    facts_.reset();
  }
  if (auto notes = setup_.engine->ReadNotes(); is_moved || notes != notes_) {
    notes_ = std::move(notes);
    TakeNotes();
  }
  if (is_moved) TakeRemotes(settings_);
}

void PairImpl::NoteOwnRevisions(const Tree& was, RevisionId was_revision) {
  for (const auto& [name, remote] : remotes_) {
    std::set<RevisionId>& own = remote->own_revisions;
    if (remote->record.agreed.has_value()) {
      own.erase(own.begin(), own.upper_bound(remote->record.agreed->revision));
    }
    const bool is_known = remote->targets->SpecOf(remote->last_selection) != nullptr &&
                          revision_ - was_revision <= kOwnRevisionsMax - own.size();
    if (!is_known || revision_ < was_revision) continue;
    const Hash before = remote->targets->PartUnder(remote->last_selection, was).hash();
    if (remote->targets->PartUnder(remote->last_selection, *running_).hash() != before) continue;
    for (RevisionId id = was_revision + 1; id <= revision_; ++id) own.insert(own.end(), id);
  }
}

void PairImpl::TakeNotes() {
  source_ = DecodeSource(NoteOf(notes_, kSourceNote)).value_or(SourceRecord{});
  rolled_back_ = DecodeRolledBack(NoteOf(notes_, kRolledBackNote)).value_or(RolledBack{});
  const HeldRecord held = DecodeHeld(NoteOf(notes_, kHeldNote)).value_or(HeldRecord{});
  held_ = HoldsInForce(held, settings_);
  are_holds_stale_ = !(held_ == held);
  pinned_.reset();
  if (const auto pin = DecodeNumber(NoteOf(notes_, kPinNote)); pin.ok()) pinned_ = *pin;
  for (const auto& [name, text] : notes_) {
    if (!name.starts_with(kTakenNotes)) continue;
    const auto number = DecodeNumber(text);
    if (!number.ok()) continue;
    Peer& peer = PeerOf(name.substr(kTakenNotes.size()));
    peer.taken = std::max(peer.taken, *number);
  }
  for (const auto& [name, remote] : remotes_) {
    remote->record =
        DecodeRemote(NoteOf(notes_, absl::StrCat("sync/remote/", name))).value_or(RemoteRecord{});
    remote->known.clear();
    remote->known_under = {};
    const auto bound = DecodeBound(NoteOf(notes_, absl::StrCat("sync/bound/", name)));
    const bool is_here = bound.ok() && bound->address == remote->address.address &&
                         bound->backup_address == remote->address.backup_address;
    remote->bound = is_here ? bound->device : DeviceId();
  }
}

void PairImpl::TakeRemotes(const SyncSettings& settings) {
  std::map<std::string, RemotePtr> remotes;
  for (const RemoteAddress& address : settings.remotes) {
    const auto found = remotes_.find(address.name);
    if (found != remotes_.end() && found->second->address == address) {
      remotes.insert(*found);
      continue;
    }
    auto remote = std::make_shared<Remote>(address);
    remote->exchange_link = setup_.links->MakeLink(address);
    remote->push_link = setup_.links->MakeLink(address);
    remote->targets = std::make_unique<Targets>(address.name, *setup_.root);
    remotes.emplace(address.name, std::move(remote));
  }
  remotes_ = std::move(remotes);
  TakeNotes();
}

absl::Status PairImpl::WriteNotes(const Operator& by, std::string_view action, std::string detail,
                                  const Notes& notes) {
  absl::Status status = setup_.engine->WriteNotes(by, action, std::move(detail), notes);
  notes_ = setup_.engine->ReadNotes();
  TakeNotes();
  return status;
}

// A hold whose cause the settings have no more is none, nor is one at what was taken back.
HeldRecord PairImpl::HoldsInForce(const HeldRecord& held, const SyncSettings& settings) const {
  HeldRecord in_force;
  const std::vector<std::string> manual = CategoriesOf(*setup_.root, SyncTrigger::kManual);
  for (const auto& [category, hold] : held.categories) {
    // What it was made on top of, or in, was taken back: nothing of that may stay on a remote.
    // Revisions that are newer than what was read last are looked at when they are read.
    if (rolled_back_.at <= revision_ && rolled_back_.TookBackFrom(hold.revision)) continue;
    const bool is_manual = std::ranges::binary_search(manual, category);
    const bool holds =
        hold.cause == HoldCause::kCentralManager || settings.push == PushMode::kManual ||
        (hold.cause == HoldCause::kApply && settings.push == PushMode::kByCategory) || is_manual;
    if (holds) in_force.categories.emplace(category, hold);
  }
  for (const auto& [cause, count] : held.revisions) {
    const bool is_held = std::ranges::any_of(
        in_force.categories, [of = cause](const auto& each) { return each.second.cause == of; });
    if (is_held) in_force.revisions.emplace(cause, count);
  }
  return in_force;
}

std::optional<Tree> PairImpl::TreeOf(RevisionId revision) {
  if (revision == revision_) return running_;
  if (const auto found = trees_.find(revision); found != trees_.end()) return found->second;
  absl::StatusOr<Tree> tree =
      setup_.engine->View(Self(), {.kind = ViewName::Kind::kRevision, .revision = revision});
  if (!tree.ok()) return std::nullopt;
  if (trees_.size() >= 64) trees_.clear();
  trees_.emplace(revision, *tree);
  return *std::move(tree);
}

Tree PairImpl::Wanted(const Tree& tree, const HeldRecord& held, TargetRef& ref) {
  std::map<RevisionId, std::vector<std::string>> by_revision;
  for (const auto& [category, hold] : held.categories) {
    by_revision[hold.revision].push_back(category);
  }
  Tree wanted = tree;
  for (const auto& [revision, categories] : by_revision) {
    const std::optional<Tree> then = TreeOf(revision);
    if (!then.has_value()) continue;
    wanted = WithHeld(wanted, categories, *then);
    for (const std::string& category : categories) ref.held[category] = revision;
  }
  return wanted;
}

std::optional<Tree> PairImpl::TreeOf(const TargetRef& ref) {
  const std::optional<Tree> tree = TreeOf(ref.revision);
  if (!tree.has_value()) return std::nullopt;
  HeldRecord held;
  for (const auto& [category, revision] : ref.held) {
    held.categories[category] = {.revision = revision, .cause = HoldCause::kManual};
  }
  TargetRef found;
  Tree wanted = Wanted(*tree, held, found);
  if (found.held != ref.held) return std::nullopt;
  return wanted;
}

Target PairImpl::TargetOf(Remote& remote) {
  TargetRef ref;
  return remote.targets->Of(*running_, Wanted(*running_, held_, ref), GatesOf(remote));
}

Gates PairImpl::GatesOf(const Remote& remote) {
  Gates gates;
  const Peer* const peer = FindPeer(remote.device);
  if (peer != nullptr && peer->facts.has_value() && peer->facts->hardware != MyFacts().hardware) {
    gates.withheld.emplace_back("interfaces");
  }
  return gates;
}

PairImpl::Peer* PairImpl::FindPeer(const DeviceId& device) {
  const auto found = peers_.find(device);
  return found == peers_.end() || device.empty() ? nullptr : &found->second;
}

PairImpl::Peer& PairImpl::PeerOf(const DeviceId& device) {
  if (const auto found = peers_.find(device); found != peers_.end()) return found->second;
  if (peers_.size() >= kPeersMax) {
    // The one that was silent for longest, and of which no number must be remembered here: notes
    // have that.
    const auto oldest =
        std::ranges::min_element(peers_, {}, [](const auto& each) { return each.second.heard_ms; });
    peers_.erase(oldest);
  }
  Peer& peer = peers_[device];
  const auto number = DecodeNumber(NoteOf(notes_, absl::StrCat(std::string(kTakenNotes), device)));
  if (number.ok()) peer.taken = *number;
  return peer;
}

std::string PairImpl::NameOfDevice(const DeviceId& device) {
  std::string name = setup_.facts->PairedName(device);
  return name.empty() ? device : name;
}

const SourceRecord& PairImpl::SourceInForce() {
  static const SourceRecord kNoSource;
  const bool is_paired =
      !source_.device.empty() && !setup_.facts->PairedName(source_.device).empty();
  return is_paired ? source_ : kNoSource;
}

PairImpl::RemotePtr PairImpl::FindRemote(std::string_view name) {
  if (name.empty() && remotes_.size() == 1) return remotes_.begin()->second;
  const auto found = remotes_.find(std::string(name));
  return found == remotes_.end() ? nullptr : found->second;
}

PairImpl::Remote* PairImpl::RemoteOf(const DeviceId& device) {
  for (const auto& [name, remote] : remotes_) {
    if (!device.empty() && remote->device == device) return remote.get();
  }
  return nullptr;
}

const std::vector<PairImpl::Known>& PairImpl::KnownOf(Remote& remote, const Hash& selection) {
  if (remote.known_under == selection) return remote.known;
  remote.known.clear();
  remote.known_under = selection;
  const bool is_of_another = !remote.record.device.empty() && !remote.device.empty() &&
                             remote.record.device != remote.device;
  if (is_of_another) return remote.known;
  const auto add = [&](const TargetRef& ref) {
    const std::optional<Tree> tree = TreeOf(ref);
    if (tree.has_value()) {
      Tree part = remote.targets->PartUnder(selection, *tree);
      if (!remote.targets->StatusUnder(selection).ok()) return;
      remote.known.push_back({.ref = ref, .part = std::move(part)});
    }
  };
  if (remote.record.agreed.has_value()) add(*remote.record.agreed);
  for (const TargetRef& ref : remote.record.offered) add(ref);
  return remote.known;
}

// Durable in steps, so that a push costs no transaction for its number alone. A store that was put
// back to an older copy does not know how far numbers have gone: the time does, for there is never
// a push each millisecond.
std::uint64_t PairImpl::TakeNumber() {
  if (next_number_ == 0 || next_number_ >= number_end_) {
    const std::uint64_t begin = DecodeNumber(NoteOf(notes_, kNumberNote)).value_or(1);
    const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(setup_.clock->WallMs(), 1));
    next_number_ = std::max(begin, now);
    const std::uint64_t end = next_number_ + kNumbersReserved;
    const absl::Status status =
        WriteNotes(Self(), "sync-numbers", absl::StrCat("numbers of pushes below ", end),
                   {{kNumberNote, absl::StrCat(end)}});
    if (!status.ok()) return 0;
    number_end_ = end;
  }
  return next_number_++;
}

const Facts& PairImpl::MyFacts() {
  const std::int64_t now = setup_.clock->BootMs();
  if (!facts_.has_value() || now - facts_read_ms_ >= kFactsMs) {
    facts_ = setup_.facts->FactsOf(*running_);
    facts_digest_ = DigestOf(*facts_);
    facts_read_ms_ = now;
  }
  return *facts_;
}

}  // namespace configsync
