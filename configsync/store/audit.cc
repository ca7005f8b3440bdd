// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/store/audit.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace configsync {
namespace {

void AddNumber(std::uint64_t number, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((number >> shift) & 0xff));
  }
}

void AddText(std::string_view text, std::string& out) {
  AddNumber(text.size(), out);
  out.append(text);
}

}  // namespace

Hash AuditHash(const AuditRecord& record) {
  std::string bytes = "lockstep audit 1\n";
  AddNumber(record.sequence, bytes);
  AddNumber(static_cast<std::uint64_t>(record.wall_ms), bytes);
  AddNumber(record.by.user_id, bytes);
  AddText(record.by.name, bytes);
  AddText(record.action, bytes);
  AddText(record.detail, bytes);
  AddText(record.outcome, bytes);
  bytes.append(reinterpret_cast<const char*>(record.previous.bytes.data()),
               record.previous.bytes.size());
  return Sha256(bytes);
}

void ChainAudit(std::uint64_t last_sequence, const Hash& last_hash, AuditRecord& record) {
  record.sequence = last_sequence + 1;
  record.previous = last_hash;
  record.hash = AuditHash(record);
}

}  // namespace configsync
