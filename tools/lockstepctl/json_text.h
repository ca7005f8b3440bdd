// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Messages as JSON for machines: keys are the proto's field names, every field is present, 64-bit
// integers are numbers (protobuf's own printer quotes them), an unset message or optional field is
// null.

#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace lockstepctl {

std::string JsonText(const google::protobuf::Message& message);

// Quoted and escaped; bytes that are not UTF-8 become U+FFFD.
std::string JsonString(const std::string& text);

[[nodiscard]] bool IsUtf8(const std::string& text);

}  // namespace lockstepctl
