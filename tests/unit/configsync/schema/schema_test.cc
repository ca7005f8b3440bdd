// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Loading of the modules: what a node means is what they say.

#include "configsync/schema/schema.h"

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/unit/configsync/schema/our_schema.h"

namespace configsync {
namespace {

SyncClass InMode(const SchemaNode& node, Mode mode) {
  return node.sync[static_cast<std::size_t>(mode)];
}

void VisitAll(const SchemaNode& node, const std::function<void(const SchemaNode&)>& visit) {
  for (const SchemaNode* child : node.children) {
    visit(*child);
    VisitAll(*child, visit);
  }
}

TEST(Schema, EveryNodeHasAClassInBothModesACategoryAndADescription) {
  std::size_t count = 0;
  VisitAll(OurSchema().root(), [&](const SchemaNode& node) {
    ++count;
    EXPECT_NE(InMode(node, Mode::kActivePassive), SyncClass::kUnset) << node.path;
    EXPECT_NE(InMode(node, Mode::kActiveActive), SyncClass::kUnset) << node.path;
    EXPECT_FALSE(node.category.empty()) << node.path;
    EXPECT_FALSE(node.description.empty()) << node.path;
    EXPECT_TRUE(node.description.ends_with('.')) << node.path << ": " << node.description;
    EXPECT_TRUE(node.has_children() || !node.type_text.empty()) << node.path;
  });
  EXPECT_GT(count, 350u);
}

TEST(Schema, TopLevelNamesAreThoseThatOperatorsType) {
  std::set<std::string> names;
  for (const SchemaNode* child : OurSchema().root().children) names.insert(child->name);
  EXPECT_EQ(names, (std::set<std::string>{"certificates", "dhcp", "ha", "interfaces", "nat",
                                          "objects", "policy", "qos", "routing", "services",
                                          "system", "users", "virtual-routers", "vpn", "zones"}));
}

TEST(Schema, ARuleHasWhatTheDataplaneTakes) {
  const SchemaNode& rule = NodeAt("/policy/rule");
  EXPECT_EQ(rule.order, ListOrder::kUser);
  EXPECT_EQ(rule.key_count, 1u);
  EXPECT_EQ(rule.children.front()->name, "name");
  EXPECT_TRUE(rule.children.front()->is_key);
  EXPECT_EQ(rule.uniques,
            (std::vector<std::vector<const SchemaNode*>>{{&NodeAt("/policy/rule/id")}}));
  const SchemaNode& id = NodeAt("/policy/rule/id");
  EXPECT_TRUE(id.auto_id);
  EXPECT_EQ(id.integer_min, 1);
  EXPECT_EQ(id.integer_max, 65'535u);
  EXPECT_EQ(id.type_text, "uint16 1..65535");
  EXPECT_EQ(id.json, JsonForm::kNumber);
  const SchemaNode& action = NodeAt("/policy/rule/action");
  EXPECT_TRUE(action.mandatory);
  EXPECT_EQ(action.values, (std::vector<std::string>{"permit", "deny"}));
  EXPECT_EQ(action.value_help.front(), "The session may pass.");
  EXPECT_EQ(NodeAt("/policy/rule/commit-before-forward").kind, NodeKind::kPresenceContainer);
  const SchemaNode& deadline = NodeAt("/policy/rule/commit-before-forward/deadline-us");
  EXPECT_EQ(deadline.units, "microseconds");
  EXPECT_EQ(deadline.defaults, (std::vector<std::string>{"0"}));
  EXPECT_EQ(deadline.type_text, "uint32 0|100..1000000");
}

TEST(Schema, ReferencesKnowAllTheirTargets) {
  const SchemaNode& zone = NodeAt("/policy/rule/from-zone");
  EXPECT_EQ(zone.leafref_target, &NodeAt("/zones/zone/name"));
  EXPECT_TRUE(zone.IsReference("anything"));
  const SchemaNode& source = NodeAt("/policy/rule/source");
  EXPECT_EQ(source.leafref_targets,
            (std::vector<const SchemaNode*>{&NodeAt("/objects/address/name"),
                                            &NodeAt("/objects/address-group/name")}));
  EXPECT_TRUE(source.IsReference("web-servers"));
  EXPECT_FALSE(source.IsReference("10.0.0.0/8"));
  EXPECT_FALSE(source.IsReference("10.0.0.1"));
}

TEST(Schema, AnOwnClassReplacesThatOfBothModes) {
  const SchemaNode& loopback = NodeAt("/interfaces/loopback/address");
  EXPECT_EQ(InMode(loopback, Mode::kActivePassive), SyncClass::kShared);
  EXPECT_EQ(InMode(loopback, Mode::kActiveActive), SyncClass::kUnique);
  const SchemaNode& interval = NodeAt("/services/lldp/interval");  // Inherits both.
  EXPECT_EQ(InMode(interval, Mode::kActivePassive), SyncClass::kShared);
  EXPECT_EQ(InMode(interval, Mode::kActiveActive), SyncClass::kUnique);
}

TEST(Schema, ConditionsAreNamed) {
  const SchemaNode& tunnel = NodeAt("/vpn/ipsec-tunnel");
  EXPECT_EQ(InMode(tunnel, Mode::kActivePassive), SyncClass::kShared);
  EXPECT_EQ(InMode(tunnel, Mode::kActiveActive), SyncClass::kConditional);
  EXPECT_EQ(tunnel.condition[1], "floating-address");
}

TEST(Schema, SecretsEditLocksAndServicesAreKnown) {
  EXPECT_TRUE(NodeAt("/ha/configuration-synchronization/local-password").secret);
  EXPECT_TRUE(NodeAt("/ha/configuration-synchronization/remote/password").secret);
  EXPECT_FALSE(NodeAt("/ha/configuration-synchronization/remote/user").secret);
  EXPECT_TRUE(NodeAt("/interfaces/interface/virtual-address/address").edit_lock);
  EXPECT_FALSE(NodeAt("/zones/zone").edit_lock);
  EXPECT_EQ(NodeAt("/services/ntp/server").reload, (std::vector<std::string>{"ntp"}));
  EXPECT_EQ(NodeAt("/vpn/remote-access/portal").depends, (std::vector<std::string>{"/users"}));
}

TEST(Schema, FindTakesPathsOfTheSchemaOnly) {
  EXPECT_EQ(OurSchema().Find("/"), &OurSchema().root());
  EXPECT_EQ(OurSchema().Find(""), &OurSchema().root());
  EXPECT_EQ(OurSchema().Find("/lockstep-policy:policy/rule"), &NodeAt("/policy/rule"));
  EXPECT_EQ(OurSchema().Find("policy"), nullptr);
  EXPECT_EQ(OurSchema().Find("/policy/"), nullptr);
  EXPECT_EQ(OurSchema().Find("//policy"), nullptr);
  EXPECT_EQ(OurSchema().Find("/policy/rule/name/x"), nullptr);
}

TEST(Schema, CanonicalGivesOneTextForEqualValues) {
  struct Case {
    const char* path;
    const char* value;
    const char* canonical;
  };
  for (const Case& c :
       {Case{"/objects/address/prefix", "10.1.2.3/8", "10.0.0.0/8"},
        Case{"/policy/rule/id", "+7", "7"}, Case{"/policy/rule/id", "007", "7"},
        Case{"/system/position/latitude", "52.50", "52.5"},
        Case{"/policy/rule/source", "10.0.0.7/24", "10.0.0.0/24"},
        Case{"/policy/rule/source", "10.0.0.7", "10.0.0.7"},
        Case{"/policy/rule/source", "web", "web"}, Case{"/policy/rule/from-zone", "lan", "lan"}}) {
    Problems problems;
    std::string canonical;
    EXPECT_TRUE(OurSchema().Canonical(NodeAt(c.path), c.value, c.path, canonical, problems))
        << TextOf(problems);
    EXPECT_EQ(canonical, c.canonical) << c.path;
  }
}

TEST(Schema, ABadValueIsNamedWithItsPlaceLimitAndRemedy) {
  struct Case {
    const char* path;
    std::string value;
    const char* text;
  };
  for (const Case& c :
       {Case{"/policy/rule/id", "70000", "is not of the type uint16 1..65535"},
        Case{"/policy/rule/action", "premit", "is not of the type permit|deny"},
        Case{"/ha/group-id", "99", "A group id is 1 to 63."},
        Case{"/routing/static/route/next-hop", "224.0.0.1",
             "An address of 0/8, 127/8 or from 224 on cannot be a host's."},
        Case{"/policy/rule/source", "10.0.0.0/33",
             "is not of the type ipv4-prefix | ipv4-address | "
             "name of /objects/address | name of /objects/address-group"},
        Case{"/zones/zone/name", std::string(40, 'a'), "A name has 1 to 32 characters."}}) {
    Problems problems;
    std::string canonical;
    EXPECT_FALSE(OurSchema().Canonical(NodeAt(c.path), c.value, "/here", canonical, problems));
    ASSERT_EQ(problems.list.size(), 1u);
    EXPECT_EQ(problems.list[0].text, c.text);
    EXPECT_EQ(problems.list[0].code, "BAD_VALUE");
    EXPECT_EQ(problems.list[0].path, "/here");
    EXPECT_EQ(problems.list[0].value, c.value);
    EXPECT_FALSE(problems.list[0].remedy.empty());
  }
}

TEST(Schema, ABadSecretIsNeverQuoted) {
  const SchemaNode& node = NodeAt("/ha/configuration-synchronization/local-password");
  for (const std::string& value :
       {std::string("hunter2\nhunter2"), std::string(300, 'q'), std::string("hunter2\xff")}) {
    Problems problems;
    std::string canonical;
    EXPECT_FALSE(OurSchema().Canonical(node, value, "/here", canonical, problems));
    EXPECT_EQ(TextOf(problems).find("hunter2"), std::string::npos) << TextOf(problems);
    EXPECT_EQ(TextOf(problems).find("qq"), std::string::npos) << TextOf(problems);
  }
}

TEST(Schema, AValueHasABoundAndIsText) {
  const SchemaNode& node = NodeAt("/zones/zone/description");
  for (const auto& [value, code] : std::initializer_list<std::pair<std::string, const char*>>{
           {std::string(70'000, 'x'), "VALUE_TOO_LONG"},
           {std::string("a\0b", 3), "BAD_TEXT"},
           {"caf\xe9", "BAD_TEXT"},
           {"\xed\xa0\x80", "BAD_TEXT"}}) {
    Problems problems;
    std::string canonical;
    EXPECT_FALSE(OurSchema().Canonical(node, value, "/here", canonical, problems));
    ASSERT_EQ(problems.list.size(), 1u);
    EXPECT_EQ(problems.list[0].code, code);
    EXPECT_LE(problems.list[0].value.size(), 90u);
  }
}

TEST(Schema, EqualModulesHaveEqualDigests) {
  const auto again = Schema::Load(YangFolder());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ((*again)->digest(), OurSchema().digest());
  EXPECT_EQ(OurSchema().digest().size(), 64u);
}

}  // namespace
}  // namespace configsync
