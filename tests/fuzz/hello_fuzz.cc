// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// libFuzzer target: hellos and sealed datagrams against one end of the handshake, with a MAC that
// is always right and a cipher that opens what the input wants opened.
//
// Input: steps. The peer's hellos are a real peer's, with bytes overwritten and the MAC made anew.
// Checks: what DecodeHello accepts is within its limits and comes back from EncodeHello; keys once
// confirmed stay; no (slot, stream, packet number) is given out twice, nor accepted twice; answers
// keep their limit.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "statesync/ensure.h"
#include "statesync/seal/handshake.h"
#include "statesync/seal/hello_codec.h"
#include "tests/fuzz/byte_reader.h"
#include "tests/unit/seal/toy_primitives.h"

namespace statesync::fuzz {
namespace {

constexpr std::size_t kStepsMax = 200;  // Of one input: each may cost hashes.

void CheckDecode(const HelloBody& body, NodeIndex own) {
  PeerHello peer;
  const SealVerdict verdict = DecodeHello(body, own, peer);
  ENSURE(!NameOf(verdict).empty());
  if (verdict != SealVerdict::kAccepted) return;
  ENSURE(peer.node != own && peer.node < kNodesMax && peer.boot_id != 0);
  const Capabilities& said = peer.capabilities;
  ENSURE(said.stream_count >= 1 && said.stream_count <= kStreamsMax);
  ENSURE(said.datagram_bytes_max >= kDatagramBytesMin);
  ENSURE(said.table_count <= kHelloTablesMax);
  HelloBody again = body;
  EncodeHello(said, peer.node, peer.boot_id, again);
  PeerHello peer_again;
  ENSURE(DecodeHello(again, own, peer_again) == SealVerdict::kAccepted);
  ENSURE(peer_again.capabilities == said && peer_again.boot_id == peer.boot_id);
}

class Story {
 public:
  explicit Story(ByteReader input)
      : input_(input), own_(OptionsOf(0, 1), 1), peer_(OptionsOf(1, 2), 2) {
    own_.handshake.SetCapabilities(Said());
    peer_.handshake.SetCapabilities(Said());
  }

  void Run() {
    for (std::size_t i = 0; i < kStepsMax && !input_.is_empty(); ++i) Step();
    const HandshakeCounters& counters = own_.handshake.counters();
    ENSURE(counters.keys_confirmed <= counters.keys_derived);
    ENSURE(counters.answers_sent <= counters.hellos_sent);
  }

 private:
  struct End {
    End(const HandshakeOptions& options, std::uint64_t seed)
        : primitives(seed), handshake(primitives, PairSecret{}, options) {}
    testing::ToyPrimitives primitives;
    Handshake handshake;
    std::vector<std::uint8_t> hello;  // The last one it sent.
  };
  // A key of one end's slot: the same slot is another one after a removal.
  using PacketName = std::tuple<unsigned, std::uint8_t, std::uint16_t, std::uint64_t>;

  static HandshakeOptions OptionsOf(NodeIndex node, BootId boot_id) {
    HandshakeOptions options;
    options.node = node;
    options.boot_id = boot_id;
    options.rekey_after_packets = 64;
    return options;
  }

  void Step() {
    switch (input_.Below(8)) {
      case 0:
        now_ = now_ + Millis(input_.Pick(kSteps));
        break;
      case 1:
        DeliverHello();
        break;
      case 2:
        DeliverSealed();
        break;
      case 3: {
        const auto raw = input_.Take(input_.Byte());
        const Bytes bytes(reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size());
        (void)own_.handshake.OnHello(now_, bytes);
        (void)own_.handshake.PrepareOpen(bytes);
        break;
      }
      case 4:
        DecodeEdited();
        break;
      case 5:
        own_.handshake.RequestRekey();
        break;
      case 6:
        for (std::uint32_t count = input_.Below(80); count > 0; --count) Seal();
        break;
      default:
        PeerTurn();
        break;
    }
    Turn();
  }

  // A valid body with bytes overwritten, or no body of ours at all.
  void DecodeEdited() {
    HelloBody body{};
    if (input_.OneIn(8)) {
      input_.Fill(body);
    } else {
      EncodeHello(Said(), 1, 7, body);
      std::array<std::uint8_t, sizeof(HelloBody)> bytes;
      std::memcpy(bytes.data(), &body, sizeof(body));
      for (std::uint32_t edits = input_.Below(6); edits > 0; --edits) {
        bytes[input_.Below(sizeof(bytes))] = input_.Byte();
      }
      std::memcpy(static_cast<void*>(&body), bytes.data(), sizeof(body));
    }
    CheckDecode(body, static_cast<NodeIndex>(input_.Below(kNodesMax)));
  }

  static Capabilities Said() {
    Capabilities said;
    said.table_count = 2;
    said.tables[0] = {TableId::kSession, 1, 2, 131'072};
    said.tables[1] = {TableId::kArp, 1, 1, 1'024};
    return said;
  }

  static constexpr std::array<std::int64_t, 6> kSteps = {0, 1, 10, 100, 1'100, 3'600'001};

  // What the sync loop does each turn.
  void Turn() {
    std::array<std::uint8_t, kHelloDatagramBytes> out;
    const std::uint64_t answers = own_.handshake.counters().answers_sent;
    if (own_.handshake.TakeHello(now_, out) > 0) {
      own_.hello.assign(out.begin(), out.end());
      (void)peer_.handshake.OnHello(now_, own_.hello);
    }
    answers_ += own_.handshake.counters().answers_sent - answers;
    if (now_ - answers_since_ >= Seconds(1)) {
      answers_since_ = now_;
      answers_ = 0;
    }
    ENSURE(answers_ <= 2 * 10);  // Ten a second, and a window of ours may span two of theirs.
    ApplyKeyChanges();
    if (own_.handshake.ConfirmDue(now_)) Note(own_.handshake.NextConfirmSeal(0), 0);
    const bool has_keys = own_.handshake.established();
    ENSURE(has_keys || !had_keys_);
    had_keys_ = has_keys;
    if (has_keys) ENSURE(own_.handshake.peer().node != 0);
  }

  void ApplyKeyChanges() {
    std::array<KeyChange, 2> changes;
    while (const std::size_t count = own_.handshake.TakeKeyChanges(changes)) {
      for (std::size_t i = 0; i < count; ++i) {
        ENSURE(changes[i].slot < kKeySlots);
        ++installs_[changes[i].slot];
      }
    }
  }

  void Note(const SealTicket& ticket, std::uint16_t stream) {
    if (!ticket.ready) return;
    ENSURE(ticket.slot < kKeySlots && ticket.phase < 16 && ticket.packet_number != 0);
    ENSURE(
        sealed_.insert({installs_[ticket.slot], ticket.slot, stream, ticket.packet_number}).second);
  }
  void Seal() {
    const auto stream = static_cast<std::uint16_t>(input_.Below(kStreamsMax));
    Note(own_.handshake.NextSeal(stream), stream);
  }

  // The honest peer's turn: it takes part, so that keys come about.
  void PeerTurn() {
    std::array<std::uint8_t, kHelloDatagramBytes> out;
    std::array<KeyChange, 2> changes;
    if (peer_.handshake.TakeHello(now_, out) > 0) {
      peer_.hello.assign(out.begin(), out.end());
      (void)own_.handshake.OnHello(now_, peer_.hello);
      ApplyKeyChanges();
    }
    while (peer_.handshake.TakeKeyChanges(changes) > 0) {
    }
    const SealTicket ticket = peer_.handshake.ConfirmDue(now_) ? peer_.handshake.NextConfirmSeal(0)
                                                               : peer_.handshake.NextSeal(0);
    if (ticket.ready) Open(ticket.phase, 0, ticket.packet_number, true);
  }

  void DeliverHello() {
    std::vector<std::uint8_t> hello = input_.OneIn(4) ? own_.hello : peer_.hello;
    if (hello.empty()) hello.resize(kHelloDatagramBytes);
    if (input_.OneIn(4)) hello.resize(hello.size() + input_.Byte());
    HelloBody body;
    std::memcpy(&body, hello.data() + sizeof(ClearHeader), sizeof(body));
    if (input_.OneIn(2) && !own_.hello.empty()) {  // A proof of freshness.
      HelloBody ours;
      std::memcpy(&ours, own_.hello.data() + sizeof(ClearHeader), sizeof(ours));
      std::memcpy(body.echo_nonce, ours.nonce, sizeof(ours.nonce));
      body.nonce[0] = input_.Byte();
    }
    std::memcpy(hello.data() + sizeof(ClearHeader), &body, sizeof(body));
    for (std::uint32_t edits = input_.Below(4); edits > 0; --edits) {
      const std::size_t at = input_.Below(static_cast<std::uint32_t>(hello.size()));
      const auto bytes = input_.Take(std::min<std::size_t>(input_.Below(9), hello.size() - at));
      std::memcpy(hello.data() + at, bytes.data(), bytes.size());
    }
    if (!input_.OneIn(8)) Authenticate(hello);
    const HelloResult result = own_.handshake.OnHello(now_, hello);
    ENSURE(!NameOf(result.verdict).empty());
    ApplyKeyChanges();
  }

  void Authenticate(std::vector<std::uint8_t>& hello) {
    const PairKeys keys = DerivePairKeys(peer_.primitives, PairSecret{});
    const std::array<Bytes, 1> part{Bytes(hello).first(hello.size() - kHelloMacBytes)};
    Hash mac;
    peer_.primitives.Hmac(keys.hello.bytes(), part, mac);
    std::copy(mac.begin(), mac.end(), hello.end() - kHelloMacBytes);
  }

  void DeliverSealed() {
    const auto phase = static_cast<std::uint8_t>(input_.Below(16));
    const auto stream = static_cast<std::uint16_t>(input_.Below(kStreamsMax + 2));
    const std::uint64_t number = input_.OneIn(8) ? input_.Number<std::uint64_t>() : input_.Byte();
    Open(phase, stream, number, !input_.OneIn(4));
  }

  void Open(std::uint8_t phase, std::uint16_t stream, std::uint64_t number, bool authentic) {
    std::array<std::uint8_t, sizeof(ClearHeader) + kTagBytes> datagram{};
    ClearHeader header{};
    header.magic.Set(kMagic);
    header.version = kProtocolVersion;
    header.kind_phase = phase;
    header.stream.Set(stream);
    header.packet_number.Set(number);
    std::memcpy(datagram.data(), &header, sizeof(header));
    const OpenTicket ticket = own_.handshake.PrepareOpen(datagram);
    if (ticket.verdict != SealVerdict::kAccepted) return;
    ENSURE(ticket.stream == stream && ticket.packet_number == number);
    const unsigned install = installs_[ticket.slot];
    const OpenResult result = own_.handshake.CommitOpen(now_, ticket, authentic);
    ENSURE(authentic || result.verdict != SealVerdict::kAccepted);
    if (result.verdict == SealVerdict::kAccepted) {
      ENSURE(opened_.insert({install, ticket.slot, stream, number}).second);
      ENSURE(own_.handshake.established());
    }
    ApplyKeyChanges();
  }

  ByteReader input_;
  End own_;
  End peer_;
  Instant now_{1'000'000'000};
  Instant answers_since_{};
  std::uint64_t answers_ = 0;
  bool had_keys_ = false;
  std::array<unsigned, kKeySlots> installs_{};
  std::set<PacketName> sealed_;
  std::set<PacketName> opened_;
};

}  // namespace
}  // namespace statesync::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  statesync::fuzz::Story({data, size}).Run();
  return 0;
}
