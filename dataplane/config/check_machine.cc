// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <net/if.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "dataplane/config/device.h"
#include "dataplane/config/mistakes.h"
#include "dataplane/config/node_file.h"

namespace dataplane {
namespace {

void CheckDevice(const std::string& path, const std::string& text, std::string& lines) {
  std::string problem;
  const auto device = ParseDevice(text, problem);
  if (!device) {
    return;  // The node file's reader has said so.
  }
  if (!device->kernel_iface.empty() && if_nametoindex(device->kernel_iface.c_str()) == 0) {
    problem = absl::StrCat("no such port: kernel interface ", device->kernel_iface,
                           " does not exist here; see `ip link`");
  }
  if (device->driver.empty()) {
    const std::string full =
        device->name.size() == 12 ? device->name : absl::StrCat("0000:", device->name);
    if (access(absl::StrCat("/sys/bus/pci/devices/", full).c_str(), F_OK) != 0) {
      problem =
          absl::StrCat("no such port: PCI device ", full, " does not exist here; see `lspci`");
    }
  }
  if (!problem.empty()) {
    absl::StrAppend(&lines, lines.empty() ? "" : "\n", path, ": ", Quoted(text), ": ", problem);
  }
}

}  // namespace

absl::Status CheckMachine(const Options& options) {
  std::string lines;
  for (std::size_t i = 0; i < options.ports.size(); ++i) {
    CheckDevice(Field(Item("ports", i), "device"), options.ports[i].device, lines);
  }
  if (options.ha.enabled && !options.ha.ha2.device.empty()) {
    CheckDevice("ha.ha2.device", options.ha.ha2.device, lines);
  }
  if (options.ha.enabled && !options.ha.ha2_second.device.empty()) {
    CheckDevice("ha.ha2_second.device", options.ha.ha2_second.device, lines);
  }
  return lines.empty() ? absl::OkStatus() : absl::InvalidArgumentError(lines);
}

}  // namespace dataplane
