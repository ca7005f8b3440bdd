// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/pair/crash_store.h"

#include "configsync/tree/edit_codec.h"

namespace configsync {
namespace {

// The same on all nodes, as it is on a pair.
constexpr char kKey[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

}  // namespace

CrashStore::CrashStore(const SchemaNode& root, Hooks hooks)
    : root_(root), hooks_(std::move(hooks)), durable_(root), sealer_(*MasterKeyOf(kKey)) {
  durable_.SetKey(kKey);
}

absl::Status CrashStore::Write(const Transaction& transaction) {
  const absl::Status dead = absl::UnavailableError("the node is dead");
  if (!hooks_.point()) return dead;
  if (is_full_) return absl::ResourceExhaustedError("config.db: the disk is full");
  const absl::StatusOr<StoreState> state = durable_.Read();
  Tree before = durable_.EmptyTree();
  if (const auto running = durable_.LoadTree(state->running); running.ok()) before = *running;
  Transaction written = transaction;
  if (hooks_.spoils) hooks_.spoils(written);
  if (absl::Status status = durable_.Write(written); !status.ok()) return status;
  hooks_.wrote(before, written);
  return hooks_.point() ? absl::OkStatus() : dead;
}

absl::StatusOr<std::string> CrashStore::SealText(std::vector<Edit> edits) {
  if (seals_nothing) return EncodeEdits(edits);
  if (absl::Status status = sealer_.SealEdits(edits); !status.ok()) return status;
  return EncodeEdits(edits);
}

absl::StatusOr<std::vector<Edit>> CrashStore::OpenText(std::string_view text) {
  absl::StatusOr<std::vector<Edit>> edits = DecodeEdits(text, root_);
  if (!edits.ok() || seals_nothing) return edits;
  if (absl::Status status = sealer_.OpenEdits(*edits); !status.ok()) return status;
  return edits;
}

}  // namespace configsync
