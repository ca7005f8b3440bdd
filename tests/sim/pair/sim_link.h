// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Links in memory. A call may be lost, its answer may be lost or come too late, it may come twice,
// an old one may come again, an answer may be garbage or a lie; either end may die on the way.
//
// Threads: one.

#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/pair/link.h"
#include "tests/sim/random.h"

namespace configsync {

// Chances in parts per million of a call.
struct LinkFaults {
  std::uint32_t lose_request = 0;
  std::uint32_t lose_answer = 0;
  std::uint32_t twice = 0;    // Delivered again right behind.
  std::uint32_t replay = 0;   // An old Prepare and its Apply come before it.
  std::uint32_t garbage = 0;  // In request or answer.
  std::uint32_t lie = 0;      // The answer has the hash that the caller would like.
};

// What the links see of the world.
class Network {
 public:
  virtual ~Network() = default;
  // Here `node` may die; false: it is dead.
  virtual bool Point(int node) = 0;
  // The calls of a living node; null: it is dead.
  virtual PeerCalls* CallsOf(int node) = 0;
  virtual bool IsCut(int from, int to) = 0;
  virtual const LinkFaults& faults() = 0;
  virtual bool always_lies() = 0;  // A planted break: nobody is told.
  virtual sim::Random& random() = 0;
  // Every text of every message, for the checkers.
  virtual void OnText(std::string_view what, std::string_view text) = 0;
  // `receiver` works for `sender` from now on; sender -1: no longer.
  virtual void Serving(int receiver, int sender, bool is_forced) = 0;
  // An exchange went through, and both ends said what is so.
  virtual void OnExchanged(int from, int to) = 0;
  // The answer told the caller something that is not so, or nothing.
  virtual void OnFault(int from, int to, std::string_view what) = 0;
  virtual DeviceId DeviceOf(int node) = 0;
};

[[nodiscard]] std::unique_ptr<PeerLink> MakeSimLink(Network& network, int from, int to);

}  // namespace configsync
