// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/edit_codec.h"

#include <gtest/gtest.h>

#include "configsync/tree/tree.h"
#include "tests/unit/configsync/tree/random_edits.h"
#include "tests/unit/configsync/tree/test_schema.h"

namespace configsync {
namespace {

class EditCodec : public testing::Test {
 protected:
  std::string ErrorOf(std::string_view text) {
    const absl::StatusOr<std::vector<Edit>> edits = DecodeEdits(text, schema_.root());
    return edits.ok() ? "" : std::string(edits.status().message());
  }

  TestSchema schema_;
};

TEST_F(EditCodec, WritesWhatTheHeaderSays) {
  const std::vector<Edit> edits = {schema_.Set("/policy/rule[r1]/action", "permit"),
                                   schema_.Set("/policy/rule[r1]/from-zone", "lan"),
                                   schema_.SetBehind("/policy/rule[r2]", {"r1"}),
                                   schema_.Move("/policy/rule[r3]", {}),
                                   schema_.Delete("/nat"),
                                   schema_.Delete("/routing/route[p,v]"),
                                   schema_.Set("/policy/rule[r1]/protocol[tcp]")};
  const std::string text =
      "lockstep-edits 1\n"
      "set 0 /test-policy:policy/rule[name=\"r1\"]/action \"permit\"\n"
      "set 2 /from-zone \"lan\"\n"
      "set 1 /rule[name=\"r2\"] after \"r1\"\n"
      "move 1 /rule[name=\"r3\"] first\n"
      "delete 0 /test-nat:nat\n"
      "delete 0 /test-routing:routing/route[prefix=\"p\"][router=\"v\"]\n"
      "set 0 /test-policy:policy/rule[name=\"r1\"]/protocol[.=\"tcp\"]\n";
  EXPECT_EQ(EncodeEdits(edits), text);
  const absl::StatusOr<std::vector<Edit>> decoded = DecodeEdits(text, schema_.root());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, edits);
}

TEST_F(EditCodec, NoEditsAreAHeading) {
  EXPECT_EQ(EncodeEdits({}), "lockstep-edits 1\n");
  EXPECT_TRUE(DecodeEdits("lockstep-edits 1\n", schema_.root())->empty());
}

TEST_F(EditCodec, AnyBytesComeBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const std::vector<Edit> edits = {schema_.Set("/system/host-name", all + "\"\\x00\\" + all),
                                   schema_.Set("/system/password", "")};
  const std::string text = EncodeEdits(edits);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_EQ(DecodeEdits(text, schema_.root()).value(), edits);
}

TEST_F(EditCodec, AnyEditsComeBack) {
  const TestSchema other(1000);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    RandomEdits random(schema_.root(), seed);
    std::vector<Edit> edits;
    for (int i = 0; i < 40; ++i) edits.push_back(random.Next());
    const std::string text = EncodeEdits(edits);
    const absl::StatusOr<std::vector<Edit>> decoded = DecodeEdits(text, schema_.root());
    ASSERT_TRUE(decoded.ok()) << "seed " << seed << " " << decoded.status() << "\n" << text;
    ASSERT_EQ(*decoded, edits) << "seed " << seed;
    // Another process has other indexes.
    ASSERT_EQ(EncodeEdits(DecodeEdits(text, other.root()).value()), text) << "seed " << seed;
  }
}

TEST_F(EditCodec, RefusesWithTheLine) {
  const std::string head = "lockstep-edits 1\n";
  const struct {
    std::string text;
    std::string_view wrong;
  } kCases[] = {
      {"", "line 1: there is nothing"},
      {"lockstep-edits 2\n", "line 1: this is no list"},
      {"lockstep-edits 1", "line 1: the line does not end"},
      {head + "\n", "line 2: it begins with none"},
      {head + "put 0 /test-nat:nat\n", "begins with none"},
      {head + "set x /test-nat:nat\n", "number of steps"},
      {head + "set 1 /test-nat:nat\n", "number of steps"},
      {head + "set 100 /test-nat:nat\n", "number of steps"},
      {head + "delete 0\n", "path is empty"},
      {head + "delete 0 /nat\n", "no such node"},
      {head + "delete 0 /test-zones:nat\n", "no such node"},
      {head + "delete 0 /test-nat:nat/test-nat:pool\n", "no such node"},
      {head + "delete 0 /test-nat:nat/pool[nam=\"x\"]\n", "another name"},
      {head + "delete 0 /test-nat:nat/pool[name=\"x]\n", "not a good text"},
      {head + "delete 0 /test-nat:nat/pool[name=\"x\"][name=\"y\"]\n", "too many keys"},
      {head + "delete 0 /test-routing:routing/route[prefix=\"x\"]\n", "too few keys"},
      {head + "delete 0 /test-nat:nat \"x\"\n", "more than an edit"},
      {head + "set 0 /test-system:system/host-name\n", "no good value"},
      {head + "set 0 /test-system:system/host-name \"a\tb\"\n", "no good value"},
      {head + "set 0 /test-system:system/host-name \"a\\q\"\n", "no good value"},
      {head + "set 0 /test-system:system/host-name \"a\\x41\"\n", "no good value"},
      {head + "set 0 /test-system:system/host-name \"a\\x0\n", "no good value"},
      {head + "move 0 /test-policy:policy/rule[name=\"x\"] after\n", "place has no keys"},
      {head + "move 0 /test-policy:policy/rule[name=\"x\"] after \"a\" \"b\"\n", "too many keys"},
      {head + "move 0 /test-policy:policy/rule[name=\"x\"] after a\n", "not a good text"},
  };
  for (const auto& [text, wrong] : kCases) {
    EXPECT_NE(ErrorOf(text).find(wrong), std::string::npos) << text << "\n" << ErrorOf(text);
  }
}

TEST_F(EditCodec, NoErrorShowsAValue) {
  const std::string error =
      ErrorOf("lockstep-edits 1\nset 0 /test-system:system/password \"geheim\" geheim\n");
  EXPECT_NE(error, "");
  EXPECT_EQ(error.find("geheim"), std::string::npos);
}

}  // namespace
}  // namespace configsync
