// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Sealed frames: key slots, packet numbers, replay windows, and the change from old keys to new.

#include <cstring>
#include <utility>

#include "statesync/ensure.h"
#include "statesync/seal/handshake.h"
#include "statesync/seal/link_report.h"

namespace statesync {
std::uint8_t Handshake::FreeSlot() noexcept {
  for (std::size_t i = 1; i <= kKeySlots; ++i) {
    const auto slot = static_cast<std::uint8_t>((last_slot_ + i) % kKeySlots);
    if (!sets_[slot].in_use) {
      last_slot_ = slot;
      return slot;
    }
  }
  ENSURE(false);  // Previous, current and candidate use three of four.
  return 0;
}

// Forgets the keys that `label` names. Tickets given out for them become void.
void Handshake::Retire(std::uint8_t& label) noexcept {
  if (label == kNoKeySlot) return;
  KeySet& set = sets_[label];
  if (set.announced) removed_[label] = true;
  set.in_use = false;
  set.announced = false;
  ++set.generation;
  set.send.Clear();
  set.receive.Clear();
  label = kNoKeySlot;
}

std::size_t Handshake::TakeKeyChanges(std::span<KeyChange> out) noexcept {
  std::size_t count = 0;
  for (std::uint8_t slot = 0; slot < kKeySlots && count < out.size(); ++slot) {
    if (!removed_[slot]) continue;
    removed_[slot] = false;
    out[count] = KeyChange{};
    out[count].slot = slot;
    ++count;
  }
  for (std::uint8_t slot = 0; slot < kKeySlots && count < out.size(); ++slot) {
    KeySet& set = sets_[slot];
    if (!set.in_use || set.announced) continue;
    set.announced = true;
    out[count].action = KeyAction::kInstall;
    out[count].slot = slot;
    out[count].send = std::move(set.send);  // Moves wipe: from here the cipher context has the key.
    out[count].receive = std::move(set.receive);
    ++count;
  }
  return count;
}

SealTicket Handshake::TicketOf(std::uint8_t slot, std::uint16_t stream) noexcept {
  ENSURE(stream < kStreamsMax);
  SealTicket ticket;
  if (slot == kNoKeySlot) return ticket;
  KeySet& set = sets_[slot];
  if (set.sealed >= options_.seal_packets_max) {
    ++counters_.seals_refused;
    return ticket;
  }
  ++set.sealed;
  ticket.ready = true;
  ticket.slot = slot;
  ticket.phase = set.send_phase;
  ticket.packet_number = ++set.sent[stream];
  ticket.nonce = MakeNonce(stream, ticket.packet_number);
  return ticket;
}

bool Handshake::exhausted() const noexcept {
  return established() && sets_[current_].sealed >= options_.seal_packets_max;
}

SealTicket Handshake::NextSeal(std::uint16_t stream) noexcept { return TicketOf(current_, stream); }

bool Handshake::ConfirmDue(Instant now) noexcept {
  if (confirm_owed_) {
    confirm_owed_ = false;
    return candidate_ != kNoKeySlot || established();
  }
  if (candidate_ == kNoKeySlot || now < next_confirm_) return false;
  next_confirm_ = now + options_.confirm_interval;
  return true;
}

SealTicket Handshake::NextConfirmSeal(std::uint16_t stream) noexcept {
  return TicketOf(candidate_ != kNoKeySlot ? candidate_ : current_, stream);
}

OpenTicket Handshake::PrepareOpen(Bytes datagram) noexcept {
  OpenTicket ticket;
  const auto refuse = [&](SealVerdict verdict) {
    ticket.verdict = Count(verdict);
    return ticket;
  };
  if (datagram.size() < sizeof(ClearHeader) + kTagBytes) return refuse(SealVerdict::kTooShort);
  ClearHeader header;
  std::memcpy(&header, datagram.data(), sizeof(header));
  if (header.magic.Get() != kMagic) return refuse(SealVerdict::kBadMagic);
  if (header.version != kProtocolVersion) return refuse(SealVerdict::kBadVersion);
  if (header.kind_phase >> 4 != static_cast<std::uint8_t>(DatagramKind::kSealed)) {
    return refuse(SealVerdict::kBadKind);
  }
  ticket.stream = header.stream.Get();
  if (ticket.stream >= kStreamsMax) return refuse(SealVerdict::kBadStream);

  // Newest first: a new run of the peer may by chance have chosen the phase of its last one, whose
  // frames are worthless now.
  const std::uint8_t phase = header.kind_phase & 0x0f;
  std::uint8_t found = kNoKeySlot;
  for (const std::uint8_t slot : {candidate_, current_, previous_}) {
    if (slot != kNoKeySlot && sets_[slot].receive_phase == phase) {
      found = slot;
      break;
    }
  }
  if (found == kNoKeySlot) return refuse(SealVerdict::kNoKey);
  ticket.slot = found;
  ticket.slot_generation = sets_[found].generation;
  ticket.packet_number = header.packet_number.Get();
  if (!sets_[found].windows[ticket.stream].MayAccept(ticket.packet_number)) {
    return refuse(SealVerdict::kReplayed);
  }
  ticket.nonce = MakeNonce(ticket.stream, ticket.packet_number);
  ticket.verdict = SealVerdict::kAccepted;
  return ticket;
}

OpenResult Handshake::CommitOpen(Instant now, const OpenTicket& ticket, bool authentic) noexcept {
  ENSURE(ticket.verdict == SealVerdict::kAccepted);
  OpenResult result;
  KeySet& set = sets_[ticket.slot];
  if (!set.in_use || set.generation != ticket.slot_generation) {
    result.verdict = SealVerdict::kStaleKey;
  } else if (!authentic) {
    result.verdict = SealVerdict::kBadSeal;
  } else if (!set.windows[ticket.stream].Accept(ticket.packet_number)) {
    result.verdict = SealVerdict::kReplayed;  // Twice in one burst.
  } else if (ticket.slot == candidate_) {
    Confirm(now, result);
  }
  Count(result.verdict);
  return result;
}

SealVerdict Handshake::OnEmpty(const ClearHeader& header) noexcept {
  const SealVerdict verdict = CheckEmpty(header.stream.Get(), header.epoch.Get());
  return verdict == SealVerdict::kAccepted ? verdict : Count(verdict);
}

// The peer holds the new keys: from now on we send under them, and old ones only open late frames.
void Handshake::Confirm(Instant now, OpenResult& result) noexcept {
  Retire(previous_);
  previous_ = std::exchange(current_, std::exchange(candidate_, kNoKeySlot));
  previous_until_ = now + options_.previous_key_lifetime;
  const bool same_run =
      previous_ != kNoKeySlot && sets_[previous_].peer.boot_id == sets_[current_].peer.boot_id;
  if (!same_run) Retire(previous_);  // Frames of a dead run must not reach the engine.
  result.rekeyed = same_run;
  result.established = !same_run;
  rekey_wanted_ = false;
  confirm_owed_ = true;
  ++counters_.keys_confirmed;
}

}  // namespace statesync
