// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// lockstep-dataplane: one node. Options → start → wait for SIGTERM or SIGINT → ordered stop.

#include <stdio.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "dataplane/config/command_line.h"
#include "dataplane/log/log.h"
#include "dataplane/process.h"
#include "dataplane/program.h"

namespace dataplane {
namespace {

int Run(Options options) {
  BlockStopSignals();
  StartLog("lockstep-dataplane");
  auto program = std::make_unique<Program>();
  program->options = std::move(options);
  const absl::Status status = StartProgram(*program);
  if (status.ok()) {
    Log(LogLevel::kNotice, "node", absl::StrCat(program->options.name, " runs"));
    const std::string signal = WaitForStopSignal([&program] {
      LogReplication(*program);
      program->node->forwarding().Look();
    });
    Log(LogLevel::kNotice, "node", absl::StrCat(signal, ": stopping"));
  }
  StopProgram(*program);
  program.reset();
  StopLog();
  if (status.ok()) return 0;
  fprintf(stderr, "lockstep-dataplane: %s\n", std::string(status.message()).c_str());
  return status.code() == absl::StatusCode::kInvalidArgument ? 2 : 1;
}

}  // namespace
}  // namespace dataplane

int main(int argc, char** argv) {
  std::variant<dataplane::Options, dataplane::ExitRequest> command =
      dataplane::ReadCommandLine(argc, argv);
  if (const auto* leave = std::get_if<dataplane::ExitRequest>(&command)) {
    fputs(leave->output.c_str(), leave->status == 0 ? stdout : stderr);
    return leave->status;
  }
  return dataplane::Run(std::get<dataplane::Options>(std::move(command)));
}
