// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Pairing and devices as an operator asks for them.

#include "configsync/admin/pairing_calls.h"

#include "tests/unit/configsync/peer/pairing_nodes.h"

namespace configsync {
namespace {

namespace pb = lockstep::admin;

class PairingCallsTest : public PairingTest {
 protected:
  DeviceCalls CallsOf(TestNode& node) {
    return DeviceCalls({.devices = node.devices.get(),
                        .pairing = node.pairing.get(),
                        .audit = node.Setup().audit,
                        .changed = [this] { ++changes_; }});
  }
  std::string CodeOf(DeviceCalls& calls) {
    pb::PairingResponse response;
    EXPECT_TRUE(calls.GetPairing(caller_, {}, response).ok());
    return response.state() == "comparing" || response.state() == "confirmed" ? response.code()
                                                                              : "";
  }
  std::string StateOf(DeviceCalls& calls) {
    pb::PairingResponse response;
    EXPECT_TRUE(calls.GetPairing(caller_, {}, response).ok());
    return response.state();
  }

  Caller caller_{.user = 1'000, .name = "anna", .roles = Roles::All()};
  int changes_ = 0;
};

TEST_F(PairingCallsTest, F76_AScriptPairsTwoNodes) {
  DeviceCalls a = CallsOf(*a_), b = CallsOf(*b_);
  pb::PairingResponse response;
  EXPECT_EQ(StateOf(a), "none");
  pb::BeginPairingRequest start;
  start.set_address("10.9.1.2");
  ASSERT_TRUE(a.BeginPairing(caller_, start, response).ok());
  EXPECT_EQ(response.state(), "waiting");
  EXPECT_EQ(response.address(), "10.9.1.2");
  EXPECT_GT(response.remaining_s(), 0u);
  ASSERT_TRUE(b.BeginPairing(caller_, {}, response).ok());
  ASSERT_TRUE(Eventually([&] { return !CodeOf(a).empty() && !CodeOf(b).empty(); }));
  pb::ConfirmPairingRequest at_a, at_b;
  at_a.set_code(CodeOf(b));
  at_b.set_code(CodeOf(a));
  ASSERT_TRUE(b.ConfirmPairing(caller_, at_b, response).ok());
  EXPECT_EQ(response.state(), "confirmed");
  ASSERT_TRUE(a.ConfirmPairing(caller_, at_a, response).ok());
  ASSERT_TRUE(Eventually([&] { return StateOf(a) == "done" && StateOf(b) == "done"; }));

  // Who comes too late with an end is told that nothing was ended.
  const absl::Status late = a.CancelPairing(caller_, {}, response);
  EXPECT_EQ(late.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(late.message().find("devices forget"), std::string::npos) << late;

  pb::ListDevicesResponse list;
  ASSERT_TRUE(a.ListDevices(caller_, {}, list).ok());
  ASSERT_EQ(list.devices_size(), 2);
  EXPECT_TRUE(list.devices(0).own());
  EXPECT_EQ(list.devices(0).name(), "fw-a");
  EXPECT_EQ(list.devices(1).name(), "fw-b");
  EXPECT_EQ(list.devices(1).device(), b_->devices->own().device);
  EXPECT_EQ(list.devices(1).paired_at(), "2027-01-15T08:00:00Z");
  EXPECT_TRUE(list.devices(1).pair());
  EXPECT_LT(list.devices(1).not_before(), list.devices(1).not_after());
  EXPECT_FALSE(list.devices(1).not_before().empty());
  EXPECT_EQ(list.devices(1).not_after().size(), std::string("2036-11-19T00:00:00Z").size());
  const std::string text = list.DebugString();
  for (const TestNode* node : {a_.get(), b_.get()}) {
    EXPECT_EQ(text.find(node->devices->own_password()), std::string::npos) << "F11";
  }
}

TEST_F(PairingCallsTest, DevicesAreChangedByIdOrName) {
  Meet();
  ConfirmBoth();
  ASSERT_TRUE(BothEnd(PairingState::kDone));
  DeviceCalls a = CallsOf(*a_);
  pb::ChangeDeviceRequest request;
  pb::ListDevicesResponse list;
  request.set_act("revoke");
  request.set_device("fw-b");
  ASSERT_TRUE(a.ChangeDevice(caller_, request, list).ok());
  EXPECT_TRUE(list.devices(1).revoked());
  EXPECT_EQ(changes_, 1);
  EXPECT_NE(a_->Audit().find("anna done: device " + b_->devices->own().device + ": revoke"),
            std::string::npos)
      << a_->Audit();
  request.set_act("forget");
  request.set_device(b_->devices->own().device);
  list.Clear();
  ASSERT_TRUE(a.ChangeDevice(caller_, request, list).ok());
  EXPECT_EQ(list.devices_size(), 1);
  EXPECT_TRUE(absl::IsNotFound(a.ChangeDevice(caller_, request, list)));
  const std::string before = a_->devices->own().device;
  request.set_act("renew");
  EXPECT_TRUE(absl::IsInvalidArgument(a.ChangeDevice(caller_, request, list))) << "another's";
  request.clear_device();
  ASSERT_TRUE(a.ChangeDevice(caller_, request, list).ok());
  EXPECT_NE(a_->devices->own().device, before);
  EXPECT_EQ(changes_, 3);
}

TEST_F(PairingCallsTest, WordsHaveBounds) {
  DeviceCalls a = CallsOf(*a_);
  pb::PairingResponse response;
  pb::ListDevicesResponse list;
  pb::BeginPairingRequest start;
  start.set_address(std::string(1 << 20, '1'));
  EXPECT_TRUE(absl::IsInvalidArgument(a.BeginPairing(caller_, start, response)));
  pb::ConfirmPairingRequest confirm;
  confirm.set_code(std::string(1 << 20, '1'));
  EXPECT_TRUE(absl::IsInvalidArgument(a.ConfirmPairing(caller_, confirm, response)));
  pb::ChangeDeviceRequest change;
  change.set_act("explode");
  EXPECT_TRUE(absl::IsInvalidArgument(a.ChangeDevice(caller_, change, list)));
  change.set_act("forget");
  change.set_device(std::string(1 << 20, 'x'));
  EXPECT_TRUE(absl::IsInvalidArgument(a.ChangeDevice(caller_, change, list)));
}

TEST_F(PairingCallsTest, TwoDevicesOfOneNameNeedAnId) {
  for (int i = 0; i < 2; ++i) {
    KnownDevice device;
    device.certificate = MakeIdentity("twin", 1'800'000'000)->certificate;
    device.name = "twin";
    ASSERT_TRUE(a_->devices->Add(device).ok());
  }
  pb::ChangeDeviceRequest change;
  change.set_act("forget");
  change.set_device("twin");
  pb::ListDevicesResponse list;
  const absl::Status status = CallsOf(*a_).ChangeDevice(caller_, change, list);
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_NE(std::string(status.message()).find("2 devices are named"), std::string::npos);
}

TEST_F(PairingCallsTest, ANodeWithoutAPeerServiceSaysSo) {
  DeviceCalls alone(
      {.devices = a_->devices.get(), .pairing = nullptr, .audit = a_->Setup().audit, .changed = [] {
       }});
  pb::PairingResponse response;
  const absl::Status status = alone.BeginPairing(caller_, {}, response);
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_NE(std::string(status.message()).find("--ha1"), std::string::npos);
  EXPECT_FALSE(alone.GetPairing(caller_, {}, response).ok());
  pb::ListDevicesResponse list;
  EXPECT_TRUE(alone.ListDevices(caller_, {}, list).ok());
}

}  // namespace
}  // namespace configsync
