// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/config/id_map.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dataplane/config/address.h"

namespace dataplane {
namespace {

template <typename Object>
void AppendById(std::string_view kind, const std::vector<Object>& objects, std::string& text) {
  std::vector<const Object*> sorted;
  sorted.reserve(objects.size());
  for (const Object& object : objects) {
    sorted.push_back(&object);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const Object* a, const Object* b) { return a->id < b->id; });
  for (const Object* object : sorted) {
    absl::StrAppend(&text, absl::string_view(kind.data(), kind.size()), " ", object->id, " ",
                    object->name, "\n");
  }
}

}  // namespace

std::string IdMapText(const ForwardingOptions& options) {
  std::string text = "lockstep id map 1\n";
  AppendById("zone", options.zones, text);
  AppendById("interface", options.interfaces, text);
  AppendById("rule", options.rules, text);
  for (std::size_t i = 0; i < options.nat_addresses.size(); ++i) {
    if (options.nat_addresses[i] == 0) continue;
    absl::StrAppend(&text, "nat ", i + 1, " ", FormatAddress(options.nat_addresses[i]), "\n");
  }
  return text;
}

std::uint64_t IdMapDigest(const ForwardingOptions& options) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a's offset basis and prime.
  for (const char c : IdMapText(options)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace dataplane
