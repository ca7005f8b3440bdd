// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/device_commands.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <ctime>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tools/lockstepctl/print_answer.h"
#include "tools/lockstepctl/render_devices.h"
#include "tools/lockstepctl/sync_client.h"

namespace lockstepctl {
namespace {

namespace pb = lockstep::admin;

constexpr auto kLookPause = std::chrono::milliseconds(250);
constexpr std::size_t kLineBytesMax = 256;

void Say(const PairingDesk& desk, const std::string& text) {
  std::fputs(text.c_str(), desk.out);
  std::fflush(desk.out);
}

// Until the state is not `state`.
absl::StatusOr<pb::PairingResponse> WaitWhile(const PairingDesk& desk, const std::string& state) {
  std::string said;
  while (true) {
    absl::StatusOr<pb::PairingResponse> seen = desk.look();
    if (!seen.ok() || seen->state() != state) {
      return seen;
    }
    if (seen->text() != said) {
      said = seen->text();
      Say(desk, said.empty() ? "" : said + "\n");
    }
    desk.pause();
  }
}

// Asks until a code was taken. The pairing may end meanwhile: then the confirmation says so.
absl::Status AskForCode(const PairingDesk& desk, const std::string& name) {
  while (true) {
    Say(desk, absl::StrCat("type the code that ", name, " shows: "));
    std::array<char, kLineBytesMax> line{};
    if (std::fgets(line.data(), static_cast<int>(line.size()), desk.in) == nullptr) {
      Say(desk, "\n");
      return absl::AbortedError(
          "no code was typed; go on with `lockstepctl pair confirm CODE`, or end it with "
          "`lockstepctl pair cancel`");
    }
    std::string code(line.data());
    while (code.ends_with('\n') || code.ends_with('\r')) {
      code.pop_back();
    }
    const absl::Status status = desk.confirm(code);
    if (!absl::IsInvalidArgument(status)) {
      return status;
    }
    Say(desk, absl::StrCat(std::string(status.message()), "\n"));  // A slip, not a try.
  }
}

absl::StatusOr<int> RunBegin(const Request& request, SyncClient& client) {
  pb::BeginPairingRequest call;
  call.set_address(request.address);
  call.set_remote_only(request.is_remote_only);
  call.set_keep_master_key(request.keep_master_key);
  const absl::StatusOr<pb::PairingResponse> response = client.Call(call);
  const bool is_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
  if (!response.ok() || request.json || request.no_wait || !is_terminal) {
    return PrintAnswer(request, response, PairingText);
  }
  return PairAtTerminal({.look = [&] { return client.Call(pb::GetPairingRequest()); },
                         .confirm =
                             [&](const std::string& code) {
                               pb::ConfirmPairingRequest confirm;
                               confirm.set_code(code);
                               return client.Call(confirm).status();
                             },
                         .pause = [] { std::this_thread::sleep_for(kLookPause); }});
}

absl::StatusOr<int> RunConfirm(const Request& request, SyncClient& client) {
  pb::ConfirmPairingRequest call;
  call.set_code(request.code);
  return PrintAnswer(request, client.Call(call), PairingText);
}

absl::StatusOr<int> RunStatus(const Request& request, SyncClient& client) {
  return PrintAnswer(request, client.Call(pb::GetPairingRequest()), PairingText);
}

absl::StatusOr<int> RunCancel(const Request& request, SyncClient& client) {
  return PrintAnswer(request, client.Call(pb::CancelPairingRequest()), PairingText);
}

std::string TableNow(const pb::ListDevicesResponse& list) {
  return DevicesText(list, static_cast<std::int64_t>(std::time(nullptr)));
}

absl::StatusOr<int> RunList(const Request& request, SyncClient& client) {
  return PrintAnswer(request, client.Call(pb::ListDevicesRequest()), TableNow);
}

absl::StatusOr<int> RunChange(const Request& request, SyncClient& client) {
  pb::ChangeDeviceRequest call;
  call.set_device(request.device);
  call.set_act(request.verb == Verb::kDevicesRevoke   ? "revoke"
               : request.verb == Verb::kDevicesForget ? "forget"
                                                      : "renew");
  return PrintAnswer(request, client.Call(call), TableNow);
}

struct Row {
  Verb verb;
  absl::StatusOr<int> (*run)(const Request&, SyncClient&);
};
constexpr Row kRows[] = {
    {Verb::kPairStart, RunBegin},      {Verb::kPairAccept, RunBegin},
    {Verb::kPairConfirm, RunConfirm},  {Verb::kPairStatus, RunStatus},
    {Verb::kPairCancel, RunCancel},    {Verb::kDevicesList, RunList},
    {Verb::kDevicesRevoke, RunChange}, {Verb::kDevicesForget, RunChange},
    {Verb::kDevicesRenew, RunChange},
};

}  // namespace

absl::StatusOr<int> PairAtTerminal(const PairingDesk& desk) {
  Say(desk, "waiting for the other node; Ctrl-C leaves, `lockstepctl pair cancel` ends it\n");
  absl::StatusOr<pb::PairingResponse> seen = WaitWhile(desk, "waiting");
  if (!seen.ok()) {
    return seen.status();
  }
  if (seen->state() == "comparing") {
    Say(desk,
        absl::StrCat(seen->name(), " at ", seen->address(), ", device ", seen->device(),
                     "\ncode of this node, to be typed there:  ", CodeText(seen->code()), "\n"));
    const absl::Status typed = AskForCode(desk, seen->name());
    if (!typed.ok()) {
      return typed;
    }
    seen = desk.look();
  }
  // Also if somebody has typed the code elsewhere.
  if (seen.ok() && seen->state() == "confirmed") {
    Say(desk, absl::StrCat("waiting for the operator of ", seen->name(), "\n"));
    seen = WaitWhile(desk, "confirmed");
  }
  if (!seen.ok()) {
    return seen.status();
  }
  Say(desk, seen->text() + "\n");
  return seen->state() == "done" ? kStatusDone : kStatusFailed;
}

absl::StatusOr<int> RunDevices(const Request& request) {
  SyncClient client(request.socket, request.timeout_s);
  for (const Row& row : kRows) {
    if (row.verb == request.verb) {
      return row.run(request, client);
    }
  }
  return absl::InvalidArgumentError("no command given");
}

}  // namespace lockstepctl
