// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the schema makes of a compiled type: kind, form in JSON, bounds, words for help.
//
// Threads: values only; reads libyang's compiled schema, which does not change.

#pragma once

#include <string>

#include "configsync/schema/schema_node.h"

struct lysc_node;
struct lysc_type;
struct lysp_type;

namespace configsync {

// Fills type, values, value_help, json, integer bounds and type_text of `node` from `type`.
// `parsed` has the names of typedefs; may be null. Empty: well; else what this product does not
// support.
[[nodiscard]] std::string FillType(const lysc_type& type, const lysp_type* parsed,
                                   SchemaNode& node);

// First sentence of a description, in one line.
[[nodiscard]] std::string FirstSentence(const char* description);

}  // namespace configsync
