// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What version N + 1 of a sender looks like to a receiver of version N: records have grown, and
// there are sections of a table, an operation and a schema that nobody has heard of.

#pragma once

#include "tests/sim/packet_pool.h"

namespace sim {

// Rewrites the plaintext of a frame as far as there is room in it. Deterministic.
void MakeNewer(Packet& packet);

}  // namespace sim
