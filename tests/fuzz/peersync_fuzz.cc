// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Any bytes as a message of another node: refused, or a value within all bounds, which is said
// again and heard the same.
//
// The first byte chooses the message.

#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "configsync/peer/codec.h"
#include "statesync/ensure.h"

namespace {

namespace wire = lockstep::peersync;

template <typename Message, typename Say>
void Check(std::string_view bytes, const Say& say) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const auto value = configsync::Decode(message);
  if (!value.ok()) {
    ENSURE(value.status().code() == absl::StatusCode::kInvalidArgument);
    return;
  }
  const Message said = say(*value);
  const auto again = configsync::Decode(said);
  ENSURE(again.ok());
  // Maps have no order: compared as values by what they say.
  ENSURE(say(*again).ByteSizeLong() == said.ByteSizeLong());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Else a line for each text that is not UTF-8.
  [[maybe_unused]] static const auto before = google::protobuf::SetLogHandler(nullptr);
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto say = [](const auto& value) { return configsync::Encode(value); };
  switch (data[0] % 4) {
    case 0:
      Check<wire::Exchange>(bytes, say);
      break;
    case 1:
      // The edits travel behind the header.
      Check<wire::PrepareHeader>(bytes,
                                 [](const auto& value) { return configsync::EncodeHeader(value); });
      break;
    case 2:
      Check<wire::PrepareResponse>(bytes, say);
      break;
    default:
      Check<wire::ApplyResponse>(bytes, say);
      break;
  }
  ENSURE(configsync::CutText(bytes, 100).size() <= 100);
  ENSURE(configsync::CutText(configsync::CutText(bytes, size), size) ==
         configsync::CutText(bytes, size));
  return 0;
}
