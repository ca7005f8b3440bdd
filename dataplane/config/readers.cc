// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/config/readers.h"

#include <algorithm>

#include "dataplane/config/address.h"

namespace dataplane {
namespace {

constexpr std::size_t kNameBytesMax = 32;
constexpr std::size_t kPathBytesMax = 1024;
constexpr std::size_t kNamesListedMax = 8;

bool IsNameCharacter(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

}  // namespace

std::uint16_t Register::AddId(const std::string& item, std::uint64_t id) {
  const std::string path = Field(item, "id");
  if (id == 0) {
    mistakes_.Add(path, absl::StrCat("missing: give the ", kind_, " a stable id, 1 to ", id_max_));
    return 0;
  }
  if (id > id_max_) {
    mistakes_.Add(path, id, absl::StrCat("must be 1 to ", id_max_));
    return 0;
  }
  const auto [first, is_new] = ids_.emplace(id, item);
  if (!is_new) {
    mistakes_.Add(
        path, id,
        absl::StrCat("duplicate: ", first->second, " has this id; ", kind_, " ids must be unique"));
    return 0;
  }
  return static_cast<std::uint16_t>(id);
}

bool Register::AddName(const std::string& item, const std::string& name, bool is_required) {
  const std::string path = Field(item, "name");
  if (name.empty()) {
    if (is_required) {
      mistakes_.Add(path, absl::StrCat("missing: give the ", kind_, " a name"));
    }
    return false;
  }
  if (name.size() > kNameBytesMax || !std::all_of(name.begin(), name.end(), IsNameCharacter)) {
    mistakes_.Add(path, name,
                  absl::StrCat("must be 1 to ", kNameBytesMax, " characters of [A-Za-z0-9_.-]"));
    return false;
  }
  const auto [first, is_new] = names_.emplace(name, item);
  if (!is_new) {
    mistakes_.Add(path, name,
                  absl::StrCat("duplicate: ", first->second, " has this name; ", kind_,
                               " names must be unique"));
  }
  return is_new;
}

std::uint8_t IdOfName(Mistakes& mistakes, const std::string& path, const std::string& name,
                      std::string_view kind, const IdsByName& ids) {
  if (name.empty()) {
    return 0;
  }
  const auto found = ids.find(name);
  if (found != ids.end()) {
    return found->second;
  }
  std::string known;
  std::size_t listed = 0;
  for (const auto& [known_name, id] : ids) {
    if (++listed > kNamesListedMax) {
      known += ", ...";
      break;
    }
    absl::StrAppend(&known, known.empty() ? "" : ", ", known_name);
  }
  const absl::string_view kind_view(kind.data(), kind.size());
  mistakes.Add(path, name,
               absl::StrCat("unknown ", kind_view, "; known: ", known.empty() ? "none" : known));
  return 0;
}

statesync::NetAddr ReadHostAddress(Mistakes& mistakes, const std::string& path,
                                   const std::string& text) {
  if (text.empty()) {
    mistakes.Add(path, "missing: give an IPv4 address as 10.1.0.1");
    return 0;
  }
  const auto address = ParseAddress(text);
  if (!address) {
    mistakes.Add(path, text, "is no IPv4 address; write it as 10.1.0.1");
    return 0;
  }
  if (!IsUnicast(*address)) {
    mistakes.Add(path, text, "cannot be a host's address (0/8, 127/8 and from 224 on)");
    return 0;
  }
  return *address;
}

bool CheckPath(Mistakes& mistakes, const std::string& path, const std::string& text,
               bool is_absolute) {
  const bool is_printable =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c <= '~'; });
  if (!is_printable || text.size() > kPathBytesMax) {
    mistakes.Add(path, text,
                 absl::StrCat("must be at most ", kPathBytesMax, " printable ASCII characters"));
    return false;
  }
  if (is_absolute && text[0] != '/') {
    mistakes.Add(path, text, "must be an absolute path");
    return false;
  }
  return true;
}

}  // namespace dataplane
