// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A selection as text:
//
//   lockstep-selection 1
//   mode active-passive
//   virtual-router-sync false
//   qos-sync false
//   floating-address 10.1.0.1
//   category firewall
//   map
//   rule 10 include /policy
//   dependency /objects/address[name='web']
//
// Lines of a kind stand together, in this order; those of one kind are sorted, rules by number.

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/select/selection.h"

namespace configsync {
namespace {

constexpr char kFirstLine[] = "lockstep-selection 1";
constexpr std::size_t kNameBytesMax = 64;

// One line stays one line.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\\\";
    } else if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::optional<std::string> Unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      plain += text[i];
      continue;
    }
    if (++i == text.size() || (text[i] != '\\' && text[i] != 'n')) return std::nullopt;
    plain += text[i] == 'n' ? '\n' : '\\';
  }
  return plain;
}

class Decoder {
 public:
  explicit Decoder(std::string_view text) : text_(text) {}

  absl::StatusOr<SelectionSpec> Decode() {
    if (text_.size() > kSpecBytesMax) return TooMuch(text_.size(), "bytes", kSpecBytesMax);
    SelectionSpec spec;
    if (!TakeLine(kFirstLine)) return Bad(kFirstLine);
    if (!TakeLine("mode active-passive")) {
      if (!TakeLine("mode active-active")) return Bad("a mode");
      spec.mode = Mode::kActiveActive;
    }
    if (!TakeSwitch("virtual-router-sync", spec.virtual_router_sync)) {
      return Bad("virtual-router-sync true or false");
    }
    if (!TakeSwitch("qos-sync", spec.qos_sync)) return Bad("qos-sync true or false");
    if (absl::Status taken = TakeAll("floating-address ", kFloatingAddressesMax, kNameBytesMax,
                                     spec.floating_addresses);
        !taken.ok()) {
      return taken;
    }
    if (absl::Status taken = TakeAll("category ", kCategoriesMax, kNameBytesMax, spec.categories);
        !taken.ok()) {
      return taken;
    }
    spec.has_map = TakeLine("map");
    if (absl::Status taken = TakeRules(spec); !taken.ok()) return taken;
    if (absl::Status taken =
            TakeAll("dependency ", kDependenciesMax, kPathTextBytesMax, spec.dependencies);
        !taken.ok()) {
      return taken;
    }
    if (at_ != text_.size()) return Bad("no such line here");
    return spec;
  }

 private:
  [[nodiscard]] absl::Status Bad(const std::string& expected) const {
    return absl::InvalidArgumentError(
        absl::StrCat("selection, line ", line_, ": expected ", expected));
  }
  [[nodiscard]] absl::Status TooMuch(std::size_t count, const char* what, std::size_t max) const {
    return absl::InvalidArgumentError(absl::StrCat("selection, line ", line_, ": ", count, " ",
                                                   what, "; at most ", max, " are allowed"));
  }

  // The line that comes, without its end; none: there is none that ends.
  [[nodiscard]] std::optional<std::string_view> Line() const {
    const std::size_t end = text_.find('\n', at_);
    if (end == std::string_view::npos) return std::nullopt;
    return text_.substr(at_, end - at_);
  }
  void Pass(std::string_view line) {
    at_ += line.size() + 1;
    ++line_;
  }

  bool TakeLine(std::string_view expected) {
    if (Line() != expected) return false;
    Pass(expected);
    return true;
  }

  bool TakeSwitch(const std::string& name, bool& value) {
    value = TakeLine(absl::StrCat(name, " true"));
    return value || TakeLine(absl::StrCat(name, " false"));
  }

  absl::Status TakeAll(const std::string& prefix, std::size_t count_max, std::size_t bytes_max,
                       std::vector<std::string>& values) {
    while (const std::optional<std::string_view> line = Line()) {
      if (!line->starts_with(prefix)) break;
      std::optional<std::string> value = Unescaped(line->substr(prefix.size()));
      if (!value || value->empty()) return Bad(absl::StrCat(prefix, "and a value"));
      if (value->size() > bytes_max) return TooMuch(value->size(), "bytes of a value", bytes_max);
      if (!values.empty() && *value <= values.back()) return Bad("values that ascend");
      if (values.size() == count_max) return TooMuch(count_max + 1, "lines of a kind", count_max);
      values.push_back(*std::move(value));
      Pass(*line);
    }
    return absl::OkStatus();
  }

  absl::Status TakeRules(SelectionSpec& spec) {
    constexpr std::string_view kRule = "rule ";
    while (const std::optional<std::string_view> line = Line()) {
      if (!line->starts_with(kRule)) break;
      if (!spec.has_map) return Bad("a line 'map' before its rules");
      if (spec.rules.size() == kMapRulesMax) {
        return TooMuch(kMapRulesMax + 1, "rules", kMapRulesMax);
      }
      MapRule rule;
      if (!ReadRule(line->substr(kRule.size()), rule)) {
        return Bad("rule NUMBER include|exclude LOCATION");
      }
      if (rule.location.size() > kLocationBytesMax) {
        return TooMuch(rule.location.size(), "bytes of a location", kLocationBytesMax);
      }
      if (!spec.rules.empty() && rule.number <= spec.rules.back().number) {
        return Bad("numbers that ascend");
      }
      spec.rules.push_back(std::move(rule));
      Pass(*line);
    }
    return absl::OkStatus();
  }

  static bool ReadRule(std::string_view text, MapRule& rule) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos || text.front() == '0') return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + blank, rule.number);
    if (error != std::errc() || end != text.data() + blank) return false;
    text.remove_prefix(blank + 1);
    rule.include = text.starts_with("include ");
    if (!rule.include && !text.starts_with("exclude ")) return false;
    text.remove_prefix(std::string_view("include ").size());
    std::optional<std::string> location = Unescaped(text);
    if (!location || location->empty()) return false;
    rule.location = *std::move(location);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

std::string Encode(const SelectionSpec& spec) {
  std::string text = absl::StrCat(
      kFirstLine, "\nmode ", spec.mode == Mode::kActiveActive ? "active-active" : "active-passive",
      "\nvirtual-router-sync ", spec.virtual_router_sync ? "true" : "false", "\nqos-sync ",
      spec.qos_sync ? "true" : "false", "\n");
  for (const std::string& address : spec.floating_addresses) {
    absl::StrAppend(&text, "floating-address ", Escaped(address), "\n");
  }
  for (const std::string& category : spec.categories) {
    absl::StrAppend(&text, "category ", Escaped(category), "\n");
  }
  if (spec.has_map) text += "map\n";
  for (const MapRule& rule : spec.rules) {
    absl::StrAppend(&text, "rule ", rule.number, rule.include ? " include " : " exclude ",
                    Escaped(rule.location), "\n");
  }
  for (const std::string& path : spec.dependencies) {
    absl::StrAppend(&text, "dependency ", Escaped(path), "\n");
  }
  return text;
}

absl::StatusOr<SelectionSpec> DecodeSpec(std::string_view text) { return Decoder(text).Decode(); }

Hash IdOf(const SelectionSpec& spec) { return Sha256(Encode(spec)); }

}  // namespace configsync
