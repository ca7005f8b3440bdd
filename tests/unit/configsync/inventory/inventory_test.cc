// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/inventory/inventory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/configsync/follow/tree_maker.h"

namespace configsync {
namespace {

class InventoryTest : public ::testing::Test {
 protected:
  InventoryTest() {
    InventorySetup setup;
    setup.schema = &maker_.schema();
    setup.version = "0.1.0";
    setup.node_name = "fw-a";
    setup.file = file_;
    setup.sysfs = "/nowhere";
    setup.device = [] { return std::string(32, 'a'); };
    inventory_ = Inventory::Make(setup);
  }
  ~InventoryTest() override { std::filesystem::remove(file_); }

  // As an installer does it: whole, under another name first.
  void Install(const std::string& json) {
    std::ofstream(file_ + ".new") << json;
    std::filesystem::rename(file_ + ".new", file_);
  }
  // True: somebody has to be told.
  bool Refresh() { return inventory_->Refresh("key-1", view_); }
  Facts FactsNow() { return inventory_->FactsOf(maker_.Empty()); }
  std::string ReasonsNow() {
    std::string names;
    for (const Reason& reason : inventory_->Role().reasons) {
      names += NameOf(reason) + " ";
    }
    return names;
  }

  // The leaf of the configuration has the name that its reason has, and that alone.
  void ExpectFeature(const std::string& leaf, const std::string& name) {
    EXPECT_FALSE(FactsNow().features.at(name));
    const Facts on = inventory_->FactsOf(maker_.Make({"/system/features/" + leaf + " true"}));
    EXPECT_TRUE(on.features.at(name));
    EXPECT_EQ(std::ranges::count(on.features, true, &std::pair<const std::string, bool>::second),
              1);
  }

  const std::string file_ =
      std::filesystem::temp_directory_path() / ("inventory-json-" + std::to_string(getpid()));
  TreeMaker maker_;
  DataplaneView view_;
  std::unique_ptr<Inventory> inventory_;
};

TEST_F(InventoryTest, FactsOfProgramSchemaAndConfiguration) {
  EXPECT_TRUE(Refresh());
  EXPECT_FALSE(Refresh());
  Facts facts = FactsNow();
  EXPECT_EQ(facts.device, std::string(32, 'a'));
  EXPECT_EQ(facts.name, "fw-a");
  EXPECT_EQ(facts.version, "0.1.0");
  EXPECT_EQ(facts.mode, "active-passive");
  EXPECT_EQ(facts.schema, maker_.schema().digest());
  EXPECT_EQ(facts.master_key, "key-1");
  EXPECT_TRUE(std::ranges::is_sorted(facts.schema_paths));
  EXPECT_TRUE(std::ranges::binary_search(facts.schema_paths, "/policy/rule/action"));
  EXPECT_TRUE(inventory_->Refresh("key-2", view_));
  facts = inventory_->FactsOf(maker_.Make({"/system/host-name edge-1", "/ha/mode active-active"}));
  EXPECT_EQ(facts.name, "edge-1");
  EXPECT_EQ(facts.mode, "active-active");
  EXPECT_EQ(facts.master_key, "key-2");
}

TEST_F(InventoryTest, F158_VirtualSystemsAreOfTheConfiguration) {
  ExpectFeature("virtual-systems", "vsys");
}
TEST_F(InventoryTest, F159_GtpIsOfTheConfiguration) { ExpectFeature("gtp", "gtp"); }
TEST_F(InventoryTest, F160_SctpIsOfTheConfiguration) { ExpectFeature("sctp", "sctp"); }
TEST_F(InventoryTest, F161_VpnIsOfTheConfiguration) { ExpectFeature("vpn", "vpn"); }

TEST_F(InventoryTest, F162_AnyFurtherFeatureIsOfTheFile) {
  Install(R"({"features": {"tls-inspection": true, "gtp": true}})");
  EXPECT_TRUE(Refresh());
  EXPECT_TRUE(FactsNow().features.at("tls-inspection"));
  EXPECT_TRUE(FactsNow().features.at("gtp"));
  EXPECT_FALSE(FactsNow().features.at("vpn"));
}

TEST_F(InventoryTest, F156_TheReleaseIsOfTheFileOrOfTheProgram) {
  Install(R"({"release": "11.1"})");
  EXPECT_TRUE(Refresh());
  EXPECT_EQ(FactsNow().version, "11.1");
  // Gone, as if it had never been there.
  std::filesystem::remove(file_);
  EXPECT_TRUE(Refresh());
  EXPECT_EQ(FactsNow().version, "0.1.0");
}

TEST_F(InventoryTest, F164_TheContentDatabaseIsOfTheFile) {
  Install(R"({"content-database": "8791"})");
  EXPECT_TRUE(Refresh());
  EXPECT_EQ(FactsNow().content_database, "8791");
}

TEST_F(InventoryTest, F165_LicencesAreOfTheFile) {
  Install(R"({"licenses": ["url", "threat"]})");
  EXPECT_TRUE(Refresh());
  EXPECT_EQ(FactsNow().licenses, (std::vector<std::string>{"threat", "url"}));
  std::filesystem::remove(file_);
  EXPECT_TRUE(Refresh());
  EXPECT_TRUE(FactsNow().licenses.empty());
}

TEST_F(InventoryTest, F166_PluginsAreOfTheFileAndSomeAreRequired) {
  Install(R"({"plugins": {"dns": {"version": "2", "required": true},
                          "dlp": {"version": "3", "required": false}, "iot": "4"}})");
  EXPECT_TRUE(Refresh());
  const Facts facts = FactsNow();
  EXPECT_EQ(facts.plugins.at("dns"), "2");
  EXPECT_EQ(facts.plugins.at("dlp"), "3");
  EXPECT_EQ(facts.plugins.at("iot"), "4");
  EXPECT_EQ(facts.required_plugins, std::vector<std::string>{"dns"});
}

TEST_F(InventoryTest, F19_TheHardwareIsOfTheFileOrOfTheMachine) {
  Install(R"({"hardware": "FW-3400"})");
  EXPECT_TRUE(Refresh());
  EXPECT_EQ(FactsNow().hardware, "FW-3400");
}

TEST_F(InventoryTest, ADamagedFileIsSaidAndWhatWasReadStays) {
  Install(R"({"licenses": ["url"]})");
  EXPECT_TRUE(Refresh());
  EXPECT_EQ(ReasonsNow(), "");
  Install(R"({"licenses": ["url", )");
  EXPECT_TRUE(Refresh());
  EXPECT_EQ(ReasonsNow(), "INVENTORY_INVALID ");
  EXPECT_NE(inventory_->Role().reasons[0].evidence.find(file_), std::string::npos);
  EXPECT_EQ(FactsNow().licenses, std::vector<std::string>{"url"});
  EXPECT_FALSE(Refresh());
  Install(R"({"licenses": ["threat"]})");
  EXPECT_TRUE(Refresh());
  EXPECT_EQ(ReasonsNow(), "");
  EXPECT_EQ(FactsNow().licenses, std::vector<std::string>{"threat"});
}

// Rights that are set right leave size and time of the content as they were; so does a copy.
TEST_F(InventoryTest, AFileThatIsMendedWithItsOldTimeIsReadAnew) {
  Install(R"({"licences": ["url"]})");
  Refresh();
  EXPECT_EQ(ReasonsNow(), "INVENTORY_INVALID ");
  const auto time = std::filesystem::last_write_time(file_);
  std::ofstream(file_) << R"({"licenses": ["url"]})";
  std::filesystem::last_write_time(file_, time);
  EXPECT_TRUE(Refresh());
  EXPECT_EQ(ReasonsNow(), "");
}

TEST_F(InventoryTest, F153_StateSyncIsOffAlsoWithoutADataplane) {
  Refresh();
  (void)inventory_->FactsOf(maker_.Make({"/ha/state-synchronization/enabled false"}));
  EXPECT_EQ(ReasonsNow(), "STATE_SYNC_DISABLED ");
  (void)inventory_->FactsOf(maker_.Make({"/ha/state-synchronization/enabled true"}));
  EXPECT_EQ(ReasonsNow(), "");
  FactsNow();  // As the node file says, which only the dataplane knows.
  EXPECT_EQ(ReasonsNow(), "");
}

TEST_F(InventoryTest, ARoleThatChangesIsTold) {
  Refresh();
  EXPECT_EQ(inventory_->Role().role, HaRole::kUnknown);
  view_.answers = true;
  view_.has_ha = true;
  view_.role = "active";
  view_.term = 3;
  EXPECT_TRUE(Refresh());
  EXPECT_EQ(inventory_->Role().role, HaRole::kActive);
  EXPECT_EQ(inventory_->Role().term, 3u);
  EXPECT_FALSE(Refresh());
  view_.reasons = {"ha2-silent: x"};
  EXPECT_TRUE(Refresh());
  view_.links = {{.name = "ha2", .heard_ms_ago = 5'000}};  // Evidence alone is no news.
  EXPECT_FALSE(Refresh());
}

}  // namespace
}  // namespace configsync
