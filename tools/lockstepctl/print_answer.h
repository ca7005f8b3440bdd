// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// How answers of lockstep-configd leave: as JSON or as text, problems on standard error.
//
// Threads: one.

#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/lockstepctl/json_text.h"
#include "tools/lockstepctl/render_config.h"
#include "tools/lockstepctl/request.h"

namespace lockstepctl {

inline void Print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// Prints an answer as JSON or text.
template <typename Response, typename Render>
absl::StatusOr<int> PrintAnswer(const Request& request, const absl::StatusOr<Response>& response,
                                Render render) {
  if (!response.ok()) {
    return response.status();
  }
  Print(request.json ? JsonText(*response) + "\n" : render(*response));
  return kStatusDone;
}

inline absl::StatusOr<int> PrintDone(const Request& request, const absl::Status& status,
                                     const std::string& sentence) {
  if (!status.ok()) {
    return status;
  }
  Print(request.json ? absl::StrCat("{\"done\":", JsonString(sentence), "}\n")
                     : absl::StrCat(sentence, "\n"));
  return kStatusDone;
}

// Answers with problems: those go to stderr, all of them.
template <typename Response, typename Render>
absl::StatusOr<int> PrintVerdict(const Request& request, const absl::StatusOr<Response>& response,
                                 Render render) {
  if (!response.ok()) {
    return response.status();
  }
  const bool has_problems =
      response->problems().list_size() > 0 || response->problems().omitted() > 0;
  if (request.json) {
    Print(JsonText(*response) + "\n");
  } else if (has_problems) {
    std::fputs(ProblemsText(response->problems()).c_str(), stderr);
  } else {
    Print(render(*response));
  }
  return has_problems ? kStatusProblems : kStatusDone;
}

}  // namespace lockstepctl
