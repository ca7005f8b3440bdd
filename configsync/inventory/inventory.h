// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What this node is: program, schema, machine, what is installed, and the dataplane's role.
// INVENTORY.md says where each comes from.
//
// Threads: thread-safe. Nobody waits for a file or a call but who calls Refresh().

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "configsync/follow/role_watch.h"
#include "configsync/pair/node_facts.h"
#include "configsync/schema/schema.h"

namespace configsync {

struct InventorySetup {
  const Schema* schema = nullptr;
  std::string version;                  // Of the program.
  std::string node_name;                // Where the configuration has no host name.
  std::string file;                     // STATE_DIR/inventory.json; it need not be there.
  std::string sysfs = "/sys";           // Or a copy, for tests.
  std::function<std::string()> device;  // Id of this node's device.
};

class Inventory : public NodeFacts {
 public:
  static std::unique_ptr<Inventory> Make(const InventorySetup& setup);

  // Reads the file if it is another one. `master_key`: its fingerprint at present; `dataplane`:
  // what it said last. True: something is not as it was. Cost: one stat(). One thread.
  virtual bool Refresh(const std::string& master_key, const DataplaneView& dataplane) = 0;
  // It knows no devices.
  std::string PairedName(const DeviceId&) override { return {}; }
};

}  // namespace configsync
