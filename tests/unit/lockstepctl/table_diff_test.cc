// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Sorting in bounded memory, reading dumps, and comparing two of them.

#include "tools/lockstepctl/table_diff.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tools/lockstepctl/commands.h"
#include "tools/lockstepctl/sorted_lines.h"

namespace lockstepctl {
namespace {

std::string EntryLine(int client_port, const std::string& state, int counter) {
  return absl::StrCat("session tcp 10.1.0.1:", client_port, " 10.2.0.1:80 nat - state ", state,
                      " rule 3 version 8.", counter);
}

std::string All(LineSource& lines) {
  std::string joined;
  std::string line;
  while (lines.Next(line).value()) joined += line + "|";
  return joined;
}

SortedLines Sorted(const std::vector<std::string>& lines, std::size_t buffer_bytes) {
  SortedLines sorted(buffer_bytes);
  for (const std::string& line : lines) EXPECT_TRUE(sorted.Add(line).ok());
  EXPECT_TRUE(sorted.Sort().ok());
  return sorted;
}

TEST(SortedLines, SortsBytewise) {
  SortedLines lines = Sorted({"b", "c", "a", "ab", "B"}, 1'000);
  EXPECT_EQ(lines.spilled_count(), 0u);
  EXPECT_EQ(All(lines), "B|a|ab|b|c|");
}

TEST(SortedLines, WhatDoesNotFitInMemoryIsMergedFromFiles) {
  std::vector<std::string> lines;
  std::string expected;
  for (int i = 0; i < 1'000; ++i) lines.push_back(absl::StrCat("line ", 1'000 + i * 7919 % 1'000));
  for (int i = 0; i < 1'000; ++i) absl::StrAppend(&expected, "line ", 1'000 + i, "|");
  SortedLines sorted = Sorted(lines, 500);
  EXPECT_GT(sorted.spilled_count(), 10u);
  EXPECT_EQ(All(sorted), expected);
}

struct Found {
  TableDiff tables;
  std::string text;  // Of the differences, one line each.
};

Found Diff(const std::vector<std::string>& first, const std::vector<std::string>& second) {
  SortedLines a = Sorted(first, 60);
  SortedLines b = Sorted(second, 60);
  Found found;
  auto tables = DiffDumps(a, b, [&](const Difference& difference) {
    absl::StrAppend(&found.text, std::string(1, "<>!"[static_cast<int>(difference.kind)]),
                    std::string(difference.key));
    for (const FieldDifference& field : difference.fields) {
      absl::StrAppend(&found.text, " ", field.name, "=", field.first, "/", field.second);
    }
    found.text += "\n";
  });
  found.tables = tables.value();
  return found;
}

TEST(TableDiff, EqualDumpsHaveNoDifference) {
  const std::vector<std::string> lines = {EntryLine(2, "established", 1),
                                          EntryLine(1, "closed", 2)};
  const Found found = Diff(lines, lines);
  EXPECT_EQ(found.text, "");
  EXPECT_EQ(found.tables.at("session").equal, 2u);
  EXPECT_EQ(found.tables.at("session").differences(), 0u);
}

TEST(TableDiff, NamesWhatIsMissingAndWhichFieldsChanged) {
  const Found found = Diff(
      {EntryLine(1, "established", 1), EntryLine(2, "established", 2), EntryLine(3, "closed", 3)},
      {EntryLine(2, "fin-wait", 7), EntryLine(3, "closed", 3), EntryLine(4, "closed", 4)});
  EXPECT_EQ(found.text,
            "<session tcp 10.1.0.1:1 10.2.0.1:80\n"
            "!session tcp 10.1.0.1:2 10.2.0.1:80 state=established/fin-wait version=8.2/8.7\n"
            ">session tcp 10.1.0.1:4 10.2.0.1:80\n");
  const TableDiffCounts& counts = found.tables.at("session");
  EXPECT_EQ(counts.equal, 1u);
  EXPECT_EQ(counts.only_first, 1u);
  EXPECT_EQ(counts.only_second, 1u);
  EXPECT_EQ(counts.changed, 1u);
}

// A server port that begins with another one's digits: by lines and by keys the order is the same.
TEST(TableDiff, AKeyThatIsAPrefixOfAnotherIsItsOwnEntry) {
  const std::string port_8 =
      "session tcp 10.1.0.1:1 10.2.0.1:8 nat - state closed rule 3 version 8.1";
  const std::string port_80 =
      "session tcp 10.1.0.1:1 10.2.0.1:80 nat - state closed rule 3 version 8.2";
  EXPECT_EQ(Diff({port_80}, {port_8, port_80}).text, ">session tcp 10.1.0.1:1 10.2.0.1:8\n");
  EXPECT_EQ(Diff({port_8, port_80}, {port_80}).text, "<session tcp 10.1.0.1:1 10.2.0.1:8\n");
}

TEST(TableDiff, EmptyAgainstFullIsAllMissing) {
  const Found found = Diff({}, {EntryLine(1, "closed", 1), EntryLine(2, "closed", 2)});
  EXPECT_EQ(found.tables.at("session").only_second, 2u);
}

TEST(TableDiff, EntriesOfATableUnknownHereAreComparedAsWholeLines) {
  const Found found = Diff({"mac 02:00 port 1"}, {"mac 02:00 port 2"});
  EXPECT_EQ(found.tables.at("mac").only_first, 1u);
  EXPECT_EQ(found.tables.at("mac").only_second, 1u);
}

class DiffCommand : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }
  static absl::StatusOr<int> Diff(const std::string& first, const std::string& second) {
    Request request;
    request.verb = Verb::kTablesDiff;
    request.first = first;
    request.second = second;
    return lockstepctl::Run(request);
  }
  const std::string folder_ = testing::TempDir() + "lockstepctl-diff-test";
};

TEST_F(DiffCommand, ItsStatusIsTheAnswer) {
  const std::string one = EntryLine(1, "closed", 1) + "\n";
  const std::string a = Write("a", one);
  EXPECT_EQ(Diff(a, Write("same", one)).value(), kStatusDone);
  EXPECT_EQ(Diff(a, Write("more", one + EntryLine(2, "closed", 2) + "\n")).value(), kStatusDiffer);
  EXPECT_EQ(Diff(Write("empty", ""), a).value(), kStatusDiffer);
}

TEST_F(DiffCommand, WhatIsNoDumpIsRefusedByLine) {
  const std::string one = EntryLine(1, "closed", 1);
  const std::string good = Write("good", one + "\n");
  const auto refusal = [&](const std::string& text) {
    return std::string(Diff(good, Write("bad", text)).status().message());
  };
  const std::string place = "dump " + folder_ + "/bad: line ";
  EXPECT_EQ(refusal(one + "\n" + EntryLine(0, "closed", 0) + "\n"),
            place + "2 is smaller than the line before it; sort the dump with LC_ALL=C sort");
  EXPECT_EQ(refusal(one), place + "1 has no end; the dump was cut short, make it anew");
  EXPECT_EQ(refusal("{\"lines\":[]}\n"),
            place + "1 is JSON; give the text that `lockstepctl tables dump` writes");
  EXPECT_EQ(refusal(one + "\n\n"),
            place + "2 is no entry of a table; give what `lockstepctl tables dump` writes");
  EXPECT_EQ(refusal(std::string(100'000, 'x')),
            place + "1 is no entry of a table; give what `lockstepctl tables dump` writes");
  EXPECT_EQ(Diff(good, folder_ + "/none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Diff(folder_, good).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace lockstepctl
