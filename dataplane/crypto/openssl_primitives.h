// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The handshake's primitives by OpenSSL 3: X25519, HMAC-SHA256, RAND_bytes. A failure of the
// library itself (no memory, no entropy) ends the process: a node without them must not run.
//
// Threads: one object per thread (it keeps a MAC context).  Memory: OpenSSL's heap.

#pragma once

#include <memory>
#include <span>

#include "statesync/seal/primitives.h"

namespace dataplane {

class OpensslPrimitives final : public statesync::Primitives {
 public:
  OpensslPrimitives();
  ~OpensslPrimitives() override;
  OpensslPrimitives(const OpensslPrimitives&) = delete;
  OpensslPrimitives& operator=(const OpensslPrimitives&) = delete;

  void Random(std::span<std::uint8_t> out) noexcept override;
  void CurvePublicOf(const statesync::CurvePrivate& secret,
                     statesync::PublicValue& out) noexcept override;
  [[nodiscard]] bool CurveSharedOf(const statesync::CurvePrivate& secret,
                                   const statesync::PublicValue& peer,
                                   statesync::CurveShared& out) noexcept override;
  void Hmac(statesync::Bytes key, std::span<const statesync::Bytes> parts,
            statesync::Hash& out) noexcept override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dataplane
