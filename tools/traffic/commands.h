// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Commands on standard input, one per line:
//
//   mark NAME NANOS   remember an instant of the monotonic clock under a name (letters only)
//   stop              end the run; end of input means the same
//
// Anything else is answered by a line on standard error.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tools/traffic/client.h"
#include "tools/traffic/loop.h"

namespace traffic {

class Commands final : public Handler {
 public:
  // `on_mark` and `on_stop` are called from the loop's thread; `on_stop` at most once.
  Commands(Loop& loop, std::function<void(Mark)> on_mark,
           std::function<void(std::uint64_t)> on_stop);

  void OnReady(std::uint32_t events, std::uint64_t now) override;
  void OnTimer(std::uint64_t) override {}

 private:
  void OnLine(std::string_view line, std::uint64_t now);
  void Stop(std::uint64_t now);

  Loop& loop_;
  std::function<void(Mark)> on_mark_;
  std::function<void(std::uint64_t)> on_stop_;
  bool stopped_ = false;
  std::string pending_;  // The beginning of a line, at most kCommandBytesMax.
};

}  // namespace traffic
