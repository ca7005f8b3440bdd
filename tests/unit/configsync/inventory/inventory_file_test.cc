// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/inventory/inventory_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace configsync {
namespace {

TEST(InventoryFile, EveryMemberIsRead) {
  const absl::StatusOr<Installed> read = ReadInventory(R"({
    "release": "11.1.4", "hardware": "FW-3400", "content-database": "8791-1204",
    "licenses": ["url", "threat", "url"],
    "plugins": {"dns": "2.1", "wan": {"version": "3.0", "required": true},
                "log": {"version": "1", "required": false}},
    "features": {"tls-inspection": true, "proxy": false}})");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->release, "11.1.4");
  EXPECT_EQ(read->hardware, "FW-3400");
  EXPECT_EQ(read->content_database, "8791-1204");
  EXPECT_EQ(read->licenses, (std::vector<std::string>{"threat", "url"}));
  EXPECT_EQ(read->plugins,
            (std::map<std::string, std::string>{{"dns", "2.1"}, {"log", "1"}, {"wan", "3.0"}}));
  EXPECT_EQ(read->required_plugins, std::vector<std::string>{"wan"});
  EXPECT_EQ(read->features,
            (std::map<std::string, bool>{{"proxy", false}, {"tls-inspection", true}}));
  EXPECT_EQ(*ReadInventory("{}"), Installed{});
}

TEST(InventoryFile, WhatIsWrongIsNamed) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "is no JSON object"},
      {"[]", "is no JSON object"},
      {"{\"release\": \"11\"", "is no JSON object"},
      {R"({"release": {"a": {"b": {"c": {"d": {}}}}}})", "is no JSON object"},
      {R"({"release": 11})", "'release': a text"},
      {R"({"release": ""})", "'release': a text"},
      {R"({"hardware": "a\nb"})", "'hardware': a text"},
      {R"({"licences": []})", "'licences': no member"},
      {R"({"licenses": "url"})", "'licenses': a list"},
      {R"({"licenses": [1]})", "'licenses': a text"},
      {R"({"plugins": ["dns"]})", "'plugins': names"},
      {R"({"plugins": {"dns": 2}})", "'plugins/dns': a text"},
      {R"({"plugins": {"dns": {"required": true}}})", "'plugins/dns': has no version"},
      {R"({"plugins": {"dns": {"version": "2", "is": 1}}})", "'plugins/dns': a version"},
      {R"({"features": {"vsys": "on"}})", "'features/vsys': true or false"}};
  for (const auto& [json, text] : cases) {
    const absl::StatusOr<Installed> read = ReadInventory(json);
    ASSERT_FALSE(read.ok()) << json;
    EXPECT_NE(std::string(read.status().message()).find(text), std::string::npos)
        << json << ": " << read.status();
  }
}

TEST(InventoryFile, EverythingHasABound) {
  std::string many = R"({"licenses": ["x")";
  std::string plugins = R"({"plugins": {"x": "1")";
  for (std::size_t i = 0; i < kInventoryEntriesMax; ++i) {
    many += ",\"" + std::to_string(i) + "\"";
    plugins += ",\"" + std::to_string(i) + "\":\"1\"";
  }
  EXPECT_TRUE(absl::IsResourceExhausted(ReadInventory(many + "]}").status()));
  EXPECT_TRUE(absl::IsResourceExhausted(ReadInventory(plugins + "}}").status()));
  EXPECT_TRUE(
      absl::IsResourceExhausted(ReadInventory(std::string(kInventoryBytesMax + 1, ' ')).status()));
  EXPECT_FALSE(ReadInventory("{\"release\": \"" + std::string(129, 'x') + "\"}").ok());
  EXPECT_FALSE(ReadInventory(std::string(200'000, '[')).ok());
}

TEST(InventoryFile, AFileIsAFile) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("inventory-test-" + std::to_string(getpid()));
  EXPECT_TRUE(absl::IsNotFound(ReadInventoryFile(path).status()));
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(ReadInventoryFile(path).ok());  // And it does not wait for a writer.
  std::filesystem::remove(path);
  std::ofstream(path) << std::string(kInventoryBytesMax + 10, ' ');
  EXPECT_TRUE(absl::IsResourceExhausted(ReadInventoryFile(path).status()));
  std::ofstream(path) << R"({"release": "1.2.3"})";
  EXPECT_EQ(ReadInventoryFile(path)->release, "1.2.3");
  std::ofstream(path) << "{";
  EXPECT_NE(std::string(ReadInventoryFile(path).status().message()).find(path), std::string::npos);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace configsync
