// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <gtest/gtest.h>

#include "configsync/schema/path.h"
#include "configsync/schema/schema_node.h"

namespace configsync {
namespace {

struct Rules {
  Rules() {
    policy = {.kind = NodeKind::kContainer, .name = "policy", .module = "lockstep-policy"};
    rule = {.kind = NodeKind::kList, .name = "rule", .module = "lockstep-policy"};
    id = {.kind = NodeKind::kLeaf, .name = "id", .module = "lockstep-policy"};
    source = {.kind = NodeKind::kLeafList, .name = "source", .module = "lockstep-policy"};
    rule.children = {&id, &source};
    rule.key_count = 1;
    policy.children = {&rule};
  }
  SchemaNode policy, rule, id, source;
};

TEST(PathText, NamesKeysAndValues) {
  const Rules rules;
  EXPECT_EQ(PathText({}), "/");
  EXPECT_EQ(PathText({{&rules.policy, {}}, {&rules.rule, {}}}), "/policy/rule");
  EXPECT_EQ(PathText({{&rules.policy, {}}, {&rules.rule, {"10"}}, {&rules.source, {"any"}}}),
            "/policy/rule[id='10']/source[.='any']");
}

TEST(PathText, QuotesInAKeyNeedNoEscape) {
  const Rules rules;
  EXPECT_EQ(PathText({{&rules.rule, {"it's"}}}), "/rule[id=\"it's\"]");
  EXPECT_EQ(PathText({{&rules.rule, {"a\"b"}}}), "/rule[id='a\"b']");
  EXPECT_EQ(PathText({{&rules.rule, {"'a\"b'"}}}), "/rule[id=concat(\"'a\",'\"b',\"'\")]");
}

TEST(SchemaNode, ChildIsFoundByNameAndModule) {
  const Rules rules;
  EXPECT_EQ(rules.policy.Child("rule"), &rules.rule);
  EXPECT_EQ(rules.policy.Child("lockstep-policy:rule"), &rules.rule);
  EXPECT_EQ(rules.policy.Child("lockstep-nat:rule"), nullptr);
  EXPECT_EQ(rules.policy.Child("rules"), nullptr);
}

}  // namespace
}  // namespace configsync
