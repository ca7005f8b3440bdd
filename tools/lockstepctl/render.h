// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Answers of the node as text for people.

#pragma once

#include <string>

#include "proto/control.pb.h"

namespace lockstepctl {

std::string StatusText(const lockstep::control::Status& status);
std::string PeerText(const lockstep::control::Peer& peer);
std::string SessionsText(const lockstep::control::ListSessionsResponse& page);
std::string StatsText(const lockstep::control::Stats& stats);

}  // namespace lockstepctl
