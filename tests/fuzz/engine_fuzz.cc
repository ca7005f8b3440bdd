// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// libFuzzer target: the engine behind a seal that accepts everything; see engine_story.h.

#include "tests/fuzz/engine_story.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  statesync::fuzz::EngineStory({data, size}).Run();
  return 0;
}
