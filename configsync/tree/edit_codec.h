// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Edits as text, the form in which the store keeps them:
//
//   lockstep-edits 1
//   set 0 /lockstep-policy:policy/rule[name="r1"]/action "permit"
//   set 2 /from-zone "lan"
//   set 1 /rule[name="r2"] after "r1"
//   move 1 /rule[name="r3"] first
//   delete 0 /lockstep-nat:nat
//
// One line an edit: what to do, how many steps of the path before stay, the steps that follow, the
// value of a leaf, and the place. A name has its module before it where that is another one than
// its parent's. In a quoted text \" and \\ stand for themselves and \xHH for a byte below 0x20 or
// 0x7f. Nothing depends on the process or on the order of the schema.
//
// Values come out as they went in: who stores secrets seals them first.
//
// Threads: functions only.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "configsync/schema/schema_node.h"
#include "configsync/tree/edit.h"

namespace configsync {

inline constexpr std::size_t kEditsMax = 1U << 23;
inline constexpr std::size_t kEditTextBytesMax = 1U << 29;

[[nodiscard]] std::string EncodeEdits(std::span<const Edit> edits);

// Errors: kInvalidArgument with the line and what is wrong there: a node that `root` has not, a
// form that is none, more than a limit. No text of the line is in the error: it may be a secret.
[[nodiscard]] absl::StatusOr<std::vector<Edit>> DecodeEdits(std::string_view text,
                                                            const SchemaNode& root);

}  // namespace configsync
