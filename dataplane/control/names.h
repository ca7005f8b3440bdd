// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The words that operators see for roles, readiness, reasons and session states.
//
// Threads: values only.  Memory: string literals.

#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/core/shared_state.h"
#include "statesync/engine_status.h"
#include "statesync/types.h"
#include "statesync/wire/schema.h"

namespace dataplane {

std::string_view NameOf(statesync::Role role);            // "active"; "unknown" beyond the enum.
std::string_view NameOf(statesync::Readiness readiness);  // "synced"
std::string_view NameOf(statesync::AtRiskReason reason);  // "ha2-silent"; empty for kNone.
std::string_view NameOf(statesync::TableId table);
std::string_view NameOf(statesync::RefusalReason reason);
std::string_view NameOf(statesync::MismatchKind kind);   // "digest", "scrub": what found it.
std::string_view NameOf(DetectedBy detected_by);         // "process-death"; empty for kNothing.
std::string_view NameOf(statesync::SessionState state);  // "established"; unique within a protocol.
std::string_view ProtocolName(std::uint8_t protocol);    // "tcp", "udp", "icmp", "other".

}  // namespace dataplane
