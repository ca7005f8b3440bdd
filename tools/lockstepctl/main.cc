// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// lockstepctl: asks a node of a pair, configures it, and tells it what to do.

#include <cstdio>
#include <string>

#include "tools/lockstepctl/command_line.h"
#include "tools/lockstepctl/commands.h"

int main(int argc, char** argv) {
  lockstepctl::Request request;
  if (const auto leave = lockstepctl::ReadCommandLine(argc, argv, request)) {
    std::fputs(leave->text.c_str(), leave->status == lockstepctl::kStatusDone ? stdout : stderr);
    return leave->status;
  }
  const absl::StatusOr<int> status = lockstepctl::Run(request);
  if (status.ok()) {
    return *status;
  }
  std::fprintf(stderr, "lockstepctl: %s\n", std::string(status.status().message()).c_str());
  if (request.verb == lockstepctl::Verb::kTablesDiff ||
      request.verb == lockstepctl::Verb::kConfigCompare ||
      request.verb == lockstepctl::Verb::kConfigDifference) {
    return lockstepctl::kStatusDiffFailed;
  }
  return status.status().code() == absl::StatusCode::kInvalidArgument ? lockstepctl::kStatusUsage
                                                                      : lockstepctl::kStatusFailed;
}
