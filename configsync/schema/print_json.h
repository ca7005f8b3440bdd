// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A configuration as JSON (RFC 7951), in canonical form: equal trees print equally, and what is
// printed reads back as an equal tree (with secrets in the clear, or sealed and unsealed).
//
// Members are in the order of the schema, entries in theirs; a member has its module's name where
// the module changes.
//
// Threads: values only.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "configsync/schema/path.h"
#include "configsync/tree/node.h"
#include "configsync/tree/tree.h"

namespace configsync {

enum class Secrets : std::uint8_t {
  kFingerprint,  // FingerprintOf(): for people, and everything that leaves the process.
  kClear,        // For libyang's verdict only.
  kSealed,       // What JsonOptions::seal makes of them: for the store.
};

struct JsonOptions {
  Secrets secrets = Secrets::kFingerprint;
  bool pretty = true;  // Two blanks a level; else no blanks at all.
  // Of kSealed: the text to print for a secret at a place (PathText).
  std::function<std::string(std::string_view path_text, std::string_view secret)> seal;
};

// What a secret is printed as. Equal secrets at a place have equal fingerprints; who sees one
// cannot try secrets against it without the secret key. Reading one back keeps the secret that is
// there (read_json.h).
inline constexpr std::string_view kFingerprintPrefix = "$fingerprint$";
[[nodiscard]] std::string FingerprintOf(const Node& secret);

// Value of a leaf or value for people: its fingerprint if it is a secret.
[[nodiscard]] std::string ShownValue(const Node& node);

// Takes the text in parts of some ten kilobytes. False: no more is wanted.
using TextSink = std::function<bool(std::string_view)>;

// The part of `tree` at `at`, inside the containers and entries (with their keys) that lead there,
// so that it reads back into its place. Nothing there: "{}". False: `sink` said so.
// Memory: one part, and the depth of the tree.
bool PrintJson(const Tree& tree, const Path& at, const JsonOptions& options, const TextSink& sink);
[[nodiscard]] std::string JsonText(const Tree& tree, const JsonOptions& options,
                                   const Path& at = {});

// One node by itself: an object, an array or a value. For differences.
[[nodiscard]] std::string NodeJsonText(const Node& node, const JsonOptions& options);

}  // namespace configsync
