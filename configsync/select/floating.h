// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which objects have a floating address (F114 to F117): one that moves between the nodes, so that
// the object makes sense on either. An object is an entry of a list whose class asks for the
// condition; its address is its leaf local-address, or that of the object it refers to, as a
// tunnel's gateway.
//
// Threads: functions only.

#pragma once

#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "configsync/schema/path.h"
#include "configsync/select/class_tables.h"
#include "configsync/tree/tree.h"

namespace configsync {

// The pair's virtual addresses, sorted. Cost: O(interfaces).
[[nodiscard]] std::vector<std::string> VirtualAddresses(const Tree& tree);

// Steps of `path` to the object that it is or lies in; 0: none.
[[nodiscard]] std::size_t ObjectSteps(const ClassTables& classes, const Path& path);

// Whether the leaf says which address its object has: it goes where the object goes, or the peer
// could not see that the condition holds.
[[nodiscard]] bool TellsAddress(const ClassTables& classes, const SchemaNode& leaf);

// Paths (PathText) of the objects whose address is one of `addresses`. An object that has it from
// another one counts only if that one goes too: `goes` is asked. Cost: O(objects · log n).
using ObjectSet = std::unordered_set<std::string>;
[[nodiscard]] ObjectSet FloatingObjects(const Tree& tree, const ClassTables& classes,
                                        const std::vector<std::string>& addresses,
                                        const std::function<bool(const Path&)>& goes);

}  // namespace configsync
