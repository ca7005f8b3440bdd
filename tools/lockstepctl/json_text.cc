// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/json_text.h"

#include <google/protobuf/descriptor.h>

#include <cstdio>

#include "absl/strings/str_cat.h"

namespace lockstepctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// `index` is -1 for a field that is not repeated.
std::string Value(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& get = *message.GetReflection();
  const bool is_one = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return (is_one ? get.GetBool(message, &field) : get.GetRepeatedBool(message, &field, index))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(is_one ? get.GetUInt32(message, &field)
                                 : get.GetRepeatedUInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(is_one ? get.GetUInt64(message, &field)
                                 : get.GetRepeatedUInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_STRING:
      return JsonString(is_one ? get.GetString(message, &field)
                               : get.GetRepeatedString(message, &field, index));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return JsonText(is_one ? get.GetMessage(message, &field)
                             : get.GetRepeatedMessage(message, &field, index));
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_ENUM:
      break;  // control.proto has none; a test walks all its messages.
  }
  return "null";
}

// Length of the UTF-8 sequence at `text[i]`, 0 if there is none.
std::size_t SequenceBytes(const std::string& text, std::size_t i) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(i);
  const std::size_t count = lead < 0x80                   ? 1
                            : lead >= 0xc2 && lead < 0xe0 ? 2
                            : lead >= 0xe0 && lead < 0xf0 ? 3
                            : lead >= 0xf0 && lead < 0xf5 ? 4
                                                          : 0;
  if (count == 0 || i + count > text.size()) {
    return 0;
  }
  for (std::size_t k = 1; k < count; ++k) {
    if ((byte(i + k) & 0xc0) != 0x80) {
      return 0;
    }
  }
  return count;
}

}  // namespace

std::string JsonString(const std::string& text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t count = SequenceBytes(text, i);
    const char c = text[i];
    if (count == 0) {
      out += "\xef\xbf\xbd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out.append(text, i, count);
    }
    i += count == 0 ? 1 : count;
  }
  return out + "\"";
}

bool IsUtf8(const std::string& text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t count = SequenceBytes(text, i);
    if (count == 0) {
      return false;
    }
    i += count;
  }
  return true;
}

std::string JsonText(const Message& message) {
  std::string out = "{";
  for (int f = 0; f < message.GetDescriptor()->field_count(); ++f) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(f);
    absl::StrAppend(&out, f == 0 ? "" : ",", "\"", field.name(), "\":");
    if (field.is_repeated()) {
      out += '[';
      for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
        absl::StrAppend(&out, i == 0 ? "" : ",", Value(message, field, i));
      }
      out += ']';
    } else if (field.has_presence() && !message.GetReflection()->HasField(message, &field)) {
      out += "null";
    } else {
      out += Value(message, field, -1);
    }
  }
  return out + "}";
}

}  // namespace lockstepctl
