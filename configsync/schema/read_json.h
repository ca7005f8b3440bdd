// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// JSON (RFC 7951) into edits. Names need their module only where two modules have the same one.
//
// Everything that is wrong is reported, each with place, value and remedy: unknown members with the
// nearest name, wrong types, bad values, duplicates, missing keys. A syntax error ends the reading,
// so it is the last problem.
//
// Threads: values only; Schema::Canonical serialises its callers.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/schema/problem.h"
#include "configsync/schema/schema.h"
#include "configsync/tree/edit.h"
#include "configsync/tree/tree.h"

namespace configsync {

struct JsonReadOptions {
  // Where a secret is a fingerprint (print_json.h), the secret that stands here at the same place
  // is meant, if it has this fingerprint. Null: a fingerprint is a problem.
  const Tree* current = nullptr;
  // Of text with sealed secrets: opens one; nullopt: it is broken. Null: secrets are in the clear.
  std::function<std::optional<std::string>(std::string_view path_text, std::string_view sealed)>
      unseal;
};

// Edits that make the configuration of `json` from nothing, or merge it into another one. With
// problems they are not to be used.
// Limits: limits.h. Cost: a hundred thousand rules take about a second; some 300 bytes an edit.
[[nodiscard]] std::vector<Edit> ReadJson(const Schema& schema, std::string_view json,
                                         const JsonReadOptions& options, Problems& problems);

}  // namespace configsync
