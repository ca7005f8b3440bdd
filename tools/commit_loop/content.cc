// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/commit_loop/content.h"

namespace commit_loop {

std::vector<Setting> ContentOf(std::uint64_t number) {
  const std::string text = std::to_string(number);
  const std::string turn = "/policy/rule[name='turn-" + std::to_string(number % kTurns) + "']/";
  const std::string host = "10." + std::to_string(number >> 16 & 255) + "." +
                           std::to_string(number >> 8 & 255) + "." + std::to_string(number & 255);
  return {
      {"/zones/zone[name='first']/description", text},
      {"/zones/zone[name='last']/description", text},
      {"/objects/address[name='mark']/prefix", host + "/32"},
      {"/objects/address-group[name='marks']/description", text},
      {"/policy/rule[name='mark']/action", "permit"},
      {"/policy/rule[name='mark']/description", text},
      {turn + "action", "deny"},
      {turn + "description", text},
      {"/system/host-name", "node-" + text},
  };
}

}  // namespace commit_loop
