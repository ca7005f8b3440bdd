// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/wiredump/names.h"

#include "statesync/types.h"
#include "statesync/wire/schema.h"

namespace wiredump {
namespace {

using namespace statesync;

// Each switch has no default: -Wswitch names the enumerator that is missing.
const char* KindName(std::uint8_t value) {
  switch (static_cast<DatagramKind>(value)) {
    case DatagramKind::kSealed:
      return "sealed";
    case DatagramKind::kHello:
      return "hello";
  }
  return nullptr;
}

const char* TableName(std::uint8_t value) {
  switch (static_cast<TableId>(value)) {
    case TableId::kControl:
      return "control";
    case TableId::kSession:
      return "session";
    case TableId::kMulticast:
      return "multicast";
    case TableId::kArp:
      return "arp";
    case TableId::kNd:
      return "nd";
    case TableId::kMac:
      return "mac";
    case TableId::kIpsecSa:
      return "ipsec-sa";
    case TableId::kVirtualMac:
      return "virtual-mac";
  }
  return nullptr;
}

const char* OpName(std::uint8_t value) {
  switch (static_cast<Op>(value)) {
    case Op::kInsert:
      return "insert";
    case Op::kUpdate:
      return "update";
    case Op::kDelete:
      return "delete";
  }
  return nullptr;
}

const char* ControlOpName(std::uint8_t value) {
  switch (static_cast<ControlOp>(value)) {
    case ControlOp::kNack:
      return "nack";
    case ControlOp::kRepaired:
      return "repaired";
    case ControlOp::kLost:
      return "lost";
    case ControlOp::kWant:
      return "want";
    case ControlOp::kBulkRequest:
      return "bulk-request";
    case ControlOp::kBulkState:
      return "bulk-state";
    case ControlOp::kBulkDone:
      return "bulk-done";
    case ControlOp::kDigest:
      return "digest";
    case ControlOp::kRefused:
      return "refused";
    case ControlOp::kDigestReport:
      return "digest-report";
    case ControlOp::kHold:
      return "hold";
    case ControlOp::kProbe:
      return "probe";
    case ControlOp::kProbeAck:
      return "probe-ack";
    case ControlOp::kLiveness:
      return "liveness";
    case ControlOp::kScrub:
      return "scrub";
  }
  return nullptr;
}

const char* RoleName(std::uint8_t value) {
  switch (static_cast<Role>(value)) {
    case Role::kInit:
      return "init";
    case Role::kStandby:
      return "standby";
    case Role::kActive:
      return "active";
    case Role::kSuspended:
      return "suspended";
    case Role::kNonfunctional:
      return "nonfunctional";
    case Role::kActivePrimary:
      return "active-primary";
    case Role::kActiveSecondary:
      return "active-secondary";
    case Role::kTentative:
      return "tentative";
  }
  return nullptr;
}

const char* ReadinessName(std::uint8_t value) {
  switch (static_cast<Readiness>(value)) {
    case Readiness::kNoPeer:
      return "no-peer";
    case Readiness::kBulk:
      return "bulk";
    case Readiness::kCatchUp:
      return "catch-up";
    case Readiness::kSynced:
      return "synced";
    case Readiness::kAtRisk:
      return "at-risk";
  }
  return nullptr;
}

const char* StateName(std::uint8_t value) {
  switch (static_cast<SessionState>(value)) {
    case SessionState::kNone:
      return "none";
    case SessionState::kTcpSynSent:
      return "syn-sent";
    case SessionState::kTcpSynReceived:
      return "syn-received";
    case SessionState::kTcpEstablished:
      return "established";
    case SessionState::kTcpFinWait:
      return "fin-wait";
    case SessionState::kTcpClosing:
      return "closing";
    case SessionState::kTcpTimeWait:
      return "time-wait";
    case SessionState::kTcpClosed:
      return "closed";
    case SessionState::kUdpSingle:
      return "single";
    case SessionState::kUdpMultiple:
      return "multiple";
    case SessionState::kIcmpEcho:
      return "echo";
  }
  return nullptr;
}

const char* PhaseName(std::uint8_t value) {
  switch (static_cast<BulkPhase>(value)) {
    case BulkPhase::kRunning:
      return "running";
    case BulkPhase::kFinished:
      return "finished";
  }
  return nullptr;
}

const char* ResultName(std::uint8_t value) {
  switch (static_cast<BulkResult>(value)) {
    case BulkResult::kAgreed:
      return "agreed";
    case BulkResult::kDigestMismatch:
      return "digest-mismatch";
    case BulkResult::kRefusedSome:
      return "refused-some";
  }
  return nullptr;
}

const char* RefusalName(std::uint8_t value) {
  switch (static_cast<RefusalReason>(value)) {
    case RefusalReason::kTableFull:
      return "table-full";
    case RefusalReason::kKeyConflict:
      return "key-conflict";
    case RefusalReason::kUnknownId:
      return "unknown-id";
  }
  return nullptr;
}

}  // namespace

const Enumeration kDatagramKinds{"datagram_kind", KindName};
const Enumeration kTables{"table", TableName};
const Enumeration kOps{"op", OpName};
const Enumeration kControlOps{"control_op", ControlOpName};
const Enumeration kRoles{"role", RoleName};
const Enumeration kReadiness{"readiness", ReadinessName};
const Enumeration kSessionStates{"session_state", StateName};
const Enumeration kBulkPhases{"bulk_phase", PhaseName};
const Enumeration kBulkResults{"bulk_result", ResultName};
const Enumeration kRefusals{"refusal_reason", RefusalName};

}  // namespace wiredump
