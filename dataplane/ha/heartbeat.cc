// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha/heartbeat.h"

#include <algorithm>
#include <cstring>

#include "statesync/ensure.h"

namespace dataplane {

using statesync::Bytes;
using statesync::Millis;
using statesync::Statement;

std::string_view NameOf(BeatVerdict verdict) noexcept {
  static constexpr std::array<std::string_view, kBeatVerdictCount> kNames{
      "accepted", "bad-form", "bad-mac", "bad-node", "bad-field", "replayed", "unproven"};
  ENSURE(verdict < BeatVerdict::kCount);
  return kNames[static_cast<std::size_t>(verdict)];
}

HeartbeatGuard::HeartbeatGuard(statesync::Primitives& primitives,
                               const statesync::SecretBytes<statesync::kHashBytes>& key,
                               statesync::NodeIndex peer_node)
    : primitives_(primitives), key_(key), peer_node_(peer_node) {
  NewChallenge();
}

void HeartbeatGuard::NewChallenge() noexcept {
  do {
    std::array<std::uint8_t, sizeof(challenge_)> bytes;
    primitives_.Random(bytes);
    std::memcpy(&challenge_, bytes.data(), sizeof(challenge_));
  } while (challenge_ == 0);  // Zero is what a peer echoes that has heard nothing.
}

void HeartbeatGuard::Make(const Statement& own, statesync::HeartbeatPath path,
                          HeartbeatBuffer& out) noexcept {
  HeartbeatBody body{};
  body.magic.Set(kHeartbeatMagic);
  body.version = kHeartbeatVersion;
  body.path = static_cast<std::uint8_t>(path);
  body.node = own.node;
  body.role = static_cast<std::uint8_t>(own.role);
  body.standing = own.standing;
  body.priority = own.priority;
  body.term.Set(own.term.value);
  body.flags = static_cast<std::uint8_t>((own.synced ? kBeatSynced : 0) |
                                         (own.asks_takeover ? kBeatAsksTakeover : 0));
  body.detection_ms.Set(static_cast<std::uint16_t>(
      std::clamp<std::int64_t>(own.detection.ns / Millis(1).ns, 1, 0xffff)));
  body.boot_id.Set(own.boot_id);
  body.sequence.Set(++sequence_);
  body.challenge.Set(challenge_);
  body.echo.Set(echo_);
  std::memcpy(out.data(), &body, sizeof(body));
  const std::array<Bytes, 1> signed_part{Bytes(out).first(sizeof(body))};
  statesync::Hash mac;
  primitives_.Hmac(key_.bytes(), signed_part, mac);
  std::memcpy(out.data() + sizeof(body), mac.data(), mac.size());
}

BeatVerdict HeartbeatGuard::Check(std::span<const std::uint8_t> datagram,
                                  statesync::HeartbeatPath path, Statement& statement) noexcept {
  if (datagram.size() < kHeartbeatBytes || datagram.size() > kHeartbeatBytesMax) {
    return BeatVerdict::kBadForm;
  }
  HeartbeatBody body;
  std::memcpy(&body, datagram.data(), sizeof(body));
  if (body.magic.Get() != kHeartbeatMagic || body.version != kHeartbeatVersion) {
    return BeatVerdict::kBadForm;
  }
  const std::array<Bytes, 1> signed_part{datagram.first(datagram.size() - kHeartbeatMacBytes)};
  statesync::Hash mac;
  primitives_.Hmac(key_.bytes(), signed_part, mac);
  if (!statesync::EqualInConstantTime(mac, datagram.last(kHeartbeatMacBytes))) {
    return BeatVerdict::kBadMac;
  }
  if (body.node != peer_node_) return BeatVerdict::kBadNode;
  if (body.path != static_cast<std::uint8_t>(path) || body.boot_id.Get() == 0 ||
      body.role > static_cast<std::uint8_t>(statesync::Role::kTentative) || body.standing > 2 ||
      (body.flags & ~kBeatFlagsKnown) != 0 || body.detection_ms.Get() == 0) {
    return BeatVerdict::kBadField;
  }
  const auto index = static_cast<std::size_t>(path);
  if (body.boot_id.Get() != peer_boot_) {
    echo_ = body.challenge.Get();  // Whoever it is: only the peer can use what we echo.
    if (body.echo.Get() != challenge_) return BeatVerdict::kUnproven;
    peer_boot_ = body.boot_id.Get();
    last_sequence_.fill(0);
    NewChallenge();
  } else if (body.sequence.Get() <= last_sequence_[index]) {
    return BeatVerdict::kReplayed;
  }
  last_sequence_[index] = body.sequence.Get();
  echo_ = body.challenge.Get();

  statement = Statement{};
  statement.node = body.node;
  statement.boot_id = body.boot_id.Get();
  statement.role = static_cast<statesync::Role>(body.role);
  statement.term = statesync::Term{body.term.Get()};
  statement.standing = body.standing;
  statement.priority = body.priority;
  statement.synced = (body.flags & kBeatSynced) != 0;
  statement.asks_takeover = (body.flags & kBeatAsksTakeover) != 0;
  statement.detection = Millis(body.detection_ms.Get());
  return BeatVerdict::kAccepted;
}

}  // namespace dataplane
