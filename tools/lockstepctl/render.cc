// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/render.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tools/lockstepctl/columns.h"
#include "tools/lockstepctl/render_tables.h"

namespace lockstepctl {
namespace {

// "NAME   value" lines of one object.
class Facts {
 public:
  void Add(const std::string& name, const std::string& value) {
    std::string padded = name;
    padded.resize(std::max<std::size_t>(name.size() + 2, 22), ' ');
    absl::StrAppend(&text_, padded, value.empty() ? "-" : value, "\n");
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

std::string NodeReadinessText(const lockstep::control::Status& status) {
  if (status.readiness() == "bulk") {
    return absl::StrCat("bulk ", status.bulk_percent(), " %");
  }
  return ReadinessText(status.readiness(), status.readiness_reason());
}

template <typename Message>
std::string HeardText(const Message& message) {
  return message.has_last_heard_ms_ago() ? absl::StrCat(message.last_heard_ms_ago()) : "never";
}

}  // namespace

std::string StatusText(const lockstep::control::Status& status) {
  Facts facts;
  facts.Add("NODE", absl::StrCat(status.node(), " (index ", status.index(), ")"));
  facts.Add("ROLE", status.role());
  facts.Add("TERM", absl::StrCat(status.term()));
  facts.Add("READINESS", NodeReadinessText(status));
  facts.Add("PEER_ROLE", status.peer_role());
  facts.Add("PEER_READINESS",
            ReadinessText(status.peer_readiness(), status.peer_readiness_reason()));
  facts.Add("SESSIONS", absl::StrCat(status.sessions(), " of ", status.sessions_capacity()));
  facts.Add("EXPOSURE_CHANGES", absl::StrCat(status.exposure_changes()));
  facts.Add("EXPOSURE_AGE_US", absl::StrCat(status.exposure_age_us()));
  if (status.has_last_takeover()) {
    const lockstep::control::Takeover& takeover = status.last_takeover();
    facts.Add("TAKEOVER_DETECTED_BY", takeover.detected_by());
    facts.Add("TAKEOVER_DETECT_US", absl::StrCat(takeover.detect_us()));
    facts.Add("TAKEOVER_US", absl::StrCat(takeover.takeover_us()));
  }
  facts.Add("REVISION", absl::StrCat(status.revision()));
  facts.Add("CONFIG_HASH", status.hash());
  facts.Add("UPTIME_S", absl::StrCat(status.uptime_ms() / 1000));
  facts.Add("PID", absl::StrCat(status.pid()));
  facts.Add("VERSION", status.version());
  facts.Add("HUGEPAGES", status.hugepages() ? "yes" : "no");
  for (const std::string& reason : status.reasons()) {
    facts.Add("REASON", reason);
  }
  std::string text = std::move(facts).text();
  if (!status.tables().empty()) absl::StrAppend(&text, "\n", TablesText(status.tables()));
  return text;
}

std::string PeerText(const lockstep::control::Peer& peer) {
  Facts facts;
  facts.Add("CONNECTED", peer.connected() ? "yes" : "no");
  facts.Add("INDEX", absl::StrCat(peer.index()));
  facts.Add("BOOT_ID", peer.boot_id());
  facts.Add("ROLE", peer.role());
  facts.Add("TERM", absl::StrCat(peer.term()));
  facts.Add("READINESS", ReadinessText(peer.readiness(), peer.readiness_reason()));
  // Measured by the one that sends changes, once it has sent some.
  facts.Add("ROUND_TRIP_US", peer.round_trip_us() == 0 ? "" : absl::StrCat(peer.round_trip_us()));
  facts.Add("LAST_HEARD_MS_AGO", HeardText(peer));
  facts.Add("STREAMS", absl::StrCat(peer.streams()));
  facts.Add("DATAGRAM_BYTES", absl::StrCat(peer.datagram_bytes()));
  facts.Add("BULK", BulkText(peer));
  facts.Add("SCRUB_PASS_MS", peer.has_scrub_pass_ms() ? absl::StrCat(peer.scrub_pass_ms()) : "");
  facts.Add("EXPOSURE_CHANGES", absl::StrCat(peer.exposure_changes()));
  facts.Add("EXPOSURE_AGE_US", absl::StrCat(peer.exposure_age_us()));
  std::string text = std::move(facts).text();
  if (peer.ha1_size() > 0) {
    Columns columns({"HA1_LOCAL", "HA1_REMOTE", "LAST_HEARD_MS_AGO", "LIVENESS"});
    for (const lockstep::control::Ha1PathStatus& path : peer.ha1()) {
      columns.Add({path.local(), path.remote(), HeardText(path),
                   path.liveness_connected() ? "connected" : "down"});
    }
    absl::StrAppend(&text, "\n", columns.Text());
  }
  if (peer.ha2_size() > 0) {
    Columns columns({"HA2_LINK", "DEVICE", "LAST_HEARD_MS_AGO", "USED", "LEFT_AFTER_MS",
                     "FRAMES_IN", "FRAMES_OUT"});
    for (const lockstep::control::Ha2LinkStatus& link : peer.ha2()) {
      columns.Add({link.name(), link.device(), HeardText(link), link.used() ? "yes" : "no",
                   link.has_left_after_ms() ? absl::StrCat(link.left_after_ms()) : "-",
                   absl::StrCat(link.frames_received()), absl::StrCat(link.frames_sent())});
    }
    absl::StrAppend(&text, "\n", columns.Text());
  }
  if (!peer.tables().empty()) absl::StrAppend(&text, "\n", TablesText(peer.tables()));
  const std::string mismatches = MismatchesText(peer.tables());
  if (!mismatches.empty()) absl::StrAppend(&text, "\n", mismatches);
  const std::string confirmed = ConfirmedText(peer.tables());
  if (!confirmed.empty()) absl::StrAppend(&text, "\n", confirmed);
  return text;
}

std::string SessionsText(const lockstep::control::ListSessionsResponse& page) {
  Columns columns({"PROTOCOL", "CLIENT", "SERVER", "NAT", "STATE", "RULE", "IDLE_S", "VERSION"});
  for (const lockstep::control::Session& session : page.sessions()) {
    columns.Add({session.protocol(), session.client(), session.server(), session.nat(),
                 session.state(), absl::StrCat(session.rule()), absl::StrCat(session.idle_s()),
                 absl::StrCat(session.version_term(), ".", session.version_counter())});
  }
  return columns.Text();
}

std::string StatsText(const lockstep::control::Stats& stats) {
  Columns columns({"VALUE", "COUNTER", "MEANING"});
  for (const lockstep::control::Counter& counter : stats.counters()) {
    columns.Add({absl::StrCat(counter.value()), counter.name(), counter.help()});
  }
  return columns.Text();
}

}  // namespace lockstepctl
