// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What every node means for the pair: the whole table for review, and the rows of FEATURES that it
// has to agree with.

#include <functional>

#include "tests/unit/configsync/schema/golden_file.h"
#include "tests/unit/configsync/schema/our_schema.h"

namespace configsync {
namespace {

std::string ClassText(const SchemaNode& node, Mode mode) {
  const auto i = static_cast<std::size_t>(mode);
  switch (node.sync[i]) {
    case SyncClass::kUnset:
      return "unset";
    case SyncClass::kShared:
      return "shared";
    case SyncClass::kUnique:
      return "unique";
    case SyncClass::kNever:
      return "never";
    case SyncClass::kPresenceName:
      return "presence-name";
    case SyncClass::kConditional:
      return "conditional(" + node.condition[i] + ")";
  }
  return "";
}

std::string TriggerText(SyncTrigger trigger) {
  switch (trigger) {
    case SyncTrigger::kOnSave:
      return "on-save";
    case SyncTrigger::kOnApply:
      return "on-apply";
    case SyncTrigger::kManual:
      return "manual";
  }
  return "";
}

void AppendLines(const SchemaNode& node, std::string& text) {
  for (const SchemaNode* child : node.children) {
    const std::string passive = ClassText(*child, Mode::kActivePassive);
    const std::string active = ClassText(*child, Mode::kActiveActive);
    text += child->path + " " + passive + (active == passive ? "" : "/" + active) + " " +
            child->category + " " + TriggerText(child->trigger);
    if (child->secret) text += " secret";
    if (child->edit_lock) text += " edit-lock";
    if (child->auto_id) text += " auto-id";
    text += "\n";
    AppendLines(*child, text);
  }
}

// One line a node: path, class (active/passive, and active/active if it differs), category,
// trigger, marks. A change of a module's annotation is a change of a line here.
TEST(Classes, AreThoseThatWereReviewed) {
  std::string text;
  AppendLines(OurSchema().root(), text);
  ExpectGolden("classes.txt", text);
}

struct Row {
  const char* row;
  const char* path;
  const char* active_passive;
  const char* active_active;
};

// Class of each row of FEATURES, "PAN-OS: what does not sync", in both modes.
constexpr Row kRows[] = {
    {"F25", "/interfaces/interface/address", "unique", "unique"},
    {"F26", "/ha/configuration-synchronization", "never", "never"},
    {"F26", "/services/https", "never", "never"},
    {"F80", "/system/host-name", "unique", "unique"},
    {"F80", "/system/domain", "unique", "unique"},
    {"F80", "/system/management/banner", "unique", "unique"},
    {"F80", "/system/management/tls-service-profile", "unique", "unique"},
    {"F80", "/system/time-zone", "unique", "unique"},
    {"F80", "/system/locale", "unique", "unique"},
    {"F80", "/system/position/latitude", "unique", "unique"},
    {"F80", "/system/management/interface/address-type", "unique", "unique"},
    {"F80", "/system/management/interface/address", "unique", "unique"},
    {"F80", "/system/management/interface/gateway", "unique", "unique"},
    {"F80", "/system/management/interface/ipv6-address", "unique", "unique"},
    {"F80", "/system/management/interface/speed", "unique", "unique"},
    {"F80", "/system/management/interface/mtu", "unique", "unique"},
    {"F80", "/system/management/interface/service", "unique", "unique"},
    {"F81", "/system/features/virtual-systems", "unique", "unique"},
    {"F82", "/services/central-manager", "unique", "unique"},
    {"F83", "/services/snmp", "unique", "unique"},
    {"F84", "/services/dns", "unique", "unique"},
    {"F84", "/services/ntp", "unique", "unique"},
    {"F85", "/services/service-route", "unique", "unique"},
    {"F86", "/system/data-protection", "unique", "unique"},
    {"F87", "/system/jumbo-frames", "unique", "unique"},
    {"F88", "/system/packet-buffer-protection", "unique", "unique"},
    {"F88", "/zones/zone/packet-buffer-protection", "unique", "unique"},
    {"F89", "/certificates/forward-proxy", "unique", "unique"},
    {"F90", "/system/hsm", "unique", "unique"},
    {"F91", "/services/log-export", "unique", "unique"},
    {"F92", "/system/software/check", "unique", "unique"},
    {"F93", "/system/software/agent-check", "unique", "unique"},
    {"F94", "/system/software/content-check", "unique", "unique"},
    {"F95", "/system/licence/subscription", "unique", "unique"},
    {"F96", "/system/licence/support-contract", "unique", "unique"},
    {"F98", "/system/dashboard", "unique", "unique"},
    {"F98", "/system/report", "shared", "shared"},
    {"F99", "/ha/failover/priority", "never", "never"},
    {"F99", "/ha/state-synchronization/enabled", "never", "never"},
    {"F99", "/ha/mode", "shared", "shared"},
    {"F99", "/ha/group-id", "shared", "shared"},
    {"F99", "/ha/virtual-host-name", "shared", "shared"},
    {"F102", "/certificates/device-certificate", "presence-name", "presence-name"},
    {"F103", "/certificates/certificate-profile/authority", "unique", "unique"},
    {"F104", "/certificates/tls-service-profile", "unique", "unique"},
    {"F105", "/services/device-identification", "unique", "unique"},
    {"F106", "/services/telemetry", "shared", "unique"},
    {"F106", "/services/threat-intelligence", "shared", "unique"},
    {"F107", "/interfaces/interface/mtu", "shared", "shared"},
    {"F107", "/interfaces/interface/zone", "shared", "shared"},
    {"F107", "/interfaces/interface/address", "unique", "unique"},
    {"F108", "/interfaces/loopback/address", "shared", "unique"},
    {"F108", "/interfaces/loopback/zone", "shared", "shared"},
    {"F109", "/interfaces/tunnel/address", "shared", "unique"},
    {"F109", "/interfaces/tunnel/mtu", "shared", "shared"},
    {"F110", "/interfaces/vlan/address", "unique", "unique"},
    {"F110", "/interfaces/vlan/vlan-id", "shared", "shared"},
    {"F111", "/interfaces/aggregate/lacp/system-priority", "shared", "unique"},
    {"F111", "/interfaces/aggregate/lacp/system-id", "shared", "unique"},
    {"F112", "/virtual-routers/virtual-router", "shared", "conditional(virtual-router-sync)"},
    {"F113", "/qos/profile", "shared", "conditional(qos-sync)"},
    {"F114", "/vpn/ipsec-tunnel", "shared", "conditional(floating-address)"},
    {"F115", "/vpn/ike-gateway", "shared", "conditional(floating-address)"},
    {"F116", "/vpn/remote-access/portal", "shared", "conditional(floating-address)"},
    {"F117", "/vpn/remote-access/gateway", "shared", "conditional(floating-address)"},
    {"F118", "/services/lldp", "shared", "unique"},
    {"F119", "/services/bfd", "shared", "unique"},
};

std::vector<std::string> RowNames() {
  std::vector<std::string> names;
  for (const Row& row : kRows) {
    if (names.empty() || names.back() != row.row) names.emplace_back(row.row);
  }
  return names;
}

// One test for each row: another annotation turns that one red.
class ClassesOfRow : public testing::TestWithParam<std::string> {};

TEST_P(ClassesOfRow, AreThoseOfFeaturesInBothModes) {
  for (const Row& row : kRows) {
    if (row.row != GetParam()) continue;
    EXPECT_EQ(ClassText(NodeAt(row.path), Mode::kActivePassive), row.active_passive) << row.path;
    EXPECT_EQ(ClassText(NodeAt(row.path), Mode::kActiveActive), row.active_active) << row.path;
  }
}

INSTANTIATE_TEST_SUITE_P(Features, ClassesOfRow, testing::ValuesIn(RowNames()),
                         [](const auto& name) { return name.param; });

// F18: what takes effect only when the operator applies it.
TEST(Classes, DhcpFirewallNatAndVirtualAddressesWaitForApply) {
  for (const char* path :
       {"/dhcp/server", "/policy/rule", "/nat/pool", "/interfaces/interface/virtual-address"}) {
    EXPECT_EQ(NodeAt(path).trigger, SyncTrigger::kOnApply) << path;
  }
  EXPECT_EQ(NodeAt("/interfaces/interface/mtu").trigger, SyncTrigger::kOnSave);
  EXPECT_EQ(NodeAt("/objects/address").trigger, SyncTrigger::kOnSave);
}

// F61: every node below /interfaces, and no other.
TEST(Classes, TheEditLockIsOnInterfaces) {
  const std::function<void(const SchemaNode&)> visit = [&](const SchemaNode& node) {
    EXPECT_EQ(node.edit_lock, node.path.starts_with("/interfaces")) << node.path;
    for (const SchemaNode* child : node.children) visit(*child);
  };
  for (const SchemaNode* child : OurSchema().root().children) visit(*child);
}

// What the peer must not even be told: whatever names a password, key or code.
TEST(Classes, WhatIsCalledASecretIsMarkedAsOne) {
  const std::function<void(const SchemaNode&)> visit = [&](const SchemaNode& node) {
    const std::string& name = node.name;
    const bool sounds_secret = name.find("password") != std::string::npos ||
                               name.find("private-key") != std::string::npos ||
                               name.find("shared-key") != std::string::npos ||
                               name.ends_with("-key") || name == "community" || name == "code";
    if (node.is_leaf() && sounds_secret) {
      EXPECT_TRUE(node.secret) << node.path;
    }
    for (const SchemaNode* child : node.children) visit(*child);
  };
  visit(OurSchema().root());
}

// No synchronisation can overwrite what the other logs in with, so none can lock itself out; and
// what shows configurations shows fingerprints of these.
TEST(Classes, F12_F13_PasswordsOfThePairStayAtHomeAndAreSecret) {
  for (const char* path : {"/ha/configuration-synchronization/local-password",
                           "/ha/configuration-synchronization/remote/password"}) {
    const SchemaNode* node = OurSchema().Find(path);
    ASSERT_NE(node, nullptr) << path;
    EXPECT_TRUE(node->secret) << path;
    for (const Mode mode : {Mode::kActivePassive, Mode::kActiveActive}) {
      EXPECT_EQ(ClassText(*node, mode), "never") << path;
    }
  }
}

}  // namespace
}  // namespace configsync
