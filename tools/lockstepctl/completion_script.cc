// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/completion_script.h"

#include <map>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/lockstepctl/command_table.h"

namespace lockstepctl {
namespace {

// Parts of the script that do not depend on the tables. `_lockstepctl_next COMMAND` prints what may
// follow a command, `_lockstepctl_options COMMAND` its options, `_lockstepctl_valued` options that
// take a value.
constexpr std::string_view kScript = R"BASH(_lockstepctl() {
  local cur=${COMP_WORDS[COMP_CWORD]} command= verb= word line next i
  local -a words=() socket=()
  # The command so far, the words of a path behind it, and the socket if one was given.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    next=" $(_lockstepctl_next "$command") "
    if [ "$word" = --socket ]; then
      socket=(--socket "${COMP_WORDS[i + 1]}")
      i=$((i + 1))
    elif [ "$word" = -- ]; then
      continue
    elif [ "${word:0:1}" = - ]; then
      [[ " $(_lockstepctl_valued) " != *" $word "* ]] || i=$((i + 1))
    elif [ ${#words[@]} -eq 0 ] && [[ $next == *" $word "* ]]; then
      command="${command:+$command }$word"
    else
      # As the shell would pass it on: without quotes and backslashes.
      eval "word=$word" 2>/dev/null || return
      words+=("$word")
    fi
  done
  COMPREPLY=()
  if [ "${cur:0:1}" = - ]; then
    COMPREPLY=($(compgen -W "$(_lockstepctl_options "$command")" -- "$cur"))
    return
  fi
  case $command in
    "config set" | "config delete" | "config move" | "config show" | "explain sync")
      verb=${command#config }
      [ "$command" != "explain sync" ] || verb=show
      while IFS=$'\n' read -r line; do
        word=${line%%$'\t'*}
        # Without a word it is a hint about the value: nothing to insert.
        [ -z "$word" ] || COMPREPLY+=("$(printf '%q' "$word")")
      done < <(lockstepctl "${socket[@]}" --timeout 2 config complete --verb "$verb" \
        --partial "$cur" -- "${words[@]}" 2>/dev/null)
      ;;
    "config sync category")
      if [ ${#words[@]} -eq 0 ]; then
        COMPREPLY=($(compgen -W "all none $(lockstepctl "${socket[@]}" --timeout 2 config complete \
          ha configuration-synchronization category 2>/dev/null | cut -f 1)" -- "$cur"))
      elif [ ${#words[@]} -eq 1 ]; then
        COMPREPLY=($(compgen -W "on off" -- "$cur"))
      fi
      ;;
    "config load" | "config merge" | "tables diff") COMPREPLY=($(compgen -f -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "$(_lockstepctl_next "$command")" -- "$cur")) ;;
  esac
}
complete -F _lockstepctl lockstepctl
)BASH";

std::string Full(std::string_view noun, std::string_view name) {
  return absl::StrCat(std::string(noun), noun.empty() || name.empty() ? "" : " ",
                      std::string(name));
}

// A shell function that prints, for each command, the words of its row.
std::string CaseFunction(std::string_view name,
                         const std::map<std::string, std::vector<std::string>>& rows) {
  std::string text = absl::StrCat(std::string(name), "() {\n  case $1 in\n");
  for (const auto& [command, words] : rows) {
    absl::StrAppend(&text, "    \"", command, "\") echo \"", absl::StrJoin(words, " "), "\" ;;\n");
  }
  return text + "  esac\n}\n";
}

}  // namespace

std::string BashCompletionScript() {
  std::map<std::string, std::vector<std::string>> next;
  std::map<std::string, std::vector<std::string>> options;
  std::vector<std::string> valued;
  for (const std::span<const Command> rows : AllCommands()) {
    for (const Command& row : rows) {
      const std::string full = Full(row.noun, row.name);
      const std::size_t space = full.rfind(' ');
      next[space == std::string::npos ? "" : full.substr(0, space)].push_back(
          space == std::string::npos ? full : full.substr(space + 1));
      options[full];
    }
  }
  options[""];
  for (const std::span<const Option> rows : AllOptions()) {
    for (const Option& row : rows) {
      if (row.flags[0] != '-') {
        continue;
      }
      if (row.argument != nullptr) {
        valued.emplace_back(row.flags);
      }
      // An option of a noun belongs to its verbs as well; one of no noun to all.
      const std::string owner = Full(row.noun, row.name);
      for (auto& [command, words] : options) {
        if (owner.empty() || command == owner || command.starts_with(owner + " ")) {
          words.emplace_back(row.flags);
        }
      }
    }
  }
  return absl::StrCat("# bash completion, made by `lockstepctl completion bash`.\n",
                      CaseFunction("_lockstepctl_next", next),
                      CaseFunction("_lockstepctl_options", options),
                      "_lockstepctl_valued() { echo \"", absl::StrJoin(valued, " "), "\"; }\n",
                      std::string(kScript));
}

}  // namespace lockstepctl
