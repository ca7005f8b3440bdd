// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/names.h"

#include <array>

namespace dataplane {
namespace {

template <std::size_t Count>
std::string_view At(const std::array<std::string_view, Count>& names, std::size_t index) {
  return index < Count ? names[index] : "unknown";
}

constexpr std::array<std::string_view, 8> kRoles{
    "init",          "standby",        "active",           "suspended",
    "nonfunctional", "active-primary", "active-secondary", "tentative"};
constexpr std::array<std::string_view, 5> kReadiness{"no-peer", "bulk", "catch-up", "synced",
                                                     "at-risk"};
constexpr std::array<std::string_view, 11> kReasons{"",
                                                    "ha2-silent",
                                                    "digest-mismatch",
                                                    "refused-entries",
                                                    "state-sync-disabled",
                                                    "id-map",
                                                    "lost-frames",
                                                    "exposure",
                                                    "value-mismatch",
                                                    "table-unknown",
                                                    "peer-capacity"};
constexpr std::array<std::string_view, 8> kDetectedBy{
    "",        "silence",  "process-death", "new-boot-id", "peer-yielded", "no-peer-at-start",
    "elected", "preempted"};
constexpr std::array<std::string_view, 8> kTables{"control", "session", "multicast", "arp",
                                                  "nd",      "mac",     "ipsec-sa",  "virtual-mac"};
constexpr std::array<std::string_view, statesync::kRefusalReasons> kRefusals{
    "", "table-full", "key-conflict", "unknown-id"};
constexpr std::array<std::string_view, 2> kFoundBy{"digest", "scrub"};

}  // namespace

std::string_view NameOf(statesync::Role role) { return At(kRoles, static_cast<std::size_t>(role)); }

std::string_view NameOf(statesync::Readiness readiness) {
  return At(kReadiness, static_cast<std::size_t>(readiness));
}

std::string_view NameOf(statesync::AtRiskReason reason) {
  return At(kReasons, static_cast<std::size_t>(reason));
}

std::string_view NameOf(statesync::TableId table) {
  return At(kTables, static_cast<std::size_t>(table));
}

std::string_view NameOf(statesync::RefusalReason reason) {
  return At(kRefusals, static_cast<std::size_t>(reason));
}

std::string_view NameOf(statesync::MismatchKind kind) {
  return At(kFoundBy, static_cast<std::size_t>(kind));
}

std::string_view NameOf(DetectedBy detected_by) {
  return At(kDetectedBy, static_cast<std::size_t>(detected_by));
}

std::string_view NameOf(statesync::SessionState state) {
  using enum statesync::SessionState;
  switch (state) {
    case kNone:
      return "none";
    case kTcpSynSent:
      return "syn-sent";
    case kTcpSynReceived:
      return "syn-received";
    case kTcpEstablished:
      return "established";
    case kTcpFinWait:
      return "fin-wait";
    case kTcpClosing:
      return "closing";
    case kTcpTimeWait:
      return "time-wait";
    case kTcpClosed:
      return "closed";
    case kUdpSingle:
      return "single";
    case kUdpMultiple:
      return "multiple";
    case kIcmpEcho:
      return "echo";
  }
  return "unknown";
}

std::string_view ProtocolName(std::uint8_t protocol) {
  switch (protocol) {
    case 1:
      return "icmp";
    case 6:
      return "tcp";
    case 17:
      return "udp";
    default:
      return "other";
  }
}

}  // namespace dataplane
