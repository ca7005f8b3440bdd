// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/store/sqlite_rows.h"

#include <algorithm>

namespace configsync {

Hash HashOf(const std::string& bytes) {
  Hash hash;
  std::ranges::copy(bytes.substr(0, hash.bytes.size()), reinterpret_cast<char*>(hash.bytes.data()));
  return hash;
}

AuditRecord AuditRecordOf(Statement& row) {
  return {.sequence = row.Unsigned(0),
          .wall_ms = row.Number(1),
          .by = {.user_id = static_cast<std::uint32_t>(row.Number(2)), .name = row.Bytes(3)},
          .action = row.Bytes(4),
          .detail = row.Bytes(5),
          .outcome = row.Bytes(6),
          .previous = HashOf(row.Bytes(7)),
          .hash = HashOf(row.Bytes(8))};
}

}  // namespace configsync
