// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The pinned hashes of HASH.md: the same configurations as in hash_vectors.py, which computes the
// values on its own.

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "tests/unit/configsync/tree/test_schema.h"

namespace configsync {
namespace {

std::map<std::string, std::string> Pinned() {
  std::map<std::string, std::string> hashes;
  std::ifstream file("hash_vectors.txt");
  std::string hash;
  std::string name;
  while (file >> hash && std::getline(file >> std::ws, name)) hashes[name] = hash;
  return hashes;
}

std::map<std::string, Tree> Trees(const TestSchema& schema) {
  const auto set = [&](std::string_view path, std::string_view value = "") {
    return schema.Set(path, value);
  };
  std::map<std::string, Tree> trees;
  const auto add = [&](const std::string& name, const std::vector<Edit>& edits) {
    trees.emplace(name, schema.Make(edits));
  };
  add("empty", {});
  add("leaf", {set("/system/host-name", "fw-a")});
  add("secret", {set("/system/password", "geheim")});
  add("containers", {set("/ha/priority", "100"), set("/system/host-name", "\u00fc\"'\\\n"),
                     set("/system/timeouts/tcp-syn", "5"), set("/system/timeouts/tcp-closing")});
  add("system list", {set("/zones/zone[lan]/id", "1"), set("/zones/zone[wan]/id", "0"),
                      set("/zones/zone[l]/id", "4"), set("/zones/zone[dmz]/id", "2"),
                      set("/zones/zone[Lan]/id", "3")});
  const std::string e1 = "/interfaces/interface[e1]";
  add("numbers", {set(e1 + "/mtu", "1500"), set(e1 + "/unit[0]"), set(e1 + "/unit[10]"),
                  set(e1 + "/unit[9]"), set(e1 + "/unit[-20]"), set(e1 + "/unit[-3]")});
  add("user list",
      {set("/policy/rule[a]"), set("/policy/rule[b]"), set("/policy/rule[d]"),
       schema.SetBehind("/policy/rule[c]", {}), schema.SetBehind("/policy/rule[e]", {"a"})});
  const std::string r1 = "/policy/rule[r1]";
  add("rule", {set(r1 + "/protocol[udp]"), set(r1 + "/protocol[tcp]"), set(r1 + "/protocol[icmp]"),
               set(r1 + "/source[dmz]"), set(r1 + "/source[lan]"),
               set(r1 + "/commit-before-forward"), set("/policy/rule[r1]/source[x]"),
               schema.Delete("/policy/rule[r1]/source[x]"), set(r1 + "/action", "permit")});
  // A prefix has a slash, which the paths of these tests have not.
  Edit prefix = set(r1 + "/source[p]");
  prefix.path.back().keys = {"10.0.0.0/8"};
  trees.at("rule") = Applied(trees.at("rule"), {prefix});
  std::vector<Edit> routes;
  for (const std::string p : {"b", "a"}) {
    for (const std::string r : {"y", "x"}) {
      routes.push_back(set("/routing/route[" + p + "," + r + "]/next-hop", p + r));
    }
  }
  add("two keys", routes);
  std::vector<Edit> rules;
  std::vector<Edit> zones;
  for (int i = 0; i < 500; ++i) {
    rules.push_back(
        set("/policy/rule[rule-" + std::to_string(i * 7 % 500) + "]/id", std::to_string(i)));
    zones.push_back(set("/zones/zone[zone-" + std::to_string(499 - i) + "]"));
  }
  add("many rules", rules);
  add("many zones", zones);
  return trees;
}

TEST(TreeHashForm, IsAsPinned) {
  const std::map<std::string, std::string> pinned = Pinned();
  const TestSchema schema;
  const TestSchema other(5000);
  const std::map<std::string, Tree> trees = Trees(schema);
  ASSERT_EQ(pinned.size(), trees.size());
  for (const auto& [name, tree] : trees) {
    EXPECT_EQ(pinned.at(name), HexOf(tree.hash())) << name;
    EXPECT_EQ(pinned.at(name), HexOf(Trees(other).at(name).hash())) << name;
  }
}

TEST(TreeHashForm, OnlySecretsDependOnTheKey) {
  const TestSchema schema;
  const std::vector<Edit> open = {schema.Set("/system/host-name", "x"),
                                  schema.Set("/policy/rule[r]")};
  const std::vector<Edit> secret = {schema.Set("/system/password", "x")};
  const Tree one(schema.root(), TestKey(1));
  const Tree two(schema.root(), TestKey(2));
  EXPECT_EQ(Applied(one, open), Applied(two, open));
  EXPECT_NE(Applied(one, secret).hash(), Applied(two, secret).hash());
  EXPECT_NE(Applied(one, secret).hash(),
            Applied(one, {schema.Set("/system/password", "y")}).hash());
}

}  // namespace
}  // namespace configsync
