// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The ha thread's options from the node file, and the ha thread as the control service sees it.
// Also what stands in for the ha thread where HA is off.
//
// Threads: start-up by main; HaView by the control service.

#pragma once

#include <string>
#include <vector>

#include "dataplane/config/options.h"
#include "dataplane/control/sources.h"
#include "dataplane/core/shared_state.h"
#include "dataplane/ha/ha_thread.h"

namespace dataplane {

// The ha thread's options. It logs under the topic "ha".
[[nodiscard]] HaThreadOptions HaThreadOptionsOf(const Options& options, statesync::BootId boot_id);

// Without HA neither ha thread nor sync loop runs: this node is active from the start, and the
// shards are the workers' for good. With HA nothing is preset.
void PresetSharedState(const Options& options, SharedState& shared);

class HaView final : public HaSource {
 public:
  HaView(const Options& options, const HaThread& ha) : options_(options), ha_(ha) {}
  [[nodiscard]] std::vector<Ha1PathState> Ha1Paths() const override;
  [[nodiscard]] std::vector<std::string> Reasons() const override { return ha_.Reasons(); }
  [[nodiscard]] std::string LastSwitchoverRefusal() const override {
    return ha_.LastSwitchoverRefusal();
  }

 private:
  const Options& options_;
  const HaThread& ha_;
};

}  // namespace dataplane
