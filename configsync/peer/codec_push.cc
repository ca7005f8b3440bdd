// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Prepare and Apply.

#include <utility>

#include "configsync/peer/codec.h"
#include "configsync/peer/field_reader.h"

namespace configsync {
namespace {

namespace wire = lockstep::peersync;
template <typename Message>
using Repeated = google::protobuf::RepeatedPtrField<Message>;

// What does not fit is counted.
template <typename Message>
void Put(const Problems& problems, Message& message) {
  for (const Problem& problem : problems.list) {
    if (static_cast<std::size_t>(message.problems_size()) == kPeerProblemsMax) {
      break;
    }
    wire::Problem& one = *message.add_problems();
    one.set_code(CutText(problem.code, kPeerNameBytesMax));
    one.set_path(CutText(problem.path, kPeerTextBytesMax));
    one.set_value(CutText(problem.value, kPeerTextBytesMax));
    one.set_text(CutText(problem.text, kPeerTextBytesMax));
    one.set_remedy(CutText(problem.remedy, kPeerTextBytesMax));
  }
  message.set_omitted(problems.omitted_count + problems.list.size() -
                      static_cast<std::size_t>(message.problems_size()));
}

Problems ReadProblems(FieldReader& reader, const Repeated<wire::Problem>& message,
                      std::uint64_t omitted) {
  Problems problems;
  if (!reader.Counts("problems", static_cast<std::size_t>(message.size()), kPeerProblemsMax,
                     "entries")) {
    return problems;
  }
  if (omitted > 0 && message.empty()) {
    reader.Fail("omitted counts problems, and there is none");
  }
  for (const wire::Problem& one : message) {
    problems.Add({.code = reader.Text("problem.code", one.code(), kPeerNameBytesMax),
                  .path = reader.Text("problem.path", one.path(), kPeerTextBytesMax),
                  .value = reader.Text("problem.value", one.value(), kPeerTextBytesMax),
                  .text = reader.Text("problem.text", one.text(), kPeerTextBytesMax),
                  .remedy = reader.Text("problem.remedy", one.remedy(), kPeerTextBytesMax)});
  }
  problems.omitted_count = omitted;
  return problems;
}

void PutTexts(const std::vector<std::string>& texts, std::size_t count_max,
              Repeated<std::string>& message) {
  for (const std::string& text : texts) {
    if (static_cast<std::size_t>(message.size()) == count_max) {
      return;
    }
    *message.Add() = CutText(text, kPeerTextBytesMax);
  }
}

std::vector<std::string> ReadTexts(FieldReader& reader, const char* field,
                                   const Repeated<std::string>& message, std::size_t count_max) {
  std::vector<std::string> texts;
  if (reader.Counts(field, static_cast<std::size_t>(message.size()), count_max, "entries")) {
    for (const std::string& text : message) {
      texts.push_back(reader.Text(field, text, kPeerTextBytesMax));
    }
  }
  return texts;
}

void ReadRevisions(FieldReader& reader, const Repeated<wire::RevisionNote>& message,
                   std::vector<RevisionNote>& revisions) {
  if (!reader.Counts("revisions", static_cast<std::size_t>(message.size()), kPeerRevisionsMax,
                     "entries")) {
    return;
  }
  for (const wire::RevisionNote& one : message) {
    RevisionNote note;
    note.id = one.id();
    note.author = reader.Text("revision.author", one.author(), kPeerNameBytesMax);
    note.comment = reader.Text("revision.comment", one.comment(), kWireCommentBytesMax);
    note.wall_ms = one.wall_ms();
    revisions.push_back(std::move(note));
  }
}

}  // namespace

wire::PrepareHeader EncodeHeader(const PrepareRequest& value) {
  wire::PrepareHeader message;
  message.set_number(value.number);
  message.set_term(value.term);
  for (const DeviceId& device : value.path) {
    message.add_path(BytesOfDevice(device));
  }
  message.set_selection(BytesOf(value.selection));
  message.set_base(BytesOf(value.base));
  message.set_result(BytesOf(value.result));
  message.set_edit_bytes(value.edits.size());
  message.set_author(CutText(value.author, kPeerNameBytesMax));
  message.set_comment(CutText(value.comment, kWireCommentBytesMax));
  for (const RevisionNote& note : value.revisions) {
    if (static_cast<std::size_t>(message.revisions_size()) == kPeerRevisionsMax) {
      break;
    }
    wire::RevisionNote& one = *message.add_revisions();
    one.set_id(note.id);
    one.set_author(CutText(note.author, kPeerNameBytesMax));
    one.set_comment(CutText(note.comment, kWireCommentBytesMax));
    one.set_wall_ms(note.wall_ms);
  }
  if (value.confirm_within_s) {
    message.set_confirm_within_s(*value.confirm_within_s);
  }
  message.set_forced(value.is_forced);
  return message;
}

absl::StatusOr<PrepareRequest> Decode(const wire::PrepareHeader& message) {
  FieldReader reader;
  PrepareRequest value;
  value.number = message.number();
  value.term = message.term();
  if (reader.Counts("path", static_cast<std::size_t>(message.path_size()), kPeerPathMax,
                    "devices")) {
    for (const std::string& device : message.path()) {
      value.path.push_back(reader.ReadDevice("path", device));
      if (device.empty()) {
        reader.Fail("path has a device without an id");
      }
    }
  }
  if (value.path.empty()) {
    reader.Fail("path is empty");
  }
  value.selection = reader.ReadHash("selection", message.selection());
  value.base = reader.ReadHash("base", message.base());
  value.result = reader.ReadHash("result", message.result());
  reader.Counts("edits", message.edit_bytes(), kPushBytesMax, "bytes");
  value.author = reader.Text("author", message.author(), kPeerNameBytesMax);
  value.comment = reader.Text("comment", message.comment(), kWireCommentBytesMax);
  ReadRevisions(reader, message.revisions(), value.revisions);
  if (message.has_confirm_within_s()) {
    value.confirm_within_s = message.confirm_within_s();
  }
  value.is_forced = message.forced();
  if (!reader.status().ok()) {
    return reader.status();
  }
  return value;
}

wire::PrepareResponse Encode(const PrepareResponse& value) {
  wire::PrepareResponse message;
  Put(value.problems, message);
  message.set_result(BytesOf(value.result));
  for (const ServiceAction& action : value.services) {
    if (static_cast<std::size_t>(message.services_size()) == kPeerServicesMax) {
      break;
    }
    wire::ServiceAction& one = *message.add_services();
    one.set_service(CutText(action.service, kPeerNameBytesMax));
    one.set_reason(CutText(action.reason, kPeerTextBytesMax));
  }
  wire::SessionEffect& sessions = *message.mutable_sessions();
  sessions.set_known(value.sessions.known);
  sessions.set_kept(value.sessions.kept);
  sessions.set_ended(value.sessions.ended);
  PutTexts(value.sessions.ended_examples, kPeerExamplesMax, *sessions.mutable_ended_examples());
  PutTexts(value.warnings, kPeerWarningsMax, *message.mutable_warnings());
  return message;
}

absl::StatusOr<PrepareResponse> Decode(const wire::PrepareResponse& message) {
  FieldReader reader;
  PrepareResponse value;
  value.problems = ReadProblems(reader, message.problems(), message.omitted());
  value.result = reader.ReadHash("result", message.result());
  if (reader.Counts("services", static_cast<std::size_t>(message.services_size()), kPeerServicesMax,
                    "entries")) {
    for (const wire::ServiceAction& one : message.services()) {
      value.services.push_back({reader.Text("service", one.service(), kPeerNameBytesMax),
                                reader.Text("reason", one.reason(), kPeerTextBytesMax)});
    }
  }
  value.sessions.known = message.sessions().known();
  value.sessions.kept = message.sessions().kept();
  value.sessions.ended = message.sessions().ended();
  value.sessions.ended_examples =
      ReadTexts(reader, "ended_examples", message.sessions().ended_examples(), kPeerExamplesMax);
  value.warnings = ReadTexts(reader, "warnings", message.warnings(), kPeerWarningsMax);
  if (!reader.status().ok()) {
    return reader.status();
  }
  return value;
}

wire::ApplyResponse Encode(const ApplyResponse& value) {
  wire::ApplyResponse message;
  Put(value.problems, message);
  message.set_revision(value.revision);
  message.set_part(BytesOf(value.part));
  PutTexts(value.warnings, kPeerWarningsMax, *message.mutable_warnings());
  return message;
}

absl::StatusOr<ApplyResponse> Decode(const wire::ApplyResponse& message) {
  FieldReader reader;
  ApplyResponse value;
  value.problems = ReadProblems(reader, message.problems(), message.omitted());
  value.revision = message.revision();
  value.part = reader.ReadHash("part", message.part());
  value.warnings = ReadTexts(reader, "warnings", message.warnings(), kPeerWarningsMax);
  if (!reader.status().ok()) {
    return reader.status();
  }
  return value;
}

}  // namespace configsync
