// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Secrets of a text that was read: opened, or taken from where they stand already.
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "configsync/schema/problem.h"
#include "configsync/schema/read_json.h"

namespace configsync {

// The secret that a fingerprint at `path` stands for: what `current` has there, if it has this
// fingerprint. False: there is none, and a problem was added.
bool Unmask(const Tree* current, const Path& path, std::string& value, Problems& problems);

// Gives the edits at `places` their secrets in canonical form.
void FinishSecrets(const Schema& schema, const JsonReadOptions& options,
                   std::span<const std::size_t> places, std::vector<Edit>& edits,
                   Problems& problems);

}  // namespace configsync
