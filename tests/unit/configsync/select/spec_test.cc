// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The text of a selection: what both nodes hash.

#include "tests/unit/configsync/select/select_fixture.h"

namespace configsync {
namespace {

SelectionSpec Example() {
  SelectionSpec spec;
  spec.mode = Mode::kActiveActive;
  spec.qos_sync = true;
  spec.floating_addresses = {"10.1.0.1", "10.2.0.1"};
  spec.categories = {"firewall", "objects"};
  spec.has_map = true;
  spec.rules = {{10, true, "/policy/rule[name='a\\b\nc']"}, {20, false, "/*"}};
  spec.dependencies = {"/objects/address[name='web']", "/zones/zone[name='in']"};
  return spec;
}

constexpr char kText[] =
    "lockstep-selection 1\n"
    "mode active-active\n"
    "virtual-router-sync false\n"
    "qos-sync true\n"
    "floating-address 10.1.0.1\n"
    "floating-address 10.2.0.1\n"
    "category firewall\n"
    "category objects\n"
    "map\n"
    "rule 10 include /policy/rule[name='a\\\\b\\nc']\n"
    "rule 20 exclude /*\n"
    "dependency /objects/address[name='web']\n"
    "dependency /zones/zone[name='in']\n";

// The text is on the wire and in the store: it never changes.
TEST(SelectionSpec, HasOneText) {
  EXPECT_EQ(Encode(Example()), kText);
  const auto decoded = DecodeSpec(kText);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, Example());
  EXPECT_EQ(IdOf(*decoded), Sha256(kText));
  EXPECT_EQ(*DecodeSpec(Encode(SelectionSpec{})), SelectionSpec{});
}

TEST(SelectionSpec, EveryTextThatIsCutOrChangedIsRefusedOrIsAnother) {
  const std::string text = kText;
  for (std::size_t end = 0; end < text.size(); ++end) {
    const auto decoded = DecodeSpec(text.substr(0, end));
    if (decoded.ok()) {
      EXPECT_EQ(Encode(*decoded), text.substr(0, end));
    }
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char c : {'\n', ' ', 'x', '\\', '\0', '9'}) {
      std::string changed = text;
      changed[at] = c;
      const auto decoded = DecodeSpec(changed);
      if (decoded.ok()) {
        EXPECT_EQ(Encode(*decoded), changed);
      }
    }
  }
}

TEST(SelectionSpec, WhatIsNotAsEncodeWritesItIsRefusedWithItsLine) {
  const std::string head =
      "lockstep-selection 1\nmode active-passive\nvirtual-router-sync false\nqos-sync false\n";
  const struct {
    std::string text;
    const char* words;
  } cases[] = {
      {"", "line 1"},
      {"lockstep-selection 2\n", "line 1"},
      {"lockstep-selection 1\nmode both\n", "line 2"},
      {head + "category b\ncategory a\n", "line 6: expected values that ascend"},
      {head + "category a\ncategory a\n", "ascend"},
      {head + "rule 10 include /a\n", "line 5: expected a line 'map'"},
      {head + "map\nrule 010 include /a\n", "line 6"},
      {head + "map\nrule 10 permit /a\n", "line 6"},
      {head + "map\nrule 20 include /a\nrule 10 include /a\n", "numbers that ascend"},
      {head + "map\nrule 4294967296 include /a\n", "line 6"},
      {head + "map\nrule 1 include " + std::string(5'000, 'x') + "\n", "5000 bytes of a location"},
      {head + "dependency \n", "line 5"},
      {head + "dependency " + std::string(9'000, 'x') + "\n", "at most 8192"},
      {head + "category " + std::string(65, 'x') + "\n", "at most 64"},
      {head + "nonsense\n", "line 5"},
      {head + "category a", "line 5"},
      {std::string(kSpecBytesMax + 1, 'x'), "16777217 bytes"},
  };
  for (const auto& c : cases) {
    const auto decoded = DecodeSpec(c.text);
    ASSERT_FALSE(decoded.ok()) << c.text.substr(0, 200);
    EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(std::string(decoded.status().message()).find(c.words), std::string::npos)
        << decoded.status();
  }
}

TEST(SelectionSpec, CountsAreBounded) {
  SelectionSpec spec;
  spec.has_map = true;
  for (std::uint32_t i = 1; i <= kMapRulesMax; ++i) spec.rules.push_back({i, true, "/"});
  EXPECT_TRUE(DecodeSpec(Encode(spec)).ok());
  spec.rules.push_back({5'000, true, "/"});
  EXPECT_FALSE(DecodeSpec(Encode(spec)).ok());
  SelectionSpec many;
  for (std::size_t i = 0; i <= kDependenciesMax; ++i) {
    many.dependencies.push_back("/" + std::to_string(1'000'000 + i));
  }
  EXPECT_FALSE(DecodeSpec(Encode(many)).ok());
  many.dependencies.pop_back();
  EXPECT_TRUE(DecodeSpec(Encode(many)).ok());
}

TEST(Categories, AreThoseOfTheModulesThatMayTravel) {
  std::vector<std::string> expected =
      NodeAt("/ha/configuration-synchronization/category/name").values;
  // What the pair needs itself cannot be switched off.
  expected.emplace_back("ha");
  std::ranges::sort(expected);
  EXPECT_EQ(CategoriesOf(OurSchema().root()), expected);
}

TEST(Categories, F18_OnApplyOnesAreThoseOfTheTable) {
  EXPECT_EQ(CategoriesOf(OurSchema().root(), SyncTrigger::kOnApply),
            (std::vector<std::string>{"dhcp", "firewall", "nat", "virtual-addresses"}));
  EXPECT_TRUE(CategoriesOf(OurSchema().root(), SyncTrigger::kManual).empty());
}

TEST(Categories, OfADifferenceAreThoseOfItsNodes) {
  const Tree tree = FullTree();
  const Tree changed = Without(With(tree, {SetTo("/policy/rule[name='one']/description", "x"),
                                           SetTo("/zones/zone[name='new']/id", "9")}),
                               "/interfaces");
  EXPECT_EQ(CategoriesOf(Diff(tree, changed)),
            (std::vector<std::string>{"firewall", "interfaces", "virtual-addresses", "zones"}));
  EXPECT_TRUE(CategoriesOf(std::span<const Change>()).empty());
}

TEST(Categories, F14_AllAndNoneSwitchEveryOne) {
  const Tree tree = FullTree();
  const Tree none = With(tree, CategorySwitches(tree, false));
  EXPECT_EQ(SpecOf(none).categories, (std::vector<std::string>{"ha"}));
  std::vector<Edit> by_hand;
  for (const std::string& name : NodeAt(SyncPath("/category/name")).values) {
    by_hand.push_back(SetTo(SyncPath("/category[name='" + name + "']/enabled"), "false"));
  }
  EXPECT_EQ(With(tree, by_hand), none);
  const Tree all = With(none, CategorySwitches(none, true));
  EXPECT_EQ(SpecOf(all), SpecOf(tree));
  EXPECT_EQ(SpecOf(all).categories, CategoriesOf(OurSchema().root()));
}

}  // namespace
}  // namespace configsync
