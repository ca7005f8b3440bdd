// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/wiredump/lua_schema.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "tools/wiredump/schema_table.h"

namespace wiredump {
namespace {

constexpr std::array kKindNames = {"number", "hex", "address", "bytes", "name"};

std::string FieldsOf(std::span<const Field> fields) {
  std::string lua;
  for (const Field& field : fields) {
    absl::StrAppend(&lua, "    {\"", field.name, "\", ", field.offset, ", ", field.bytes, ", \"",
                    kKindNames[static_cast<std::size_t>(field.kind)], "\"",
                    field.names == nullptr ? "" : absl::StrCat(", \"", field.names->name, "\""),
                    "},\n");
  }
  return lua;
}

std::string Struct(const char* name, std::span<const Field> fields) {
  return absl::StrCat("  ", name, " = {\n", FieldsOf(fields), "  },\n");
}

}  // namespace

std::string LuaSchema() {
  std::string lua = "local enums = {\n";
  for (const Enumeration* const enumeration : kEnumerations) {
    absl::StrAppend(&lua, "  ", enumeration->name, " = {");
    for (unsigned value = 0; value < 256; ++value) {
      const char* const name = enumeration->name_of(static_cast<std::uint8_t>(value));
      if (name != nullptr) absl::StrAppend(&lua, " [", value, "] = \"", name, "\",");
    }
    lua += " },\n";
  }
  absl::StrAppend(&lua, "}\n-- Field: name, offset, bytes, kind, enumeration.\nlocal structs = {\n",
                  Struct("clear_header", ClearHeaderFields()),
                  Struct("frame_header", FrameHeaderFields()),
                  Struct("section_header", SectionHeaderFields()), Struct("hello", HelloFields()));
  for (const Record& record : Records()) lua += Struct(record.name, record.fields);
  lua += "}\n-- Record: table, operation, schema, name, bytes.\nlocal records = {\n";
  for (const Record& record : Records()) {
    absl::StrAppend(&lua, "  {", record.table, ", ", record.op, ", ", record.schema, ", \"",
                    record.name, "\", ", record.bytes, "},\n");
  }
  return lua + "}\n";
}

}  // namespace wiredump
