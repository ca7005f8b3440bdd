// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// F60: a name for each node, and one for whoever is active. With the modules that are installed.

#include "configsync/admin/host_names.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "configsync/schema/read_json.h"
#include "configsync/schema/schema.h"

namespace configsync {
namespace {

const Schema& TheSchema() {
  static const std::unique_ptr<Schema> schema = [] {
    auto loaded = Schema::Load(LOCKSTEP_YANG_DIR);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return *std::move(loaded);
  }();
  return *schema;
}

Tree TreeOf(std::string_view json) {
  Problems problems;
  const std::vector<Edit> edits = ReadJson(TheSchema(), json, {}, problems);
  for (const Problem& problem : problems.list) {
    ADD_FAILURE() << problem.path << " " << problem.text;
  }
  return Tree(TheSchema().root(), SecretKey{}).Apply(edits).value();
}

constexpr std::string_view kPair = R"({
  "lockstep-system:system": {"host-name": "fw-a"},
  "lockstep-ha:ha": {"virtual-host-name": "fw"},
  "lockstep-interfaces:interfaces": {
    "interface": [
      {"name": "lan", "port": "p0", "zone": "lan", "address": "10.1.0.2/24",
       "virtual-address": [{"vrid": 7, "address": "10.1.0.1"}]},
      {"name": "wan", "port": "p1", "zone": "wan", "address": "10.2.0.2/24",
       "virtual-address": [{"vrid": 8, "address": "10.2.0.1"}]}],
    "loopback": [{"name": "lo1", "address": ["192.0.2.1"]}]}})";

TEST(HostNames, ANodesOwnNameHasItsAddressesAndThePairsNameTheVirtualOnes) {
  EXPECT_EQ(HostsText(NamesOf(TreeOf(kPair))),
            "# Written by lockstep-configd when the running configuration changes; see hosts(5).\n"
            "10.1.0.2 fw-a\n"
            "10.2.0.2 fw-a\n"
            "192.0.2.1 fw-a\n"
            "10.1.0.1 fw\n"
            "10.2.0.1 fw\n");
}

TEST(HostNames, AnAddressForTheVirtualNameStandsForAllOfThem) {
  std::string json(kPair);
  json.replace(json.find("\"virtual-host-name\""), 0, "\"virtual-host-address\": \"10.1.0.1\", ");
  EXPECT_EQ(NamesOf(TreeOf(json)).active_addresses, std::vector<std::string>{"10.1.0.1"});
}

TEST(HostNames, WithoutNamesOrAddressesNothingIsWritten) {
  EXPECT_EQ(HostsText(NamesOf(TreeOf("{}"))).find('\n'), HostsText({}).size() - 1);
  EXPECT_EQ(NamesOf(TreeOf("{}")), HostNames{});
}

TEST(HostNames, ALeafThatIsNotSetHasTheModulesDefault) {
  EXPECT_EQ(LeafOr(TreeOf("{}"), {"ha", "mode"}), "active-passive");
  EXPECT_EQ(LeafOr(TreeOf("{}"), {"ha", "failover", "enabled"}), "true");
  EXPECT_EQ(LeafOr(TreeOf("{}"), {"ha", "no-such-leaf"}), "");
}

TEST(HostNames, TheFileIsReplacedWholeAndReadableByAll) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("hosts." + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const mode_t before = umask(077);
  const std::string path = (folder / "hosts").string();
  EXPECT_TRUE(WriteWhole(path, "one\n").ok());
  EXPECT_TRUE(WriteWhole(path, "2\n").ok());
  umask(before);
  std::string text;
  std::getline(std::ifstream(path), text, '\0');
  EXPECT_EQ(text, "2\n");
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0644u);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  EXPECT_NE(WriteWhole((folder / "none" / "hosts").string(), "x").message().find("hosts file "),
            std::string::npos);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace configsync
