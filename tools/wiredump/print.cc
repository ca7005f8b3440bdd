// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/wiredump/print.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/wiredump/schema_table.h"

namespace wiredump {
namespace {

using statesync::Section;
using statesync::TableId;

std::string AddressText(std::uint64_t address) {
  return absl::StrFormat("%d.%d.%d.%d", address >> 24 & 255, address >> 16 & 255,
                         address >> 8 & 255, address & 255);
}

std::string NameText(const Enumeration& names, std::uint64_t value) {
  const char* const name = names.name_of(static_cast<std::uint8_t>(value));
  return name == nullptr ? absl::StrCat("unknown-", value) : name;
}

std::string ValueText(const Field& field, const std::byte* record) {
  const std::uint64_t number = NumberOf(field, record);
  switch (field.kind) {
    case FieldKind::kNumber:
      return absl::StrCat(number);
    case FieldKind::kHex:
      return absl::StrFormat("0x%0*x", 2 * field.bytes, number);
    case FieldKind::kAddress:
      return AddressText(number);
    case FieldKind::kName:
      return NameText(*field.names, number);
    case FieldKind::kBytes:
      break;
  }
  std::string text;
  for (std::size_t i = 0; i < field.bytes; ++i) {
    absl::StrAppendFormat(&text, "%02x", std::to_integer<unsigned>(record[field.offset + i]));
  }
  return text;
}

std::string FieldsText(std::span<const Field> fields, const std::byte* record) {
  std::string text;
  for (const Field& field : fields) {
    absl::StrAppend(&text, " ", field.name, " ", ValueText(field, record));
  }
  return text;
}

std::string FieldsJson(std::span<const Field> fields, const std::byte* record) {
  std::string json;
  for (const Field& field : fields) {
    const std::string value = ValueText(field, record);
    absl::StrAppend(&json, json.empty() ? "" : ",", "\"", field.name, "\":");
    absl::StrAppend(&json,
                    field.kind == FieldKind::kNumber ? value : absl::StrCat("\"", value, "\""));
  }
  return json;
}

template <typename Header>
const std::byte* BytesOf(const Header& header) {
  return reinterpret_cast<const std::byte*>(&header);
}

std::string VersionText(statesync::Version version) {
  return absl::StrCat(statesync::TermOf(version).value, ".", statesync::CounterOf(version));
}

// "session insert", "nack".
std::string TitleOf(const Section& section) {
  const auto table = static_cast<std::uint8_t>(section.table);
  const std::string op = NameText(OpsOf(table), section.op);
  return section.table == TableId::kControl ? op : absl::StrCat(NameText(kTables, table), " ", op);
}

const Record* RecordOf(const Section& section) {
  return FindRecord(static_cast<std::uint8_t>(section.table), section.op, section.schema);
}

// Padding has a record for each byte: they are counted and not shown.
bool IsPadding(const Record& record) { return record.bytes == 1; }

std::string SectionsLine(const Decoded& decoded) {
  std::string line;
  statesync::FrameReader reader(decoded.sealed);
  for (Section section; reader.Next(section);) {
    absl::StrAppend(&line, line.empty() ? "" : ", ", TitleOf(section), " ", section.count);
  }
  if (reader.skipped_count() != 0) {
    absl::StrAppend(&line, line.empty() ? "" : ", ", "unknown ", reader.skipped_count());
  }
  return line.empty() ? "keepalive" : line;
}

std::string SectionsText(const Decoded& decoded) {
  std::string text;
  statesync::FrameReader reader(decoded.sealed);
  for (Section section; reader.Next(section);) {
    const bool is_control = section.table == TableId::kControl;
    absl::StrAppend(&text, "    ", TitleOf(section), " schema ", section.schema, ", ",
                    section.count, " records of ", section.record_bytes, " bytes");
    if (!is_control) absl::StrAppend(&text, " from version ", VersionText(section.first));
    text += "\n";
    const Record* const record = RecordOf(section);
    if (record == nullptr || IsPadding(*record)) continue;
    for (std::size_t i = 0; i < section.count; ++i) {
      absl::StrAppend(&text, "      ", is_control ? "-" : VersionText(section.version(i)),
                      FieldsText(record->fields, section.record(i)), "\n");
    }
  }
  return text;
}

std::string SectionsJson(const Decoded& decoded) {
  std::string json;
  statesync::FrameReader reader(decoded.sealed);
  for (Section section; reader.Next(section);) {
    const auto table = static_cast<std::uint8_t>(section.table);
    absl::StrAppend(&json, json.empty() ? "" : ",", "{\"table\":\"", NameText(kTables, table),
                    "\",\"op\":\"", NameText(OpsOf(table), section.op),
                    "\",\"schema\":", section.schema, ",\"count\":", section.count,
                    ",\"version\":\"", VersionText(section.first), "\",\"records\":[");
    const Record* const record = RecordOf(section);
    for (std::size_t i = 0; record != nullptr && !IsPadding(*record) && i < section.count; ++i) {
      absl::StrAppend(&json, i == 0 ? "{" : ",{", FieldsJson(record->fields, section.record(i)),
                      "}");
    }
    json += "]}";
  }
  return absl::StrCat("\"unknown_records\":", reader.skipped_count(), ",\"sections\":[", json, "]");
}

std::string TimeText(std::int64_t time_us) {
  const std::int64_t second = time_us / 1'000'000 % 86'400;
  return absl::StrFormat("%02d:%02d:%02d.%06d", second / 3'600, second / 60 % 60, second % 60,
                         time_us % 1'000'000);
}

const char* OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kFrame:
      return "frame";
    case Outcome::kConfirmation:
      return "confirmation";
    case Outcome::kLinkReport:
      return "link-report";
    case Outcome::kHello:
      return "hello";
    case Outcome::kSealed:
      return "sealed";
    case Outcome::kMalformed:
      return "malformed";
  }
  return "";
}

std::string VerdictText(const Decoded& decoded) { return std::string(decoded.verdict_name()); }

// As in the node file, behind "ha.".
constexpr std::array<const char*, statesync::kHa2LinksMax> kLinkNames = {"ha2", "ha2_second"};

std::string LinksText(const Decoded& decoded) {
  std::string heard;
  for (std::size_t i = 0; i < kLinkNames.size(); ++i) {
    if (decoded.Hears(i)) absl::StrAppend(&heard, heard.empty() ? "" : " and ", kLinkNames[i]);
  }
  return absl::StrCat("link report: hears its peer on ", heard.empty() ? "no link" : heard.c_str());
}

std::string LinksJson(const Decoded& decoded) {
  std::string json;
  for (std::size_t i = 0; i < kLinkNames.size(); ++i) {
    absl::StrAppend(&json, json.empty() ? "" : ",", "\"", kLinkNames[i],
                    "\":", decoded.Hears(i) ? "true" : "false");
  }
  return absl::StrCat(",\"hears\":{", json, "}");
}

}  // namespace

std::string TextOf(const Packet& packet, const Decoded& decoded, bool verbose) {
  const statesync::ClearHeader& clear = decoded.clear;
  std::string text = absl::StrCat(TimeText(packet.time_us), " ", AddressText(packet.source), ":",
                                  packet.source_port, " > ", AddressText(packet.target), " ");
  if (decoded.outcome == Outcome::kMalformed && !decoded.opened) {
    return absl::StrCat(text, "malformed: ", VerdictText(decoded), ", ", packet.datagram.size(),
                        " bytes\n");
  }
  if (decoded.outcome == Outcome::kHello) {
    absl::StrAppend(&text, "hello phase ", decoded.phase(), ":");
    for (const Field& field : HelloFields()) {
      // What identifies the run; nonces and shares are for -v.
      if (!verbose && field.kind == FieldKind::kBytes) continue;
      absl::StrAppend(&text, " ", field.name, " ", ValueText(field, decoded.hello.data()));
    }
    return text + "\n";
  }
  absl::StrAppend(&text, "stream ", clear.stream.Get(), " epoch ", clear.epoch.Get(), " phase ",
                  decoded.phase(), " packet ", clear.packet_number.Get(), ": ");
  if (decoded.outcome == Outcome::kSealed) {
    return absl::StrCat(text, "sealed, ", packet.datagram.size(), " bytes\n");
  }
  if (decoded.outcome == Outcome::kConfirmation) return text + "confirms new keys\n";
  if (decoded.outcome == Outcome::kLinkReport) return text + LinksText(decoded) + "\n";
  if (decoded.outcome == Outcome::kMalformed) {
    return absl::StrCat(text, "malformed: ", VerdictText(decoded), "\n");
  }
  const statesync::FrameHeader& frame = decoded.frame;
  const bool is_numbered = (frame.flags & statesync::kFrameNumbered) != 0;
  absl::StrAppend(&text, NameText(kRoles, frame.role), " ", NameText(kReadiness, frame.readiness),
                  " term ", frame.term.Get(), is_numbered ? " frame " : " next ",
                  frame.frame_number.Get(), " ack ", frame.ack.Get(), ": ", SectionsLine(decoded),
                  "\n");
  if (!verbose) return text;
  return absl::StrCat(text, "    frame", FieldsText(FrameHeaderFields(), BytesOf(frame)), "\n",
                      SectionsText(decoded));
}

std::string JsonOf(const Packet& packet, const Decoded& decoded) {
  std::string json = absl::StrCat(
      "{\"packet\":", packet.number, ",\"time_us\":", packet.time_us, ",\"source\":\"",
      AddressText(packet.source), "\",\"source_port\":", packet.source_port, ",\"target\":\"",
      AddressText(packet.target), "\",\"bytes\":", packet.datagram.size(), ",\"outcome\":\"",
      OutcomeName(decoded.outcome), "\"");
  if (decoded.outcome == Outcome::kMalformed) {
    absl::StrAppend(&json, ",\"verdict\":\"", VerdictText(decoded), "\"");
  }
  if (decoded.outcome != Outcome::kMalformed || decoded.opened) {
    absl::StrAppend(&json, ",\"clear\":{", FieldsJson(ClearHeaderFields(), BytesOf(decoded.clear)),
                    "}");
  }
  if (decoded.outcome == Outcome::kLinkReport) json += LinksJson(decoded);
  if (decoded.outcome == Outcome::kHello) {
    absl::StrAppend(&json, ",\"hello\":{", FieldsJson(HelloFields(), decoded.hello.data()), "}");
  }
  if (decoded.outcome == Outcome::kFrame) {
    absl::StrAppend(&json, ",\"frame\":{", FieldsJson(FrameHeaderFields(), BytesOf(decoded.frame)),
                    "},", SectionsJson(decoded));
  }
  return json + "}\n";
}

}  // namespace wiredump
