// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/store/second_place.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace configsync {
namespace {

constexpr std::array<const char*, 2> kNames = {"heads.0", "heads.1"};
constexpr std::size_t kBytesMax = 4'096;
constexpr char kTitle[] = "lockstep-heads-1";
constexpr std::size_t kFieldCount = 7;

// One line: title, generation, audit sequence and hash, revision and hash, and a sum over them.
std::string TextOf(const Heads& heads) {
  const std::string body =
      absl::StrCat(kTitle, " ", heads.generation, " ", heads.audit_sequence, " ",
                   HexOf(heads.audit_hash), " ", heads.revision, " ", HexOf(heads.revision_hash));
  return absl::StrCat(body, " ", HexOf(Sha256(body)), "\n");
}

bool ReadHash(absl::string_view text, Hash& hash) {
  if (text.size() != 2 * hash.bytes.size()) return false;
  const std::string bytes = absl::HexStringToBytes(text);
  std::ranges::copy(bytes, reinterpret_cast<char*>(hash.bytes.data()));
  return true;
}

std::optional<Heads> HeadsOf(std::string_view text) {
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(text.data(), text.size()), ' ');
  Heads heads;
  if (fields.size() != kFieldCount || fields[0] != kTitle ||
      !absl::SimpleAtoi(fields[1], &heads.generation) ||
      !absl::SimpleAtoi(fields[2], &heads.audit_sequence) ||
      !ReadHash(fields[3], heads.audit_hash) || !absl::SimpleAtoi(fields[4], &heads.revision) ||
      !ReadHash(fields[5], heads.revision_hash)) {
    return std::nullopt;
  }
  // The sum covers every byte: only the text that these heads have is taken.
  return TextOf(heads) == text ? std::optional(heads) : std::nullopt;
}

}  // namespace

absl::StatusOr<SecondPlace::Found> SecondPlace::Read() {
  Found found;
  for (const char* name : kNames) {
    const absl::StatusOr<std::string> text = files_.Read(name, kBytesMax);
    if (absl::IsNotFound(text.status())) continue;
    found.any_file = true;
    if (!text.ok() && !absl::IsResourceExhausted(text.status())) return text.status();
    const std::optional<Heads> heads = text.ok() ? HeadsOf(*text) : std::nullopt;
    if (!heads.has_value()) {
      found.warning = absl::StrCat(files_.folder(), "/", name,
                                   ": damaged; the other one counts, and the next commit "
                                   "writes this one anew");
      continue;
    }
    if (!found.heads.has_value() || heads->generation > found.heads->generation) {
      found.heads = heads;
    }
  }
  if (found.heads.has_value()) generation_ = found.heads->generation;
  return found;
}

absl::Status SecondPlace::Write(Heads heads) {
  heads.generation = generation_ + 1;
  const absl::Status status =
      WriteDurably(files_, kNames[heads.generation % kNames.size()], TextOf(heads));
  if (status.ok()) generation_ = heads.generation;
  return status;
}

}  // namespace configsync
