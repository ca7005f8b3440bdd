// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/table/session_record.h"

namespace statesync {

std::uint8_t SessionRecord::SchemaMax(Op op) noexcept {
  switch (op) {
    case Op::kInsert:
      return kSessionInsertV4Nat;
    case Op::kUpdate:
      return kSessionUpdate;
    case Op::kDelete:
      return kSessionDeleteV4;
  }
  return 0;
}

}  // namespace statesync
