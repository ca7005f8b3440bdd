// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Digest of what replicated sessions refer to by id: zones, interfaces, rules, NAT addresses.
//
// Two nodes state it to each other in their hellos (PROTOCOL.md §2); when it differs a session may
// mean something else on the peer, and readiness is at-risk(id-map). Devices, own addresses, order
// of zones and interfaces, and what a rule says do not enter it: they may differ, or differ for a
// while.
//
// Threads: values only.

#pragma once

#include <cstdint>
#include <string>

#include "dataplane/config/options.h"

namespace dataplane {

// Canonical text that the digest is taken of: one line per object, by kind, then by id. NAT
// addresses with the ids that records refer to. Names hold no blanks or newlines, so it is
// unambiguous.
std::string IdMapText(const ForwardingOptions& options);

// 64-bit FNV-1a of IdMapText. Guards against mistakes, not against an adversary: hellos are
// authenticated as a whole.
std::uint64_t IdMapDigest(const ForwardingOptions& options);

}  // namespace dataplane
