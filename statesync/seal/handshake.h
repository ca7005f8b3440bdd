// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Handshake, key phases, packet numbers and replay windows of HA2. The AEAD itself runs outside, in
// bursts: this class says which key slot, nonce and phase to use, and what an opened frame means.
// HANDSHAKE.md has the prose.
//
// How the sync loop uses it, each turn:
//   datagram of kind hello  → OnHello();   of kind sealed → PrepareOpen(), AEAD, CommitOpen();
//   TakeHello()             → a hello to send now, or nothing;
//   ConfirmDue()            → one confirmation: NextConfirmSeal(), sealed frame with no plaintext;
//   frames of the engine    → NextSeal() each, AEAD, send.
// After OnHello, CommitOpen and TakeHello the ciphers named by TakeKeyChanges() are installed or
// removed before anything is sealed or opened: a confirmation may follow its hello in one burst.
// An opened frame without plaintext is a confirmation and is not given to the engine.
//
// Threads: one.  Memory: about 70 KiB inside the object (replay windows); nothing is allocated.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "statesync/limits.h"
#include "statesync/seal/keys.h"
#include "statesync/seal/primitives.h"
#include "statesync/seal/replay_window.h"
#include "statesync/seal/seal_verdict.h"
#include "statesync/types.h"
#include "statesync/wire/schema.h"

namespace statesync {

inline constexpr NodeIndex kNodeAny = 0xff;

// Cipher contexts that the caller keeps: previous, current, candidate, and one spare so that a slot
// that was just removed is not the next one to be filled.
inline constexpr std::size_t kKeySlots = 4;

struct HandshakeOptions {
  NodeIndex node = 0;
  NodeIndex peer_node = kNodeAny;  // kNodeAny: the first node that proves itself becomes the peer.
  BootId boot_id = 0;              // From the random source, once per run of the process.
  Duration hello_interval = Millis(100);   // While there are no keys, or a rekey is wanted.
  Duration confirm_interval = Millis(10);  // Hello and empty frame again until the peer confirmed.
  Duration previous_key_lifetime = Seconds(1);  // Late frames of the old phase are opened so long.
  std::uint32_t answers_per_second_max = 10;
  // A rekey begins by itself after so many datagrams sealed under one key, all streams together,
  // or at this age. HANDSHAKE.md, "Rekey", has the reasons.
  std::uint64_t rekey_after_packets = std::uint64_t{1} << 26;
  Duration rekey_after = Seconds(3600);
  // Nothing more is sealed under a key that has sealed so many, whether the peer answers or not.
  std::uint64_t seal_packets_max = std::uint64_t{1} << 32;
};

struct TableCapability {
  TableId table = TableId::kControl;
  std::uint8_t schema_min = 1;
  std::uint8_t schema_max = 1;
  std::uint32_t capacity = 0;  // Entries.
  friend bool operator==(const TableCapability&, const TableCapability&) = default;
};

// What a node says about itself in its hello.
struct Capabilities {
  std::uint8_t version_min = kProtocolVersion;
  std::uint8_t version_max = kProtocolVersion;
  std::uint8_t stream_count = 1;
  Term term{};
  Role role = Role::kInit;
  std::uint16_t datagram_bytes_max = kDatagramBytesMin;
  std::uint64_t id_map_digest = 0;
  std::uint16_t table_count = 0;
  std::array<TableCapability, kHelloTablesMax> tables{};
  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

struct PeerHello {
  NodeIndex node = kNodeAny;
  BootId boot_id = 0;
  Capabilities capabilities;
};

struct HelloResult {
  SealVerdict verdict = SealVerdict::kAccepted;
  // The hello is fresh beyond doubt, and its boot id is not the one the pair ran with: whatever ran
  // on the peer before is dead. Frames under the new keys may follow at once.
  bool peer_restarted = false;
};

// How to seal the next frame of a stream.
struct SealTicket {
  bool ready = false;  // False: no keys; nothing can be sent.
  std::uint8_t slot = 0;
  std::uint8_t phase = 0;
  std::uint64_t packet_number = 0;
  Nonce nonce{};
};

// How to open a received frame.
struct OpenTicket {
  SealVerdict verdict = SealVerdict::kNoKey;
  std::uint8_t slot = 0;
  std::uint32_t slot_generation = 0;
  std::uint16_t stream = 0;
  std::uint64_t packet_number = 0;
  Nonce nonce{};
};

struct OpenResult {
  SealVerdict verdict = SealVerdict::kAccepted;
  bool established =
      false;             // First frame under the keys of a new run of the peer: streams restart.
  bool rekeyed = false;  // First frame under new keys of the same run: nothing else changes.
};

enum class KeyAction : std::uint8_t { kInstall, kRemove };

// For the caller's cipher contexts. Both directions of a slot change together.
struct KeyChange {
  KeyAction action = KeyAction::kRemove;
  std::uint8_t slot = 0;
  DirectionKey send;     // Only for kInstall.
  DirectionKey receive;  // Only for kInstall.
};

struct HandshakeCounters {
  std::array<std::uint64_t, kSealVerdictCount> verdicts{};
  std::uint64_t hellos_sent = 0;
  std::uint64_t answers_sent = 0;
  std::uint64_t answers_limited = 0;  // Answers that the limit per second held back.
  std::uint64_t keys_derived = 0;
  std::uint64_t keys_confirmed = 0;
  std::uint64_t seals_refused = 0;  // Datagrams not sealed, as the key had sealed all it may.
};

class Handshake {
 public:
  // `primitives` must outlive the handshake. `secret` is copied; the copy is wiped at the end.
  Handshake(Primitives& primitives, const PairSecret& secret, const HandshakeOptions& options);
  ~Handshake() = default;
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  // What the next attempt will say. An attempt under way keeps what it said when it began.
  void SetCapabilities(const Capabilities& capabilities) { capabilities_ = capabilities; }

  // One datagram of kind hello, clear header included. Bytes are authenticated before they are
  // parsed. Cost: one HMAC; a proven hello costs an X25519 product (about 50 microseconds) once.
  HelloResult OnHello(Instant now, Bytes datagram) noexcept;

  // Writes a hello that is due into `out` and returns its size, or 0. Call each turn.
  // REQUIRES: out.size() >= kHelloDatagramBytes.
  [[nodiscard]] std::size_t TakeHello(Instant now, std::span<std::uint8_t> out) noexcept;

  // Next packet number of `stream` under the confirmed keys. Not ready before established(), nor
  // while exhausted().
  [[nodiscard]] SealTicket NextSeal(std::uint16_t stream) noexcept;

  // True when the peer waits for a first frame under new keys. Asks again after confirm_interval.
  [[nodiscard]] bool ConfirmDue(Instant now) noexcept;
  [[nodiscard]] SealTicket NextConfirmSeal(std::uint16_t stream) noexcept;

  // Which key opens a sealed frame; refuses known replays before the cost of the AEAD.
  [[nodiscard]] OpenTicket PrepareOpen(Bytes datagram) noexcept;

  // Outcome of the AEAD. `authentic` false counts kBadSeal. Only an accepted frame may be parsed.
  [[nodiscard]] OpenResult CommitOpen(Instant now, const OpenTicket& ticket,
                                      bool authentic) noexcept;

  // An accepted frame without plaintext: kAccepted, or kBadEmpty, which is counted.
  SealVerdict OnEmpty(const ClearHeader& header) noexcept;

  // Moves up to out.size() changes out; call until it returns 0, before sealing or opening.
  [[nodiscard]] std::size_t TakeKeyChanges(std::span<KeyChange> out) noexcept;

  // Begins a new handshake with a peer that has keys. Forwarding and sealing go on meanwhile.
  void RequestRekey() noexcept;

  [[nodiscard]] bool established() const { return current_ != kNoKeySlot; }
  // The confirmed keys have sealed all they may, and the peer has not answered the rekey that began
  // long before. Frames are not sealed until it does; no nonce is ever used twice.
  [[nodiscard]] bool exhausted() const noexcept;
  // The peer as of its confirmed keys. REQUIRES: established().
  [[nodiscard]] const PeerHello& peer() const;
  [[nodiscard]] const HandshakeCounters& counters() const { return counters_; }

 private:
  static constexpr std::uint8_t kNoKeySlot = 0xff;
  using HelloBytes = std::array<std::uint8_t, kHelloDatagramBytes>;
  using NonceValue = std::array<std::uint8_t, 32>;

  // One X25519 share and nonce of ours. It yields keys at most once, so no (key, number) repeats.
  struct Attempt {
    bool open = false;
    CurvePrivate secret;
    NonceValue nonce{};
    std::uint8_t phase = 0;
    HelloBytes hello{};  // Header and body as they enter the key schedule: echo zero, MAC unset.
    OfferHash offer{};
  };

  struct KeySet {
    bool in_use = false;
    bool announced = false;  // The caller has been told to install it.
    std::uint32_t generation = 0;
    std::uint8_t send_phase = 0;
    std::uint8_t receive_phase = 0;
    NonceValue own_nonce{};
    NonceValue peer_nonce{};
    PeerHello peer;
    HelloBytes hello{};  // To repeat until the peer confirmed; echo set, MAC set.
    DirectionKey send;
    DirectionKey receive;
    Instant installed_at{};
    std::array<std::uint64_t, kStreamsMax> sent{};  // Last packet number given out.
    std::uint64_t sealed = 0;                       // Sum of `sent`.
    std::array<ReplayWindow, kStreamsMax> windows;
  };

  SealVerdict CheckHello(Bytes datagram, HelloBody& body) noexcept;
  SealVerdict OnCheckedHello(Instant now, Bytes datagram, const HelloBody& body) noexcept;
  SealVerdict OnUnproven(Instant now, const HelloBody& body) noexcept;
  SealVerdict Derive(Instant now, Bytes datagram, const HelloBody& body) noexcept;
  bool Knows(const NonceValue& peer_nonce) const noexcept;
  bool RekeyDue(Instant now) const noexcept;
  std::size_t SendAttempt(const NonceValue& echo, std::span<std::uint8_t> out) noexcept;
  void OpenAttempt() noexcept;
  void Confirm(Instant now, OpenResult& result) noexcept;
  void Retire(std::uint8_t& label) noexcept;
  std::uint8_t FreeSlot() noexcept;
  std::uint8_t FreePhase() noexcept;
  SealTicket TicketOf(std::uint8_t slot, std::uint16_t stream) noexcept;
  void Authenticate(HelloBytes& hello, const NonceValue& echo) noexcept;
  OfferHash HashOffer(Bytes datagram) noexcept;
  bool AnswerAllowed(Instant now) noexcept;
  SealVerdict Count(SealVerdict verdict) noexcept;

  Primitives& primitives_;
  const HandshakeOptions options_;
  PairSecret secret_;
  PairKeys pair_keys_;
  Capabilities capabilities_;
  HandshakeCounters counters_;

  Attempt attempt_;
  std::array<KeySet, kKeySlots> sets_;
  std::array<bool, kKeySlots> removed_{};  // Removals the caller has not been told yet.
  std::uint8_t previous_ = kNoKeySlot;
  std::uint8_t current_ = kNoKeySlot;    // Confirmed: a sealed frame of the peer arrived under it.
  std::uint8_t candidate_ = kNoKeySlot;  // Derived from a proven hello, not yet confirmed.
  std::uint8_t last_slot_ = 0;
  std::uint8_t last_phase_ = 0;
  Instant previous_until_{};
  NodeIndex peer_node_ = kNodeAny;

  bool answer_pending_ = false;
  NonceValue answer_echo_{};
  NonceValue answered_{};  // Of the hello answered last, and when.
  Instant answered_at_{};
  bool rekey_wanted_ = false;
  Instant next_hello_{};
  Instant next_confirm_{};
  Instant next_repeat_{};      // Of the hello that belongs to the candidate.
  bool confirm_owed_ = false;  // The peer confirmed; it may still wait for a frame of ours.
  Instant answer_window_{};    // Start of the second in which answers are counted.
  std::uint32_t answers_in_window_ = 0;
};

}  // namespace statesync
