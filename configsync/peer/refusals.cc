// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/refusals.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "configsync/log/log.h"

namespace configsync {

void Refusals::Add(const Reason& reason) {
  const std::int64_t now_ms = now_ms_();
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    const auto same = std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) {
      return row.reason.code == reason.code && row.reason.subject == reason.subject;
    });
    is_new = same == rows_.end() || now_ms - same->at_ms > kShownMs;
    if (same != rows_.end()) {
      rows_.erase(same);
    } else if (rows_.size() == kKindsMax) {
      rows_.pop_front();
    }
    rows_.push_back({reason, now_ms});
  }
  if (is_new) {
    Log(LogLevel::kWarning, "peer",
        absl::StrCat("refused: ", NameOf(reason), ": ", reason.evidence));
  }
}

void Refusals::Forget(std::string_view subject) {
  const std::lock_guard lock(mutex_);
  std::erase_if(rows_, [subject](const Row& row) { return row.reason.subject == subject; });
}

std::vector<Reason> Refusals::Take() {
  const std::int64_t now_ms = now_ms_();
  const std::lock_guard lock(mutex_);
  std::erase_if(rows_, [now_ms](const Row& row) { return now_ms - row.at_ms > kShownMs; });
  std::vector<Reason> reasons;
  for (const Row& row : rows_) {
    reasons.push_back(row.reason);
  }
  return reasons;
}

}  // namespace configsync
