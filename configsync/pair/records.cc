// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/pair/records.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace configsync {
namespace {

using Words = std::vector<std::string>;

constexpr std::array<const char*, kHoldCauseCount> kCauses{"apply", "manual", "central-manager"};

absl::Status Bad(std::string_view line) {
  return absl::DataLossError(absl::StrCat("note of synchronization: '",
                                          std::string(line.substr(0, 80)), "' is not understood"));
}

bool Read(const std::string& word, std::uint64_t& number) {
  return absl::SimpleAtoi(word, &number);
}
bool Read(const std::string& word, std::uint32_t& number) {
  return absl::SimpleAtoi(word, &number);
}

bool Read(const std::string& word, HoldCause& cause) {
  const auto found = std::ranges::find(kCauses, word);
  if (found == kCauses.end()) return false;
  cause = static_cast<HoldCause>(found - kCauses.begin());
  return true;
}

const char* NameOf(HoldCause cause) { return kCauses[static_cast<std::size_t>(cause)]; }

// "7 firewall=5 nat=6": the words from `first` on.
bool Read(const Words& words, std::size_t first, TargetRef& ref) {
  if (words.size() <= first || !Read(words[first], ref.revision)) return false;
  for (std::size_t i = first + 1; i < words.size(); ++i) {
    const std::vector<std::string> parts = absl::StrSplit(words[i], '=');
    RevisionId revision = 0;
    if (parts.size() != 2 || !Read(parts[1], revision)) return false;
    ref.held[parts[0]] = revision;
  }
  return true;
}

std::string TextOf(const TargetRef& ref) {
  std::string text = absl::StrCat(ref.revision);
  for (const auto& [category, revision] : ref.held) {
    absl::StrAppend(&text, " ", category, "=", revision);
  }
  return text;
}

// Calls `take` with the words of each line.
template <typename Take>
absl::Status ForEachLine(std::string_view text, const Take& take) {
  if (text.size() > kNoteBytesMax) return Bad("more than a note may have");
  const std::vector<std::string> lines = absl::StrSplit(std::string(text), '\n', absl::SkipEmpty());
  for (const std::string& line : lines) {
    const Words words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.empty() || !take(words)) return Bad(line);
  }
  return absl::OkStatus();
}

}  // namespace

std::string Encode(const SourceRecord& record) {
  if (record.device.empty()) return {};
  return absl::StrCat("device ", record.device, "\nterm ", record.term, "\npath ",
                      absl::StrJoin(record.path, " "), "\n");
}

absl::StatusOr<SourceRecord> DecodeSource(std::string_view text) {
  SourceRecord record;
  absl::Status status = ForEachLine(text, [&](const Words& words) {
    if (words[0] == "path") {
      record.path.assign(words.begin() + 1, words.end());
      return record.path.size() <= kPathDevicesMax;
    }
    if (words.size() != 2) return false;
    if (words[0] == "term") return Read(words[1], record.term);
    if (words[0] != "device") return false;
    record.device = words[1];
    return true;
  });
  if (!status.ok()) return status;
  return record;
}

std::string Encode(const RemoteRecord& record) {
  std::string text;
  if (!record.device.empty()) absl::StrAppend(&text, "device ", record.device, "\n");
  if (record.agreed.has_value()) absl::StrAppend(&text, "agreed ", TextOf(*record.agreed), "\n");
  for (const TargetRef& ref : record.offered) {
    absl::StrAppend(&text, "offered ", TextOf(ref), "\n");
  }
  if (const auto& confirm = record.confirm; confirm.has_value()) {
    absl::StrAppend(&text, "confirm ", confirm->number, " ", confirm->revision, " ",
                    confirm->until_wall_ms, "\n");
  }
  return text;
}

absl::StatusOr<RemoteRecord> DecodeRemote(std::string_view text) {
  RemoteRecord record;
  absl::Status status = ForEachLine(text, [&](const Words& words) {
    if (words[0] == "device" && words.size() == 2) {
      record.device = words[1];
      return true;
    }
    if (words[0] == "agreed") return Read(words, 1, record.agreed.emplace());
    if (words[0] == "offered" && record.offered.size() < kOfferedMax) {
      return Read(words, 1, record.offered.emplace_back());
    }
    if (words[0] != "confirm" || words.size() != 4) return false;
    ConfirmPassed& confirm = record.confirm.emplace();
    return Read(words[1], confirm.number) && Read(words[2], confirm.revision) &&
           absl::SimpleAtoi(words[3], &confirm.until_wall_ms);
  });
  if (!status.ok()) return status;
  return record;
}

std::string Encode(const HeldRecord& record) {
  std::string text;
  for (const auto& [category, held] : record.categories) {
    absl::StrAppend(&text, "category ", category, " ", held.revision, " ", NameOf(held.cause),
                    "\n");
  }
  for (const auto& [cause, count] : record.revisions) {
    absl::StrAppend(&text, "revisions ", NameOf(cause), " ", count, "\n");
  }
  return text;
}

std::string Encode(const BoundRecord& record) {
  std::string text = absl::StrCat("device ", record.device, "\naddress ", record.address, "\n");
  if (!record.backup_address.empty()) {
    absl::StrAppend(&text, "backup ", record.backup_address, "\n");
  }
  return text;
}

absl::StatusOr<BoundRecord> DecodeBound(std::string_view text) {
  BoundRecord record;
  absl::Status status = ForEachLine(text, [&](const Words& words) {
    if (words.size() != 2) return false;
    if (words[0] == "device") record.device = words[1];
    if (words[0] == "address") record.address = words[1];
    if (words[0] == "backup") record.backup_address = words[1];
    return words[0] == "device" || words[0] == "address" || words[0] == "backup";
  });
  if (!status.ok()) return status;
  return record;
}

absl::StatusOr<HeldRecord> DecodeHeld(std::string_view text) {
  HeldRecord record;
  absl::Status status = ForEachLine(text, [&](const Words& words) {
    if (words[0] == "category" && words.size() == 4) {
      HeldRecord::Category& held = record.categories[words[1]];
      return Read(words[2], held.revision) && Read(words[3], held.cause);
    }
    HoldCause cause{};
    if (words[0] != "revisions" || words.size() != 3 || !Read(words[1], cause)) return false;
    return Read(words[2], record.revisions[cause]);
  });
  if (!status.ok()) return status;
  return record;
}

absl::StatusOr<std::uint64_t> DecodeNumber(std::string_view text) {
  std::uint64_t number = 0;
  if (!Read(std::string(text), number)) return Bad(text);
  return number;
}

void Offer(RemoteRecord& record, const TargetRef& ref) {
  std::erase(record.offered, ref);
  record.offered.push_back(ref);
  if (record.offered.size() > kOfferedMax) record.offered.erase(record.offered.begin());
}

}  // namespace configsync
