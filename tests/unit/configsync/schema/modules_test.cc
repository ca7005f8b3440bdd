// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Modules with mistakes do not load, and every mistake has its place.

#include <filesystem>
#include <fstream>

#include "tests/unit/configsync/schema/our_schema.h"

namespace configsync {
namespace {

namespace fs = std::filesystem;

// A folder with our annotations and one module of this body.
class Modules : public testing::Test {
 protected:
  Modules() {
    fs::create_directories(folder_);
    fs::copy_file(YangFolder() + "/lockstep-annotations.yang",
                  folder_ / "lockstep-annotations.yang", fs::copy_options::overwrite_existing);
  }
  ~Modules() override { fs::remove_all(folder_); }

  // What Load says of a module with this body.
  std::string Load(const std::string& body) {
    std::ofstream(folder_ / "lockstep-test.yang")
        << "module lockstep-test { yang-version 1.1; namespace \"urn:t\"; prefix t;\n"
        << "  import lockstep-annotations { prefix ls; }\n"
        << body << "\n}\n";
    const auto schema = Schema::Load(folder_.string());
    return std::string(schema.status().message());
  }

  static std::string Good(const std::string& inside) {
    return "container c { ls:sync shared; ls:category x; description \"C.\"; " + inside + " }";
  }

  const fs::path folder_ =
      fs::path(testing::TempDir()) /
      ("modules-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(Modules, AGoodModuleLoads) {
  EXPECT_EQ(Load(Good("leaf a { type string; description \"A.\"; }")), "");
}

TEST_F(Modules, EveryMistakeIsNamedWithItsPlace) {
  struct Case {
    std::string body;
    const char* text;
  };
  const std::string leaf = "type string; description \"A.\";";
  for (const Case& c : {
           Case{"container c { ls:category x; description \"C.\"; leaf a { " + leaf + " } }",
                "/c: no sync class here or above"},
           Case{"container c { ls:sync-active-active unique; ls:category x; description \"C.\"; }",
                "/c: no sync class here or above"},
           Case{"container c { ls:sync shared; description \"C.\"; }", "/c: no category"},
           Case{"container c { ls:sync shared; ls:category x; }", "/c: no description"},
           Case{Good("leaf a { ls:sync sharde; " + leaf + " }"),
                "/c/a: ls:sync \"sharde\": must be"},
           Case{Good("leaf a { ls:sync \"shared x\"; " + leaf + " }"),
                "/c/a: ls:sync \"shared x\""},
           Case{Good("leaf a { ls:sync \"conditional\"; " + leaf + " }"), "/c/a: ls:sync"},
           Case{Good("leaf a { ls:sync \"conditional moon\"; " + leaf + " }"), "/c/a: ls:sync"},
           Case{Good("leaf a { ls:sync shared; ls:sync unique; " + leaf + " }"), "; once"},
           Case{Good("leaf a { ls:sync-active-active maybe; " + leaf + " }"),
                "/c/a: ls:sync-active-active \"maybe\""},
           Case{Good("leaf a { ls:category \"Big Thing\"; " + leaf + " }"), "/c/a: ls:category"},
           Case{Good("leaf a { ls:trigger on-sunday; " + leaf + " }"),
                "/c/a: ls:trigger \"on-sunday\": must be one of on-save, on-apply, manual"},
           Case{Good("leaf a { ls:secret; type uint8; description \"A.\"; }"),
                "/c/a: ls:secret \"\": must be only on leaves that are strings"},
           Case{Good("leaf a { ls:auto-id; " + leaf + " }"), "/c/a: ls:auto-id"},
           Case{Good("leaf a { ls:auto-id; type uint8; default 1; description \"A.\"; }"),
                "/c/a: ls:auto-id"},
           Case{Good("leaf a { ls:depends \"/nowhere\"; " + leaf + " }"),
                "/c/a: ls:depends \"/nowhere\": there is no such node"},
           Case{Good("leaf a { ls:reload \"Big Service\"; " + leaf + " }"), "/c/a: ls:reload"},
           Case{Good("list l { key k; description \"L.\"; leaf k { ls:sync unique; " + leaf +
                     " } }"),
                "/c/l/k: a key has the class of its list"},
           Case{Good("leaf a { config false; " + leaf + " }"), "/c/a: is state"},
           Case{Good("choice d { description \"D.\"; leaf a { " + leaf + " } }"),
                "/c/d: this kind of node is not supported"},
           Case{Good("anydata d { description \"D.\"; }"),
                "/c/d: this kind of node is not supported"},
           Case{Good("leaf a { type instance-identifier; description \"A.\"; }"),
                "/c/a: this type is not supported"},
           Case{Good("leaf a { type union { type string; type uint8; } description \"A.\"; }"),
                "/c/a: the members of the union have different forms in JSON"},
           Case{Good("leaf b { " + leaf +
                     " } leaf a { type leafref { path \"/t:c/t:b\"; "
                     "require-instance false; } description \"A.\"; }"),
                "/c/a: a reference must lead to the key of a list"},
           Case{Good("list l { key k; description \"L.\"; leaf k { " + leaf +
                     " } } leaf a { "
                     "type leafref { path \"/t:c/t:l/t:k\"; } description \"A.\"; }"),
                "/c/a: say require-instance false"},
       }) {
    const std::string text = Load(c.body);
    EXPECT_NE(text.find(c.text), std::string::npos) << c.body << "\n" << text;
  }
}

TEST_F(Modules, AllMistakesAreNamedAtOnce) {
  const std::string text = Load("container c { leaf a { type string; } }");
  EXPECT_NE(text.find("/c: no sync class"), std::string::npos);
  EXPECT_NE(text.find("/c/a: no description"), std::string::npos);
  EXPECT_NE(text.find("6 mistakes"), std::string::npos) << text;
}

TEST_F(Modules, WhatLibyangSaysHasModuleAndLine) {
  const std::string text = Load("container c { leaf a { type strnig; } }");
  EXPECT_NE(text.find("strnig"), std::string::npos) << text;
  const std::string broken = Load("container c {");
  EXPECT_NE(broken.find("lockstep-test.yang"), std::string::npos) << broken;
  EXPECT_NE(broken.find("ine number"), std::string::npos) << broken;
}

TEST_F(Modules, AnotherTextHasAnotherDigest) {
  const auto digest = [&](const std::string& body) {
    EXPECT_EQ(Load(body), "");
    return (*Schema::Load(folder_.string()))->digest();
  };
  EXPECT_NE(digest(Good("leaf a { type string; description \"A.\"; }")),
            digest(Good("leaf a { type string; description \"B.\"; }")));
}

TEST_F(Modules, AFolderWithoutModulesIsAnError) {
  EXPECT_EQ(Schema::Load("/nonexistent").status().code(), absl::StatusCode::kNotFound);
  const fs::path empty = folder_ / "empty";
  fs::create_directories(empty);
  EXPECT_EQ(Schema::Load(empty.string()).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace configsync
