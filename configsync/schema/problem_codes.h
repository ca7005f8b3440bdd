// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Names of problems: stable, for machines. Texts are for people and may change.

#pragma once

#include <string_view>

namespace configsync::problem_code {

// Of a place.
inline constexpr std::string_view kBadPath = "BAD_PATH";          // Not written as one.
inline constexpr std::string_view kUnknownPath = "UNKNOWN_PATH";  // The schema has no such node.
inline constexpr std::string_view kIncompletePath =
    "INCOMPLETE_PATH";  // A key or value is missing.
inline constexpr std::string_view kTooManyWords = "TOO_MANY_WORDS";

// Of a value.
inline constexpr std::string_view kBadValue = "BAD_VALUE";
inline constexpr std::string_view kValueTooLong = "VALUE_TOO_LONG";
inline constexpr std::string_view kBadText = "BAD_TEXT";            // Not UTF-8, or no text.
inline constexpr std::string_view kMaskedSecret = "MASKED_SECRET";  // A fingerprint as a secret.
inline constexpr std::string_view kBrokenSeal = "BROKEN_SEAL";  // A sealed secret does not open.

// Of JSON.
inline constexpr std::string_view kBadJson = "BAD_JSON";
inline constexpr std::string_view kJsonTooBig = "JSON_TOO_BIG";
inline constexpr std::string_view kJsonTooDeep = "JSON_TOO_DEEP";
inline constexpr std::string_view kTooManyNodes = "TOO_MANY_NODES";
inline constexpr std::string_view kWrongJsonType = "WRONG_JSON_TYPE";
inline constexpr std::string_view kDuplicateMember = "DUPLICATE_MEMBER";
inline constexpr std::string_view kDuplicateEntry = "DUPLICATE_ENTRY";
inline constexpr std::string_view kMissingKey = "MISSING_KEY";

// Of a whole configuration.
inline constexpr std::string_view kMissingNode = "MISSING_NODE";
inline constexpr std::string_view kTooFew = "TOO_FEW";
inline constexpr std::string_view kTooMany = "TOO_MANY";
inline constexpr std::string_view kNotUnique = "NOT_UNIQUE";
inline constexpr std::string_view kAmbiguousName = "AMBIGUOUS_NAME";
inline constexpr std::string_view kMissingTarget = "MISSING_TARGET";
inline constexpr std::string_view kNoFreeId = "NO_FREE_ID";
inline constexpr std::string_view kInvalid = "INVALID";  // libyang's verdict.

// Of a reference to an entry that each node has its own of, under the same name.
inline constexpr std::string_view kCertNameMissing = "CERT_NAME_MISSING";
// Modules name further ones by error-app-tag, as JUMBO_MISMATCH.

}  // namespace configsync::problem_code
