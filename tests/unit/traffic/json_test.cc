// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The report is read by another program: commas and quotes must be right.

#include "tools/traffic/json.h"

#include "gtest/gtest.h"

namespace traffic {
namespace {

TEST(JsonWriter, NestsObjectsAndArrays) {
  JsonWriter json;
  json.BeginObject().Number("a", 1).BeginArray("b").Item(2).Item(3).BeginArray().EndArray();
  json.EndArray().BeginObject("c").EndObject().Boolean("d", false).EndObject();
  EXPECT_EQ(json.line(), R"({"a":1,"b":[2,3,[]],"c":{},"d":false})");
}

TEST(JsonWriter, EscapesQuotesAndBackslashes) {
  JsonWriter json;
  json.BeginObject().Text("a", R"(x"y\z)").EndObject();
  EXPECT_EQ(json.line(), R"({"a":"x\"y\\z"})");
}

}  // namespace
}  // namespace traffic
