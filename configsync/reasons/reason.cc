// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/reasons/reason.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace configsync {
namespace {

constexpr char kPayload[] = "lockstep/reason";
constexpr std::size_t kWordBytesMax = 256;  // Subject and remote.

constexpr std::array<std::string_view, 3> kSeverities{"info", "warning", "error"};
constexpr std::array<std::string_view, 4> kBlocks{"nothing", "push", "category", "state"};

// Not within a character of several bytes: protobuf refuses what is not UTF-8.
std::string Cut(std::string_view text, std::size_t bytes_max) {
  std::size_t bytes = std::min(text.size(), bytes_max);
  while (bytes > 0 && bytes < text.size() && (text[bytes] & 0xC0) == 0x80) {
    --bytes;
  }
  return std::string(text.substr(0, bytes));
}

// One line: the payload has a line for each field.
std::string Word(std::string_view text) {
  std::string word = Cut(text, kWordBytesMax);
  std::ranges::replace(word, '\n', ' ');
  return word;
}

// What tells the caller whether a further call can help; where nothing is said, the state has to be
// mended first.
struct StatusRow {
  ReasonCode code;
  absl::StatusCode status;
};
constexpr std::array kStatuses{
    StatusRow{ReasonCode::kPeerTimeout, absl::StatusCode::kDeadlineExceeded},
    StatusRow{ReasonCode::kHa1Down, absl::StatusCode::kUnavailable},
    StatusRow{ReasonCode::kPeerUnreachable, absl::StatusCode::kUnavailable},
    StatusRow{ReasonCode::kPeerPortBlocked, absl::StatusCode::kUnavailable},
    StatusRow{ReasonCode::kPeerApiDown, absl::StatusCode::kUnavailable},
    StatusRow{ReasonCode::kPeerBusy, absl::StatusCode::kUnavailable},
    StatusRow{ReasonCode::kTlsFailed, absl::StatusCode::kUnavailable},
    StatusRow{ReasonCode::kDataplaneUnreachable, absl::StatusCode::kUnavailable},
    StatusRow{ReasonCode::kCertNotPinned, absl::StatusCode::kUnauthenticated},
    StatusRow{ReasonCode::kCertExpired, absl::StatusCode::kUnauthenticated},
    StatusRow{ReasonCode::kCertRevoked, absl::StatusCode::kUnauthenticated},
    StatusRow{ReasonCode::kAuthFailed, absl::StatusCode::kUnauthenticated},
    StatusRow{ReasonCode::kNotPaired, absl::StatusCode::kUnauthenticated},
    StatusRow{ReasonCode::kPeerForbidden, absl::StatusCode::kPermissionDenied},
    StatusRow{ReasonCode::kPeerAnswerTooLarge, absl::StatusCode::kResourceExhausted},
    StatusRow{ReasonCode::kPeerStoreFull, absl::StatusCode::kResourceExhausted},
    StatusRow{ReasonCode::kGroupFull, absl::StatusCode::kResourceExhausted},
    StatusRow{ReasonCode::kPeerAnswerInvalid, absl::StatusCode::kDataLoss},
    StatusRow{ReasonCode::kPeerHashMismatch, absl::StatusCode::kDataLoss},
    StatusRow{ReasonCode::kStoreWarning, absl::StatusCode::kDataLoss},
    StatusRow{ReasonCode::kPeerError, absl::StatusCode::kInternal},
};

absl::StatusCode StatusCodeOf(ReasonCode code) {
  const auto* const row = std::ranges::find(kStatuses, code, &StatusRow::code);
  return row == kStatuses.end() ? absl::StatusCode::kFailedPrecondition : row->status;
}

std::string Sentences(const Reason& reason) {
  const ReasonRow& row = RowOf(reason.code);
  std::string text = reason.evidence.empty() ? std::string(row.meaning)
                                             : Cut(reason.evidence, kReasonEvidenceBytesMax);
  while (text.ends_with('.')) {
    text.pop_back();
  }
  // A sentence behind a semicolon begins small.
  std::string remedy(row.remedy);
  remedy[0] = static_cast<char>(remedy[0] - 'A' + 'a');
  while (remedy.ends_with('.')) {
    remedy.pop_back();
  }
  const bool names_remote = reason.remote.empty() || text.find(reason.remote) != std::string::npos;
  return absl::StrCat(names_remote ? "" : Word(reason.remote) + ": ", text, "; ", remedy);
}

}  // namespace

std::string_view NameOf(Severity severity) {
  return kSeverities[static_cast<std::size_t>(severity)];
}

std::string_view NameOf(Blocks blocks) { return kBlocks[static_cast<std::size_t>(blocks)]; }

std::string NameOf(const Reason& reason) {
  const std::string name(RowOf(reason.code).name);
  return reason.subject.empty() ? name : absl::StrCat(name, "(", Word(reason.subject), ")");
}

std::string TextOf(const Reason& reason) {
  return absl::StrCat(std::string(NameOf(SeverityOf(reason))), " ", NameOf(reason), ": ",
                      Sentences(reason));
}

Severity SeverityOf(const Reason& reason) {
  return reason.severity.value_or(RowOf(reason.code).severity);
}

Blocks BlocksOf(const Reason& reason) { return reason.blocks.value_or(RowOf(reason.code).blocks); }

absl::Status StatusOf(const Reason& reason) {
  absl::Status status(StatusCodeOf(reason.code),
                      absl::StrCat(NameOf(reason), ": ", Sentences(reason)));
  const auto number = [](auto optional) {
    return optional.has_value() ? std::to_string(static_cast<unsigned>(*optional)) : std::string();
  };
  status.SetPayload(
      kPayload, absl::Cord(absl::StrCat(std::string(RowOf(reason.code).name), "\n",
                                        number(reason.severity), "\n", number(reason.blocks), "\n",
                                        Word(reason.subject), "\n", Word(reason.remote), "\n",
                                        Cut(reason.evidence, kReasonEvidenceBytesMax))));
  return status;
}

Reason ReasonOf(const absl::Status& status) {
  Reason reason;
  reason.evidence =
      Cut({status.message().data(), status.message().size()}, kReasonEvidenceBytesMax);
  const auto payload = status.GetPayload(kPayload);
  if (!payload.has_value()) {
    return reason;
  }
  const std::vector<std::string> lines =
      absl::StrSplit(std::string(*payload), absl::MaxSplits('\n', 5));
  const std::optional<ReasonCode> code = ReasonCodeOf(lines[0]);
  if (lines.size() != 6 || !code.has_value()) {
    return reason;
  }
  reason.code = *code;
  if (lines[1].size() == 1 && lines[1][0] >= '0' && lines[1][0] < '3') {
    reason.severity = static_cast<Severity>(lines[1][0] - '0');
  }
  if (lines[2].size() == 1 && lines[2][0] >= '0' && lines[2][0] < '4') {
    reason.blocks = static_cast<Blocks>(lines[2][0] - '0');
  }
  reason.subject = lines[3];
  reason.remote = lines[4];
  reason.evidence = lines[5];
  return reason;
}

}  // namespace configsync
