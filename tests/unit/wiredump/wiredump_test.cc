// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// wiredump from captures to lines, and what it says of captures that it cannot show.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "statesync/wire/record_sizes.h"
#include "tests/unit/wiredump/sample_capture.h"
#include "tools/wiredump/dump.h"
#include "tools/wiredump/lua_schema.h"
#include "tools/wiredump/schema_table.h"

namespace wiredump {
namespace {

using wiredump::testing::MakeSample;
using wiredump::testing::Sample;
using wiredump::testing::SampleKeys;
using wiredump::testing::WriteCapture;

struct Output {
  absl::StatusOr<int> status;
  std::string lines;
  std::string complaints;

  [[nodiscard]] std::size_t CountOf(const std::string& text) const {
    std::size_t count = 0;
    for (std::size_t at = lines.find(text); at != std::string::npos;
         at = lines.find(text, at + 1)) {
      ++count;
    }
    return count;
  }
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class Wiredump : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    WriteCapture(folder_ + "/sample.pcap", sample_.packets);
    std::ofstream(folder_ + "/sample.keys") << SampleKeys();
    request_.capture = folder_ + "/sample.pcap";
    request_.keys = folder_ + "/sample.keys";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] static Output Run(const Request& request) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Output output{wiredump::Run(request), "", ""};
    output.lines = ::testing::internal::GetCapturedStdout();
    output.complaints = ::testing::internal::GetCapturedStderr();
    return output;
  }

  const Sample sample_ = MakeSample();
  const std::string folder_ = ::testing::TempDir() + "wiredump-test";
  Request request_;
};

TEST_F(Wiredump, OneLineForEachDatagram) {
  const Output output = Run(request_);
  EXPECT_EQ(output.status.value(), kStatusDone);
  EXPECT_EQ(output.CountOf("\n"), sample_.packets.size() - Sample::kOther);
  EXPECT_EQ(output.CountOf("active synced term 8 frame "), statesync::kKnownRecords.size());
  EXPECT_EQ(output.CountOf("active synced term 8 next 100 ack 99: keepalive\n"), 1u);
  EXPECT_EQ(output.CountOf(" > 10.9.2.2 stream 0 epoch 0 phase 3 packet 1: confirms new keys\n"),
            1u);
  for (const char* const heard : {"no link", "ha2", "ha2_second", "ha2 and ha2_second"}) {
    EXPECT_EQ(output.CountOf(std::string(": link report: hears its peer on ") + heard + "\n"), 1u);
  }
  EXPECT_EQ(output.CountOf("22:13:20.000042 10.9.2.1:4799 > 10.9.2.2 hello phase 3: "), 1u);
  EXPECT_EQ(output.CountOf(" session insert 3\n"), 2u);
  EXPECT_EQ(output.complaints,
            "wiredump: 2 packets are no HA2 (not UDP to port 4799); passed over\n");
}

TEST_F(Wiredump, VerboseShowsEveryFieldOfEveryRecord) {
  request_.verbose = true;
  const Output output = Run(request_);
  EXPECT_EQ(output.CountOf("\n      8.1120 shard 1 slot 515 generation 4 client_addr 5.6.7.8 "
                           "server_addr 9.10.11.12 client_port 3342 server_port 3856 "),
            1u)
      << output.lines.substr(0, 3'000);
  for (const Record& record : Records()) {
    for (const Field& field : record.fields) {
      if (record.bytes > 1) {
        EXPECT_GE(output.CountOf(std::string(" ") + field.name + " "), 3u) << field.name;
      }
    }
  }
}

TEST_F(Wiredump, JsonIsOneObjectPerLineAndASummary) {
  request_.json = true;
  const Output output = Run(request_);
  EXPECT_EQ(output.CountOf("{\"packet\":"), sample_.packets.size() - Sample::kOther);
  EXPECT_EQ(output.CountOf("\"outcome\":\"frame\""), static_cast<std::size_t>(sample_.frames));
  EXPECT_EQ(output.CountOf("\"outcome\":\"link-report\""), 4u);
  EXPECT_EQ(output.CountOf("\"hears\":{\"ha2\":false,\"ha2_second\":true}"), 1u);
  EXPECT_EQ(output.CountOf("\"op\":\"digest\""), 1u);
  EXPECT_EQ(output.CountOf("\"sum_high\":\"0x0b0c0d0e0f101112\""), 1u) << output.lines;
  EXPECT_EQ(
      output.CountOf(
          "{\"summary\":{\"packets\":29,\"frames\":21,\"confirmations\":1,"
          "\"link_reports\":4,\"hellos\":1,\"sealed\":0,\"malformed\":0,\"other\":2,\"cut\":0,"
          "\"damaged\":false}}\n"),
      1u)
      << output.lines.substr(output.lines.size() - 200);
}

TEST_F(Wiredump, WithoutKeysTheClearHeaderIsShown) {
  request_.keys.clear();
  const Output output = Run(request_);
  EXPECT_EQ(output.status.value(), kStatusDone);
  EXPECT_EQ(output.CountOf(": sealed, "), static_cast<std::size_t>(sample_.frames + 5));
  EXPECT_EQ(output.CountOf("hello"), 1u);
  EXPECT_NE(output.complaints.find(": give --keys to open them\n"), std::string::npos);
}

TEST_F(Wiredump, WrongKeysAreOneLineWithACount) {
  WriteCapture(request_.capture, MakeSample(50).packets);
  const Output output = Run(request_);
  EXPECT_EQ(output.status.value(), kStatusFailed);
  EXPECT_NE(output.complaints.find("wiredump: 26 sealed frames that no key of the file opens"),
            std::string::npos)
      << output.complaints;
  EXPECT_EQ(output.CountOf(": sealed, "), 26u);
}

TEST_F(Wiredump, ACaptureThatWasCutShortShowsWhatCameBefore) {
  const std::string whole = ReadFile(request_.capture);
  std::ofstream(request_.capture, std::ios::binary) << whole.substr(0, whole.size() - 70);
  const Output output = Run(request_);
  EXPECT_EQ(output.status.value(), kStatusFailed);
  EXPECT_EQ(output.CountOf("\n"), sample_.packets.size() - Sample::kOther);
  EXPECT_NE(output.complaints.find(": cut short or damaged after 28 packets ("), std::string::npos)
      << output.complaints;
}

TEST_F(Wiredump, DatagramsShortenedByTheSnapLengthAreCounted) {
  WriteCapture(request_.capture, sample_.packets, 96);
  const Output output = Run(request_);
  EXPECT_EQ(output.status.value(), kStatusFailed);
  EXPECT_NE(output.complaints.find(" datagrams are not complete in the capture; capture with -s 0"),
            std::string::npos)
      << output.complaints;
}

TEST_F(Wiredump, WhatBreaksTheFormatIsNamedByItsFirstRule) {
  auto packets = sample_.packets;
  packets[0][14 + 28] = 0;       // Magic of the hello.
  packets[6][14 + 24 + 1] += 1;  // UDP length of a frame.
  WriteCapture(request_.capture, packets);
  const Output output = Run(request_);
  EXPECT_EQ(output.status.value(), kStatusFailed);
  EXPECT_EQ(output.CountOf("malformed: bad-magic, "), 1u);
  EXPECT_NE(
      output.complaints.find("wiredump: 2 datagrams break the format, the first by bad-magic; "),
      std::string::npos)
      << output.complaints;
}

TEST_F(Wiredump, EmptyDatagramsThatSayNothingKnownAreMalformed) {
  std::vector<std::vector<std::uint8_t>> packets;
  for (const auto& [stream, epoch] : {std::pair{1, 0}, {1, 0x8001}, {0, 1}, {0, 0x8004}}) {
    packets.push_back(testing::EmptyDatagram(static_cast<std::uint16_t>(stream),
                                             static_cast<std::uint16_t>(epoch)));
  }
  WriteCapture(request_.capture, packets);
  const Output output = Run(request_);
  EXPECT_EQ(output.status.value(), kStatusFailed);
  EXPECT_EQ(output.CountOf(": malformed: bad-empty\n"), 4u) << output.lines;
  EXPECT_NE(output.complaints.find("4 datagrams break the format, the first by bad-empty; "),
            std::string::npos)
      << output.complaints;
}

TEST_F(Wiredump, FilesThatAreNoCaptureOrNoKeysAreRefused) {
  std::ofstream(folder_ + "/text") << "This is no capture at all, but long enough to be one.\n";
  const auto message = [&](const std::string& capture, const std::string& keys) {
    request_.capture = capture;
    request_.keys = keys;
    return std::string(Run(request_).status.status().message());
  };
  const std::string capture = request_.capture;
  const std::string keys = request_.keys;
  EXPECT_EQ(message(folder_ + "/text", keys)
                .rfind("capture " + folder_ + "/text: is no pcap or pcapng file (", 0),
            0u);
  EXPECT_EQ(message(capture, folder_ + "/text"),
            "HA2 key file " + folder_ +
                "/text: line 1 is no `ha2-key` line; take the file that the node wrote");
  std::ofstream(folder_ + "/none") << "# No key yet.\n";
  EXPECT_EQ(message(capture, folder_ + "/none"),
            "HA2 key file " + folder_ + "/none: has no key; the node writes one when HA2 connects");
  EXPECT_EQ(
      message(folder_ + "/absent", keys).rfind("capture " + folder_ + "/absent: cannot open", 0),
      0u);
}

// The exported capture has the clear header with another kind, and the frame without its tag.
TEST_F(Wiredump, ExportsACaptureOfOpenedFrames) {
  request_.plain = folder_ + "/plain.pcap";
  EXPECT_EQ(Run(request_).status.value(), kStatusDone);
  struct stat status {};
  ASSERT_EQ(stat(request_.plain.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  const std::string plain = ReadFile(request_.plain);
  std::size_t opened = 0;
  for (std::size_t at = plain.find("LS\x01\xf3"); at != std::string::npos;
       at = plain.find("LS\x01\xf3", at + 1)) {
    ++opened;
  }
  EXPECT_EQ(opened, static_cast<std::size_t>(sample_.frames + Sample::kConfirmations +
                                             Sample::kLinkReports));
  request_.capture = request_.plain;
  request_.plain.clear();
  const Output again = Run(request_);
  EXPECT_NE(again.complaints.find("26 datagrams break the format, the first by bad-kind"),
            std::string::npos)
      << "lengths are right, and no node takes the kind: " << again.complaints;
}

// The middle of lockstep.lua is printed by --schema. GOLDEN_WRITE=1 writes it.
TEST(Dissector, HasTheSchemaOfTheEngine) {
  const std::string path = "lockstep.lua";  // This test runs in tools/wiredump.
  const std::string begin = "-- begin of schema\n";
  const std::string end = "-- end of schema\n";
  const std::string lua = ReadFile(path);
  const std::size_t from = lua.find(begin);
  const std::size_t to = lua.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  const std::size_t first = from + begin.size();
  if (std::getenv("GOLDEN_WRITE") != nullptr) {
    std::ofstream(path) << lua.substr(0, first) << LuaSchema() << lua.substr(to);
    return;
  }
  EXPECT_EQ(lua.substr(first, to - first), LuaSchema());
}

}  // namespace
}  // namespace wiredump
