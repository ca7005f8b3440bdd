// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What nodes say to each other, as values: peer/ puts them into protobuf, tests and the simulator
// hand them over. PAIR.md says what they mean.
//
// Threads: values only.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "configsync/engine/pair_gate.h"
#include "configsync/reasons/reason.h"
#include "configsync/schema/problem.h"
#include "configsync/select/selection.h"
#include "configsync/tree/hash.h"

namespace configsync {

// 32 hexadecimal digits: the first half of SHA-256 of the public key of the device's certificate.
using DeviceId = std::string;

inline constexpr std::uint32_t kPeersyncMajor = 1;  // Another one does not understand us.

// What a node is, apart from its configuration. Exchanged once and when its digest changes.
struct Facts {
  DeviceId device;
  std::string name;     // Host name.
  std::string version;  // "0.1.0": major.minor may be one minor apart.
  std::uint32_t protocol = kPeersyncMajor;
  std::string schema;                          // Digest of the modules.
  std::vector<std::string> schema_paths;       // Sent only if the digests differ. Sorted.
  std::string master_key;                      // Fingerprint.
  std::string mode;                            // active-passive, active-active.
  std::string hardware;                        // Model and port map, as one line.
  std::map<std::string, bool> features;        // vsys, gtp, sctp, vpn, …
  std::string content_database;                // Version of the URL database; empty: none.
  std::vector<std::string> licenses;           // Sorted.
  std::map<std::string, std::string> plugins;  // Name → version.
  std::vector<std::string> required_plugins;   // Without an equal one nothing travels.
  friend bool operator==(const Facts&, const Facts&) = default;
};
[[nodiscard]] Hash DigestOf(const Facts& facts);  // Without schema_paths.

enum class HaRole : std::uint8_t { kUnknown, kActive, kStandby };
[[nodiscard]] std::string_view NameOf(HaRole role);

// What a node is just now; a few hundred bytes.
struct PeerState {
  DeviceId device;
  HaRole role = HaRole::kUnknown;
  std::uint32_t term = 0;
  bool is_enabled = false;  // Its synchronisation.
  bool is_pinned = false;
  bool is_dataplane_ready = false;
  std::uint64_t running = 0;
  std::uint64_t startup = 0;
  Hash facts;                   // Digest.
  Hash selection;               // Id of the sender's selection for the one it speaks to.
  Hash target;                  // The sender's part under it.
  std::uint32_t held = 0;       // Revisions that wait for an apply or a push.
  DeviceId source;              // Whose push the sender applied last.
  Hash known_selection;         // The other's selection that the next hash is under.
  Hash part;                    // The sender's own part under it.
  std::vector<Reason> reasons;  // That the sender sees of the other: code and subject, at most 32.
};

struct Exchange {
  PeerState state;
  std::optional<SelectionSpec> selection;  // If the other asked for it, or is not known to have it.
  std::optional<Facts> facts;
  bool want_selection = false;  // Of the other: in its answer, or in its next exchange.
  bool want_facts = false;
};

struct RevisionNote {
  std::uint64_t id = 0;
  std::string author, comment;
  std::int64_t wall_ms = 0;
};

struct PrepareRequest {
  std::uint64_t number = 0;  // Grows with each push of a device, also over restarts.
  std::uint32_t term = 0;
  std::vector<DeviceId> path;  // Origin first, the sender last.
  Hash selection;
  Hash base;          // The receiver's part must be this.
  Hash result;        // And must become this.
  std::string edits;  // edit_codec.h, from base to result, secrets sealed.
  std::string author;
  std::string comment;
  std::vector<RevisionNote> revisions;
  std::optional<std::uint32_t> confirm_within_s;
  // By hand, of a privileged operator. Told, and no right: the receiver checks it as any push.
  bool is_forced = false;
};

struct PrepareResponse {
  Problems problems;            // Not empty: it would not take it.
  std::vector<Change> changes;  // Local calls only: not on the wire.
  Hash result;                  // Of its part, if it were applied.
  std::vector<ServiceAction> services;
  SessionEffect sessions;
  std::vector<std::string> warnings;
};

struct ApplyRequest {
  std::uint64_t number = 0;  // Of the Prepare.
};

struct ApplyResponse {
  Problems problems;  // Not empty: it did not take it.
  std::uint64_t revision = 0;
  Hash part;  // Under the sender's selection, of what it runs now.
  std::vector<std::string> warnings;
};

struct FetchResponse {
  Hash part;
  std::string edits;  // From an empty configuration, secrets sealed.
};

}  // namespace configsync
