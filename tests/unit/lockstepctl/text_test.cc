// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What lockstepctl prints: JSON, columns.

#include <gtest/gtest.h>

#include "tools/lockstepctl/columns.h"
#include "tools/lockstepctl/json_text.h"
#include "tools/lockstepctl/render.h"

namespace lockstepctl {
namespace {

TEST(Json, KeysAreTheProtosAndNumbersAreNumbers) {
  lockstep::control::Counter counter;
  counter.set_name("dataplane.drop.ttl");
  counter.set_value(5'000'000'000);
  EXPECT_EQ(JsonText(counter),
            "{\"name\":\"dataplane.drop.ttl\",\"value\":5000000000,\"help\":\"\"}");
}

TEST(Json, UnsetMessagesAndOptionalFieldsAreNull) {
  EXPECT_NE(JsonText(lockstep::control::Status()).find("\"last_takeover\":null"),
            std::string::npos);
  EXPECT_NE(JsonText(lockstep::control::Peer()).find("\"last_heard_ms_ago\":null"),
            std::string::npos);
  EXPECT_EQ(JsonText(lockstep::control::Stats()), "{\"counters\":[]}");
}

TEST(Json, NestedAndRepeatedFieldsAreWritten) {
  lockstep::control::Status status;
  status.add_reasons("a");
  status.add_reasons("b");
  status.mutable_last_takeover()->set_detect_us(7);
  const std::string text = JsonText(status);
  EXPECT_NE(text.find("\"reasons\":[\"a\",\"b\"]"), std::string::npos) << text;
  EXPECT_NE(text.find("\"detect_us\":7"), std::string::npos) << text;
  EXPECT_NE(text.find("\"hugepages\":false"), std::string::npos) << text;
}

TEST(Json, StringsAreEscaped) {
  EXPECT_EQ(JsonString("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\u000a\\u0001\"");
  EXPECT_EQ(JsonString("\xc3\xa9"), "\"\xc3\xa9\"");
  EXPECT_EQ(JsonString("\xff\xc3"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(Text, NumbersStandRightAndEmptyCellsAreDashes) {
  Columns columns({"NAME", "IDLE_S"});
  columns.Add({"long-name", "5"});
  columns.Add({"", "12345678"});
  EXPECT_EQ(columns.Text(), "NAME         IDLE_S\nlong-name         5\n-          12345678\n");
}

TEST(Text, StatusShowsReadinessWithItsReason) {
  lockstep::control::Status status;
  status.set_node("a");
  status.set_readiness("at-risk");
  status.set_readiness_reason("ha2-silent");
  const std::string text = StatusText(status);
  EXPECT_NE(text.find("READINESS             at-risk(ha2-silent)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("PEER_ROLE             -\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("TAKEOVER"), std::string::npos) << text;
}

TEST(Text, BulkShowsItsProgress) {
  lockstep::control::Status status;
  status.set_readiness("bulk");
  status.set_bulk_percent(42);
  EXPECT_NE(StatusText(status).find("bulk 42 %"), std::string::npos);
}

TEST(Text, SessionsHaveUpperCaseHeaders) {
  lockstep::control::ListSessionsResponse page;
  lockstep::control::Session& session = *page.add_sessions();
  session.set_protocol("tcp");
  session.set_client("10.1.0.1:40000");
  session.set_server("10.2.0.1:80");
  session.set_state("established");
  session.set_rule(10);
  session.set_version_term(8);
  session.set_version_counter(99);
  EXPECT_EQ(SessionsText(page),
            "PROTOCOL  CLIENT          SERVER       NAT  STATE        RULE  IDLE_S  VERSION\n"
            "tcp       10.1.0.1:40000  10.2.0.1:80  -    established    10       0  8.99\n");
}

}  // namespace
}  // namespace lockstepctl
