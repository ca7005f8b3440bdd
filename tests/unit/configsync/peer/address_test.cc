// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <gtest/gtest.h>

#include "configsync/peer/remote_address.h"
#include "configsync/reasons/reason.h"

namespace configsync {
namespace {

struct Form {
  const char* text;
  const char* target;  // Empty: refused.
};

TEST(RemoteAddress, F7_Forms) {
  const std::vector<Form> forms = {
      {"10.10.20.2", "ipv4:10.10.20.2:4792"},
      {"10.10.20.2:80", "ipv4:10.10.20.2:80"},
      {"10.10.20.2:65535", "ipv4:10.10.20.2:65535"},
      {"fd00::2", "ipv6:[fd00::2]:4792"},
      {"FD00:0:0::2", "ipv6:[fd00::2]:4792"},
      {"[fd00::2]", "ipv6:[fd00::2]:4792"},
      {"[fd00::2]:80", "ipv6:[fd00::2]:80"},
      {"https://10.10.20.2", "ipv4:10.10.20.2:4792"},
      {"https://10.10.20.2/", "ipv4:10.10.20.2:4792"},
      {"HTTPS://10.10.20.2:443/", "ipv4:10.10.20.2:443"},
      {"https://[fd00::2]:443", "ipv6:[fd00::2]:443"},
      {"https://[fd00::2]/", "ipv6:[fd00::2]:4792"},
      {"", ""},
      {" 10.10.20.2", ""},
      {"10.10.20", ""},
      {"10.10.20.256", ""},
      {"010.10.20.2", ""},
      {"10.10.20.2:", ""},
      {"10.10.20.2:0", ""},
      {"10.10.20.2:65536", ""},
      {"10.10.20.2:99999999999", ""},
      {"10.10.20.2:+80", ""},
      {"10.10.20.2:80:80", ""},
      {"10.10.20.2/24", ""},
      {"[10.10.20.2]", ""},
      {"[fd00::2", ""},
      {"fd00::2]", ""},
      {"[fd00::2]80", ""},
      {"[]", ""},
      {"fe80::1%eth0", ""},
      {"http://10.10.20.2", ""},
      {"https://", ""},
      {"https://10.10.20.2/config", ""},
      {"https://user@10.10.20.2", ""},
      {"fw-b", ""},
      {"https://fw-b.example.net", ""},
  };
  for (const Form& form : forms) {
    const auto endpoint = ParseRemoteAddress(form.text, 4792);
    EXPECT_EQ(endpoint.ok() ? TargetOf(*endpoint) : "", form.target) << form.text;
    if (!endpoint.ok()) {
      EXPECT_NE(endpoint.status().message().find("10.10.20.2:4792"), std::string::npos);
    }
  }
  EXPECT_FALSE(ParseRemoteAddress(std::string(100'000, '1'), 4792).ok());
}

const std::vector<LocalAddress> kLocal = {
    {"lo", AF_INET, "127.0.0.1", 8, true},     {"eth0", AF_INET, "192.168.1.1", 24, true},
    {"eth1", AF_INET, "10.10.20.1", 30, true}, {"eth2", AF_INET, "10.10.30.1", 25, false},
    {"eth1", AF_INET6, "fd00::1", 64, true},
};
const std::vector<std::string> kHa1 = {"10.10.20.1:4792", "10.10.30.1", "fd00::1"};

std::string InterfaceOf(const std::string& text) {
  const auto found = FindSyncInterface(*ParseRemoteAddress(text, 4792), kHa1, kLocal);
  return found.ok() ? found->interface : std::string(RowOf(ReasonOf(found.status()).code).name);
}

TEST(RemoteAddress, F7_MustBeInASubnetOfHa1) {
  EXPECT_EQ(InterfaceOf("10.10.20.2"), "eth1");
  EXPECT_EQ(InterfaceOf("10.10.20.4"), "HA1_NOT_SYNC_INTERFACE");  // The next /30.
  EXPECT_EQ(InterfaceOf("fd00::2"), "eth1");
  EXPECT_EQ(InterfaceOf("fd00:0:0:1::2"), "HA1_NOT_SYNC_INTERFACE");
  EXPECT_EQ(InterfaceOf("192.168.1.2"), "HA1_NOT_SYNC_INTERFACE");  // An interface, not HA1.
  EXPECT_EQ(InterfaceOf("10.10.20.1"), "HA1_NOT_SYNC_INTERFACE");   // Oneself.
  EXPECT_EQ(InterfaceOf("10.10.20.1:5000"), "eth1");
  EXPECT_EQ(InterfaceOf("10.10.30.2"), "HA1_DOWN");
}

// What there is, so that the mistake can be seen.
TEST(RemoteAddress, F7_TheRefusalNamesHa1) {
  const auto found = FindSyncInterface(*ParseRemoteAddress("172.16.0.1", 4792),
                                       {"10.10.20.1", "10.99.0.1"}, kLocal);
  const std::string evidence = ReasonOf(found.status()).evidence;
  EXPECT_NE(evidence.find("172.16.0.1:4792"), std::string::npos) << evidence;
  EXPECT_NE(evidence.find("10.10.20.1/30 of eth1"), std::string::npos) << evidence;
  EXPECT_NE(evidence.find("10.99.0.1 (no interface has it)"), std::string::npos) << evidence;
}

TEST(RemoteAddress, TheMachinesOwnAreFound) {
  bool has_loopback = false;
  for (const LocalAddress& one : ListLocalAddresses()) {
    has_loopback = has_loopback || (one.address == "127.0.0.1" && one.prefix_bits == 8);
  }
  EXPECT_TRUE(has_loopback);
}

}  // namespace
}  // namespace configsync
