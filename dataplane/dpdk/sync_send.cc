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
  rte_pktmbuf_free_bulk(waiting_.data(), static_cast<unsigned>(waiting_count_));
}

std::size_t SyncSender::Turn(Instant now) noexcept {
  std::size_t sent = Send(now);
  if (waiting_count_ > 0) return sent;
  PutHello(now);
  PutConfirmation(now);
  PutFrames(now);
  Seal();
  return sent + Send(now);
}

// Hellos go to everybody: the peer's MAC may have changed with the peer.
void SyncSender::PutHello(Instant now) noexcept {
  std::array<std::uint8_t, statesync::kHelloDatagramBytes> hello;
  const std::size_t bytes = link_.handshake.TakeHello(now, hello);
  link_.ApplyKeyChanges();
  if (bytes == 0) return;
  if (!Refill()) return;
  rte_mbuf* const frame = empty_[--empty_count_];
  const auto frame_bytes = static_cast<std::uint16_t>(kHa2HeaderBytes + bytes);
  char* const room = rte_pktmbuf_append(frame, frame_bytes);
  ENSURE(room != nullptr);  // The pool's buffers hold a whole MTU.
  WriteHa2Header(link_.addresses, kBroadcastMac, 0, static_cast<std::uint16_t>(bytes),
                 HeaderOf(frame));
  std::memcpy(room + kHa2HeaderBytes, hello.data(), bytes);
  waiting_[waiting_count_++] = frame;
}

void SyncSender::PutConfirmation(Instant now) noexcept {
  if (!link_.handshake.ConfirmDue(now) || !Refill()) return;
  if (!Prepare(empty_[empty_count_ - 1], link_.handshake.NextConfirmSeal(0), 0, 0, 0)) return;
  --empty_count_;
  link_.stats.Count(SyncEvent::confirmations_sent);
}

bool SyncSender::Refill() noexcept {
  if (empty_count_ == empty_.size()) return true;
  if (!link_.port->Allocate(std::span(empty_).subspan(empty_count_))) {
    link_.stats.Count(SyncEvent::no_buffers);
    return empty_count_ > 0;
  }
  empty_count_ = empty_.size();
  return true;
}

void SyncSender::PutFrames(Instant now) noexcept {
  if (!Refill()) return;
  const std::size_t text_max = link_.datagram_bytes_max - sizeof(ClearHeader) - kTagBytes;
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
    if (Prepare(empty_[i], link_.handshake.NextSeal(frame.stream), frame.stream, frame.epoch,
                frame.bytes)) {
      continue;
    }
    link_.stats.Count(SyncEvent::not_sealed);
    empty_[kept++] = empty_[i];
  }
  const auto rest = std::copy(empty_.begin() + static_cast<std::ptrdiff_t>(taken),
                              empty_.begin() + static_cast<std::ptrdiff_t>(empty_count_),
                              empty_.begin() + static_cast<std::ptrdiff_t>(kept));
  empty_count_ = static_cast<std::size_t>(rest - empty_.begin());
}

bool SyncSender::Prepare(rte_mbuf* frame, const statesync::SealTicket& ticket, std::uint16_t stream,
                         std::uint16_t epoch, std::uint16_t text_bytes) noexcept {
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
  WriteHa2Header(link_.addresses, link_.addresses.peer_mac, stream, bytes, HeaderOf(frame));
  std::memcpy(room + kHa2HeaderBytes, &clear, sizeof(clear));
  sealing_[sealing_count_++] = {.frame = frame,
                                .header_offset = kHa2HeaderBytes,
                                .text_bytes = text_bytes,
                                .slot = ticket.slot,
                                .nonce = ticket.nonce};
  return true;
}

void SyncSender::Seal() noexcept {
  if (sealing_count_ == 0) return;
  link_.cipher->SealBatch({sealing_.data(), sealing_count_});
  for (std::size_t i = 0; i < sealing_count_; ++i) {
    if (sealing_[i].good) {
      waiting_[waiting_count_++] = sealing_[i].frame;
    } else {
      link_.stats.Count(SyncEvent::not_sealed);  // Never in the clear; its loss is repaired.
      rte_pktmbuf_free(sealing_[i].frame);
    }
  }
  sealing_count_ = 0;
}

std::size_t SyncSender::Send(Instant now) noexcept {
  if (waiting_count_ == 0) return 0;
  std::array<std::uint32_t, kWaitingMax> bytes;
  for (std::size_t i = 0; i < waiting_count_; ++i) bytes[i] = rte_pktmbuf_pkt_len(waiting_[i]);
  const std::size_t sent = link_.port->Send({waiting_.data(), waiting_count_});
  link_.stats.Count(SyncEvent::frames_sent, sent);
  for (std::size_t i = 0; i < sent; ++i) link_.stats.Count(SyncEvent::bytes_sent, bytes[i]);

  std::copy(waiting_.begin() + static_cast<std::ptrdiff_t>(sent),
            waiting_.begin() + static_cast<std::ptrdiff_t>(waiting_count_), waiting_.begin());
  waiting_count_ -= sent;
  if (sent > 0 || waiting_since_ == Instant{}) waiting_since_ = now;
  if (waiting_count_ == 0) {
    waiting_since_ = {};
    return sent;
  }
  link_.stats.Count(SyncEvent::send_waits);
  if (now - waiting_since_ > kWaitMax) {
    link_.stats.Count(SyncEvent::send_dropped, waiting_count_);
    rte_pktmbuf_free_bulk(waiting_.data(), static_cast<unsigned>(waiting_count_));
    waiting_count_ = 0;
    waiting_since_ = {};
  }
  return sent;
}

}  // namespace dataplane
