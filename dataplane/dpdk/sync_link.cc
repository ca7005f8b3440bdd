// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/sync_link.h"

namespace dataplane {

using statesync::Instant;

void SyncLinks::ApplyKeyChanges() noexcept {
  std::array<statesync::KeyChange, statesync::kKeySlots> changes;
  while (const std::size_t changed = handshake.TakeKeyChanges(changes)) {
    for (std::size_t i = 0; i < changed; ++i) {
      if (!cipher->Apply(changes[i])) stats.Count(SyncEvent::keys_refused);
      if (key_log != nullptr) LogKeys(changes[i]);
    }
  }
}

// Rare: once per handshake. A pair has nodes 0 and 1.
void SyncLinks::LogKeys(const statesync::KeyChange& change) noexcept {
  if (change.action != statesync::KeyAction::kInstall) return;
  const auto peer = static_cast<statesync::NodeIndex>(1 - node);
  key_log->Add({.from = node, .to = peer, .key = change.send});
  key_log->Add({.from = peer, .to = node, .key = change.receive});
  if (!key_log->good()) stats.Count(SyncEvent::keys_not_logged);
}

void SyncLinks::Hear(Instant now, std::size_t link) noexcept {
  links[link].last_heard = now;
  links[link].facts->last_heard_ns.store(now.ns, std::memory_order_relaxed);
}

void SyncLinks::OnReport(std::uint16_t report) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    links[i].peer_hears = (report & statesync::HeardBit(i)) != 0;
  }
}

void SyncLinks::ForgetReports() noexcept {
  for (SyncLink& link : links) link.peer_hears = true;
}

std::uint16_t SyncLinks::Report(Instant now) const noexcept {
  std::uint16_t report = statesync::kLinkReport;
  for (std::size_t i = 0; i < count; ++i) {
    if (links[i].last_heard != Instant{} && now - links[i].last_heard <= silence_limit) {
      report = static_cast<std::uint16_t>(report | statesync::HeardBit(i));
    }
  }
  return report;
}

void SyncLinks::Turn(Instant now) noexcept {
  const std::uint16_t heard = Report(now);
  used_count = 0;
  for (std::size_t i = 0; i < count; ++i) {
    SyncLink& link = links[i];
    const bool used = (heard & statesync::HeardBit(i)) != 0 && link.peer_hears;
    if (used) ++used_count;
    if (used == link.used) continue;
    link.used = used;
    if (!used) {
      link.facts->left_after_ns.store((now - link.last_heard).ns, std::memory_order_relaxed);
      stats.Count(SyncEvent::links_left);
    }
    link.facts->used.store(used, std::memory_order_release);
  }
}

std::size_t SyncLinks::LinkOf(std::uint16_t stream) const noexcept {
  if (used_count == 0) return stream % count;
  std::size_t nth = stream % used_count;
  for (std::size_t i = 0; i < count; ++i) {
    if (links[i].used && nth-- == 0) return i;
  }
  return 0;
}

}  // namespace dataplane
