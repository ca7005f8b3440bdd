// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/telemetry.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <rte_telemetry.h>

#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "dataplane/control/status_view.h"
#include "dataplane/control/table_view.h"

namespace dataplane {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::mutex mutex;
std::optional<ControlSetup> shown;  // Under `mutex`.

// DPDK takes letters, digits, '_' and '/' in names, and turns away all else.
std::string NameFor(std::string_view text) {
  std::string name(text);
  for (char& c : name) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!is_plain) c = c == '.' ? '/' : '_';
  }
  return name;
}

rte_tel_data* NewDict() {
  rte_tel_data* const data = rte_tel_data_alloc();
  if (data != nullptr) rte_tel_data_start_dict(data);
  return data;
}

// Gives `value` to `parent`, which frees it with the answer.
void AddDict(rte_tel_data* parent, const std::string& name, rte_tel_data* value) {
  if (value == nullptr) return;
  if (rte_tel_data_add_dict_container(parent, name.c_str(), value, 0) != 0) {
    rte_tel_data_free(value);
  }
}

void Fill(rte_tel_data* data, const Message& message);

void FillRepeated(rte_tel_data* data, const Message& message, const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return;  // Peer has no other kind.
  rte_tel_data* const list = NewDict();
  if (list == nullptr) return;
  const google::protobuf::Reflection& get = *message.GetReflection();
  for (int i = 0; i < get.FieldSize(message, &field); ++i) {
    rte_tel_data* const item = NewDict();
    if (item != nullptr) Fill(item, get.GetRepeatedMessage(message, &field, i));
    AddDict(list, std::to_string(i), item);
  }
  AddDict(data, field.name(), list);
}

// A message as a dictionary; optional fields that are not set are left out, lists are dictionaries
// by position.
void Fill(rte_tel_data* data, const Message& message) {
  const google::protobuf::Reflection& get = *message.GetReflection();
  for (int f = 0; f < message.GetDescriptor()->field_count(); ++f) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(f);
    const char* const name = field.name().c_str();
    if (field.is_repeated()) {
      FillRepeated(data, message, field);
    } else if (field.has_presence() && !get.HasField(message, &field)) {
      continue;
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      rte_tel_data* const item = NewDict();
      if (item == nullptr) continue;
      Fill(item, get.GetMessage(message, &field));
      AddDict(data, field.name(), item);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      rte_tel_data_add_dict_string(data, name, get.GetString(message, &field).c_str());
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
      rte_tel_data_add_dict_u64(data, name, get.GetUInt64(message, &field));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
      rte_tel_data_add_dict_u64(data, name, get.GetUInt32(message, &field));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
      rte_tel_data_add_dict_u64(data, name, get.GetBool(message, &field) ? 1 : 0);
    }
  }
}

int OnPeer(const char* /*command*/, const char* /*parameters*/, rte_tel_data* info) {
  const std::lock_guard lock(mutex);
  rte_tel_data_start_dict(info);
  if (shown.has_value()) Fill(info, ReadPeer(*shown, MonotonicNs()));
  return 0;
}

int OnExposure(const char* /*command*/, const char* /*parameters*/, rte_tel_data* info) {
  const std::lock_guard lock(mutex);
  rte_tel_data_start_dict(info);
  if (!shown.has_value()) return 0;
  google::protobuf::RepeatedPtrField<lockstep::control::TableReplication> tables;
  FillTables(shown->shared->status.Read(), MonotonicNs(), tables);
  for (const lockstep::control::TableReplication& table : tables) {
    rte_tel_data* const item = NewDict();
    if (item == nullptr) continue;
    rte_tel_data_add_dict_string(item, "readiness", table.readiness().c_str());
    rte_tel_data_add_dict_u64(item, "changes", table.exposure_changes());
    rte_tel_data_add_dict_u64(item, "age_us", table.exposure_age_us());
    rte_tel_data* const mismatches = NewDict();
    if (mismatches != nullptr) Fill(mismatches, table.mismatches());
    AddDict(item, "mismatches", mismatches);
    rte_tel_data* const confirmed = NewDict();
    for (const lockstep::control::ConfirmedWithin& bucket : table.confirmed()) {
      const std::string name =
          bucket.has_at_most_us() ? absl::StrCat("up_to_", bucket.at_most_us(), "_us") : "more";
      if (confirmed != nullptr)
        rte_tel_data_add_dict_u64(confirmed, name.c_str(), bucket.changes());
    }
    AddDict(item, "confirmed", confirmed);
    AddDict(info, NameFor(table.table()), item);
  }
  return 0;
}

int OnStats(const char* /*command*/, const char* parameters, rte_tel_data* info) {
  const std::lock_guard lock(mutex);
  rte_tel_data_start_dict(info);
  if (!shown.has_value()) return 0;
  const std::string prefix = parameters == nullptr ? "" : parameters;
  std::map<std::string, rte_tel_data*> groups;
  const lockstep::control::Stats stats = ReadStats(*shown);
  for (const lockstep::control::Counter& counter : stats.counters()) {
    if (counter.name().rfind(prefix, 0) != 0) continue;
    const std::size_t dot = counter.name().find('.');
    const auto [group, is_new] = groups.try_emplace(NameFor(counter.name().substr(0, dot)));
    if (is_new) group->second = NewDict();
    if (group->second == nullptr) continue;
    const std::string name = dot == std::string::npos ? "value" : counter.name().substr(dot + 1);
    rte_tel_data_add_dict_u64(group->second, NameFor(name).c_str(), counter.value());
  }
  for (const auto& [name, group] : groups) AddDict(info, name, group);
  return 0;
}

struct Command {
  const char* name;
  telemetry_cb answer;
  const char* help;
};
constexpr Command kCommands[] = {
    {"/lockstep/peer", OnPeer, "What is known of the peer and of the replication to and from it"},
    {"/lockstep/exposure", OnExposure,
     "Per table: changes the peer has not confirmed, how long the others took, damaged shards"},
    {"/lockstep/stats", OnStats, "Counters. Parameter: prefix of their names"},
};

}  // namespace

absl::Status StartTelemetry(const ControlSetup& setup) {
  {
    const std::lock_guard lock(mutex);
    shown = setup;
  }
  static bool is_registered = false;
  if (is_registered) return absl::OkStatus();
  is_registered = true;
  for (const Command& command : kCommands) {
    const int result = rte_telemetry_register_cmd(command.name, command.answer, command.help);
    if (result != 0) {
      return absl::InternalError(
          absl::StrCat("telemetry: cannot register ", command.name, ": ", strerror(-result)));
    }
  }
  return absl::OkStatus();
}

void StopTelemetry() {
  const std::lock_guard lock(mutex);
  shown.reset();
}

}  // namespace dataplane
