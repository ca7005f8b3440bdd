// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The checkers find what they are for: each planted break within a few seeds.

#include <gtest/gtest.h>

#include <array>
#include <ostream>

#include "tests/sim/pair/runs.h"

namespace configsync {
namespace {

struct PlantLimit {
  Plant plant;
  std::uint64_t seeds_max;
  std::string_view found_as;  // Part of what the checker says.
};

constexpr auto kPlants = std::to_array<PlantLimit>({
    {Plant::kForgetSource, 20, "forgot whose push"},
    {Plant::kHalfApply, 5, "torn"},
    {Plant::kLoseWrite, 5, "acknowledged commit is lost"},
    {Plant::kSealNothing, 20, "a secret in the clear"},
    {Plant::kTakeOwn, 5, "its own"},
    {Plant::kBelieveEqual, 10, "in sync"},
    {Plant::kForgetTimer, 60, "never confirmed"},
});
static_assert(kPlants.size() + 1 == kPlantCount);

void PrintTo(const PlantLimit& limit, std::ostream* out) { *out << limit.found_as; }

class PlantTest : public ::testing::TestWithParam<PlantLimit> {};

TEST_P(PlantTest, IsFound) {
  const PlantLimit& limit = GetParam();
  std::string failure;
  for (std::uint64_t seed = 1; seed <= limit.seeds_max && failure.empty(); ++seed) {
    failure = RunRandom(seed, 10, limit.plant).failure;
  }
  EXPECT_NE(failure.find(limit.found_as), std::string::npos) << failure;
}

INSTANTIATE_TEST_SUITE_P(All, PlantTest, ::testing::ValuesIn(kPlants));

TEST(Ledger, APushOverWhatItsSenderNeverHadIsALoss) {
  const Content content(ProductSchema());
  Ledger ledger(content, 2);
  const Tree empty(ProductSchema(), SecretKey{});
  const Stamp first = ledger.NextStamp(), second = ledger.NextStamp();
  const Tree here = *empty.Apply(content.StampEdits("objects", first));
  const Tree there = *empty.Apply(content.StampEdits("objects", second));
  EXPECT_EQ(ledger.OnRevision(0, -1, false, empty, here), "");
  EXPECT_EQ(ledger.OnRevision(1, -1, false, empty, there), "");
  EXPECT_NE(ledger.OnRevision(1, 0, false, there, here).find("lost"), std::string::npos);
  EXPECT_EQ(ledger.OnRevision(1, 0, true, there, here), "");
  ledger.OnLook(0, there);
  EXPECT_EQ(ledger.OnRevision(1, 0, false, there, here), "");
}

}  // namespace
}  // namespace configsync
