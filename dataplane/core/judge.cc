// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/judge.h"

namespace dataplane {

bool Permits(const Judgement& by, const statesync::SessionEntry& session, const Route& to_client,
             const Route& to_server) noexcept {
  if (!to_client.found || !to_server.found) return false;
  if (by.interfaces->KindOf(session.server_addr, true) != LocalKind::kNone) return false;
  const FlowKey key{
      .source_addr = session.client_addr,
      .target_addr = session.server_addr,
      .source_port = session.client_port,
      .target_port = session.server_port,
      .protocol = statesync::ProtocolOf(static_cast<statesync::SessionState>(session.state))};
  const PolicyVerdict verdict = by.rules->Match(to_client.zone, to_server.zone, key);
  if (!verdict.permit) return false;
  const bool has_nat = (session.flags & statesync::kSessionHasNat) != 0;
  if (verdict.nat_pool == kNoNatPool || !has_nat) return verdict.nat_pool == kNoNatPool && !has_nat;
  return by.nat->Covers(static_cast<std::size_t>(verdict.nat_pool), session.nat_addr,
                        session.nat_port);
}

}  // namespace dataplane
