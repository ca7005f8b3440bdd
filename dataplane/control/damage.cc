// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/damage.h"

#include <array>
#include <optional>

#include "absl/strings/str_cat.h"
#include "dataplane/config/mistakes.h"
#include "dataplane/control/names.h"
#include "dataplane/control/session_view.h"
#include "dataplane/log/log.h"

namespace dataplane {
namespace {

using statesync::EntryDamage;

std::optional<EntryDamage> ReadDamage(const std::string& what) {
  if (what == "version") {
    return EntryDamage::kVersion;
  }
  if (what == "value") {
    return EntryDamage::kValue;
  }
  if (what == "missing") {
    return EntryDamage::kMissing;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<DamageRequest> PostDamage(const ControlSetup& setup,
                                         const lockstep::control::CorruptEntryRequest& request,
                                         lockstep::control::CorruptEntryResponse& response) {
  if (!setup.options->debug.enabled) {
    return absl::FailedPreconditionError(
        absl::StrCat("corrupt-entry: node ", setup.options->name,
                     " is in service; on a test bench, set debug.enabled in its node file"));
  }
  const RoleWord word{setup.shared->role.word.load(std::memory_order_acquire)};
  if (word.role() != statesync::Role::kStandby) {
    return absl::FailedPreconditionError(absl::StrCat("corrupt-entry: node ", setup.options->name,
                                                      " is ", std::string(NameOf(word.role())),
                                                      "; ask the standby node"));
  }
  const std::optional<EntryDamage> damage = ReadDamage(request.what());
  if (!damage) {
    return absl::InvalidArgumentError(
        absl::StrCat("what: ", Quoted(request.what()), ": must be version, value or missing"));
  }
  const absl::StatusOr<FoundEntry> found = FindEntry(*setup.sessions, request.key());
  if (!found.ok()) {
    return found.status();
  }
  std::atomic<std::uint64_t>& posted = setup.shared->requests.damage;
  std::uint64_t before = posted.load();
  const DamageRequest post =
      DamageRequest::Make(DamageRequest{before}.number() + 1, *damage, found->handle);
  if (!posted.compare_exchange_strong(before, post.bits)) {
    return absl::AbortedError("corrupt-entry: another one was asked for just now; ask again");
  }
  Log(LogLevel::kWarning, "debug",
      absl::StrCat("an operator damages (", request.what(), ") shard ", found->handle.shard, ": ",
                   found->line));
  response.set_entry(found->line);
  response.set_shard(found->handle.shard);
  return post;
}

}  // namespace dataplane
