// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Why a packet was not forwarded: one enum for counters, one name and one help text each.
//
// Threads: values only.  Every drop in a worker carries one of these; nothing is dropped silently
// (I3).

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dataplane {

enum class DropReason : std::uint8_t {
  kNone = 0,  // Not dropped.
  // Ethernet and ARP.
  kFrameTooShort,
  kVlanTagged,
  kEtherType,
  kNotOurMac,
  kArpMalformed,
  kArpQueueFull,
  kArpUnresolved,
  kArpTableFull,
  // IPv4.
  kIpTruncated,
  kIpVersion,
  kIpHeaderLength,
  kIpTotalLength,
  kIpChecksum,
  kIpOptions,
  kIpSourceRoute,
  kIpSourceAddress,
  kIpTargetAddress,
  kIpFragment,
  kIpProtocol,
  kTtlExceeded,
  kTooBig,
  kNoRoute,
  // Transport headers.
  kTcpTruncated,
  kTcpDataOffset,
  kTcpOptions,
  kTcpFlags,
  kTcpChecksum,
  kUdpTruncated,
  kUdpLength,
  kPortZero,
  kIcmpTruncated,
  kIcmpChecksum,
  kIcmpType,
  kIcmpInner,
  // Sessions.
  kMidStream,
  kTcpState,
  kTcpWindow,
  kTcpAck,
  kTcpReset,
  kIcmpUnmatched,
  kPolicyDenied,
  kToSelf,
  kNatExhausted,
  kTableFull,
  kSessionExists,
  // Node.
  kNotActive,
  kRingFull,
  kTransmitFull,
  kNoBuffer,
  kInterfaceDown,
  // Commit-before-forward.
  kHoldDeadline,
  kHoldRefused,
  kHoldFull,
  kHoldNoPeer,
  kHoldGone,
  kHoldRole,
  kCount,
};
inline constexpr std::size_t kDropReasonCount = static_cast<std::size_t>(DropReason::kCount);

struct CounterText {
  std::string_view name;  // Lower case with underscores, without prefix.
  std::string_view help;  // One sentence for `lockstepctl stats`.
};

// REQUIRES: reason < kCount.
[[nodiscard]] const CounterText& TextOf(DropReason reason) noexcept;

}  // namespace dataplane
