// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Paths from text, as people and machines write them:
//   "/policy/rule[name='web']/source[.='10.0.0.0/8']"   what PathText prints
//   policy rule web source 10.0.0.0/8                   words of a command line
//
// A list in the middle of a path needs all its keys; at its end it may stand without keys and is
// meant as a whole then. Values come out canonical. Names need no module.
//
// Threads: values only; Schema::Canonical serialises its callers.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "configsync/schema/path.h"
#include "configsync/schema/problem.h"
#include "configsync/schema/schema.h"
#include "configsync/tree/edit.h"

namespace configsync {

// The path that `text` names; "/" is the root. None, with a problem added, if it names none.
// Limits: kPathTextBytesMax, kPathStepsMax. Cost: O(text).
[[nodiscard]] std::optional<Path> ParsePath(const Schema& schema, std::string_view text,
                                            Problems& problems);

// The same of words. A first word that begins with '/' is a path, from which the others go on. No
// words: the root.
[[nodiscard]] std::optional<Path> ReadPathWords(const Schema& schema,
                                                std::span<const std::string> words,
                                                Problems& problems);

// The same for completion: a list at the end may have some of its keys only, and what is wrong is
// not told.
[[nodiscard]] std::optional<Path> ReadPlaceWords(const Schema& schema,
                                                 std::span<const std::string> words);

// One edit. Of kSet the value of a leaf stands behind its path; a value of a leaf-list is part of
// the path. A fingerprint is no value for a secret.
[[nodiscard]] std::optional<Edit> ReadEditWords(const Schema& schema, EditOp op,
                                                std::span<const std::string> words,
                                                Problems& problems);

}  // namespace configsync
