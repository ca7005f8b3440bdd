// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <string_view>

#include "dataplane/config/version.h"
#include "tools/lockstepctl/command_table.h"
#include "tools/lockstepctl/json_text.h"

namespace lockstepctl {
namespace {

constexpr std::uint32_t kTimeoutSecondsMax = 86'400;

void AddOption(CLI::App& app, const Option& row, Request& request) {
  CLI::Option* added = std::visit(
      [&](auto member) -> CLI::Option* {
        auto& value = request.*member;
        using Value = std::remove_reference_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, bool>) {
          return app.add_flag(row.flags, value, row.help);
        } else {
          CLI::Option* const option = app.add_option(row.flags, value, row.help);
          if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
            // One value for each --option; a positional list takes all that follow.
            option->allow_extra_args(row.flags[0] != '-');
          }
          return option->type_name(row.flags[0] == '-' ? row.argument : "");
        }
      },
      row.target);
  added->required(row.is_required);
  if (row.target == Target(&Request::timeout_s)) {
    added->check(CLI::Range(1u, kTimeoutSecondsMax).description(""));
  }
}

void AddOptions(CLI::App& app, std::string_view noun, std::string_view name, Request& request) {
  for (const std::span<const Option> rows : AllOptions()) {
    for (const Option& row : rows) {
      if (row.noun == noun && row.name == name) {
        AddOption(app, row, request);
      }
    }
  }
}

std::string Text(std::string_view text) { return std::string(text); }

CLI::App* AddCommand(CLI::App& parent, const Command& row, std::string_view name,
                     Request& request) {
  CLI::App* const app = parent.add_subcommand(Text(name), Text(row.help));
  app->group("Commands");
  app->fallthrough();
  if (!row.examples.empty()) {
    app->footer(
        "Examples:\n" + Text(row.examples) +
        "\n\nEvery command also takes --socket, --json and --timeout: see lockstepctl --help.");
  }
  AddOptions(*app, row.noun, row.name, request);
  if (row.verb != Verb::kNone) {
    // Callbacks run from the innermost command outwards: the first one decides.
    app->final_callback([&request, verb = row.verb] {
      if (request.verb == Verb::kNone) {
        request.verb = verb;
      }
    });
  }
  return app;
}

void Build(CLI::App& app, Request& request) {
  app.footer(
      "Examples:\n"
      "  lockstepctl status\n"
      "  lockstepctl sessions --source 10.1.0.0/24 --limit 20\n"
      "  lockstepctl stats --nonzero\n"
      "  lockstepctl config set system host-name fw-a && lockstepctl config commit\n"
      "  lockstepctl COMMAND --help\n"
      "\n"
      "Exit status: 0 done, 1 failed, 2 usage, 3 the configuration is wrong and nothing changed.\n"
      "Errors are one line on stderr; problems of a configuration are listed there, all at once.");
  app.set_version_flag("--version", "lockstepctl " + Text(dataplane::ProgramVersion()),
                       "Print the version");
  AddOptions(app, "", "", request);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  // Whether a command is there is judged after parsing: CLI11 would hide an unknown word behind it.
  app.require_subcommand(0, 1);
  std::map<std::string, CLI::App*> apps{{"", &app}};
  for (const std::span<const Command> rows : AllCommands()) {
    for (const Command& row : rows) {
      const std::string full = Text(row.noun) + (row.name.empty() ? "" : " ") + Text(row.name);
      const std::size_t space = full.rfind(' ');
      CLI::App& parent = *apps.at(space == std::string::npos ? "" : full.substr(0, space));
      CLI::App* const added = AddCommand(
          parent, row, space == std::string::npos ? full : full.substr(space + 1), request);
      added->require_subcommand(0, 1);
      apps.emplace(full, added);
    }
  }
}

// Help of the command that was named, under its full name.
std::string HelpOf(const CLI::App& app) {
  const CLI::App* asked = &app;
  std::string before;
  while (!asked->get_subcommands().empty()) {
    before += (before.empty() ? "" : " ") + asked->get_name();
    asked = asked->get_subcommands().front();
  }
  return asked->help(before);
}

// CLI11 loses words behind `--` in a nested command. So `--` is ours: words behind it get a mark in
// front, which makes none of them an option, and lose it once they were parsed.
constexpr char kMark = '\x01';

std::vector<std::string> Marked(int argc, const char* const* argv) {
  std::vector<std::string> words;
  bool is_behind = false;
  for (int i = 1; i < argc; ++i) {
    if (!is_behind && std::string_view(argv[i]) == "--") {
      is_behind = true;
    } else {
      words.push_back(is_behind ? kMark + std::string(argv[i]) : argv[i]);
    }
  }
  std::reverse(words.begin(), words.end());  // As CLI11 wants them.
  return words;
}

void Unmark(std::string& word) {
  if (word.starts_with(kMark)) {
    word.erase(0, 1);
  }
}

void Unmark(Request& request) {
  for (const std::span<const Option> rows : AllOptions()) {
    for (const Option& row : rows) {
      if (const auto* one = std::get_if<std::string Request::*>(&row.target)) {
        Unmark(request.**one);
      } else if (const auto* list = std::get_if<std::vector<std::string> Request::*>(&row.target)) {
        for (std::string& word : request.**list) {
          Unmark(word);
        }
      }
    }
  }
}

Leave Usage(const std::string& problem) {
  return {kStatusUsage, "lockstepctl: " + problem + "; see lockstepctl --help\n"};
}

}  // namespace

std::optional<Leave> ReadCommandLine(int argc, const char* const* argv, Request& request) {
  for (int i = 1; i < argc; ++i) {
    if (!IsUtf8(argv[i])) {
      return Usage("argument " + std::to_string(i) + " is not UTF-8: " + JsonString(argv[i]));
    }
  }
  CLI::App app("lockstepctl: asks a node of a pair, configures it, and tells it what to do.",
               "lockstepctl");
  Build(app, request);
  try {
    app.parse(Marked(argc, argv));
    Unmark(request);
  } catch (const CLI::CallForHelp&) {
    return Leave{kStatusDone, HelpOf(app)};
  } catch (const CLI::CallForVersion& version) {
    return Leave{kStatusDone, std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    return Usage(error.what());
  }
  if (request.verb == Verb::kNone) {
    return Usage("a command is missing");
  }
  return std::nullopt;
}

}  // namespace lockstepctl
