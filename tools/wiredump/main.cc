// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// wiredump: a capture of HA2, with the keys of its node, as text.

#include <cstdio>
#include <string>

#include "tools/wiredump/command_line.h"
#include "tools/wiredump/dump.h"

int main(int argc, char** argv) {
  wiredump::Request request;
  if (const auto leave = wiredump::ReadCommandLine(argc, argv, request)) {
    std::fputs(leave->text.c_str(), leave->status == wiredump::kStatusDone ? stdout : stderr);
    return leave->status;
  }
  const absl::StatusOr<int> status = wiredump::Run(request);
  if (status.ok()) return *status;
  std::fprintf(stderr, "wiredump: %s\n", std::string(status.status().message()).c_str());
  return status.status().code() == absl::StatusCode::kInvalidArgument ? wiredump::kStatusUsage
                                                                      : wiredump::kStatusFailed;
}
