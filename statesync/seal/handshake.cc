// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Hellos: attempts, answers, proofs of freshness, and the keys they yield. handshake_frames.cc has
// what happens to sealed frames.

#include "statesync/seal/handshake.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "statesync/ensure.h"
#include "statesync/seal/hello_codec.h"

namespace statesync {
namespace {

constexpr std::size_t kBodyOffset = sizeof(ClearHeader);
constexpr std::size_t kMacOffset = kBodyOffset + sizeof(HelloBody);
constexpr std::size_t kEchoOffset = kBodyOffset + offsetof(HelloBody, echo_nonce);
constexpr std::size_t kNonceValueBytes = 32;
static_assert(kMacOffset + kHelloMacBytes == kHelloDatagramBytes);

// The key schedule needs a hash and has HMAC: under a constant key it is as collision resistant.
constexpr std::string_view kOfferLabel = "lockstep hello offer v1";

// A candidate whose peer has fallen silent is repeated at the slower pace of ordinary hellos.
constexpr Duration kConfirmEagerFor = Millis(500);

constexpr std::array<std::uint8_t, kNonceValueBytes> kNoEcho{};

Bytes BytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::array<std::uint8_t, kNonceValueBytes> ToNonce(const std::uint8_t (&bytes)[kNonceValueBytes]) {
  std::array<std::uint8_t, kNonceValueBytes> nonce;
  std::copy_n(bytes, kNonceValueBytes, nonce.begin());
  return nonce;
}

}  // namespace

Handshake::Handshake(Primitives& primitives, const PairSecret& secret,
                     const HandshakeOptions& options)
    : primitives_(primitives),
      options_(options),
      secret_(secret),
      pair_keys_(DerivePairKeys(primitives, secret)),
      peer_node_(options.peer_node) {
  ENSURE(options.node < kNodesMax);
  ENSURE(options.node != options.peer_node);
  ENSURE(options.boot_id != 0);
  ENSURE(options.rekey_after_packets < options.seal_packets_max);
  // A restarted node should not begin with the phase its last run used: then late frames of that
  // run are told apart by their phase instead of by a failed AEAD.
  primitives_.Random(std::span(&last_phase_, 1));
  last_phase_ &= 0x0f;
}

SealVerdict Handshake::Count(SealVerdict verdict) noexcept {
  ++counters_.verdicts[static_cast<std::size_t>(verdict)];
  return verdict;
}

HelloResult Handshake::OnHello(Instant now, Bytes datagram) noexcept {
  HelloResult result;
  HelloBody body;
  result.verdict = CheckHello(datagram, body);
  if (result.verdict == SealVerdict::kAccepted) {
    result.verdict = OnCheckedHello(now, datagram, body);
    result.peer_restarted = result.verdict == SealVerdict::kAccepted && established() &&
                            sets_[candidate_].peer.boot_id != sets_[current_].peer.boot_id;
  }
  Count(result.verdict);
  return result;
}

// A longer hello is one of a later version: its MAC is at its end, and its first bytes are ours.
SealVerdict Handshake::CheckHello(Bytes datagram, HelloBody& body) noexcept {
  if (datagram.size() < kHelloDatagramBytes) return SealVerdict::kTooShort;
  if (datagram.size() > kDatagramBytesMin) return SealVerdict::kTooLong;
  ClearHeader header;
  std::memcpy(&header, datagram.data(), sizeof(header));
  if (header.magic.Get() != kMagic) return SealVerdict::kBadMagic;
  if (header.kind_phase >> 4 != static_cast<std::uint8_t>(DatagramKind::kHello)) {
    return SealVerdict::kBadKind;
  }
  const std::array<Bytes, 1> signed_part{datagram.first(datagram.size() - kHelloMacBytes)};
  Hash mac;
  primitives_.Hmac(pair_keys_.hello.bytes(), signed_part, mac);
  if (!EqualInConstantTime(mac, datagram.last(kHelloMacBytes))) return SealVerdict::kHelloBadMac;
  std::memcpy(&body, datagram.data() + kBodyOffset, sizeof(body));
  return SealVerdict::kAccepted;
}

bool Handshake::Knows(const NonceValue& peer_nonce) const noexcept {
  return std::ranges::any_of(
      sets_, [&](const KeySet& set) { return set.in_use && set.peer_nonce == peer_nonce; });
}

SealVerdict Handshake::OnCheckedHello(Instant now, Bytes datagram, const HelloBody& body) noexcept {
  PeerHello peer;
  const SealVerdict verdict = DecodeHello(body, options_.node, peer);
  if (verdict != SealVerdict::kAccepted) return verdict;
  if (peer_node_ != kNodeAny && peer.node != peer_node_) return SealVerdict::kHelloGroupFull;
  if (Knows(ToNonce(body.nonce))) return SealVerdict::kHelloDuplicate;
  if (attempt_.open && ToNonce(body.echo_nonce) == attempt_.nonce) {
    return Derive(now, datagram, body);
  }
  return OnUnproven(now, body);
}

// It may be a replay: it earns an answer, which proves nothing to anybody but a living peer.
SealVerdict Handshake::OnUnproven(Instant now, const HelloBody& body) noexcept {
  const bool answers_something = ToNonce(body.echo_nonce) != kNoEcho;
  if (answers_something && established() && sets_[current_].peer.boot_id == body.boot_id.Get()) {
    return SealVerdict::kHelloStale;  // Else one replayed hello would set off a rekey.
  }
  const NonceValue nonce = ToNonce(body.nonce);
  if (nonce == answered_ && now - answered_at_ < Duration{options_.hello_interval.ns / 2}) {
    return SealVerdict::kHelloDuplicate;  // The copy that came over the other link.
  }
  if (!AnswerAllowed(now)) {
    ++counters_.answers_limited;
    return SealVerdict::kHelloUnproven;
  }
  answered_ = nonce;
  answered_at_ = now;
  answer_pending_ = true;
  answer_echo_ = nonce;
  return SealVerdict::kHelloUnproven;
}

bool Handshake::AnswerAllowed(Instant now) noexcept {
  if (now - answer_window_ >= Seconds(1) || answers_in_window_ == 0) {
    answer_window_ = now;
    answers_in_window_ = 0;
  }
  if (answers_in_window_ >= options_.answers_per_second_max) return false;
  ++answers_in_window_;
  return true;
}

// The hello echoes our open attempt's nonce, so it was made after that attempt: it is no replay.
SealVerdict Handshake::Derive(Instant now, Bytes datagram, const HelloBody& body) noexcept {
  PublicValue share;
  std::copy_n(body.share, kCurveBytes, share.begin());
  CurveShared shared;
  if (!primitives_.CurveSharedOf(attempt_.secret, share, shared)) {
    return SealVerdict::kHelloBadShare;
  }
  PeerHello peer;
  ENSURE(DecodeHello(body, options_.node, peer) == SealVerdict::kAccepted);
  const OfferHash theirs = HashOffer(datagram.first(datagram.size() - kHelloMacBytes));
  const bool low = options_.node < peer.node;
  DirectionKeys keys = DeriveDirectionKeys(
      primitives_, secret_, shared, low ? attempt_.offer : theirs, low ? theirs : attempt_.offer);

  Retire(candidate_);
  candidate_ = FreeSlot();
  KeySet& set = sets_[candidate_];
  set.in_use = true;
  set.announced = false;
  set.send_phase = attempt_.phase;
  set.receive_phase = datagram[offsetof(ClearHeader, kind_phase)] & 0x0f;
  set.own_nonce = attempt_.nonce;
  set.peer_nonce = ToNonce(body.nonce);
  set.peer = peer;
  set.hello = attempt_.hello;
  Authenticate(set.hello, set.peer_nonce);
  set.send = low ? std::move(keys.low_to_high) : std::move(keys.high_to_low);
  set.receive = low ? std::move(keys.high_to_low) : std::move(keys.low_to_high);
  set.installed_at = now;
  set.sent.fill(0);
  set.sealed = 0;
  for (ReplayWindow& window : set.windows) window.Reset();

  attempt_ = Attempt{};  // Used up: a second derivation would repeat packet numbers under one key.
  answer_pending_ = false;
  answer_echo_ = kNoEcho;
  next_repeat_ = now;
  next_confirm_ = now;
  peer_node_ = peer.node;
  ++counters_.keys_derived;
  return SealVerdict::kAccepted;
}

OfferHash Handshake::HashOffer(Bytes signed_part) noexcept {
  const std::array<Bytes, 3> parts{signed_part.first(kEchoOffset), Bytes(kNoEcho),
                                   signed_part.subspan(kEchoOffset + kNonceValueBytes)};
  OfferHash hash;
  primitives_.Hmac(BytesOf(kOfferLabel), parts, hash);
  return hash;
}

void Handshake::OpenAttempt() noexcept {
  attempt_ = Attempt{};
  attempt_.open = true;
  attempt_.phase = FreePhase();
  primitives_.Random(attempt_.secret.bytes());
  primitives_.Random(attempt_.nonce);

  ClearHeader header{};
  header.magic.Set(kMagic);
  header.version = kProtocolVersion;
  header.kind_phase =
      static_cast<std::uint8_t>(static_cast<unsigned>(DatagramKind::kHello) << 4 | attempt_.phase);
  HelloBody body{};
  EncodeHello(capabilities_, options_.node, options_.boot_id, body);
  PublicValue share;
  primitives_.CurvePublicOf(attempt_.secret, share);
  std::copy(share.begin(), share.end(), body.share);
  std::copy(attempt_.nonce.begin(), attempt_.nonce.end(), body.nonce);
  std::memcpy(attempt_.hello.data(), &header, sizeof(header));
  std::memcpy(attempt_.hello.data() + kBodyOffset, &body, sizeof(body));
  attempt_.offer = HashOffer(Bytes(attempt_.hello).first(kMacOffset));
}

void Handshake::Authenticate(HelloBytes& hello, const NonceValue& echo) noexcept {
  std::copy(echo.begin(), echo.end(), hello.begin() + kEchoOffset);
  const std::array<Bytes, 1> signed_part{Bytes(hello).first(kMacOffset)};
  Hash mac;
  primitives_.Hmac(pair_keys_.hello.bytes(), signed_part, mac);
  std::copy(mac.begin(), mac.end(), hello.begin() + kMacOffset);
}

std::uint8_t Handshake::FreePhase() noexcept {
  const auto taken = [&](std::uint8_t phase) {
    return std::ranges::any_of(
        sets_, [&](const KeySet& set) { return set.in_use && set.send_phase == phase; });
  };
  do {
    last_phase_ = static_cast<std::uint8_t>((last_phase_ + 1) & 0x0f);
  } while (taken(last_phase_));  // At most kKeySlots of 16 are taken.
  return last_phase_;
}

std::size_t Handshake::SendAttempt(const NonceValue& echo, std::span<std::uint8_t> out) noexcept {
  if (!attempt_.open) OpenAttempt();
  HelloBytes hello = attempt_.hello;
  Authenticate(hello, echo);
  std::copy(hello.begin(), hello.end(), out.begin());
  ++counters_.hellos_sent;
  return hello.size();
}

bool Handshake::RekeyDue(Instant now) const noexcept {
  if (!established()) return false;
  const KeySet& set = sets_[current_];
  return now - set.installed_at >= options_.rekey_after ||
         set.sealed >= options_.rekey_after_packets;
}

std::size_t Handshake::TakeHello(Instant now, std::span<std::uint8_t> out) noexcept {
  ENSURE(out.size() >= kHelloDatagramBytes);
  if (previous_ != kNoKeySlot && now >= previous_until_) Retire(previous_);

  if (candidate_ != kNoKeySlot && now >= next_repeat_) {
    const KeySet& set = sets_[candidate_];
    const bool eager = now - set.installed_at < kConfirmEagerFor;
    next_repeat_ = now + (eager ? options_.confirm_interval : options_.hello_interval);
    std::copy(set.hello.begin(), set.hello.end(), out.begin());
    ++counters_.hellos_sent;
    return set.hello.size();
  }
  if (answer_pending_) {
    answer_pending_ = false;
    ++counters_.answers_sent;
    return SendAttempt(answer_echo_, out);
  }
  if (RekeyDue(now)) rekey_wanted_ = true;
  const bool wanted = candidate_ == kNoKeySlot && (!established() || rekey_wanted_);
  if (!wanted || now < next_hello_) return 0;
  next_hello_ = now + options_.hello_interval;
  // Without keys, the last nonce heard is echoed again in case the answer to it was lost.
  return SendAttempt(established() ? kNoEcho : answer_echo_, out);
}

void Handshake::RequestRekey() noexcept {
  if (established()) rekey_wanted_ = true;
}

const PeerHello& Handshake::peer() const {
  ENSURE(established());
  return sets_[current_].peer;
}

}  // namespace statesync
