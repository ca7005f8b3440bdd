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

lockstep::control::Peer PeerWithTable() {
  lockstep::control::Peer peer;
  peer.set_bulk_done(1'000);
  peer.set_bulk_total(4'000);
  peer.set_bulk_eta_ms(3'000);
  lockstep::control::TableReplication& table = *peer.add_tables();
  table.set_table("session");
  table.set_live(9);
  table.set_readiness("at-risk");
  table.set_reason("refused-entries");
  table.set_shards_agreed(250);
  table.set_shards_differed(2);
  table.set_shards_undecided(4);
  lockstep::control::Refusals& refused = *table.add_refused();
  refused.set_reason("table-full");
  refused.set_entries(3);
  return peer;
}

TEST(Text, PeerShowsEachTable) {
  const std::string text = PeerText(PeerWithTable());
  EXPECT_NE(text.find("BULK                  1000 of 4000, 25 %, 3.0 s to go\n"), std::string::npos)
      << text;
  EXPECT_NE(
      text.find("\nTABLE    LIVE  READINESS                 EXPOSURE_CHANGES  EXPOSURE_AGE_US  "
                "SHARDS_AGREED  DIFFERED  UNDECIDED  REFUSED\n"
                "session     9  at-risk(refused-entries)                 0                0  "
                "          250         2          4  table-full=3\n"),
      std::string::npos)
      << text;
  EXPECT_EQ(text.find("WITHIN"), std::string::npos) << "nothing was confirmed";
}

TEST(Text, PeerNamesTheShardThatDiffered) {
  lockstep::control::Peer peer = PeerWithTable();
  EXPECT_EQ(PeerText(peer).find("MISMATCHES"), std::string::npos) << "there was none";
  lockstep::control::Mismatches& mismatches = *peer.mutable_tables(0)->mutable_mismatches();
  mismatches.set_found(3);
  mismatches.set_open(1);
  mismatches.set_shard(171);
  mismatches.set_found_by("digest");
  mismatches.set_found_ms_ago(20);
  const std::string heading =
      "TABLE    MISMATCHES  OPEN  LAST_SHARD  FOUND_BY  FOUND_MS_AGO  REPAIRED_AFTER_US\n";
  std::string text = PeerText(peer);
  EXPECT_NE(text.find(heading + "session           3     1         171  digest              20  -"),
            std::string::npos)
      << text;
  mismatches.set_open(0);
  mismatches.set_repaired_after_us(51'200);
  text = PeerText(peer);
  EXPECT_NE(text.find("171  digest              20              51200\n"), std::string::npos)
      << text;
}

TEST(Text, WhatIsNotKnownYetIsADash) {
  lockstep::control::Peer peer;
  EXPECT_NE(PeerText(peer).find("ROUND_TRIP_US         -\n"), std::string::npos);
  EXPECT_NE(PeerText(peer).find("SCRUB_PASS_MS         -\n"), std::string::npos);
  peer.set_round_trip_us(374);
  peer.set_scrub_pass_ms(1'500);
  EXPECT_NE(PeerText(peer).find("ROUND_TRIP_US         374\n"), std::string::npos);
  EXPECT_NE(PeerText(peer).find("SCRUB_PASS_MS         1500\n"), std::string::npos);
}

TEST(Text, ThePeersReadinessHasItsReason) {
  lockstep::control::Peer peer;
  peer.set_readiness("at-risk");
  peer.set_readiness_reason("exposure");
  EXPECT_NE(PeerText(peer).find("READINESS             at-risk(exposure)\n"), std::string::npos);
  lockstep::control::Status status;
  status.set_peer_readiness("at-risk");
  status.set_peer_readiness_reason("exposure");
  EXPECT_NE(StatusText(status).find("PEER_READINESS        at-risk(exposure)\n"),
            std::string::npos);
}

TEST(Text, PeerNamesTheHa2LinkThatIsNotUsed) {
  lockstep::control::Peer peer;
  lockstep::control::Ha2LinkStatus& first = *peer.add_ha2();
  first.set_name("ha2");
  first.set_device("net_af_xdp0,iface=ha2");
  first.set_last_heard_ms_ago(3);
  first.set_used(true);
  first.set_frames_received(10);
  first.set_frames_sent(11);
  lockstep::control::Ha2LinkStatus& second = *peer.add_ha2();
  second.set_name("ha2_second");
  second.set_device("net_af_xdp1,iface=ha3");
  second.set_last_heard_ms_ago(900);
  second.set_left_after_ms(40);
  const std::string text = PeerText(peer);
  EXPECT_NE(text.find("HA2_LINK    DEVICE                 LAST_HEARD_MS_AGO  USED  LEFT_AFTER_MS  "
                      "FRAMES_IN  FRAMES_OUT\n"
                      "ha2         net_af_xdp0,iface=ha2                  3  yes               -  "
                      "       10          11\n"
                      "ha2_second  net_af_xdp1,iface=ha3                900  no               40  "
                      "        0           0\n"),
            std::string::npos)
      << text;
}

TEST(Text, PeerDrawsHowLongChangesTook) {
  lockstep::control::Peer peer = PeerWithTable();
  const std::uint64_t buckets[] = {1, 0, 80, 20};
  for (std::uint64_t i = 0; i < 4; ++i) {
    lockstep::control::ConfirmedWithin& bucket = *peer.mutable_tables(0)->add_confirmed();
    if (i < 3) bucket.set_at_most_us(512u << i);
    bucket.set_changes(buckets[i]);
  }
  const std::string text = PeerText(peer);
  EXPECT_NE(text.find("session: 101 changes applied on the peer, half within 2.0 ms, 99 % within "
                      "more\n"
                      "WITHIN  CHANGES  SHARE\n"
                      "512 us        1  #\n"
                      "1.0 ms        0  -\n"
                      "2.0 ms       80  ########################################\n"
                      "more         20  ##########\n"),
            std::string::npos)
      << text;
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
