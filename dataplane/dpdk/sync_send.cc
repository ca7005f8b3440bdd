// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/sync_send.h"

#include <algorithm>
#include <cstring>

#include "statesync/ensure.h"
#include "statesync/wire/schema.h"

namespace dataplane {
namespace {

using statesync::ClearHeader;
using statesync::Instant;
using statesync::kTagBytes;

constexpr std::size_t kTextOffset = kHa2HeaderBytes + sizeof(ClearHeader);
// A queue that stood still for so long belongs to a link that is down.
constexpr statesync::Duration kWaitMax = statesync::Millis(100);

std::span<std::byte, kHa2HeaderBytes> HeaderOf(rte_mbuf* frame) {
  return std::span<std::byte, kHa2HeaderBytes>(rte_pktmbuf_mtod(frame, std::byte*),
                                               kHa2HeaderBytes);
}

}  // namespace

SyncSender::~SyncSender() {
  rte_pktmbuf_free_bulk(empty_.data(), static_cast<unsigned>(empty_count_));
  for (Outbox& outbox : outboxes_) {
    rte_pktmbuf_free_bulk(outbox.frames.data(), static_cast<unsigned>(outbox.count));
  }
}

std::size_t SyncSender::Turn(Instant now) noexcept {
  links_.Turn(now);
  const std::size_t sent = Send(now);
  if (Blocked()) return sent;
  PutHello(now);
  PutConfirmations(now);
  PutReports(now);
  PutFrames(now);
  Seal();
  return sent + Send(now);
}

bool SyncSender::Blocked() const noexcept {
  std::size_t waiting = 0;
  for (std::size_t i = 0; i < links_.count; ++i) {
    if (outboxes_[i].count == 0) continue;
    if (links_.links[i].used) return true;
    ++waiting;
  }
  return waiting == links_.count;
}

// Hellos go to everybody: the peer's MAC may have changed with the peer.
void SyncSender::PutHello(Instant now) noexcept {
  std::array<std::uint8_t, statesync::kHelloDatagramBytes> hello;
  const std::size_t bytes = links_.handshake.TakeHello(now, hello);
  links_.ApplyKeyChanges();
  if (bytes == 0) return;
  for (std::size_t i = 0; i < links_.count; ++i) {
    if (!Refill()) return;
    rte_mbuf* const frame = empty_[--empty_count_];
    char* const room =
        rte_pktmbuf_append(frame, static_cast<std::uint16_t>(kHa2HeaderBytes + bytes));
    ENSURE(room != nullptr);  // The pool's buffers hold a whole MTU.
    WriteHa2Header(links_.links[i].addresses, kBroadcastMac, 0, static_cast<std::uint16_t>(bytes),
                   HeaderOf(frame));
    std::memcpy(room + kHa2HeaderBytes, hello.data(), bytes);
    Enqueue(i, frame);
  }
}

// Each has a number of its own: a copy would be a replay, and prove nothing about its link.
void SyncSender::PutConfirmations(Instant now) noexcept {
  if (!links_.handshake.ConfirmDue(now)) return;
  for (std::size_t i = 0; i < links_.count; ++i) {
    if (PutEmpty(i, links_.handshake.NextConfirmSeal(0), 0)) {
      links_.stats.Count(SyncEvent::confirmations_sent);
    }
  }
}

void SyncSender::PutReports(Instant now) noexcept {
  if (links_.count < 2 || now < next_report_ || !links_.handshake.established()) return;
  next_report_ = now + links_.report_interval;
  const std::uint16_t report = links_.Report(now);
  for (std::size_t i = 0; i < links_.count; ++i) {
    PutEmpty(i, links_.handshake.NextSeal(0), report);
  }
}

bool SyncSender::PutEmpty(std::size_t link, const statesync::SealTicket& ticket,
                          std::uint16_t epoch) noexcept {
  if (!Refill() || !Prepare(empty_[empty_count_ - 1], link, ticket, 0, epoch, 0)) return false;
  --empty_count_;
  return true;
}

bool SyncSender::Refill() noexcept {
  if (empty_count_ == empty_.size()) return true;
  if (!links_.links[0].port->Allocate(std::span(empty_).subspan(empty_count_))) {
    links_.stats.Count(SyncEvent::no_buffers);
    return empty_count_ > 0;
  }
  empty_count_ = empty_.size();
  return true;
}

void SyncSender::PutFrames(Instant now) noexcept {
  if (!Refill()) return;
  const std::size_t text_max = links_.datagram_bytes_max - sizeof(ClearHeader) - kTagBytes;
  std::array<statesync::OutFrame, kFramesMax> frames;
  for (std::size_t i = 0; i < empty_count_; ++i) {
    frames[i] = {};
    frames[i].buffer = {rte_pktmbuf_mtod_offset(empty_[i], std::byte*, kTextOffset), text_max};
  }
  const std::size_t taken = engine_.TakeFrames(now, {frames.data(), empty_count_});
  ENSURE(taken <= empty_count_);
  if (taken == 0) return;

  std::size_t kept = 0;
  for (std::size_t i = 0; i < taken; ++i) {
    const statesync::OutFrame& frame = frames[i];
    if (Prepare(empty_[i], links_.LinkOf(frame.stream), links_.handshake.NextSeal(frame.stream),
                frame.stream, frame.epoch, frame.bytes)) {
      continue;
    }
    links_.stats.Count(SyncEvent::not_sealed);
    empty_[kept++] = empty_[i];
  }
  const auto rest = std::copy(empty_.begin() + static_cast<std::ptrdiff_t>(taken),
                              empty_.begin() + static_cast<std::ptrdiff_t>(empty_count_),
                              empty_.begin() + static_cast<std::ptrdiff_t>(kept));
  empty_count_ = static_cast<std::size_t>(rest - empty_.begin());
}

bool SyncSender::Prepare(rte_mbuf* frame, std::size_t link, const statesync::SealTicket& ticket,
                         std::uint16_t stream, std::uint16_t epoch,
                         std::uint16_t text_bytes) noexcept {
  if (!ticket.ready) return false;
  ClearHeader clear{};
  clear.magic.Set(statesync::kMagic);
  clear.version = statesync::kProtocolVersion;
  clear.kind_phase = static_cast<std::uint8_t>(
      static_cast<unsigned>(statesync::DatagramKind::kSealed) << 4 | ticket.phase);
  clear.stream.Set(stream);
  clear.epoch.Set(epoch);
  clear.packet_number.Set(ticket.packet_number);

  const auto bytes = static_cast<std::uint16_t>(sizeof(clear) + text_bytes + kTagBytes);
  char* const room = rte_pktmbuf_append(frame, static_cast<std::uint16_t>(kHa2HeaderBytes + bytes));
  ENSURE(room != nullptr);
  const Ha2Link& addresses = links_.links[link].addresses;
  WriteHa2Header(addresses, addresses.peer_mac, stream, bytes, HeaderOf(frame));
  std::memcpy(room + kHa2HeaderBytes, &clear, sizeof(clear));
  sealing_links_[sealing_count_] = static_cast<std::uint8_t>(link);
  sealing_[sealing_count_++] = {.frame = frame,
                                .header_offset = kHa2HeaderBytes,
                                .text_bytes = text_bytes,
                                .slot = ticket.slot,
                                .nonce = ticket.nonce};
  return true;
}

void SyncSender::Seal() noexcept {
  if (sealing_count_ == 0) return;
  links_.cipher->SealBatch({sealing_.data(), sealing_count_});
  for (std::size_t i = 0; i < sealing_count_; ++i) {
    if (sealing_[i].good) {
      Enqueue(sealing_links_[i], sealing_[i].frame);
    } else {
      links_.stats.Count(SyncEvent::not_sealed);  // Never in the clear; its loss is repaired.
      rte_pktmbuf_free(sealing_[i].frame);
    }
  }
  sealing_count_ = 0;
}

void SyncSender::Enqueue(std::size_t link, rte_mbuf* frame) noexcept {
  Outbox& outbox = outboxes_[link];
  if (outbox.count == outbox.frames.size()) {  // Of a link that is not used; see Blocked().
    links_.stats.Count(SyncEvent::send_dropped);
    rte_pktmbuf_free(frame);
    return;
  }
  outbox.frames[outbox.count++] = frame;
}

std::size_t SyncSender::Send(Instant now) noexcept {
  std::size_t sent = 0;
  for (std::size_t i = 0; i < links_.count; ++i) sent += SendOver(now, i);
  return sent;
}

std::size_t SyncSender::SendOver(Instant now, std::size_t link) noexcept {
  Outbox& outbox = outboxes_[link];
  if (outbox.count == 0) return 0;
  std::array<std::uint32_t, kWaitingMax> bytes;
  for (std::size_t i = 0; i < outbox.count; ++i) bytes[i] = rte_pktmbuf_pkt_len(outbox.frames[i]);
  const std::size_t sent = links_.links[link].port->Send({outbox.frames.data(), outbox.count});
  links_.stats.Count(SyncEvent::frames_sent, sent);
  AddTo(links_.links[link].facts->frames_sent, sent);
  for (std::size_t i = 0; i < sent; ++i) links_.stats.Count(SyncEvent::bytes_sent, bytes[i]);

  std::copy(outbox.frames.begin() + static_cast<std::ptrdiff_t>(sent),
            outbox.frames.begin() + static_cast<std::ptrdiff_t>(outbox.count),
            outbox.frames.begin());
  outbox.count -= sent;
  if (sent > 0 || outbox.since == Instant{}) outbox.since = now;
  if (outbox.count == 0) {
    outbox.since = {};
    return sent;
  }
  links_.stats.Count(SyncEvent::send_waits);
  if (now - outbox.since > kWaitMax) {
    links_.stats.Count(SyncEvent::send_dropped, outbox.count);
    rte_pktmbuf_free_bulk(outbox.frames.data(), static_cast<unsigned>(outbox.count));
    outbox.count = 0;
    outbox.since = {};
  }
  return sent;
}

}  // namespace dataplane
