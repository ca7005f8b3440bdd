// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One end of HA2 as the sync loop drives it: a Handshake, cipher contexts that obey its key
// changes, and a toy AEAD (a MAC without encryption). Checks on its own that no (key, nonce)
// repeats.

#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "statesync/seal/handshake.h"
#include "tests/unit/seal/toy_primitives.h"

namespace statesync::testing {

using Datagram = std::vector<std::uint8_t>;

inline PairSecret SecretOf(std::uint8_t fill) {
  PairSecret secret;
  for (std::uint8_t& byte : secret.bytes()) byte = fill;
  return secret;
}

class SealNode {
 public:
  struct Setup {
    NodeIndex node = 0;
    BootId boot_id = 1;
    std::uint64_t seed = 1;
    std::uint8_t secret = 0x5a;
    NodeIndex peer_node = kNodeAny;
    std::uint64_t rekey_after_packets = HandshakeOptions{}.rekey_after_packets;
    std::uint64_t seal_packets_max = HandshakeOptions{}.seal_packets_max;
  };

  explicit SealNode(const Setup& setup) : primitives(setup.seed) {
    HandshakeOptions options;
    options.node = setup.node;
    options.peer_node = setup.peer_node;
    options.boot_id = setup.boot_id;
    options.rekey_after_packets = setup.rekey_after_packets;
    options.seal_packets_max = setup.seal_packets_max;
    handshake = std::make_unique<Handshake>(primitives, SecretOf(setup.secret), options);
    Capabilities capabilities;
    capabilities.id_map_digest = 77;
    handshake->SetCapabilities(capabilities);
  }

  // What this node sends now.
  std::vector<Datagram> Turn(Instant now) {
    std::vector<Datagram> out;
    Datagram hello(kHelloDatagramBytes);
    const std::size_t bytes = handshake->TakeHello(now, hello);
    ApplyKeyChanges();
    if (bytes > 0) out.push_back(hello);
    if (handshake->ConfirmDue(now)) {
      const SealTicket ticket = handshake->NextConfirmSeal(0);
      if (ticket.ready) out.push_back(SealWith(ticket, 0, {}));
    }
    return out;
  }

  // A sealed frame with `text`; nothing if there are no keys.
  std::optional<Datagram> Frame(const std::string& text, std::uint16_t stream = 0) {
    const SealTicket ticket = handshake->NextSeal(stream);
    if (!ticket.ready) return std::nullopt;
    return SealWith(ticket, stream, text);
  }

  // Delivers one datagram; texts of accepted frames go to `received`.
  SealVerdict Deliver(Instant now, const Datagram& datagram) {
    ClearHeader header{};
    std::memcpy(&header, datagram.data(), std::min(datagram.size(), sizeof(header)));
    if (header.kind_phase >> 4 == static_cast<std::uint8_t>(DatagramKind::kHello)) {
      const HelloResult result = handshake->OnHello(now, datagram);
      if (result.peer_restarted) ++restarts_seen;
      ApplyKeyChanges();
      return result.verdict;
    }
    const OpenTicket ticket = handshake->PrepareOpen(datagram);
    if (ticket.verdict != SealVerdict::kAccepted) return ticket.verdict;
    const auto& key = contexts.at(ticket.slot).receive;
    const Bytes body = Bytes(datagram).first(datagram.size() - kTagBytes);
    const bool authentic =
        EqualInConstantTime(TagOf(key, ticket.nonce, body), Bytes(datagram).last(kTagBytes));
    const OpenResult result = handshake->CommitOpen(now, ticket, authentic);
    ApplyKeyChanges();
    if (result.established) ++established_count;
    if (result.rekeyed) ++rekeyed_count;
    if (result.verdict == SealVerdict::kAccepted && body.size() > sizeof(ClearHeader)) {
      received.emplace_back(body.begin() + sizeof(ClearHeader), body.end());
    }
    return result.verdict;
  }

  std::uint64_t count(SealVerdict verdict) const {
    return handshake->counters().verdicts[static_cast<std::size_t>(verdict)];
  }
  // Key the node seals engine frames with; nothing before keys are confirmed.
  std::optional<std::vector<std::uint8_t>> SendKey() {
    const SealTicket ticket = handshake->NextSeal(kStreamsMax - 1);
    if (!ticket.ready) return std::nullopt;
    return contexts.at(ticket.slot).send;
  }

  struct Context {
    std::vector<std::uint8_t> send;
    std::vector<std::uint8_t> receive;
  };

  ToyPrimitives primitives;
  std::unique_ptr<Handshake> handshake;
  std::map<std::uint8_t, Context> contexts;
  std::vector<std::string> received;
  int established_count = 0;
  int rekeyed_count = 0;
  int restarts_seen = 0;

 private:
  // A checksum with a key: quick, and all that a test without attackers needs.
  static std::vector<std::uint8_t> TagOf(Bytes key, const Nonce& nonce, Bytes body) {
    std::vector<std::uint8_t> tag;
    for (std::uint64_t half = 0; half < 2; ++half) {
      std::uint64_t sum = 0xcbf29ce484222325 + half;
      for (const Bytes part : {key, Bytes(nonce), body}) {
        for (const std::uint8_t byte : part) sum = (sum ^ byte) * 0x100000001b3;
      }
      for (int shift = 0; shift < 64; shift += 8) {
        tag.push_back(static_cast<std::uint8_t>(sum >> shift));
      }
    }
    return tag;
  }

  Datagram SealWith(const SealTicket& ticket, std::uint16_t stream, const std::string& text) {
    ClearHeader header{};
    header.magic.Set(kMagic);
    header.version = kProtocolVersion;
    header.kind_phase = ticket.phase;
    header.stream.Set(stream);
    header.packet_number.Set(ticket.packet_number);
    Datagram datagram(sizeof(header) + text.size());
    std::memcpy(datagram.data(), &header, sizeof(header));
    if (!text.empty()) std::memcpy(datagram.data() + sizeof(header), text.data(), text.size());
    const auto& key = contexts.at(ticket.slot).send;
    const std::string use =
        std::string(key.begin(), key.end()) + std::string(ticket.nonce.begin(), ticket.nonce.end());
    EXPECT_TRUE(used_nonces_.insert(use).second) << "a nonce was used twice";
    const std::vector<std::uint8_t> tag = TagOf(key, ticket.nonce, datagram);
    datagram.insert(datagram.end(), tag.begin(), tag.end());
    return datagram;
  }

  void ApplyKeyChanges() {
    std::array<KeyChange, 2> changes;
    while (const std::size_t count = handshake->TakeKeyChanges(changes)) {
      for (std::size_t i = 0; i < count; ++i) {
        const KeyChange& change = changes[i];
        if (change.action == KeyAction::kRemove) {
          EXPECT_EQ(contexts.erase(change.slot), 1u);
          continue;
        }
        Context context;
        context.send.assign(change.send.bytes().begin(), change.send.bytes().end());
        context.receive.assign(change.receive.bytes().begin(), change.receive.bytes().end());
        EXPECT_TRUE(contexts.emplace(change.slot, context).second) << "slot installed twice";
      }
    }
  }

  std::set<std::string> used_nonces_;
};

// Runs both nodes for `duration` in steps of a millisecond over a perfect link of no delay.
inline void Exchange(SealNode& a, SealNode& b, Instant& now, Duration duration) {
  const Instant end = now + duration;
  for (; now < end; now = now + Millis(1)) {
    for (const Datagram& datagram : a.Turn(now)) b.Deliver(now, datagram);
    for (const Datagram& datagram : b.Turn(now)) a.Deliver(now, datagram);
  }
}

}  // namespace statesync::testing
