// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/sync_commands.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/lockstepctl/admin_client.h"
#include "tools/lockstepctl/confirmation.h"
#include "tools/lockstepctl/print_answer.h"
#include "tools/lockstepctl/progress.h"
#include "tools/lockstepctl/render_sync.h"
#include "tools/lockstepctl/sync_client.h"

namespace lockstepctl {
namespace {

namespace pb = lockstep::admin;

constexpr const char* kSection[] = {"ha", "configuration-synchronization"};

absl::StatusOr<int> RunDifference(const Request& request, SyncClient& client) {
  pb::GetDifferenceRequest call;
  call.set_remote(request.remote);
  const absl::StatusOr<pb::DifferenceResponse> response = [&] {
    const Progress progress(request.socket);
    return client.Call(call);
  }();
  const absl::StatusOr<int> printed =
      PrintAnswer(request, response, [](const pb::DifferenceResponse& difference) {
        return DifferenceText(difference, PaintOfStdout());
      });
  return printed.ok() && response->differences_size() > 0 ? kStatusDiffer : printed;
}

absl::StatusOr<int> RunStatus(const Request& request, SyncClient& client) {
  return PrintAnswer(request, client.Call(pb::GetSyncRequest()), [](const pb::SyncStatus& status) {
    return SyncStatusText(status, PaintOfStdout());
  });
}

// Of running: what is in force.
absl::StatusOr<int> RunSettings(const Request& request, SyncClient&) {
  AdminClient client(request.socket, request.timeout_s);
  pb::ShowRequest call;
  for (const char* const word : kSection) {
    call.add_path(word);
  }
  call.set_format("page");
  return PrintVerdict(request, client.Call(call),
                      [](const pb::ShowResponse& show) { return show.text(); });
}

absl::StatusOr<int> RunCategory(const Request& request, SyncClient&) {
  AdminClient client(request.socket, request.timeout_s);
  pb::CompleteRequest question;
  question.set_verb("set");
  for (const char* const word : kSection) {
    question.add_words(word);
  }
  question.add_words("category");
  const absl::StatusOr<pb::CompleteResponse> choices = client.Call(question);
  if (!choices.ok()) {
    return choices.status();
  }
  std::vector<std::string> categories;
  for (const pb::Completion& choice : choices->completions()) {
    if (!choice.word().empty() && std::ranges::count(categories, choice.word()) == 0) {
      categories.push_back(choice.word());
    }
  }
  std::ranges::sort(categories);
  const absl::StatusOr<pb::EditRequest> edits =
      CategoryEdits(categories, request.category, request.switch_word);
  if (!edits.ok()) {
    return edits.status();
  }
  return PrintVerdict(request, client.Call(*edits), [](const pb::EditResponse&) { return ""; });
}

std::string_view KindOf(Verb verb) {
  return verb == Verb::kSyncOverwrite ? "overwrite"
         : verb == Verb::kSyncAdopt   ? "adopt"
         : verb == Verb::kSyncMerge   ? "merge"
                                      : "push";
}

bool HasProblems(const pb::ManualResponse& response) {
  return response.problems().list_size() > 0 || response.problems().omitted() > 0;
}

// What would change goes to standard output, and stays there above the question.
absl::StatusOr<int> PrintPreview(const Request& request, const pb::ManualResponse& response) {
  const bool has_more =
      response.here_size() > 0 || response.there_size() > 0 || response.conflicts_size() > 0;
  if (request.json) {
    Print(JsonText(response) + "\n");
  } else if (has_more || !HasProblems(response)) {
    Print(ManualText(response, PaintOfStdout()));
  }
  if (!HasProblems(response)) {
    return kStatusDone;
  }
  if (!request.json) {
    std::fflush(stdout);
    std::fputs(ManualProblemsText(response).c_str(), stderr);
  }
  return response.told() ? kStatusFailed : kStatusProblems;
}

absl::StatusOr<int> RunManual(const Request& request, SyncClient& client) {
  pb::ManualRequest call;
  call.set_kind(std::string(KindOf(request.verb)));
  call.set_remote(request.remote);
  call.set_category(request.category);
  call.set_prefer(request.prefer);
  call.set_comment(request.comment);
  const auto ask = [&] {
    const Progress progress(request.socket);
    return client.Call(call);
  };
  const bool needs_name = request.verb != Verb::kSyncPush;
  // A script that gives the name by itself has looked before.
  if (request.preview || (needs_name && request.confirmation.empty())) {
    call.set_preview(true);
    const absl::StatusOr<pb::ManualResponse> preview = ask();
    if (!preview.ok()) {
      return preview.status();
    }
    if (request.preview || HasProblems(*preview)) {
      return PrintPreview(request, *preview);
    }
    const bool is_terminal = isatty(STDIN_FILENO) == 1;
    if (is_terminal && !request.json) {
      Print(ManualText(*preview, PaintOfStdout()));
      std::fflush(stdout);
    }
    const absl::StatusOr<std::string> name =
        Confirmation(preview->must_type(), "", is_terminal, stdin, stderr);
    if (!name.ok()) {
      return name.status();
    }
    call.set_confirmation(*name);
  } else {
    call.set_confirmation(request.confirmation);
  }
  call.set_preview(false);
  const absl::StatusOr<pb::ManualResponse> response = ask();
  if (response.ok() && HasProblems(*response)) {
    return PrintPreview(request, *response);
  }
  return PrintAnswer(request, response, [](const pb::ManualResponse& done) {
    return absl::StrCat(done.done() ? ManualText(done, PaintOfStdout()) : "", ManualDoneText(done));
  });
}

absl::StatusOr<int> RunApply(const Request& request, SyncClient& client) {
  return PrintAnswer(
      request, client.Call(pb::ApplyHeldRequest()), [](const pb::ApplyHeldResponse& response) {
        return response.revisions() == 0
                   ? std::string("nothing waited\n")
                   : absl::StrCat("the changes of ", response.revisions(),
                                  response.revisions() == 1 ? " revision" : " revisions",
                                  " travel now; `lockstepctl config sync` says how "
                                  "far they are\n");
      });
}

absl::StatusOr<int> RunPin(const Request& request, SyncClient& client) {
  pb::PinRequest call;
  call.set_pinned(request.verb == Verb::kSyncPin);
  return PrintAnswer(request, client.Call(call), [&](const pb::PinResponse& response) {
    return call.pinned()
               ? absl::StrCat("this node stays at revision ", response.revision(),
                              ", and takes nothing until `lockstepctl config sync unpin`\n")
               : std::string("this node takes pushes again\n");
  });
}

absl::StatusOr<int> RunExplain(const Request& request, SyncClient& client) {
  pb::ExplainRequest call;
  call.set_remote(request.remote);
  call.mutable_path()->Add(request.words.begin(), request.words.end());
  return PrintVerdict(request, client.Call(call), ExplainText);
}

struct Row {
  Verb verb;
  absl::StatusOr<int> (*run)(const Request& request, SyncClient& client);
};

constexpr Row kRows[] = {
    {Verb::kConfigDifference, RunDifference},
    {Verb::kSyncStatus, RunStatus},
    {Verb::kSyncSettings, RunSettings},
    {Verb::kSyncCategory, RunCategory},
    {Verb::kSyncPush, RunManual},
    {Verb::kSyncApply, RunApply},
    {Verb::kSyncPin, RunPin},
    {Verb::kSyncUnpin, RunPin},
    {Verb::kSyncOverwrite, RunManual},
    {Verb::kSyncAdopt, RunManual},
    {Verb::kSyncMerge, RunManual},
    {Verb::kExplainSync, RunExplain},
};

}  // namespace

absl::StatusOr<pb::EditRequest> CategoryEdits(std::span<const std::string> categories,
                                              const std::string& word,
                                              const std::string& switch_word) {
  const bool is_every = word == "all" || word == "none";
  if (is_every ? !switch_word.empty() : switch_word != "on" && switch_word != "off") {
    return absl::InvalidArgumentError(
        is_every ? absl::StrCat("config sync category ", word, ": takes no ", switch_word)
                 : absl::StrCat("config sync category ", word, ": say on or off"));
  }
  if (!is_every && std::ranges::count(categories, word) == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("category '", word, "' is none of ", absl::StrJoin(categories, ", ")));
  }
  pb::EditRequest request;
  for (const std::string& category : categories) {
    if (!is_every && category != word) {
      continue;
    }
    pb::EditText& edit = *request.add_edits();
    edit.set_op(pb::EditText::SET);
    for (const char* const part : kSection) {
      edit.add_words(part);
    }
    for (const std::string& part :
         {std::string("category"), category, std::string("enabled"),
          std::string(word == "all" || switch_word == "on" ? "true" : "false")}) {
      edit.add_words(part);
    }
  }
  return request;
}

absl::StatusOr<int> RunSync(const Request& request) {
  SyncClient client(request.socket, request.timeout_s);
  for (const Row& row : kRows) {
    if (row.verb == request.verb) {
      return row.run(request, client);
    }
  }
  return absl::InvalidArgumentError("no command given");
}

}  // namespace lockstepctl
