// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Any bytes as a node file: refused with lines that name the file, or accepted and printed in a
// form that parses to the same options.

#include <cstdint>
#include <string_view>

#include "dataplane/config/node_file.h"
#include "statesync/ensure.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = dataplane::ParseNodeText(text, "node");
  if (!first.ok()) {
    ENSURE(first.status().message().substr(0, 5) == "node:");
    return 0;
  }
  const std::string canonical = dataplane::PrintConfig(*first);
  const auto second = dataplane::ParseNodeText(canonical, "canonical");
  ENSURE(second.ok());
  ENSURE(*second == *first);
  ENSURE(dataplane::PrintConfig(*second) == canonical);
  return 0;
}
