// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Capabilities to and from the bytes of a hello.
//
// Threads: values only.  Memory: none.

#pragma once

#include "statesync/seal/handshake.h"
#include "statesync/seal/seal_verdict.h"
#include "statesync/wire/schema.h"

namespace statesync {

// Sets the fields of `body` that `capabilities` and the arguments name; nonces and share stay.
void EncodeHello(const Capabilities& capabilities, NodeIndex node, BootId boot_id,
                 HelloBody& body) noexcept;

// First broken rule of an authenticated body, or kAccepted with `peer` filled. Rules are checked in
// the order of HANDSHAKE.md. `own` is this node's index.
[[nodiscard]] SealVerdict DecodeHello(const HelloBody& body, NodeIndex own,
                                      PeerHello& peer) noexcept;

}  // namespace statesync
