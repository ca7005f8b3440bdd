// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the dataplane says of high availability, asked again and again: role, readiness, links.
//
// It is a copy of what the control service answers, in words of the dataplane; what it means to
// the configuration is said elsewhere. A dataplane that does not answer says nothing.
//
// Threads: thread-safe; one thread of its own until destruction.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace configsync {

struct DataplaneLink {
  std::string name;                // "ha2", "ha2_second".
  std::int64_t heard_ms_ago = -1;  // -1: never.
  bool is_used = false;            // Both nodes hear each other on it.
};

struct DataplaneView {
  bool answers = false;
  bool has_ha = false;  // It has links to a peer; without, its role says nothing.
  std::string role;     // "active", "standby", …
  std::uint32_t term = 0;
  std::string readiness, readiness_reason;  // Of this node; "at-risk", "exposure".
  std::string peer_readiness, peer_readiness_reason;
  std::vector<std::string> reasons;  // "ha2-silent: …", each with a remedy.
  std::vector<DataplaneLink> links;  // HA2.
  std::uint64_t exposure_changes = 0;
};

struct RoleWatchOptions {
  std::string socket;  // Of the dataplane's control service.
  std::chrono::milliseconds poll_interval{200};
  std::chrono::milliseconds deadline{500};
  // After each poll, on the watch's thread.
  std::function<void(const DataplaneView&)> on_poll = [](const DataplaneView&) {};
};

class RoleWatch {
 public:
  explicit RoleWatch(RoleWatchOptions options);
  // Ends a call that runs.
  ~RoleWatch();
  RoleWatch(const RoleWatch&) = delete;
  RoleWatch& operator=(const RoleWatch&) = delete;

  // As of the last poll.
  [[nodiscard]] DataplaneView view() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace configsync
