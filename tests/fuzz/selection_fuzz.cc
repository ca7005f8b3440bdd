// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Any bytes as the selection of a remote: refused, or text that is written back byte for byte, and
// whose part has nothing that must stay at home, once or twice applied.

#include <cstdint>
#include <string_view>

#include "configsync/schema/read_json.h"
#include "configsync/select/selection.h"
#include "statesync/ensure.h"
#include "tests/fuzz/fuzzed_schema.h"

namespace {

using configsync::FuzzedSchema;
using configsync::Node;
using configsync::NodeRole;
using configsync::Problems;
using configsync::Selection;
using configsync::SyncClass;
using configsync::Tree;

const Tree& SomeTree() {
  static const Tree tree = [] {
    Problems problems;
    const auto edits = configsync::ReadJson(FuzzedSchema(), R"({
        "zones": {"zone": [{"name": "inside", "packet-buffer-protection": true}]},
        "objects": {"address": [{"name": "web", "prefix": "10.0.0.0/8"}]},
        "policy": {"rule": [{"name": "r1", "action": "permit", "source": ["web", "10.1.0.0/16"]},
                            {"name": "r2", "action": "deny"}]},
        "interfaces": {"interface": [{"name": "lan", "port": "p", "zone": "inside",
                       "address": "10.1.0.2/24",
                       "virtual-address": [{"vrid": 1, "address": "10.1.0.1"}]}]},
        "certificates": {"device-certificate": [{"name": "d", "use": "management"}]},
        "vpn": {"ike-gateway": [{"name": "g", "local-interface": "lan",
                                 "local-address": "10.1.0.1", "peer-address": "10.9.9.9",
                                 "pre-shared-key": "secret-secret"}],
                "ipsec-tunnel": [{"name": "t", "ike-gateway": "g"}]},
        "services": {"https": {"enabled": true}, "telemetry": {"enabled": true}},
        "system": {"host-name": "a"},
        "ha": {"group-id": 2, "failover": {"priority": 7}}})",
                                            {}, problems);
    ENSURE(problems.empty());
    return *Tree(FuzzedSchema().root(), {}).Apply(edits);
  }();
  return tree;
}

void EnsureMayTravel(const Node& node, std::size_t mode) {
  const bool is_leaf = node.role() == NodeRole::kLeaf || node.role() == NodeRole::kValue;
  const SyncClass sync = node.schema().sync[mode];
  ENSURE(!is_leaf || node.schema().is_key || sync == SyncClass::kShared ||
         sync == SyncClass::kConditional);
  for (const configsync::NodePtr& child : node.children()) EnsureMayTravel(*child, mode);
  node.VisitEntries([&](const Node& entry) {
    EnsureMayTravel(entry, mode);
    return true;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto spec = configsync::DecodeSpec(text);
  if (!spec.ok()) return 0;
  ENSURE(Encode(*spec) == text);
  Selection selection(*spec, FuzzedSchema().root());
  const Tree part = selection.PartOf(SomeTree());
  ENSURE(selection.status().ok());
  EnsureMayTravel(part.root(), static_cast<std::size_t>(spec->mode));
  ENSURE(Selection(*spec, FuzzedSchema().root()).PartOf(part) == part);
  return 0;
}
