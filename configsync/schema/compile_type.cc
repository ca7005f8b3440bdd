// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/compile_type.h"

#include <libyang/libyang.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace configsync {
namespace {

struct TypeKind {
  LeafType type;
  JsonForm json;
  const char* name;
  std::int64_t min;  // Of integers.
  std::uint64_t max;
};

template <typename T>
TypeKind Integer(const char* name, JsonForm json) {
  return {LeafType::kInteger, json, name, static_cast<std::int64_t>(std::numeric_limits<T>::min()),
          static_cast<std::uint64_t>(std::numeric_limits<T>::max())};
}

std::optional<TypeKind> KindOf(LY_DATA_TYPE basetype) {
  switch (basetype) {
    case LY_TYPE_INT8:
      return Integer<std::int8_t>("int8", JsonForm::kNumber);
    case LY_TYPE_INT16:
      return Integer<std::int16_t>("int16", JsonForm::kNumber);
    case LY_TYPE_INT32:
      return Integer<std::int32_t>("int32", JsonForm::kNumber);
    case LY_TYPE_INT64:
      return Integer<std::int64_t>("int64", JsonForm::kString);
    case LY_TYPE_UINT8:
      return Integer<std::uint8_t>("uint8", JsonForm::kNumber);
    case LY_TYPE_UINT16:
      return Integer<std::uint16_t>("uint16", JsonForm::kNumber);
    case LY_TYPE_UINT32:
      return Integer<std::uint32_t>("uint32", JsonForm::kNumber);
    case LY_TYPE_UINT64:
      return Integer<std::uint64_t>("uint64", JsonForm::kString);
    case LY_TYPE_STRING:
      return TypeKind{LeafType::kString, JsonForm::kString, "string", 0, 0};
    case LY_TYPE_BOOL:
      return TypeKind{LeafType::kBoolean, JsonForm::kBoolean, "boolean", 0, 0};
    case LY_TYPE_DEC64:
      return TypeKind{LeafType::kDecimal, JsonForm::kString, "decimal", 0, 0};
    case LY_TYPE_ENUM:
      return TypeKind{LeafType::kEnumeration, JsonForm::kString, "enumeration", 0, 0};
    case LY_TYPE_IDENT:
      return TypeKind{LeafType::kIdentity, JsonForm::kString, "identity", 0, 0};
    case LY_TYPE_BITS:
      return TypeKind{LeafType::kBits, JsonForm::kString, "bits", 0, 0};
    case LY_TYPE_BINARY:
      return TypeKind{LeafType::kBinary, JsonForm::kString, "base64", 0, 0};
    case LY_TYPE_EMPTY:
      return TypeKind{LeafType::kEmpty, JsonForm::kEmpty, "empty", 0, 0};
    case LY_TYPE_LEAFREF:
      return TypeKind{LeafType::kLeafref, JsonForm::kString, "reference", 0, 0};
    case LY_TYPE_UNION:
      return TypeKind{LeafType::kUnion, JsonForm::kString, "union", 0, 0};
    case LY_TYPE_INST:
    case LY_TYPE_UNKNOWN:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string DecimalText(std::int64_t value, std::uint8_t fraction_digits) {
  std::string digits = absl::StrCat(value < 0 ? -value : value);
  if (digits.size() <= fraction_digits) {
    digits.insert(0, fraction_digits + 1 - digits.size(), '0');
  }
  digits.insert(digits.size() - fraction_digits, ".");
  digits.erase(std::max(digits.find_last_not_of('0'), digits.find('.') + 1) + 1);
  return (value < 0 ? "-" : "") + digits;
}

// "1..65535", "0|100..1000000".
std::string RangeText(const lysc_range* range, bool is_signed, std::uint8_t fraction_digits) {
  if (range == nullptr) return {};
  std::vector<std::string> parts;
  for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(range->parts); ++i) {
    const auto& part = range->parts[i];
    const auto bound = [&](std::int64_t s, std::uint64_t u) {
      if (fraction_digits != 0) return DecimalText(s, fraction_digits);
      return is_signed ? absl::StrCat(s) : absl::StrCat(u);
    };
    const std::string min = bound(part.min_64, part.min_u64);
    const std::string max = bound(part.max_64, part.max_u64);
    parts.push_back(min == max ? min : absl::StrCat(min, "..", max));
  }
  return absl::StrJoin(parts, "|");
}

void AddValues(const lysc_type_bitenum_item* items, SchemaNode& node) {
  for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(items); ++i) {
    node.values.emplace_back(items[i].name);
    node.value_help.push_back(FirstSentence(items[i].dsc));
  }
}

// "lst:port-number" is "port-number"; a built-in type has no colon and gives nothing.
std::string TypedefName(const lysp_type* parsed) {
  if (parsed == nullptr || parsed->name == nullptr) return {};
  const std::string_view name = parsed->name;
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? std::string() : std::string(name.substr(colon + 1));
}

void NarrowBounds(const lysc_range* range, bool is_signed, SchemaNode& node) {
  if (range == nullptr || LY_ARRAY_COUNT(range->parts) == 0) return;
  const auto& first = range->parts[0];
  const auto& last = range->parts[LY_ARRAY_COUNT(range->parts) - 1];
  node.integer_min = is_signed ? first.min_64 : static_cast<std::int64_t>(first.min_u64);
  node.integer_max = is_signed ? static_cast<std::uint64_t>(last.max_64) : last.max_u64;
}

std::string Describe(const lysc_type& type, const lysp_type* parsed, SchemaNode& node);

// Members with one form in JSON; "prefix | address | reference".
std::string DescribeUnion(const lysc_type_union& type, const lysp_type* parsed, SchemaNode& node) {
  std::vector<std::string> texts;
  std::optional<JsonForm> form;
  for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(type.types); ++i) {
    const bool has_parsed = parsed != nullptr && i < LY_ARRAY_COUNT(parsed->types);
    SchemaNode member;
    const std::string text =
        Describe(*type.types[i], has_parsed ? &parsed->types[i] : nullptr, member);
    if (!member.type_text.empty()) texts.push_back(member.type_text);
    if (!text.empty()) return text;
    if (form.has_value() && *form != member.json) {
      return "the members of the union have different forms in JSON; give them one";
    }
    form = member.json;
    node.values.insert(node.values.end(), member.values.begin(), member.values.end());
    node.value_help.insert(node.value_help.end(), member.value_help.begin(),
                           member.value_help.end());
  }
  node.json = form.value_or(JsonForm::kString);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  node.type_text = absl::StrJoin(texts, " | ");
  return {};
}

std::string Describe(const lysc_type& type, const lysp_type* parsed, SchemaNode& node) {
  const auto kind = KindOf(type.basetype);
  if (!kind) return "this type is not supported; take another one";
  node.type = kind->type;
  node.json = kind->json;
  const std::string name = TypedefName(parsed);
  node.type_text = name.empty() ? kind->name : name;
  const bool is_signed = kind->min < 0;
  if (kind->type == LeafType::kInteger) {
    node.integer_min = kind->min;
    node.integer_max = kind->max;
    const auto& number = reinterpret_cast<const lysc_type_num&>(type);
    NarrowBounds(number.range, is_signed, node);
    node.type_text =
        absl::StrCat(kind->name, " ",
                     number.range != nullptr ? RangeText(number.range, is_signed, 0)
                                             : absl::StrCat(kind->min, "..", kind->max));
  } else if (kind->type == LeafType::kDecimal) {
    const auto& decimal = reinterpret_cast<const lysc_type_dec&>(type);
    absl::StrAppend(&node.type_text, " ", RangeText(decimal.range, true, decimal.fraction_digits));
  } else if (kind->type == LeafType::kString || kind->type == LeafType::kBinary) {
    const std::string length =
        RangeText(reinterpret_cast<const lysc_type_str&>(type).length, false, 0);
    if (!length.empty()) absl::StrAppend(&node.type_text, " of ", length, " characters");
  } else if (kind->type == LeafType::kEnumeration) {
    AddValues(reinterpret_cast<const lysc_type_enum&>(type).enums, node);
    node.type_text = absl::StrJoin(node.values, "|");
  } else if (kind->type == LeafType::kBits) {
    AddValues(reinterpret_cast<const lysc_type_bits&>(type).bits, node);
  } else if (kind->type == LeafType::kBoolean) {
    node.values = {"true", "false"};
    node.value_help = {"Yes.", "No."};
    node.type_text = "true|false";
  } else if (kind->type == LeafType::kLeafref) {
    const auto& reference = reinterpret_cast<const lysc_type_leafref&>(type);
    SchemaNode target;
    const std::string text = Describe(*reference.realtype, nullptr, target);
    node.json = target.json;
    return text;
  } else if (kind->type == LeafType::kUnion) {
    return DescribeUnion(reinterpret_cast<const lysc_type_union&>(type), parsed, node);
  }
  return {};
}

}  // namespace

std::string FillType(const lysc_type& type, const lysp_type* parsed, SchemaNode& node) {
  return Describe(type, parsed, node);
}

std::string FirstSentence(const char* description) {
  std::string line;
  for (const char* c = description == nullptr ? "" : description; *c != '\0'; ++c) {
    const bool blank = *c == ' ' || *c == '\n' || *c == '\t' || *c == '\r';
    if (blank && !line.empty() && line.back() == '.') break;
    if (!blank) {
      line += *c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  return line;
}

}  // namespace configsync
