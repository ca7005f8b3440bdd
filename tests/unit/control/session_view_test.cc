// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/session_view.h"

#include <set>

#include "tests/unit/control/control_fixture.h"

namespace dataplane {
namespace {

using lockstep::control::ListSessionsRequest;
using statesync::SessionState;

class SessionView : public ControlFixture {
 protected:
  std::uint64_t CountOf(ListSessionsRequest request) {
    request.set_count_only(true);
    const auto response = ListSessions(*table_, request, 100);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->count() : 0;
  }

  std::string MistakeOf(const ListSessionsRequest& request) {
    return std::string(ListSessions(*table_, request, 100).status().message());
  }

  std::multiset<std::string> Dump() {
    std::multiset<std::string> lines;
    TableCursor cursor;
    while (!cursor.is_at_end()) {
      lockstep::control::DumpTablesResponse chunk;
      DumpSessions(*table_, cursor, chunk);
      EXPECT_LE(chunk.lines_size(), kDumpLinesPerChunk);
      lines.insert(chunk.lines().begin(), chunk.lines().end());
    }
    return lines;
  }
};

TEST_F(SessionView, FiltersChooseByEveryField) {
  for (std::uint32_t i = 0; i < 10; ++i) {
    AddSession(i, i < 4 ? SessionState::kTcpEstablished : SessionState::kUdpSingle);
  }
  ListSessionsRequest request;
  EXPECT_EQ(CountOf(request), 10u);
  request.set_protocol("tcp");
  EXPECT_EQ(CountOf(request), 4u);
  request.set_protocol("");
  request.set_state("single");
  EXPECT_EQ(CountOf(request), 6u);
  request.set_state("");
  request.set_source("10.1.0.1");
  EXPECT_EQ(CountOf(request), 10u);
  request.set_source("10.1.0.2/32");
  EXPECT_EQ(CountOf(request), 0u);
  request.set_source("");
  request.set_destination("10.2.0.0/16");
  request.set_port(80);
  EXPECT_EQ(CountOf(request), 10u);
  request.set_port(81);
  EXPECT_EQ(CountOf(request), 0u);
}

TEST_F(SessionView, PagesHoldEverySessionOnce) {
  for (std::uint32_t i = 0; i < 250; ++i) {
    AddSession(i, SessionState::kTcpEstablished);
  }
  std::set<std::string> clients;
  ListSessionsRequest request;
  request.set_limit(100);
  int page_count = 0;
  do {
    const auto page = ListSessions(*table_, request, 100);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_LE(page->sessions_size(), 100);
    for (const auto& session : page->sessions()) {
      EXPECT_TRUE(clients.insert(session.client()).second) << session.client();
    }
    request.set_page_token(page->next_page_token());
    ++page_count;
  } while (!request.page_token().empty());
  EXPECT_EQ(clients.size(), 250u);
  EXPECT_EQ(page_count, 3);
}

TEST_F(SessionView, LastFullPageHasNoSuccessor) {
  for (std::uint32_t i = 0; i < 5; ++i) {
    AddSession(i, SessionState::kTcpEstablished);
  }
  ListSessionsRequest request;
  request.set_limit(5);
  const auto page = ListSessions(*table_, request, 100);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->sessions_size(), 5);
  EXPECT_EQ(page->next_page_token(), "");
}

TEST_F(SessionView, BadRequestsNameFieldValueAndRemedy) {
  ListSessionsRequest request;
  request.set_source("10.1");
  EXPECT_EQ(MistakeOf(request),
            "source: \"10.1\": is no address or prefix; write 10.1.0.7 or 10.1.0.0/24");
  request.set_source("");
  request.set_protocol("sctp");
  EXPECT_EQ(MistakeOf(request), "protocol: \"sctp\": must be tcp, udp or icmp");
  request.set_protocol("");
  request.set_port(65'536);
  EXPECT_EQ(MistakeOf(request), "port: 65536: must be 1 to 65535");
  request.set_port(0);
  request.set_limit(10'001);
  EXPECT_EQ(MistakeOf(request), "limit: 10001: at most 10000 a page");
  request.set_limit(0);
  for (const char* token : {"1", "a.b", "1.2.3", "-1.0"}) {
    request.set_page_token(token);
    EXPECT_NE(MistakeOf(request).find("page_token"), std::string::npos) << token;
  }
  request.set_page_token("");
  request.set_state("open");
  EXPECT_NE(MistakeOf(request).find("state: \"open\": must be one of syn-sent, "),
            std::string::npos);
}

TEST_F(SessionView, DumpLinesAreCanonical) {
  AddSession(1, SessionState::kTcpEstablished, statesync::MakeVersion({9}, 12'345));
  EXPECT_EQ(Dump(), (std::multiset<std::string>{
                        "session tcp 10.1.0.1:10001 10.2.0.10:80 nat - state established rule 3 "
                        "version 9.12345"}));
}

TEST_F(SessionView, DumpShowsTheNatAddress) {
  statesync::NewSession session;
  session.key = {.source_addr = inet_addr("10.1.0.1"),
                 .target_addr = inet_addr("10.2.0.10"),
                 .source_port = htons(40'000),
                 .target_port = htons(53),
                 .protocol = 17};
  session.nat_addr = inet_addr("203.0.113.1");
  session.nat_port =
      htons(statesync::SessionTable::NatPortInShard(session.key, session.nat_addr, 10));
  session.flags = statesync::kSessionHasNat;
  session.state = SessionState::kUdpMultiple;
  statesync::Handle handle;
  ASSERT_EQ(table_->Insert(session, handle), statesync::InsertResult::kInserted);
  const std::string line = *Dump().begin();
  EXPECT_EQ(line, "session udp 10.1.0.1:40000 10.2.0.10:53 nat 203.0.113.1:" +
                      std::to_string(ntohs(session.nat_port)) +
                      " state multiple rule 0 version 0.0");
}

TEST_F(SessionView, DumpHoldsNeitherTombstonesNorLocalIcmp) {
  AddSession(1, SessionState::kTcpEstablished);
  statesync::NewSession echo;
  echo.key = {
      .source_addr = 1, .target_addr = 2, .source_port = 3, .target_port = 0, .protocol = 1};
  echo.state = SessionState::kIcmpEcho;
  echo.flags = statesync::kSessionLocalOnly;
  statesync::Handle handle;
  ASSERT_EQ(table_->Insert(echo, handle), statesync::InsertResult::kInserted);
  EXPECT_EQ(Dump().size(), 1u);
  table_->entry(handle).flags = 0;
  EXPECT_EQ(Dump().size(), 2u);
  table_->Delete(handle);
  EXPECT_EQ(Dump().size(), 1u);
}

TEST_F(SessionView, DumpComesInBoundedChunks) {
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    AddSession(i, SessionState::kUdpSingle);
  }
  EXPECT_EQ(Dump().size(), 2'000u);
}

}  // namespace
}  // namespace dataplane
