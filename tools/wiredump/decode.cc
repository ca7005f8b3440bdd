// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/wiredump/decode.h"

#include <cstring>

namespace wiredump {

using statesync::ClearHeader;
using statesync::DatagramKind;
using statesync::HelloBody;
using statesync::Verdict;

Decoded Decode(const Packet& packet, KeyRing& keys, std::vector<std::byte>& plain) {
  Decoded decoded;
  plain.clear();
  decoded.verdict = statesync::CheckClearHeader(packet.datagram, decoded.clear);
  // A hello is no frame and has no number; everything else of its clear header is like a frame's.
  const bool is_hello =
      packet.datagram.size() >= sizeof(ClearHeader) &&
      std::to_integer<unsigned>(packet.datagram[offsetof(ClearHeader, kind_phase)]) >> 4 ==
          static_cast<unsigned>(DatagramKind::kHello);
  if (is_hello && decoded.verdict == Verdict::kPacketNumberZero) {
    std::memcpy(static_cast<void*>(&decoded.clear), packet.datagram.data(), sizeof(decoded.clear));
    decoded.verdict = Verdict::kAccepted;
  }
  if (decoded.verdict != Verdict::kAccepted) return decoded;
  if (is_hello) {
    const std::size_t needed = sizeof(ClearHeader) + sizeof(HelloBody) + statesync::kHelloMacBytes;
    if (packet.datagram.size() < needed) {
      decoded.verdict = Verdict::kDatagramShort;
      return decoded;
    }
    decoded.outcome = Outcome::kHello;
    decoded.hello = packet.datagram.subspan(sizeof(ClearHeader), sizeof(HelloBody));
    return decoded;
  }
  if (!keys.Open(packet.source, packet.datagram, plain)) {
    decoded.outcome = Outcome::kSealed;
    return decoded;
  }
  decoded.opened = true;
  if (plain.empty()) {
    const std::uint16_t epoch = decoded.clear.epoch.Get();
    decoded.seal = statesync::CheckEmpty(decoded.clear.stream.Get(), epoch);
    if (decoded.seal == statesync::SealVerdict::kAccepted) {
      decoded.outcome =
          statesync::IsLinkReport(epoch) ? Outcome::kLinkReport : Outcome::kConfirmation;
    }
    return decoded;
  }
  decoded.verdict = statesync::CheckFrame(plain, decoded.frame);
  if (decoded.verdict != Verdict::kAccepted) return decoded;
  decoded.outcome = Outcome::kFrame;
  decoded.sealed = plain;
  return decoded;
}

std::vector<std::byte> PlainDatagram(const Packet& packet, const Decoded& decoded,
                                     const std::vector<std::byte>& plain) {
  if (!decoded.opened) return {packet.datagram.begin(), packet.datagram.end()};
  std::vector<std::byte> datagram(packet.datagram.begin(),
                                  packet.datagram.begin() + sizeof(ClearHeader));
  datagram[offsetof(ClearHeader, kind_phase)] =
      static_cast<std::byte>(unsigned{kPlainKind} << 4 | decoded.phase());
  datagram.insert(datagram.end(), plain.begin(), plain.end());
  return datagram;
}

}  // namespace wiredump
