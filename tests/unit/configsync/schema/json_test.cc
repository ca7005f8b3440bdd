// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Configurations as JSON: what is read, what is refused, and that printing is its inverse.

#include "configsync/schema/read_json.h"

#include "configsync/schema/print_json.h"
#include "tests/unit/configsync/schema/golden_file.h"
#include "tests/unit/configsync/schema/our_schema.h"

namespace configsync {
namespace {

std::string ProblemsOf(const std::string& json) {
  Problems problems;
  static_cast<void>(ReadJson(OurSchema(), json, {}, problems));
  return TextOf(problems);
}

JsonOptions Clear(bool pretty) {
  return {.secrets = Secrets::kClear, .pretty = pretty, .seal = {}};
}

TEST(Json, PrintsWhatItRead) {
  const std::string json = ReadGolden("example.json");
  EXPECT_EQ(JsonText(TreeOf(json), Clear(true)) + "\n", json);
}

TEST(Json, CompactTextIsTheSameConfiguration) {
  const Tree tree = TreeOf(ReadGolden("example.json"));
  const std::string compact = JsonText(tree, Clear(false));
  EXPECT_EQ(compact.find('\n'), std::string::npos);
  EXPECT_EQ(TreeOf(compact), tree);
}

TEST(Json, AllMistakesAreNamedAtOnce) {
  ExpectGolden("mistakes.problems", ProblemsOf(ReadGolden("mistakes.json")));
}

TEST(Json, NamesNeedNoModuleAndKeysMayComeLast) {
  const Tree tree = TreeOf(R"({"policy":{"rule":[{"action":"deny","source":["10.0.0.0/8"],
      "commit-before-forward":{"on-deadline":"drop"},"name":"x"}]}})");
  EXPECT_EQ(tree, TreeOf(R"({"lockstep-policy:policy":{"rule":[{"name":"x","action":"deny",
      "source":["10.9.9.9/8"],"commit-before-forward":{"on-deadline":"drop"}}]}})"));
}

TEST(Json, OrderOfRulesIsKept) {
  EXPECT_NE(
      TreeOf(R"({"policy":{"rule":[{"name":"a","action":"deny"},{"name":"b","action":"deny"}]}})"),
      TreeOf(R"({"policy":{"rule":[{"name":"b","action":"deny"},{"name":"a","action":"deny"}]}})"));
  EXPECT_EQ(TreeOf(R"({"zones":{"zone":[{"name":"a"},{"name":"b"}]}})"),
            TreeOf(R"({"zones":{"zone":[{"name":"b"},{"name":"a"}]}})"));
}

TEST(Json, EmptyObjectsMeanNothing) {
  EXPECT_EQ(TreeOf(R"({})"), EmptyTree());
  EXPECT_EQ(TreeOf(R"({"policy":{"rule":[]},"system":{"timeouts":{}}})"), EmptyTree());
  EXPECT_EQ(JsonText(EmptyTree(), {}), "{}");
}

TEST(Json, SyntaxErrorsTellTheirPlaceButNotTheText) {
  EXPECT_EQ(ProblemsOf("{\n  \"ha\": hunter2}"),
            "BAD_JSON  [] syntax error at line 2, column 9; correct it there, or just before\n");
  EXPECT_EQ(ProblemsOf(R"({"ha": {)"),
            "BAD_JSON  [] ends too early at line 1, column 9; the text is cut off, or brackets or "
            "quotes are not closed\n");
  EXPECT_EQ(ProblemsOf(""),
            "BAD_JSON  [] ends too early at line 1, column 1; the text is cut off, or brackets or "
            "quotes are not closed\n");
  EXPECT_EQ(ProblemsOf("[]"),
            "WRONG_JSON_TYPE / [] the text is an array; a configuration is an object: { … }\n");
  EXPECT_NE(ProblemsOf("{} {}"), "");
}

TEST(Json, TextThatIsNotUtf8IsRefusedWithItsByte) {
  EXPECT_EQ(ProblemsOf("{\"zones\":\n\"\xff\"}"),
            "BAD_TEXT  [] byte 11 (line 2, column 2) is not UTF-8; save the text in UTF-8\n");
}

TEST(Json, DepthSizeAndNumberOfNodesAreBounded) {
  EXPECT_NE(ProblemsOf("{\"x\":" + std::string(100'000, '[')).find("JSON_TOO_DEEP"),
            std::string::npos);
  EXPECT_NE(ProblemsOf(std::string((64u << 20) + 1, ' ')).find("JSON_TOO_BIG"), std::string::npos);
  std::string many = R"({"policy":{"rule":[)";
  for (int i = 0; i < 2'000'001; ++i) many += "{},";
  Problems problems;
  static_cast<void>(ReadJson(OurSchema(), many, {}, problems));
  EXPECT_EQ(problems.list.size(), kProblemsMax);
  EXPECT_GT(problems.omitted_count, 1'900'000u);
}

TEST(Json, ALongValueIsRefused) {
  const std::string text = ProblemsOf(R"({"zones":{"zone":[{"name":"x","description":")" +
                                      std::string(70'000, 'y') + "\"}]}}");
  EXPECT_NE(text.find("VALUE_TOO_LONG /zones/zone[name='x']/description"), std::string::npos);
  EXPECT_LT(text.size(), 400u);
}

TEST(Json, SecretsArePrintedAsFingerprintsUnlessAskedFor) {
  const Tree tree = TreeOf(ReadGolden("example.json"));
  const std::string text = JsonText(tree, {});
  EXPECT_EQ(text.find("quoted"), std::string::npos);
  EXPECT_EQ(text.find("PRIVATE KEY"), std::string::npos);
  EXPECT_NE(text.find("\"password\": \"$fingerprint$"), std::string::npos);
}

TEST(Json, AFingerprintReadsBackAsTheSecretThatStandsThere) {
  const Tree tree = TreeOf(ReadGolden("example.json"));
  EXPECT_EQ(TreeOf(JsonText(tree, {}), {.current = &tree, .unseal = {}}), tree);
  Problems problems;
  static_cast<void>(ReadJson(OurSchema(), JsonText(tree, {}), {}, problems));
  ASSERT_EQ(problems.list.size(), 3u);
  EXPECT_EQ(problems.list[0].code, "MASKED_SECRET");
}

TEST(Json, SealedSecretsAreBoundToTheirPlaces) {
  const Tree tree = TreeOf(ReadGolden("example.json"));
  std::vector<std::string> places;
  const std::string sealed = JsonText(
      tree, {.secrets = Secrets::kSealed, .pretty = false, .seal = [&](auto path, auto secret) {
               places.emplace_back(path);
               return "sealed:" + std::string(path) + ":" + std::string(secret);
             }});
  EXPECT_EQ(places, (std::vector<std::string>{"/certificates/certificate[name='vpn']/private-key",
                                              "/ha/configuration-synchronization/local-password",
                                              "/ha/configuration-synchronization/"
                                              "remote[name='fw-b']/password"}));
  const auto unseal = [](std::string_view path,
                         std::string_view text) -> std::optional<std::string> {
    const std::string before = "sealed:" + std::string(path) + ":";
    if (!text.starts_with(before)) return std::nullopt;
    return std::string(text.substr(before.size()));
  };
  EXPECT_EQ(TreeOf(sealed, {.current = nullptr, .unseal = unseal}), tree);
  Problems problems;
  static_cast<void>(ReadJson(
      OurSchema(), R"({"ha":{"configuration-synchronization":{"local-password":"sealed:x"}}})",
      {.current = nullptr, .unseal = unseal}, problems));
  ASSERT_EQ(problems.list.size(), 1u);
  EXPECT_EQ(problems.list[0].code, "BROKEN_SEAL");
}

TEST(Json, APartIsPrintedInsideItsPlace) {
  const Tree tree = TreeOf(ReadGolden("example.json"));
  const Path rule{{&NodeAt("/policy"), {}}, {&NodeAt("/policy/rule"), {"web"}}};
  Path port = rule;
  port.push_back({&NodeAt("/policy/rule/destination-port"), {}});
  EXPECT_EQ(JsonText(tree, {.secrets = Secrets::kFingerprint, .pretty = false, .seal = {}}, port),
            R"({"lockstep-policy:policy":{"rule":[{"name":"web",)"
            R"("destination-port":["443","8000-8999"]}]}})");
  port.back().keys = {"443"};
  EXPECT_EQ(JsonText(tree, {.secrets = Secrets::kFingerprint, .pretty = false, .seal = {}}, port),
            R"({"lockstep-policy:policy":{"rule":[{"name":"web","destination-port":["443"]}]}})");
  port.back().keys = {"444"};
  EXPECT_EQ(JsonText(tree, {}, port), "{}");
  EXPECT_EQ(NodeJsonText(*tree.Find(rule)->children()[1], {}), "10");
}

TEST(Json, ASinkMayStopThePrinting) {
  const Tree tree = TreeOf(ReadGolden("example.json"));
  EXPECT_FALSE(PrintJson(tree, {}, {}, [](std::string_view) { return false; }));
}

}  // namespace
}  // namespace configsync
