// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/sync_receive.h"

#include <cstring>

#include "statesync/ensure.h"
#include "statesync/wire/schema.h"

namespace dataplane {
namespace {

using statesync::Bytes;
using statesync::ClearHeader;
using statesync::Instant;
using statesync::kBatchMax;
using statesync::kTagBytes;
using statesync::SealVerdict;

Bytes BytesOf(const rte_mbuf* frame, const Ha2Datagram& datagram) {
  return {rte_pktmbuf_mtod_offset(frame, const std::uint8_t*, datagram.offset), datagram.bytes};
}

// The kind alone is looked at before anything is authenticated: it says which check comes next.
bool IsHello(Bytes datagram) {
  constexpr std::size_t kKindAt = offsetof(ClearHeader, kind_phase);
  return datagram.size() > kKindAt &&
         datagram[kKindAt] >> 4 == static_cast<std::uint8_t>(statesync::DatagramKind::kHello);
}

}  // namespace

std::size_t SyncReceiver::Turn(Instant now) noexcept {
  std::size_t taken = 0;
  for (link_ = 0; link_ < links_.count; ++link_) taken += TurnLink(now);
  return taken;
}

std::size_t SyncReceiver::TurnLink(Instant now) noexcept {
  std::array<rte_mbuf*, kBatchMax> frames;
  const std::uint16_t count = link().port->Receive(frames);
  if (count == 0) return 0;
  links_.stats.Count(SyncEvent::frames_received, count);
  AddTo(link().facts->frames_received, count);
  for (std::uint16_t i = 0; i < count; ++i) Take(now, frames[i]);
  OpenQueued(now);
  rte_pktmbuf_free_bulk(frames.data(), count);
  return count;
}

void SyncReceiver::Take(Instant now, rte_mbuf* frame) noexcept {
  links_.stats.Count(SyncEvent::bytes_received, rte_pktmbuf_pkt_len(frame));
  Ha2Refusal refusal = Ha2Refusal::kTruncated;
  Ha2Datagram datagram;
  if (frame->nb_segs == 1 || rte_pktmbuf_linearize(frame) == 0) {
    refusal = CheckHa2Frame(
        link().addresses, {rte_pktmbuf_mtod(frame, const std::byte*), rte_pktmbuf_data_len(frame)},
        datagram);
  }
  if (refusal != Ha2Refusal::kNone) return links_.stats.Count(refusal);
  if (!IsHello(BytesOf(frame, datagram))) return Queue(frame, datagram);
  OpenQueued(now);  // A hello may change keys; what came before it belongs to the old ones.
  OnHello(now, frame, datagram);
}

void SyncReceiver::OnHello(Instant now, rte_mbuf* frame, const Ha2Datagram& datagram) noexcept {
  const Bytes bytes = BytesOf(frame, datagram);
  const statesync::HelloResult result = links_.handshake.OnHello(now, bytes);
  links_.ApplyKeyChanges();
  if (result.verdict != SealVerdict::kAccepted) return;
  link().addresses.peer_mac = datagram.source_mac;
  statesync::HelloBody body;  // Accepted: complete, authentic, and no replay.
  ENSURE(bytes.size() >= sizeof(ClearHeader) + sizeof(body));
  std::memcpy(&body, bytes.data() + sizeof(ClearHeader), sizeof(body));
  links_.Hear(now, link_);
  peer_.OnHello(now, body.boot_id.Get(), result.peer_restarted);
}

void SyncReceiver::Queue(rte_mbuf* frame, const Ha2Datagram& datagram) noexcept {
  const statesync::OpenTicket ticket = links_.handshake.PrepareOpen(BytesOf(frame, datagram));
  if (ticket.verdict != SealVerdict::kAccepted) return;  // Counted by the handshake.
  ENSURE(datagram.bytes >= sizeof(ClearHeader) + kTagBytes);
  tickets_[queued_] = ticket;
  sources_[queued_] = datagram.source_mac;
  items_[queued_] = {
      .frame = frame,
      .header_offset = datagram.offset,
      .text_bytes = static_cast<std::uint16_t>(datagram.bytes - sizeof(ClearHeader) - kTagBytes),
      .slot = ticket.slot,
      .nonce = ticket.nonce};
  ++queued_;
}

void SyncReceiver::OpenQueued(Instant now) noexcept {
  if (queued_ == 0) return;
  links_.cipher->OpenBatch({items_.data(), queued_});
  for (std::size_t i = 0; i < queued_; ++i) {
    const statesync::OpenResult result =
        links_.handshake.CommitOpen(now, tickets_[i], items_[i].good);
    if (result.verdict == SealVerdict::kAccepted) OnAuthentic(now, i, result);
  }
  queued_ = 0;
  links_.ApplyKeyChanges();  // The burst is open: keys that it retired are not needed any more.
  Apply(now);
}

void SyncReceiver::OnAuthentic(Instant now, std::size_t index,
                               const statesync::OpenResult& opened) noexcept {
  const CipherItem& item = items_[index];
  // A new run of the peer ends the batch: what came before it belongs to streams that are gone.
  if (opened.established) Apply(now);
  peer_.OnFrame(now, opened.established, opened.rekeyed);
  if (!peer_.connected()) return links_.stats.Count(SyncEvent::without_peer);
  if (opened.established) links_.ForgetReports();
  links_.Hear(now, link_);
  link().addresses.peer_mac = sources_[index];

  const auto* const header =
      rte_pktmbuf_mtod_offset(item.frame, const std::byte*, item.header_offset);
  ClearHeader clear;
  std::memcpy(&clear, header, sizeof(clear));
  if (item.text_bytes == 0) return OnEmpty(clear);
  frames_[opened_++] = {.stream = clear.stream.Get(),
                        .epoch = clear.epoch.Get(),
                        .sealed = {header + sizeof(clear), item.text_bytes}};
}

void SyncReceiver::OnEmpty(const ClearHeader& clear) noexcept {
  if (links_.handshake.OnEmpty(clear) != SealVerdict::kAccepted) return;  // Counted there.
  if (!statesync::IsLinkReport(clear.epoch.Get())) {
    return links_.stats.Count(SyncEvent::confirmations_received);
  }
  links_.stats.Count(SyncEvent::reports_received);
  links_.OnReport(clear.epoch.Get());
}

void SyncReceiver::Apply(Instant now) noexcept {
  if (opened_ > 0) engine_.OnFrameBatch(now, {frames_.data(), opened_});
  opened_ = 0;
}

}  // namespace dataplane
