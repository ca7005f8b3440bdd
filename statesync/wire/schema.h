// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The one schema of HA2's bytes; PROTOCOL.md explains it, golden vectors pin it.
//
// datagram = ClearHeader, sealed(FrameHeader, section*), 16-byte tag      (kind kSealed)
//          | ClearHeader, HelloBody, 32-byte HMAC                        (kind kHello)
// section  = SectionHeader, record*  ; every record of a section has `record_bytes` bytes
//
// Adding a field: append to a record (an older receiver reads the prefix it knows and skips the
// rest by record_bytes) or add a schema number. Numbers are never reused; retired ones stay listed.

#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "statesync/limits.h"
#include "statesync/wire/bytes.h"

namespace statesync {

inline constexpr std::uint16_t kMagic = 0x4c53;  // "LS".
inline constexpr std::uint8_t kProtocolVersion = 1;
inline constexpr std::size_t kTagBytes = 16;

enum class DatagramKind : std::uint8_t { kSealed = 0, kHello = 1 };

// First bytes of every datagram; the whole of it is authenticated as AAD. PROTOCOL.md §3.
struct ClearHeader {
  U16be magic;              // kMagic.
  std::uint8_t version;     // kProtocolVersion.
  std::uint8_t kind_phase;  // High nibble: DatagramKind. Low nibble: key phase, 0–15.
  U16be stream;         // Below kStreamsMax. Nonce = stream (4 bytes) ‖ packet_number (8 bytes).
  U16be epoch;          // Handle epoch of the stream; records of another epoch are not applied.
  U64be packet_number;  // Never repeats for one (key, stream); starts at 1.
};
static_assert(sizeof(ClearHeader) == 16 && alignof(ClearHeader) == 1);
static_assert(offsetof(ClearHeader, packet_number) == 8);
static_assert(std::has_unique_object_representations_v<ClearHeader>);

inline constexpr std::uint8_t kFrameNumbered = 0x01;  // Consumes `frame_number`.
inline constexpr std::uint8_t kFrameFlagsKnown = kFrameNumbered;

// First bytes under the seal. PROTOCOL.md §4.
struct FrameHeader {
  U24be term;          // Highest term the sender knows.
  std::uint8_t flags;  // kFrame… bits; unknown bits must be zero.
  U48be frame_number;  // Of this frame if numbered, else the number the next one will get. From 1.
  U24be oldest_back;   // The oldest frame still repairable is frame_number − oldest_back.
  U32be send_time_us;  // Sender's clock, wrapping; only differences mean something.
  U48be ack;           // Other direction, same stream: every frame ≤ ack is applied (or closed).
  U24be credit;        // Other direction: frames up to ack + credit may be sent.
  std::uint8_t role;   // Role of the sender.
  std::uint8_t readiness;  // Readiness of the sender, as a receiver of our tables.
};
static_assert(sizeof(FrameHeader) == 28 && alignof(FrameHeader) == 1);
static_assert(offsetof(FrameHeader, ack) == 17);
static_assert(std::has_unique_object_representations_v<FrameHeader>);

// Operations of a table section. PROTOCOL.md §5.
enum class Op : std::uint8_t {
  kInsert = 1,  // Keyed image: creates or replaces, and teaches the handle.
  kUpdate = 2,  // Handle and value.
  kDelete = 3,  // Handle only.
};

// Operations of control sections (table = kControl). PROTOCOL.md §6. Idempotent statements.
enum class ControlOp : std::uint8_t {
  kNack = 1,         // NackRecord: ranges of frames that are missing.
  kRepaired = 2,     // RepairedRecord: everything that frame carried has been published again.
  kLost = 3,         // LostRecord: these frames cannot be repaired; differences come by bulk.
  kWant = 4,         // WantRecord: the handle is unknown here; send the keyed image or a delete.
  kBulkRequest = 5,  // BulkRequestRecord: the receiver asks for a full transfer.
  kBulkState =
      6,  // BulkStateRecord: the sender states where a transfer is; repeated until answered.
  kBulkDone = 7,       // BulkDoneRecord: the receiver's answer to a finished transfer.
  kDigest = 8,         // DigestRecord: sums of shards as of a frame.
  kRefused = 9,        // RefusedRecord: entries that the receiver could not take.
  kDigestReport = 10,  // DigestReportRecord: outcome of the last complete comparison.
  kHold = 11,          // HoldRecord: the receiver asks to let a shard rest, so that it can compare.
  kProbe = 12,         // ProbeRecord: padding, to find out which datagrams the path carries.
  kProbeAck = 13,      // ProbeAckRecord: a padded frame of this size arrived.
  kLiveness = 14,      // LivenessRecord: which entries were used lately.
  kScrub = 15,         // ScrubRecord: hash of an entry's value at a version.
};

// Precedes records of one table, operation and schema. Record i has version (term, counter + i);
// control sections leave term and counter zero. PROTOCOL.md §5.
struct SectionHeader {
  std::uint8_t table;         // TableId.
  std::uint8_t op;            // Op or ControlOp.
  std::uint8_t schema;        // Meaning of the record's bytes for this table and op; from 1.
  std::uint8_t record_bytes;  // At least what `schema` needs; more is skipped.
  U16be count;                // Records that follow; at least 1.
  U24be term;
  U40be counter;
};
static_assert(sizeof(SectionHeader) == 14 && alignof(SectionHeader) == 1);
static_assert(std::has_unique_object_representations_v<SectionHeader>);

inline constexpr std::size_t kFrameOverheadBytes =
    sizeof(ClearHeader) + sizeof(FrameHeader) + kTagBytes;
static_assert(kFrameOverheadBytes == 60);

// ---- Handles ----------------------------------------------------------------------------------

struct WireHandle {
  std::uint8_t shard;
  U16be slot;               // Below 0xffff.
  std::uint8_t generation;  // Of the slot, at the sender.
};
static_assert(sizeof(WireHandle) == 4);

// ---- Session records, PROTOCOL.md §7 ------------------------------------------------------------

inline constexpr std::uint8_t kSessionInsertV4 = 1;
inline constexpr std::uint8_t kSessionInsertV4Nat = 2;
inline constexpr std::uint8_t kSessionInsertV6 = 3;     // Reserved for IPv6.
inline constexpr std::uint8_t kSessionInsertV6Nat = 4;  // Reserved for IPv6.
inline constexpr std::uint8_t kSessionUpdate = 1;
inline constexpr std::uint8_t kSessionDelete = 1;
inline constexpr std::uint8_t kSessionDeleteV4 = 2;
inline constexpr std::uint8_t kSessionDeleteV6 = 3;  // Reserved for IPv6.
// The delete of every table that names a handle only.
inline constexpr std::uint8_t kPlainDelete = kSessionDelete;

// New or replaced IPv4 session without NAT.
struct SessionInsertV4 {
  WireHandle handle;
  U32be client_addr;
  U32be server_addr;
  U16be client_port;
  U16be server_port;
  std::uint8_t state;  // SessionState; implies the protocol.
  U24be client_edge;   // Highest sequence number sent by the client, in units of 256 bytes.
  U24be server_edge;
  std::uint8_t
      scales;  // Window scale: client in the low nibble, server in the high one; 15 unknown.
  U16be rule;  // Stable id of the policy rule that admitted the session.
};
static_assert(sizeof(SessionInsertV4) == 26 && alignof(SessionInsertV4) == 1);
static_assert(std::has_unique_object_representations_v<SessionInsertV4>);

// The same with source NAT: the server sees nat_addr[nat_index] : nat_port as its peer.
struct SessionInsertV4Nat {
  SessionInsertV4 base;
  std::uint8_t nat_index;  // Position of the address in the id map's list of NAT addresses.
  U16be nat_port;
};
static_assert(sizeof(SessionInsertV4Nat) == 29 && alignof(SessionInsertV4Nat) == 1);
static_assert(std::has_unique_object_representations_v<SessionInsertV4Nat>);

struct SessionUpdate {
  WireHandle handle;
  std::uint8_t state;
  U24be client_edge;
  U24be server_edge;
};
static_assert(sizeof(SessionUpdate) == 11 && alignof(SessionUpdate) == 1);
static_assert(std::has_unique_object_representations_v<SessionUpdate>);

// The generation is implied: a slot is reused only past the acknowledged watermark.
struct SessionDelete {
  std::uint8_t shard;
  U16be slot;
};
static_assert(sizeof(SessionDelete) == 3 && alignof(SessionDelete) == 1);

// The same with the key: the peer may hold the session without knowing this handle of it, because
// an earlier owner or an earlier epoch taught it. `upto` says which incarnation of the key ended: a
// later one, which has a larger version, is another session.
struct SessionDeleteV4 {
  SessionDelete base;
  U32be client_addr;
  U32be server_addr;
  U16be client_port;
  U16be server_port;
  std::uint8_t protocol;  // IPPROTO_….
  U64be upto;             // Version::bits of the last image that was published of it.
};
static_assert(sizeof(SessionDeleteV4) == 24 && alignof(SessionDeleteV4) == 1);
static_assert(std::has_unique_object_representations_v<SessionDeleteV4>);

// Ethernet bytes a record costs in a full frame at MTU 1500 (FCS not counted), rounded up.
constexpr std::size_t EthernetBytesPerHundredRecords(std::size_t record_bytes) {
  constexpr std::size_t kOverhead = 14 + 20 + 8 + kFrameOverheadBytes + sizeof(SectionHeader);
  const std::size_t records = (1514 - kOverhead) / record_bytes;
  return (100 * (kOverhead + records * record_bytes) + records - 1) / records;
}
static_assert(EthernetBytesPerHundredRecords(sizeof(SessionInsertV4Nat)) <= 3200);
static_assert(EthernetBytesPerHundredRecords(sizeof(SessionUpdate)) <= 1200);
static_assert(EthernetBytesPerHundredRecords(sizeof(SessionDelete)) <= 400);

// ---- Control records, PROTOCOL.md §6
// -------------------------------------------------------------

struct NackRecord {
  U48be first;
  U16be count;  // Frames first … first + count − 1; at least 1.
};
static_assert(sizeof(NackRecord) == 8);

// Valid once this frame and the `first_back` numbers before it are closed: the repair began there.
struct RepairedRecord {
  U48be frame;
  U16be first_back;
};
static_assert(sizeof(RepairedRecord) == 8);

struct LostRecord {
  U48be first;
  U48be last;  // Inclusive.
};
static_assert(sizeof(LostRecord) == 12);

struct WantRecord {
  std::uint8_t table;
  WireHandle handle;
};
static_assert(sizeof(WantRecord) == 5);

struct BulkRequestRecord {
  U32be bulk_id;       // Chosen by the receiver, grows; 0 is not used.
  std::uint8_t table;  // 0: all tables.
  std::uint8_t
      shards[32];  // Bit s mod 8 of byte s / 8: shard s is wanted. Others stay as they are.
};
static_assert(sizeof(BulkRequestRecord) == 37);

enum class BulkPhase : std::uint8_t { kRunning = 1, kFinished = 2 };

struct BulkStateRecord {
  U32be bulk_id;
  std::uint8_t phase;     // BulkPhase.
  std::uint8_t complete;  // 1: the sender's table is complete since its boot, a sweep is allowed.
  U24be cut_term;         // Cut: last version used when the transfer began.
  U40be cut_counter;
  U48be end_frame;    // Last frame of the transfer; 0 while running.
  U32be entry_count;  // Entries to be sent (estimate while running), exact when finished.
  U32be sent_count;
};
static_assert(sizeof(BulkStateRecord) == 28);

// What the first comparison of digests after the transfer said.
enum class BulkResult : std::uint8_t { kAgreed = 1, kDigestMismatch = 2, kRefusedSome = 3 };

struct BulkDoneRecord {
  U32be bulk_id;
  std::uint8_t result;  // BulkResult.
  U32be swept_count;
};
static_assert(sizeof(BulkDoneRecord) == 9);

// Sum of one shard over (table, key, version) of its entries, as of frame `as_of` of this stream.
struct DigestRecord {
  std::uint8_t table;
  std::uint8_t shard;
  U16be count;
  U48be as_of;
  U64be sum_high;
  U64be sum_low;
};
static_assert(sizeof(DigestRecord) == 26);

struct DigestReportRecord {
  U48be as_of;   // Oldest frame the comparison round relates to.
  U16be agreed;  // Shards whose digest agreed in the last complete round.
  U16be differed;
  U16be undecided;      // Changed too often to be compared.
  U32be refused_count;  // Entries this node refused and does not hold.
  U16be epoch;          // Of the peer, whose statements were compared.
};
static_assert(sizeof(DigestReportRecord) == 18);

enum class RefusalReason : std::uint8_t { kTableFull = 1, kKeyConflict = 2, kUnknownId = 3 };

struct RefusedRecord {
  std::uint8_t table;
  WireHandle handle;
  std::uint8_t reason;  // RefusalReason.
};
static_assert(sizeof(RefusedRecord) == 6);

// Answered by a digest of the shard that is stated while nothing of it is published.
struct HoldRecord {
  std::uint8_t table;
  std::uint8_t shard;
};
static_assert(sizeof(HoldRecord) == 2);

// One byte of padding; `count` of the section makes the size.
struct ProbeRecord {
  std::uint8_t zero;
};
static_assert(sizeof(ProbeRecord) == 1);

struct ProbeAckRecord {
  U16be datagram_bytes;  // Of the probe, clear header and tag included.
};
static_assert(sizeof(ProbeAckRecord) == 2);

// Handles of the sender; entries that the receiver does not know by handle are left alone.
struct LivenessRecord {
  std::uint8_t table;
  std::uint8_t shard;
  U16be first_slot;         // A multiple of 128.
  std::uint8_t bitmap[16];  // Bit i mod 8 of byte i / 8: slot first_slot + i was used since the
                            // statement before.
};
static_assert(sizeof(LivenessRecord) == 20);

struct ScrubRecord {
  std::uint8_t table;
  WireHandle handle;
  U64be version;     // Version::bits of the entry at the sender.
  U64be value_hash;  // Keyed hash of the keyed image's bytes behind the handle.
};
static_assert(sizeof(ScrubRecord) == 21);

// ---- Hello, PROTOCOL.md §2
// -----------------------------------------------------------------------

struct HelloTable {
  std::uint8_t table;
  std::uint8_t schema_min;
  std::uint8_t schema_max;
  std::uint8_t reserved;  // Zero.
  U32be capacity;         // Entries the node can hold.
};
static_assert(sizeof(HelloTable) == 8);
inline constexpr std::size_t kHelloTablesMax = 8;

struct HelloBody {
  std::uint8_t version_min;
  std::uint8_t version_max;
  std::uint8_t node;  // One's own index is refused.
  std::uint8_t stream_count;
  U64be boot_id;
  std::uint8_t nonce[32];       // Fresh for each handshake attempt.
  std::uint8_t share[32];       // X25519 public value of this attempt.
  std::uint8_t echo_nonce[32];  // Nonce of the peer's hello that this one answers; zero if none.
  U24be term;
  std::uint8_t role;
  U16be datagram_bytes_max;  // Largest UDP payload this node accepts.
  U16be table_count;         // Entries of `tables` in use.
  U64be id_map_digest;       // Of the ids of zones, interfaces, rules and NAT addresses.
  HelloTable tables[kHelloTablesMax];
};
static_assert(sizeof(HelloBody) == 188 && alignof(HelloBody) == 1);
static_assert(std::has_unique_object_representations_v<HelloBody>);
inline constexpr std::size_t kHelloMacBytes = 32;
inline constexpr std::size_t kHelloDatagramBytes =
    sizeof(ClearHeader) + sizeof(HelloBody) + kHelloMacBytes;

static_assert(kFrameOverheadBytes + sizeof(SectionHeader) + sizeof(SessionInsertV4Nat) <=
              kDatagramBytesMin);
static_assert(kHelloDatagramBytes <= kDatagramBytesMin);

// ---- Session states on the wire
// --------------------------------------------------------------------

// State of a session, protocol included. Numbers are on the wire: append only.
enum class SessionState : std::uint8_t {
  kNone = 0,  // Free slot; never sent.
  kTcpSynSent = 1,
  kTcpSynReceived = 2,
  kTcpEstablished = 3,
  kTcpFinWait = 4,  // One side has sent FIN.
  kTcpClosing = 5,  // Both sides have sent FIN, not yet both acknowledged.
  kTcpTimeWait = 6,
  kTcpClosed = 7,     // RST seen.
  kUdpSingle = 16,    // Packets in one direction only.
  kUdpMultiple = 17,  // Packets in both directions.
  kIcmpEcho = 24,     // Replicated only where a policy says so.
};
inline constexpr std::uint8_t kSessionStateMax = 24;

}  // namespace statesync
