// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/commands.h"

#include <google/protobuf/text_format.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "dataplane/crypto/openssl_primitives.h"
#include "dataplane/crypto/pair_secret_file.h"
#include "tools/lockstepctl/client.h"
#include "tools/lockstepctl/completion_script.h"
#include "tools/lockstepctl/config_commands.h"
#include "tools/lockstepctl/diff_command.h"
#include "tools/lockstepctl/json_text.h"
#include "tools/lockstepctl/render.h"
#include "tools/lockstepctl/socket_path.h"

namespace lockstepctl {
namespace {

constexpr std::uint32_t kPageSessions = 10'000;

void Print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// The answer as JSON or as text.
template <typename Response, typename Render>
absl::Status PrintAnswer(const Request& request, const absl::StatusOr<Response>& response,
                         Render render) {
  if (!response.ok()) {
    return response.status();
  }
  Print(request.json ? JsonText(*response) + "\n" : render(*response));
  return absl::OkStatus();
}

// A command without an answer: what was done, as a sentence or as {"done": …}.
absl::Status PrintDone(const Request& request, const absl::Status& status,
                       const std::string& sentence) {
  if (status.ok()) {
    Print(request.json ? absl::StrCat("{\"done\":", JsonString(sentence), "}\n")
                       : absl::StrCat(sentence, "\n"));
  }
  return status;
}

absl::Status RunSessions(const Request& request, Client& client) {
  lockstep::control::ListSessionsRequest query;
  query.set_source(request.source);
  query.set_destination(request.destination);
  query.set_protocol(request.protocol);
  query.set_port(request.port);
  query.set_state(request.state);
  query.set_limit(request.all ? kPageSessions : request.limit);
  query.set_count_only(request.count_only);
  absl::StatusOr<lockstep::control::ListSessionsResponse> page = client.ListSessions(query);
  while (page.ok() && request.all && !page->next_page_token().empty()) {
    query.set_page_token(page->next_page_token());
    absl::StatusOr<lockstep::control::ListSessionsResponse> next = client.ListSessions(query);
    if (!next.ok()) {
      return next.status();
    }
    page->set_next_page_token("");
    page->MergeFrom(*next);
    page->set_count(static_cast<std::uint64_t>(page->sessions_size()));
  }
  const absl::Status status =
      PrintAnswer(request, page, [&](const lockstep::control::ListSessionsResponse& all) {
        return request.count_only ? absl::StrCat(all.count(), "\n") : SessionsText(all);
      });
  if (status.ok() && !request.json && !page->next_page_token().empty()) {
    std::fprintf(stderr, "more sessions follow: give --all, or a larger --limit\n");
  }
  return status;
}

absl::Status RunDump(const Request& request, Client& client) {
  const absl::StatusOr<std::unique_ptr<SortedLines>> lines = SortedDumpOf(client, request.table);
  if (!lines.ok()) {
    return lines.status();
  }
  Print(request.json ? "{\"lines\":[" : "");
  std::string line;
  for (bool is_first = true;; is_first = false) {
    const absl::StatusOr<bool> has_line = (*lines)->Next(line);
    if (!has_line.ok()) {
      return has_line.status();
    }
    if (!*has_line) {
      break;
    }
    Print(request.json && !is_first ? "," : "");
    Print(request.json ? JsonString(line) : line);
    Print(request.json ? "" : "\n");
  }
  Print(request.json ? "]}\n" : "");
  return absl::OkStatus();
}

absl::Status RunStats(const Request& request, Client& client) {
  absl::StatusOr<lockstep::control::Stats> stats = client.GetStats();
  if (!stats.ok()) {
    return stats.status();
  }
  lockstep::control::Stats chosen;
  for (const lockstep::control::Counter& counter : stats->counters()) {
    if ((!request.nonzero || counter.value() != 0) &&
        counter.name().find(request.match) != std::string::npos) {
      *chosen.add_counters() = counter;
    }
  }
  return PrintAnswer(request, absl::StatusOr<lockstep::control::Stats>(chosen), StatsText);
}

absl::Status RunPairSecret(const Request& request) {
  dataplane::OpensslPrimitives primitives;
  return PrintDone(
      request, dataplane::CreatePairSecretFile(request.file, primitives),
      absl::StrCat("pair secret written to ", request.file, " (mode 0600); copy it to the peer"));
}

absl::Status RunApplyForwarding(const Request& request, Client& client) {
  std::ifstream file(request.file, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(request.file, ": cannot be read"));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  lockstep::control::ForwardingRequest query;
  if (!google::protobuf::TextFormat::ParseFromString(text, query.mutable_forwarding())) {
    return absl::InvalidArgumentError(absl::StrCat(
        request.file, ": is no Forwarding in protobuf text format; see proto/forwarding.proto"));
  }
  return PrintAnswer(request, client.Forward(query, request.only_plan),
                     [](const lockstep::control::ForwardingPlan& plan) {
                       std::string lines = absl::StrCat(plan.sessions_kept(), " sessions kept, ",
                                                        plan.sessions_ended(), " ended\n");
                       for (const std::string& line : plan.ended_examples()) {
                         absl::StrAppend(&lines, "  ", line, "\n");
                       }
                       return lines;
                     });
}

absl::Status RunCorruptEntry(const Request& request, Client& client) {
  if (request.key.empty() != request.any) {
    return absl::InvalidArgumentError("debug corrupt-entry: give either --key or --any");
  }
  return PrintAnswer(request, client.CorruptEntry(request.what, request.key),
                     [&](const lockstep::control::CorruptEntryResponse& done) {
                       return absl::StrCat("damaged (", request.what, ") in shard ", done.shard(),
                                           ": ", done.entry(), "\n");
                     });
}

absl::Status RunResync(const Request& request, Client& client) {
  return PrintDone(request, client.Resync(),
                   "full transfer asked for; `lockstepctl peer` shows its progress");
}

absl::Status RunFillSessions(const Request& request, Client& client) {
  return PrintDone(request, client.FillSessions(request.count),
                   absl::StrCat(request.count, " synthetic sessions made since the start"));
}

struct Row {
  Verb verb;
  absl::Status (*run)(const Request& request, Client& client);
};

constexpr Row kRows[] = {
    {Verb::kStatus,
     [](const Request& request, Client& client) {
       return PrintAnswer(request, client.GetStatus(), StatusText);
     }},
    {Verb::kSessionsShow, RunSessions},
    {Verb::kTablesDump, RunDump},
    {Verb::kStatsShow, RunStats},
    {Verb::kPeerShow,
     [](const Request& request, Client& client) {
       return PrintAnswer(request, client.GetPeer(), PeerText);
     }},
    {Verb::kPeerResync, RunResync},
    {Verb::kSwitchover,
     [](const Request& request, Client& client) {
       return PrintDone(request, client.Switchover(), "the peer has the active role");
     }},
    {Verb::kFillSessions, RunFillSessions},
    {Verb::kApplyForwarding, RunApplyForwarding},
    {Verb::kCorruptEntry, RunCorruptEntry},
};

absl::Status RunOnNode(const Request& request, Client& client) {
  for (const Row& row : kRows) {
    if (row.verb == request.verb) {
      return row.run(request, client);
    }
  }
  return absl::InvalidArgumentError("no command given");
}

}  // namespace

absl::StatusOr<int> Run(const Request& request) {
  absl::StatusOr<int> outcome = kStatusDone;
  if (request.verb == Verb::kTablesDiff) {
    outcome = RunTablesDiff(request);
  } else if (request.verb == Verb::kPairSecretNew) {
    if (const absl::Status status = RunPairSecret(request); !status.ok()) {
      outcome = status;
    }
  } else if (request.verb == Verb::kCompletionBash) {
    Print(BashCompletionScript());
  } else if (IsForConfigd(request.verb)) {
    outcome = RunConfig(request);
  } else {
    const absl::StatusOr<std::string> socket = FindSocket(request.socket);
    if (!socket.ok()) {
      return socket.status();
    }
    if (const absl::Status probe = ProbeSocket(*socket); !probe.ok()) {
      return probe;
    }
    Client client(*socket, request.timeout_s);
    if (const absl::Status status = RunOnNode(request, client); !status.ok()) {
      outcome = status;
    }
  }
  // A full disk or a closed pipe must not look like a complete answer.
  if (outcome.ok() && (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)) {
    return absl::DataLossError("the output could not be written completely");
  }
  return outcome;
}

}  // namespace lockstepctl
