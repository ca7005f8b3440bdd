// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/pairing_audit.h"

#include <utility>

namespace configsync {
namespace {

// Two records a pairing, and pairings are people's work: it is full only if nothing can be written.
constexpr std::size_t kRecordsMax = 256;

}  // namespace

PairingAudit::PairingAudit(Write write) : write_(std::move(write)), thread_([this] { Run(); }) {}

PairingAudit::~PairingAudit() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void PairingAudit::Add(const Operator& by, std::string detail, std::string outcome) {
  {
    const std::lock_guard lock(mutex_);
    if (records_.size() >= kRecordsMax) records_.pop_front();
    records_.push_back({.by = by, .detail = std::move(detail), .outcome = std::move(outcome)});
  }
  changed_.notify_one();
}

void PairingAudit::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_stopping_ || !records_.empty(); });
    if (records_.empty()) return;
    const Record record = std::move(records_.front());
    records_.pop_front();
    lock.unlock();
    write_(record.by, record.detail, record.outcome);
    lock.lock();
  }
}

}  // namespace configsync
