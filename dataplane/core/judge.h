// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Whether a configuration permits a session that exists already, as it would permit a new one.
//
// A session does not say by which interfaces it goes, so its zones are those of the routes to its
// endpoints: where routing is symmetric they are the zones that it was opened between.
//
// Threads: values only.

#pragma once

#include "dataplane/core/forward.h"
#include "statesync/table/session_entry.h"

namespace dataplane {

struct Judgement {
  const RuleSet* rules = nullptr;
  const NatPools* nat = nullptr;
  const InterfaceMap* interfaces = nullptr;
};

// Permitted, and with the NAT that it has: none, or its address and port by the rule's pool.
//   to_client, to_server  routes to its endpoints in the same configuration
[[nodiscard]] bool Permits(const Judgement& by, const statesync::SessionEntry& session,
                           const Route& to_client, const Route& to_server) noexcept;

}  // namespace dataplane
