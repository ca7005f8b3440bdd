// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One datagram of HA2: judged, opened and checked as the engine does it, by the engine's own code.
//
// Threads: one.  Memory: the plain bytes of one frame.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "statesync/seal/link_report.h"
#include "statesync/wire/frame_reader.h"
#include "statesync/wire/schema.h"
#include "statesync/wire/verdict.h"
#include "tools/wiredump/capture.h"
#include "tools/wiredump/key_ring.h"

namespace wiredump {

enum class Outcome : std::uint8_t {
  kFrame,         // Opened, and every rule of the format holds.
  kConfirmation,  // Opened; empty: it confirms new keys.
  kLinkReport,    // Opened; empty: its epoch says on which HA2 links the sender hears its peer.
  kHello,
  kSealed,     // No key opens it.
  kMalformed,  // `verdict` or `seal` names the first broken rule; `plain` holds what was opened.
};

struct Decoded {
  Outcome outcome = Outcome::kMalformed;
  statesync::Verdict verdict = statesync::Verdict::kAccepted;
  statesync::SealVerdict seal = statesync::SealVerdict::kAccepted;  // Of an empty one.
  bool opened = false;  // `plain` holds the bytes under the seal.
  statesync::ClearHeader clear{};
  statesync::FrameHeader frame{};     // If kFrame.
  std::span<const std::byte> hello;   // Body, if kHello.
  std::span<const std::byte> sealed;  // Plain bytes, if kFrame.

  [[nodiscard]] unsigned phase() const { return clear.kind_phase & 15u; }
  // Of a link report. link: 0 is ha.ha2, 1 ha.ha2_second.
  [[nodiscard]] bool Hears(std::size_t link) const {
    return (clear.epoch.Get() & statesync::HeardBit(link)) != 0;
  }
  [[nodiscard]] std::string_view verdict_name() const {
    return seal != statesync::SealVerdict::kAccepted ? NameOf(seal) : NameOf(verdict);
  }
};

// plain: written; `Decoded` points into it and into the packet.
[[nodiscard]] Decoded Decode(const Packet& packet, KeyRing& keys, std::vector<std::byte>& plain);

// Kind of the datagrams in a capture that --export-plain wrote: clear header, then the plain frame,
// no tag. Never on a link: a node refuses the kind.
inline constexpr std::uint8_t kPlainKind = 15;

// The datagram in that form: plain if it was opened, else as it was.
[[nodiscard]] std::vector<std::byte> PlainDatagram(const Packet& packet, const Decoded& decoded,
                                                   const std::vector<std::byte>& plain);

}  // namespace wiredump
