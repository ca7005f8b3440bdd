// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What lockstepctl prints of pairings and devices, and a pairing on a terminal.

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "tools/lockstepctl/command_line.h"
#include "tools/lockstepctl/device_commands.h"
#include "tools/lockstepctl/render_devices.h"

namespace lockstepctl {
namespace {

namespace pb = lockstep::admin;

pb::PairingResponse Pairing(const std::string& state, const std::string& text = "") {
  pb::PairingResponse pairing;
  pairing.set_state(state);
  pairing.set_text(text);
  if (state == "comparing" || state == "confirmed") {
    pairing.set_code("048291");
    pairing.set_name("fw-b");
    pairing.set_device("3f2a90c1d4e5b6a7889900aabbccddee");
    pairing.set_address("10.9.1.2");
    pairing.set_remaining_s(151);
  }
  return pairing;
}

TEST(DeviceText, APairingIsShownAsFarAsItIs) {
  EXPECT_EQ(PairingText(Pairing("none")), "STATE                  none\n");
  EXPECT_EQ(PairingText(Pairing("comparing")),
            "STATE                  comparing\n"
            "CODE                   048 291  (to be typed at the other node)\n"
            "ADDRESS                10.9.1.2\n"
            "OTHER                  fw-b, device 3f2a90c1d4e5b6a7889900aabbccddee\n"
            "REMAINING              151 s\n");
  EXPECT_EQ(PairingText(Pairing("failed", "cancelled at fw-a by anna")),
            "STATE                  failed\n"
            "cancelled at fw-a by anna\n");
}

TEST(DeviceText, DevicesAreATable) {
  pb::ListDevicesResponse list;
  pb::Device& own = *list.add_devices();
  own.set_device("11112222333344445555666677778888");
  own.set_name("fw-a");
  own.set_own(true);
  own.set_not_after("2027-01-15T08:00:00Z");
  own.set_sha256(std::string(64, 'a'));
  pb::Device& pair = *list.add_devices();
  pair.set_device("3f2a90c1d4e5b6a7889900aabbccddee");
  pair.set_name("fw-b");
  pair.set_pair(true);
  pair.set_not_after("2027-01-14T08:00:00Z");
  pair.set_sha256(std::string(64, 'b'));
  pair.set_paired_at("2026-01-15T08:00:00Z");
  pb::Device& remote = *list.add_devices();
  remote = pair;
  remote.set_name("fw-c");
  remote.set_pair(false);
  remote.set_revoked(true);
  // A day and a half before the own certificate ends.
  const std::string text = DevicesText(list, 1'800'000'000 - 129'600);
  EXPECT_EQ(text,
            "DEVICE                            NAME  KIND    STATE    DAYS  PAIRED_AT             "
            "CERTIFICATE\n"
            "11112222333344445555666677778888  fw-a  self    valid       1  -                     "
            "aaaaaaaaaaaaaaaa\n"
            "3f2a90c1d4e5b6a7889900aabbccddee  fw-b  pair    valid       0  2026-01-15T08:00:00Z  "
            "bbbbbbbbbbbbbbbb\n"
            "3f2a90c1d4e5b6a7889900aabbccddee  fw-c  remote  revoked     0  2026-01-15T08:00:00Z  "
            "bbbbbbbbbbbbbbbb\n");
  EXPECT_NE(DevicesText(list, 1'900'000'000).find("expired"), std::string::npos);
}

// Every certificate is refused then, so none must look as if it were good.
TEST(DeviceText, ACertificateThatBeginsLaterIsNotValid) {
  pb::ListDevicesResponse list;
  list.add_devices()->set_not_before("2026-01-15T08:00:00Z");
  list.mutable_devices(0)->set_not_after("2036-01-15T08:00:00Z");
  const std::string text = DevicesText(list, 1'700'000'000);
  EXPECT_NE(text.find("not-yet"), std::string::npos) << text;
  EXPECT_EQ(text.find("valid"), std::string::npos) << text;
}

// An operator at a terminal, and a node that answers from a list.
class PairAtTerminalTest : public ::testing::Test {
 protected:
  absl::StatusOr<int> Run(const std::string& typed) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::tmpfile(), &std::fclose);
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::tmpfile(), &std::fclose);
    std::fputs(typed.c_str(), in.get());
    std::rewind(in.get());
    std::size_t at = 0;
    const absl::StatusOr<int> status = PairAtTerminal(
        {.look = [&]() -> absl::StatusOr<pb::PairingResponse> { return answers.at(at); },
         .confirm =
             [&](const std::string& code) {
               confirmed.push_back(code);
               if (code == "048291") return absl::InvalidArgumentError("that is the own code");
               if (code != "777 123") return absl::PermissionDeniedError("a wrong code");
               ++at;
               return absl::OkStatus();
             },
         .pause = [&] { ++at; },
         .in = in.get(),
         .out = out.get()});
    std::rewind(out.get());
    char buffer[4'096] = {};
    printed.assign(buffer, std::fread(buffer, 1, sizeof buffer, out.get()));
    return status;
  }

  std::vector<pb::PairingResponse> answers{Pairing("waiting"), Pairing("waiting", "no answer yet"),
                                           Pairing("comparing"), Pairing("confirmed"),
                                           Pairing("done", "paired with fw-b")};
  std::vector<std::string> confirmed;
  std::string printed;
};

TEST_F(PairAtTerminalTest, ShowsTheCodeAndAsksForTheOthers) {
  const absl::StatusOr<int> status = Run("777 123\n");
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(*status, kStatusDone);
  EXPECT_EQ(printed,
            "waiting for the other node; Ctrl-C leaves, `lockstepctl pair cancel` ends it\n"
            "no answer yet\n"
            "fw-b at 10.9.1.2, device 3f2a90c1d4e5b6a7889900aabbccddee\n"
            "code of this node, to be typed there:  048 291\n"
            "type the code that fw-b shows: waiting for the operator of fw-b\n"
            "paired with fw-b\n");
}

TEST_F(PairAtTerminalTest, ACodeThatWasTypedElsewhereIsNoFailure) {
  answers = {Pairing("waiting"), Pairing("confirmed"), Pairing("done", "paired with fw-b")};
  const absl::StatusOr<int> status = Run("");
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(*status, kStatusDone) << printed;
}

TEST_F(PairAtTerminalTest, ASlipIsAskedAgainAndAWrongCodeIsTheEnd) {
  ASSERT_TRUE(Run("048291\n777 123\n").ok());
  EXPECT_EQ(confirmed, (std::vector<std::string>{"048291", "777 123"}));
  confirmed.clear();
  EXPECT_TRUE(absl::IsPermissionDenied(Run("111111\n777 123\n").status()));
  EXPECT_EQ(confirmed, std::vector<std::string>{"111111"});
}

TEST_F(PairAtTerminalTest, NothingTypedEndsNothing) {
  const absl::Status status = Run("").status();
  EXPECT_TRUE(absl::IsAborted(status));
  EXPECT_NE(std::string(status.message()).find("pair confirm"), std::string::npos);
  EXPECT_TRUE(confirmed.empty());
}

TEST_F(PairAtTerminalTest, AFailureIsTheExitStatus) {
  answers = {Pairing("waiting"), Pairing("failed", "cancelled at fw-b")};
  const absl::StatusOr<int> status = Run("");
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(*status, kStatusFailed);
  EXPECT_NE(printed.find("cancelled at fw-b"), std::string::npos);
}

TEST(DeviceCommandLine, WordsBecomeARequest) {
  Request request;
  const char* const start[] = {"lockstepctl", "pair",          "start",
                               "10.9.1.2",    "--remote-only", "--keep-master-key",
                               "--no-wait"};
  ASSERT_FALSE(ReadCommandLine(7, start, request).has_value());
  EXPECT_EQ(request.verb, Verb::kPairStart);
  EXPECT_EQ(request.address, "10.9.1.2");
  EXPECT_TRUE(request.is_remote_only && request.keep_master_key && request.no_wait);
  EXPECT_TRUE(IsForDevices(request.verb) && IsForConfigd(request.verb));
  request = {};
  const char* const revoke[] = {"lockstepctl", "devices", "revoke", "fw-b"};
  ASSERT_FALSE(ReadCommandLine(4, revoke, request).has_value());
  EXPECT_EQ(request.verb, Verb::kDevicesRevoke);
  EXPECT_EQ(request.device, "fw-b");
  const char* const nobody[] = {"lockstepctl", "devices", "revoke"};
  EXPECT_EQ(ReadCommandLine(3, nobody, request)->status, kStatusUsage);
}

}  // namespace
}  // namespace lockstepctl
