// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Audit records of a pairing, written behind its back: an audit is a transaction, which may wait
// for a commit, which may wait for another node, which may wait for this pairing.
//
// Threads: thread-safe; one of its own writes, in the order of Add().

#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "configsync/store/records.h"

namespace configsync {

class PairingAudit {
 public:
  using Write =
      std::function<void(const Operator&, const std::string& detail, const std::string& outcome)>;

  explicit PairingAudit(Write write);
  // What was added is written before.
  ~PairingAudit();
  PairingAudit(const PairingAudit&) = delete;
  PairingAudit& operator=(const PairingAudit&) = delete;

  void Add(const Operator& by, std::string detail, std::string outcome);

 private:
  struct Record {
    Operator by;
    std::string detail, outcome;
  };
  void Run();

  const Write write_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Record> records_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace configsync
