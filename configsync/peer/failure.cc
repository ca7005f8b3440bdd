// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/failure.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "configsync/peer/codec.h"

namespace configsync {
namespace {

constexpr char kReasonKey[] = "lockstep-reason";
constexpr char kSubjectKey[] = "lockstep-subject";
constexpr std::size_t kEvidenceBytesMax = 1'024;

// Bytes of somebody else on one line: header values are ASCII too.
std::string Printable(std::string_view text, std::size_t bytes_max, bool is_ascii) {
  std::string printable = CutText(text, bytes_max);
  for (std::size_t i = 0; i < printable.size(); ++i) {
    const auto byte = static_cast<unsigned char>(printable[i]);
    const bool is_c1 = byte == 0xc2 && i + 1 < printable.size() &&  // U+0080 to U+009F.
                       static_cast<unsigned char>(printable[i + 1]) < 0xa0;
    if (is_c1 && !is_ascii) {
      printable[i + 1] = ' ';
    }
    if ((is_c1 && !is_ascii) || byte < 0x20 || byte == 0x7f || (is_ascii && byte > 0x7f)) {
      printable[i] = is_ascii ? '?' : ' ';
    }
  }
  return printable;
}

std::string Trailer(const grpc::ClientContext& context, const char* key) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find(key);
  if (found == trailers.end()) {
    return "";
  }
  return Printable({found->second.data(), found->second.size()}, kPeerNameBytesMax, true);
}

ReasonCode ReasonCodeOfStatus(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return ReasonCode::kPeerTimeout;
    case grpc::StatusCode::UNAUTHENTICATED:
      return ReasonCode::kAuthFailed;
    case grpc::StatusCode::PERMISSION_DENIED:
      return ReasonCode::kPeerForbidden;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return ReasonCode::kPeerBusy;
    case grpc::StatusCode::UNAVAILABLE:
      return ReasonCode::kPeerUnreachable;
    case grpc::StatusCode::OK:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::DATA_LOSS:
    case grpc::StatusCode::DO_NOT_USE:
      break;
  }
  return ReasonCode::kPeerError;
}

}  // namespace

grpc::Status WireStatusOf(const absl::Status& status, grpc::ServerContextBase& context) {
  if (status.ok()) {
    return grpc::Status::OK;
  }
  const Reason reason = ReasonOf(status);
  context.AddTrailingMetadata(kReasonKey, std::string(RowOf(reason.code).name));
  if (!reason.subject.empty()) {
    context.AddTrailingMetadata(kSubjectKey, Printable(reason.subject, kPeerNameBytesMax, true));
  }
  const std::string_view text =
      reason.evidence.empty() ? std::string_view(status.message().data(), status.message().size())
                              : std::string_view(reason.evidence);
  return {static_cast<grpc::StatusCode>(status.code()), Printable(text, kEvidenceBytesMax, false)};
}

bool HasWireReason(const grpc::ClientContext& context) {
  return !Trailer(context, kReasonKey).empty();
}

Reason ReasonOfCall(const grpc::Status& status, const grpc::ClientContext& context) {
  Reason reason;
  reason.evidence = Printable(status.error_message(), kEvidenceBytesMax, false);
  const std::string name = Trailer(context, kReasonKey);
  if (const auto code = ReasonCodeOf(name)) {
    reason.code = *code;
    reason.subject = Trailer(context, kSubjectKey);
    return reason;
  }
  reason.code = ReasonCodeOfStatus(status.error_code());
  reason.evidence = absl::StrCat(name.empty() ? "" : name + ": ", "gRPC ",
                                 static_cast<int>(status.error_code()), ": ", reason.evidence);
  return reason;
}

}  // namespace configsync
