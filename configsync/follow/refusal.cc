// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The way back. The dataplane counts in lists of the message; the message has the names, which are
// the keys of the configuration.

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "configsync/follow/reader.h"
#include "configsync/follow/translate.h"

namespace configsync {
namespace {

using lockstep::forwarding::Forwarding;

// One word of "rules[3].source[0]".
struct Word {
  std::string name;
  std::optional<std::size_t> index;
};

// Takes the next word and the dot behind it off `text`. Nothing: it is none.
std::optional<Word> TakeWord(std::string_view& text) {
  const std::size_t length =
      std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), text.size());
  if (length == 0) {
    return std::nullopt;
  }
  Word word{std::string(text.substr(0, length)), std::nullopt};
  text.remove_prefix(length);
  if (text.starts_with('[')) {
    std::size_t index = 0;
    const auto parsed = std::from_chars(text.data() + 1, text.data() + text.size(), index);
    if (parsed.ec != std::errc() || parsed.ptr == text.data() + text.size() || *parsed.ptr != ']') {
      return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()) + 1);
    word.index = index;
  }
  if (text.size() > 1 && text.starts_with('.') && text[1] >= 'a' && text[1] <= 'z') {
    text.remove_prefix(1);
  }
  return word;
}

// Fields that are called otherwise in the configuration; else '_' becomes '-'.
std::string ConfiguredName(std::string name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kOther{{
      {"virtual_addresses", "virtual-address"},
      {"addresses", "address"},
      {"protocols", "protocol"},
      {"destination_ports", "destination-port"},
      {"disabled", "enabled"},
      {"failover", "enabled"},
      {"state_sync", "enabled"},
  }};
  for (const auto& [field, configured] : kOther) {
    if (name == field) {
      return std::string(configured);
    }
  }
  for (char& c : name) {
    c = c == '_' ? '-' : c;
  }
  return name;
}

template <typename List, typename KeyOf>
std::optional<std::string> KeyAt(const List& list, std::optional<std::size_t> index,
                                 const KeyOf& key_of) {
  if (!index || *index >= static_cast<std::size_t>(list.size())) {
    return std::nullopt;
  }
  return key_of(list[static_cast<int>(*index)]);
}

class Locator {
 public:
  Locator(const Forwarding& forwarding, const SchemaNode& root)
      : forwarding_(forwarding), root_(root) {}

  // Takes a path of the dataplane off the beginning of `text`; empty: there is none, and `text` is
  // as before.
  [[nodiscard]] Path Take(std::string_view& text) const {
    std::string_view rest = text;
    const std::optional<Word> first = TakeWord(rest);
    Path path = first ? PathOf(*first, rest) : Path();
    if (path.empty() || (first->index && path.back().keys.empty())) {
      return {};  // An entry that was not sent.
    }
    bool is_whole = true;
    for (bool is_second = true; is_whole; is_second = false) {
      const std::optional<Word> word = NextWord(text, rest);
      is_whole = word && Append(*first, *word, is_second, path);
    }
    text = rest;
    return path;
  }

 private:
  // The next word, if the one before ended in a dot.
  static std::optional<Word> NextWord(std::string_view text, std::string_view& rest) {
    const std::size_t taken = text.size() - rest.size();
    return taken > 0 && text[taken - 1] == '.' ? TakeWord(rest) : std::nullopt;
  }

  [[nodiscard]] Path Below(std::initializer_list<std::string_view> names,
                           const std::optional<std::string>& key) const {
    Path path;
    const SchemaNode* node = &root_;
    for (const std::string_view name : names) {
      node = node->Child(name);
      if (node == nullptr) {
        return {};
      }
      path.push_back({node, {}});
    }
    if (key) {
      path.back().keys.push_back(*key);
    }
    return path;
  }

  [[nodiscard]] Path PathOf(const Word& word, std::string_view rest) const {
    const auto name_of = [](const auto& object) { return object.name(); };
    if (word.name == "zones") {
      return Below({"zones", "zone"}, KeyAt(forwarding_.zones(), word.index, name_of));
    }
    if (word.name == "interfaces") {
      return Below({"interfaces", "interface"},
                   KeyAt(forwarding_.interfaces(), word.index, name_of));
    }
    if (word.name == "rules") {
      return Below({"policy", "rule"}, KeyAt(forwarding_.rules(), word.index, name_of));
    }
    if (word.name == "nat_pools") {
      return Below({"nat", "pool"}, KeyAt(forwarding_.nat_pools(), word.index, name_of));
    }
    if (word.name == "routes") {
      return Below({"routing", "static", "route"},
                   KeyAt(forwarding_.routes(), word.index,
                         [](const auto& route) { return route.prefix(); }));
    }
    if (word.name == "timeouts") {
      return Below({"system", "timeouts"}, std::nullopt);
    }
    if (word.name == "ha") {
      return rest.starts_with("state_sync") ? Below({"ha", "state-synchronization"}, std::nullopt)
                                            : Below({"ha", "failover"}, std::nullopt);
    }
    return {};
  }

  // The key of an entry of a list within a list.
  [[nodiscard]] std::optional<std::string> InnerKey(const Word& outer, const Word& word) const {
    if (outer.name == "interfaces" && word.name == "virtual_addresses") {
      return KeyAt(forwarding_.interfaces(static_cast<int>(*outer.index)).virtual_addresses(),
                   word.index, [](const auto& address) { return std::to_string(address.vrid()); });
    }
    if (outer.name == "nat_pools" && word.name == "addresses") {
      return KeyAt(forwarding_.nat_pools(static_cast<int>(*outer.index)).addresses(), word.index,
                   [](const auto& address) { return address.address(); });
    }
    return std::nullopt;
  }

  // False: the configuration has no such place; `path` stays at the last one that it has.
  [[nodiscard]] bool Append(const Word& first, const Word& word, bool is_second, Path& path) const {
    std::string name = ConfiguredName(word.name);
    if (first.name == "timeouts" && name.ends_with("-s")) {
      name.resize(name.size() - 2);
    }
    const SchemaNode* const node = path.back().node->Child(name);
    if (node == nullptr) {
      return false;
    }
    const bool has_outer_entry = !path.back().keys.empty();
    path.push_back({node, {}});
    if (const auto key = is_second && has_outer_entry ? InnerKey(first, word) : std::nullopt) {
      path.back().keys.push_back(*key);
    }
    return true;
  }

  const Forwarding& forwarding_;
  const SchemaNode& root_;
};

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The dataplane's words with its paths, such as "interfaces[0].address", replaced.
std::string Retold(std::string_view text, const Locator& locator) {
  std::string told;
  bool is_quoted = false;
  while (!text.empty()) {
    const bool is_start = told.empty() || !IsWordCharacter(told.back());
    std::string_view rest = text;
    if (!is_quoted && is_start && text.find('[') != std::string_view::npos) {
      const Path path = locator.Take(rest);
      const std::string_view taken = text.substr(0, text.size() - rest.size());
      if (!path.empty() && taken.find('[') != std::string_view::npos) {
        told += PathText(path);
        text = rest;
        continue;
      }
    }
    is_quoted = text.front() == '"' ? !is_quoted : is_quoted;
    told += text.front();
    text.remove_prefix(1);
  }
  return told;
}

// Takes the value that a line begins with, as in "\"10.1.0.0/33\": text" or "70000: text".
std::string TakeValue(std::string_view& text) {
  const std::size_t end = text.find(": ");
  if (end == std::string_view::npos || end == 0) {
    return {};
  }
  const std::string_view value = text.substr(0, end);
  if (value.size() > 1 && value.front() == '"' && value.back() == '"') {
    text.remove_prefix(end + 2);
    return std::string(value.substr(1, value.size() - 2));
  }
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    text.remove_prefix(end + 2);
    return std::string(value);
  }
  return {};
}

}  // namespace

void AddRefusal(std::string_view refusal, const Forwarding& forwarding, const SchemaNode& root,
                Problems& problems) {
  const Locator locator(forwarding, root);
  while (!refusal.empty()) {
    const std::size_t end = std::min(refusal.find('\n'), refusal.size());
    std::string_view line = refusal.substr(0, end);
    refusal.remove_prefix(std::min(end + 1, refusal.size()));
    if (line.empty()) {
      continue;
    }
    if (line.starts_with("forwarding.")) {
      line.remove_prefix(std::string_view("forwarding.").size());
    }
    Problem problem{"DATAPLANE_REFUSED", "", "", "", ""};
    std::string_view rest = line;
    const Path path = locator.Take(rest);
    // What follows a place that the configuration lacks is skipped up to the colon.
    const std::size_t colon = rest.find(": ");
    if (!path.empty() && colon != std::string_view::npos) {
      problem.path = PathText(path);
      line = rest.substr(colon + 2);
      problem.value = TakeValue(line);
    }
    problem.text = "the dataplane refuses: " + Retold(line, locator);
    problem.remedy = "change it as the text says, and commit again";
    problems.Add(std::move(problem));
  }
}

}  // namespace configsync
