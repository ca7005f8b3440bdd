// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// States, facts and selections.

#include <utility>

#include "configsync/peer/codec.h"
#include "configsync/peer/field_reader.h"

namespace configsync {
namespace {

namespace wire = lockstep::peersync;

void Put(const std::vector<Reason>& reasons, wire::State& message) {
  for (const Reason& reason : reasons) {
    if (static_cast<std::size_t>(message.reasons_size()) == kPeerReasonsMax) {
      return;
    }
    wire::Reason& one = *message.add_reasons();
    one.set_code(std::string(RowOf(reason.code).name));
    one.set_subject(CutText(reason.subject, kPeerNameBytesMax));
    one.set_evidence(CutText(reason.evidence, kPeerReasonBytesMax));
  }
}

void Put(const PeerState& state, wire::State& message) {
  message.set_device(BytesOfDevice(state.device));
  message.set_role(static_cast<std::uint32_t>(state.role));
  message.set_term(state.term);
  message.set_enabled(state.is_enabled);
  message.set_pinned(state.is_pinned);
  message.set_dataplane_ready(state.is_dataplane_ready);
  message.set_running(state.running);
  message.set_startup(state.startup);
  message.set_facts(BytesOf(state.facts));
  message.set_selection(BytesOf(state.selection));
  message.set_target(BytesOf(state.target));
  message.set_held(state.held);
  message.set_source(BytesOfDevice(state.source));
  message.set_known_selection(BytesOf(state.known_selection));
  message.set_part(BytesOf(state.part));
  Put(state.reasons, message);
}

// A code of a newer release is still a reason.
Reason ReadReason(FieldReader& reader, const wire::Reason& message) {
  Reason reason;
  const std::string code = reader.Text("code", message.code(), kPeerNameBytesMax);
  reason.subject = reader.Text("subject", message.subject(), kPeerNameBytesMax);
  reason.evidence = reader.Text("evidence", message.evidence(), kPeerReasonBytesMax);
  if (const auto known = ReasonCodeOf(code)) {
    reason.code = *known;
  } else {
    reason.code = ReasonCode::kPeerError;
    reason.evidence = CutText(code + ": " + reason.evidence, kPeerReasonBytesMax);
  }
  return reason;
}

PeerState ReadState(FieldReader& reader, const wire::State& message) {
  PeerState state;
  state.device = reader.ReadDevice("device", message.device());
  if (state.device.empty()) {
    reader.Fail("device is missing");
  }
  if (message.role() > static_cast<std::uint32_t>(HaRole::kStandby)) {
    reader.Fail(absl::StrCat("role ", message.role(), " is unknown"));
  } else {
    state.role = static_cast<HaRole>(message.role());
  }
  state.term = message.term();
  state.is_enabled = message.enabled();
  state.is_pinned = message.pinned();
  state.is_dataplane_ready = message.dataplane_ready();
  state.running = message.running();
  state.startup = message.startup();
  state.facts = reader.ReadHash("facts", message.facts());
  state.selection = reader.ReadHash("selection", message.selection());
  state.target = reader.ReadHash("target", message.target());
  state.held = message.held();
  state.source = reader.ReadDevice("source", message.source());
  state.known_selection = reader.ReadHash("known_selection", message.known_selection());
  state.part = reader.ReadHash("part", message.part());
  if (reader.Counts("reasons", static_cast<std::size_t>(message.reasons_size()), kPeerReasonsMax,
                    "entries")) {
    for (const wire::Reason& reason : message.reasons()) {
      state.reasons.push_back(ReadReason(reader, reason));
    }
  }
  return state;
}

void PutNames(const std::vector<std::string>& names, std::size_t count_max, std::size_t bytes_max,
              google::protobuf::RepeatedPtrField<std::string>& message) {
  for (const std::string& name : names) {
    if (static_cast<std::size_t>(message.size()) == count_max) {
      return;
    }
    *message.Add() = CutText(name, bytes_max);
  }
}

std::vector<std::string> ReadNames(FieldReader& reader, const char* field,
                                   const google::protobuf::RepeatedPtrField<std::string>& message,
                                   std::size_t count_max, std::size_t bytes_max) {
  std::vector<std::string> names;
  if (reader.Counts(field, static_cast<std::size_t>(message.size()), count_max, "entries")) {
    for (const std::string& name : message) {
      names.push_back(reader.Text(field, name, bytes_max));
    }
  }
  return names;
}

void Put(const Facts& facts, wire::Facts& message) {
  message.set_device(CutText(facts.device, kPeerNameBytesMax));
  message.set_name(CutText(facts.name, kPeerNameBytesMax));
  message.set_version(CutText(facts.version, kPeerNameBytesMax));
  message.set_protocol(facts.protocol);
  message.set_schema(CutText(facts.schema, kPeerNameBytesMax));
  PutNames(facts.schema_paths, kPeerSchemaPathsMax, kPeerTextBytesMax,
           *message.mutable_schema_paths());
  message.set_master_key(CutText(facts.master_key, kPeerNameBytesMax));
  message.set_mode(CutText(facts.mode, kPeerNameBytesMax));
  message.set_hardware(CutText(facts.hardware, kPeerTextBytesMax));
  for (const auto& [name, is_on] : facts.features) {
    if (message.features().size() < kPeerFactsMax) {
      (*message.mutable_features())[CutText(name, kPeerNameBytesMax)] = is_on;
    }
  }
  message.set_content_database(CutText(facts.content_database, kPeerNameBytesMax));
  PutNames(facts.licenses, kPeerFactsMax, kPeerNameBytesMax, *message.mutable_licenses());
  for (const auto& [name, version] : facts.plugins) {
    if (message.plugins().size() < kPeerFactsMax) {
      (*message.mutable_plugins())[CutText(name, kPeerNameBytesMax)] =
          CutText(version, kPeerNameBytesMax);
    }
  }
  PutNames(facts.required_plugins, kPeerFactsMax, kPeerNameBytesMax,
           *message.mutable_required_plugins());
}

Facts ReadFacts(FieldReader& reader, const wire::Facts& message) {
  Facts facts;
  const std::size_t name_max = kPeerNameBytesMax;
  facts.device = reader.Text("facts.device", message.device(), name_max);
  facts.name = reader.Text("facts.name", message.name(), name_max);
  facts.version = reader.Text("facts.version", message.version(), name_max);
  facts.protocol = message.protocol();
  facts.schema = reader.Text("facts.schema", message.schema(), name_max);
  facts.schema_paths = ReadNames(reader, "facts.schema_paths", message.schema_paths(),
                                 kPeerSchemaPathsMax, kPeerTextBytesMax);
  facts.master_key = reader.Text("facts.master_key", message.master_key(), name_max);
  facts.mode = reader.Text("facts.mode", message.mode(), name_max);
  facts.hardware = reader.Text("facts.hardware", message.hardware(), kPeerTextBytesMax);
  if (reader.Counts("facts.features", message.features().size(), kPeerFactsMax, "entries")) {
    for (const auto& [name, is_on] : message.features()) {
      facts.features[reader.Text("facts.features", name, name_max)] = is_on;
    }
  }
  facts.content_database =
      reader.Text("facts.content_database", message.content_database(), name_max);
  facts.licenses = ReadNames(reader, "facts.licenses", message.licenses(), kPeerFactsMax, name_max);
  if (reader.Counts("facts.plugins", message.plugins().size(), kPeerFactsMax, "entries")) {
    for (const auto& [name, version] : message.plugins()) {
      facts.plugins[reader.Text("facts.plugins", name, name_max)] =
          reader.Text("facts.plugins", version, name_max);
    }
  }
  facts.required_plugins = ReadNames(reader, "facts.required_plugins", message.required_plugins(),
                                     kPeerFactsMax, name_max);
  return facts;
}

}  // namespace

wire::Exchange Encode(const Exchange& value) {
  wire::Exchange message;
  Put(value.state, *message.mutable_state());
  if (value.selection) {
    message.set_selection(Encode(*value.selection));
  }
  if (value.facts) {
    Put(*value.facts, *message.mutable_facts());
  }
  message.set_want_selection(value.want_selection);
  message.set_want_facts(value.want_facts);
  return message;
}

absl::StatusOr<Exchange> Decode(const wire::Exchange& message) {
  FieldReader reader;
  Exchange value;
  value.state = ReadState(reader, message.state());
  if (!message.selection().empty() &&
      reader.Counts("selection", message.selection().size(), kSpecBytesMax, "bytes")) {
    value.selection = reader.Take(DecodeSpec(message.selection()));
  }
  if (message.has_facts()) {
    value.facts = ReadFacts(reader, message.facts());
  }
  value.want_selection = message.want_selection();
  value.want_facts = message.want_facts();
  if (!reader.status().ok()) {
    return reader.status();
  }
  return value;
}

}  // namespace configsync
