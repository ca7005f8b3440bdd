// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Names, and the digest of facts.

#include <array>

#include "absl/strings/str_cat.h"
#include "configsync/pair/pair_sync.h"

namespace configsync {
namespace {

constexpr std::array<std::string_view, 3> kRoles{"unknown", "active", "standby"};
constexpr std::array<std::string_view, 8> kStates{"disabled",      "connecting", "in-sync",
                                                  "pending",       "pushing",    "diverged",
                                                  "not-baselined", "blocked"};

// Lengths stand before texts, so no two facts have the same text.
void Put(std::string& text, std::string_view part) {
  absl::StrAppend(&text, part.size(), ":");
  text.append(part);
}

}  // namespace

std::string_view NameOf(HaRole role) {
  const auto index = static_cast<std::size_t>(role);
  return index < kRoles.size() ? kRoles[index] : kRoles[0];
}

std::string_view NameOf(SyncState state) { return kStates[static_cast<std::size_t>(state)]; }

Hash DigestOf(const Facts& facts) {
  std::string text;
  Put(text, facts.device);
  Put(text, facts.name);
  Put(text, facts.version);
  Put(text, absl::StrCat(facts.protocol));
  Put(text, facts.schema);
  Put(text, facts.master_key);
  Put(text, facts.mode);
  Put(text, facts.hardware);
  for (const auto& [name, is_on] : facts.features) Put(text, absl::StrCat(name, is_on ? "+" : "-"));
  Put(text, facts.content_database);
  for (const std::string& license : facts.licenses) Put(text, absl::StrCat("l", license));
  for (const auto& [name, version] : facts.plugins) {
    Put(text, absl::StrCat("p", name));
    Put(text, version);
  }
  for (const std::string& plugin : facts.required_plugins) Put(text, absl::StrCat("r", plugin));
  return Sha256(text);
}

}  // namespace configsync
