// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Decoded datagrams as text for people and as JSON for machines.
//
// Threads: one.  Memory: what is returned.

#pragma once

#include <string>

#include "tools/wiredump/decode.h"

namespace wiredump {

// One line; with `verbose` the sections and records below it.
std::string TextOf(const Packet& packet, const Decoded& decoded, bool verbose);

// One object, newline included, with sections and records.
std::string JsonOf(const Packet& packet, const Decoded& decoded);

}  // namespace wiredump
