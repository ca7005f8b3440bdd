// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// lockstep-commits: makes commits that an observer can tell apart, as fast as a node takes them,
// and says what was begun and what was acknowledged. The drills config and config-local kill nodes
// meanwhile.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

#include "tools/commit_loop/client.h"
#include "tools/commit_loop/content.h"

namespace {

using commit_loop::Answer;
using commit_loop::Client;

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      quoted += "\\u00";
      quoted += kDigits[static_cast<unsigned char>(c) >> 4];
      quoted += kDigits[static_cast<unsigned char>(c) & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

void Say(std::string_view type, std::uint64_t number, const Answer& answer) {
  const std::string line = "{\"type\":" + Quoted(type) + ",\"number\":" + std::to_string(number) +
                           ",\"revision\":" + std::to_string(answer.revision) +
                           ",\"hash\":" + Quoted(answer.hash) + ",\"text\":" + Quoted(answer.text) +
                           ",\"refusal\":" + Quoted(answer.refusal) + "}";
  std::puts(line.c_str());
  std::fflush(stdout);
}

// One commit. False: the node is gone, or said no.
bool CommitOne(Client& client, std::uint64_t number) {
  Say("begin", number, {});
  Answer answer = client.Edit(commit_loop::ContentOf(number));
  if (answer.arrived && answer.refusal.empty()) {
    answer = client.Commit("commit " + std::to_string(number));
  }
  if (!answer.arrived) {
    Say("broken", number, answer);
    return false;
  }
  Say(answer.refusal.empty() ? "done" : "refused", number, answer);
  return answer.refusal.empty();
}

constexpr std::string_view kUsage =
    "usage: lockstep-commits SOCKET\n\n"
    "Commands on standard input, answers as JSON lines:\n"
    "  look MS       revision, hash and content of the running configuration; waits MS at most\n"
    "  go N [COUNT]  commits N, N + 1, … until the node is gone or refuses, or COUNT are done\n"
    "  verify        asks the node to check its whole store\n";

void Obey(Client& client, const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  std::uint64_t number = 0, count = 0;  // No count: no end.
  words >> verb >> number >> count;
  if (verb == "look") {
    client.Reconnect();
    const Answer answer = client.Look(std::chrono::milliseconds(number));
    Say(answer.arrived && answer.refusal.empty() ? "state" : "absent", 0, answer);
  } else if (verb == "go") {
    const std::uint64_t first = number;
    while (CommitOne(client, number) && ++number != first + count) {
    }
  } else if (verb == "verify") {
    const Answer answer = client.Verify();
    Say(answer.arrived && answer.refusal.empty() ? "verified" : "absent", 0, answer);
  } else {
    std::fprintf(stderr, "unknown command \"%s\"\n%s", verb.c_str(), std::string(kUsage).c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || std::string_view(argv[1]) == "--help") {
    std::fputs(std::string(kUsage).c_str(), argc == 2 ? stdout : stderr);
    return argc == 2 ? 0 : 2;
  }
  Client client(argv[1]);
  std::string line;
  while (std::getline(std::cin, line)) {
    Obey(client, line);
  }
  return 0;
}
