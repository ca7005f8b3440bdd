// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/print_commands.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

constexpr std::size_t kPartBytes = 64u << 10;

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-./:,@%+=").find(c) != std::string_view::npos;
}

class CommandPrinter {
 public:
  explicit CommandPrinter(const TextSink& sink) : sink_(sink) {}

  // What is at `node`. `words_` has the words of its parent.
  void Print(const Node& node) {
    const std::size_t before = words_.size();
    const SchemaNode& schema = node.schema();
    switch (node.role()) {
      case NodeRole::kContainer:
        PrintChildren(node, Named(schema));
        break;
      case NodeRole::kList:
      case NodeRole::kLeafList:
        if (Named(schema)) absl::StrAppend(&words_, " ", schema.name);
        node.VisitEntries([&](const Node& entry) {
          PrintEntry(entry);
          return !stopped_;
        });
        break;
      case NodeRole::kEntry:
      case NodeRole::kValue:
        PrintEntry(node);
        break;
      case NodeRole::kLeaf:
        if (schema.is_key) break;
        absl::StrAppend(&words_, " ", schema.name);
        if (schema.json != JsonForm::kEmpty) {
          absl::StrAppend(&words_, " ", QuotedWord(ShownValue(node)));
        }
        PutLine(schema.secret);
        break;
    }
    words_.resize(before);
  }

  // Adds the words of a step that leads to what is printed.
  void Enter(const PathStep& step) {
    absl::StrAppend(&words_, " ", step.node->name);
    for (const std::string& key : step.keys) absl::StrAppend(&words_, " ", QuotedWord(key));
  }

  bool Finish() {
    Flush();
    return !stopped_;
  }

 private:
  static bool Named(const SchemaNode& schema) { return schema.parent != nullptr; }

  void PrintEntry(const Node& entry) {
    const std::size_t before = words_.size();
    if (entry.role() == NodeRole::kValue) {
      absl::StrAppend(&words_, " ", QuotedWord(ShownValue(entry)));
      PutLine(entry.schema().secret);
    } else {
      for (std::size_t i = 0; i < entry.schema().key_count; ++i) {
        absl::StrAppend(&words_, " ", QuotedWord(entry.key(i)));
      }
      PrintChildren(entry, false);
    }
    words_.resize(before);
  }

  void PrintChildren(const Node& node, bool add_name) {
    const SchemaNode& schema = node.schema();
    if (add_name) absl::StrAppend(&words_, " ", schema.name);
    const std::size_t lines = line_count_;
    for (const NodePtr& child : node.children()) {
      Print(*child);
      if (stopped_) return;
    }
    const bool means_something = schema.is_list() || schema.kind == NodeKind::kPresenceContainer;
    // A comment makes nothing, so an entry that has only secrets gets a line of its own.
    if (means_something && lines == line_count_) PutLine(false);
  }

  void PutLine(bool comment) {
    absl::StrAppend(&part_, comment ? "# set" : "set", words_, "\n");
    line_count_ += comment ? 0 : 1;
    if (part_.size() >= kPartBytes) Flush();
  }

  void Flush() {
    if (!stopped_ && !part_.empty()) stopped_ = !sink_(part_);
    part_.clear();
  }

  const TextSink& sink_;
  std::string part_;
  std::string words_;
  std::size_t line_count_ = 0;  // Without comments.
  bool stopped_ = false;
};

}  // namespace

std::string QuotedWord(std::string_view word) {
  if (!word.empty() && std::ranges::all_of(word, IsPlain)) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

bool PrintCommands(const Tree& tree, const Path& at, const TextSink& sink) {
  const Node* node = tree.Find(at);
  if (node == nullptr) return true;
  CommandPrinter printer(sink);
  for (std::size_t i = 0; i + 1 < at.size(); ++i) printer.Enter(at[i]);
  const bool is_entry = node->role() == NodeRole::kEntry || node->role() == NodeRole::kValue;
  if (is_entry) printer.Enter({at.back().node, {}});
  printer.Print(*node);
  return printer.Finish();
}

std::string CommandsText(const Tree& tree, const Path& at) {
  std::string text;
  PrintCommands(tree, at, [&text](std::string_view part) {
    text += part;
    return true;
  });
  return text;
}

}  // namespace configsync
