// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/print_json.h"

#include <span>

namespace configsync {
namespace {

constexpr std::size_t kPartBytes = 64u << 10;
constexpr std::size_t kFingerprintDigits = 16;

class JsonPrinter {
 public:
  JsonPrinter(const JsonOptions& options, const TextSink& sink) : options_(options), sink_(sink) {}

  // A container or entry. `way` has the steps from here to what is wanted; empty: all of it.
  void PrintObject(const Node& node, const PathStep* way, std::size_t way_count) {
    Put("{");
    ++level_;
    bool first = true;
    for (const NodePtr& child : node.children()) {
      const bool on_way = way_count == 0 || &child->schema() == way->node;
      if (!on_way && !child->schema().is_key) continue;
      if (!first) Put(",");
      first = false;
      NewLine();
      PrintName(child->schema());
      PrintNode(*child, on_way && way_count != 0 ? way : nullptr, on_way ? way_count : 0);
      if (stopped_) return;
    }
    --level_;
    if (!first) NewLine();
    Put("}");
  }

  // Any node. `way` begins with the step that led to it; null: all of it.
  void PrintNode(const Node& node, const PathStep* way, std::size_t way_count) {
    const PathStep* rest = way == nullptr || way_count < 2 ? nullptr : way + 1;
    const std::size_t rest_count = rest == nullptr ? 0 : way_count - 1;
    switch (node.role()) {
      case NodeRole::kContainer: {
        const Step step(*this, node);
        PrintObject(node, rest, rest_count);
        return;
      }
      case NodeRole::kEntry:
        PrintObject(node, rest, rest_count);
        return;
      case NodeRole::kList:
      case NodeRole::kLeafList:
        PrintEntries(node, way, way_count);
        return;
      case NodeRole::kLeaf: {
        const Step step(*this, node);
        PrintValue(node);
        return;
      }
      case NodeRole::kValue:
        PrintValue(node);
        return;
    }
  }

  bool Finish() {
    Flush();
    return !stopped_;
  }

 private:
  // Keeps the path of what is printed, for seals.
  struct Step {
    Step(JsonPrinter& printer, const Node& node) : owner(printer) {
      if (owner.options_.secrets != Secrets::kSealed) return;
      PathStep step{&node.schema(), {}};
      if (node.role() == NodeRole::kEntry) {
        for (std::size_t i = 0; i < node.schema().key_count; ++i) {
          step.keys.emplace_back(node.key(i));
        }
      } else if (node.role() == NodeRole::kValue) {
        step.keys.emplace_back(node.value());
      }
      owner.path_.push_back(std::move(step));
    }
    ~Step() {
      if (!owner.path_.empty()) owner.path_.pop_back();
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    JsonPrinter& owner;
  };

  void PrintEntries(const Node& list, const PathStep* way, std::size_t way_count) {
    const bool one_line = list.role() == NodeRole::kLeafList;
    Put("[");
    ++level_;
    bool first = true;
    list.VisitEntries([&](const Node& entry) {
      if (way != nullptr && !way->keys.empty() && !HasKeys(entry, way->keys)) return true;
      if (!first) Put(one_line && options_.pretty ? ", " : ",");
      first = false;
      if (!one_line) NewLine();
      const Step step(*this, entry);
      PrintNode(entry, way, way_count);
      return !stopped_;
    });
    --level_;
    if (!first && !one_line) NewLine();
    Put("]");
  }

  static bool HasKeys(const Node& entry, std::span<const std::string> keys) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (entry.key(i) != keys[i]) return false;
    }
    return true;
  }

  void PrintName(const SchemaNode& schema) {
    const bool qualified = schema.parent == nullptr || schema.parent->module != schema.module;
    Put("\"");
    if (qualified) {
      Put(schema.module);
      Put(":");
    }
    Put(schema.name);
    Put(options_.pretty ? "\": " : "\":");
  }

  void PrintValue(const Node& node) {
    const SchemaNode& schema = node.schema();
    if (schema.secret) {
      PrintSecret(node);
    } else if (schema.json == JsonForm::kEmpty) {
      Put("[null]");
    } else if (schema.json == JsonForm::kString) {
      PrintString(node.value());
    } else {
      Put(node.value());
    }
  }

  void PrintSecret(const Node& node) {
    if (options_.secrets == Secrets::kClear) {
      PrintString(node.value());
    } else if (options_.secrets == Secrets::kSealed && options_.seal) {
      PrintString(options_.seal(PathText(path_), node.value()));
    } else {
      PrintString(FingerprintOf(node));
    }
  }

  // RFC 8259, 7.
  void PrintString(std::string_view value) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    Put("\"");
    std::size_t plain = 0;  // What needs no escape goes out in one piece.
    for (std::size_t i = 0; i < value.size(); ++i) {
      const char c = value[i];
      if (c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20) continue;
      Put(value.substr(plain, i - plain));
      plain = i + 1;
      if (c == '"' || c == '\\') {
        Put(c == '"' ? "\\\"" : "\\\\");
      } else if (c == '\n' || c == '\t' || c == '\r') {
        Put(c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
      } else {
        Put("\\u00");
        Put(kDigits.substr(static_cast<unsigned char>(c) >> 4, 1));
        Put(kDigits.substr(static_cast<unsigned char>(c) & 15, 1));
      }
    }
    Put(value.substr(plain));
    Put("\"");
  }

  void NewLine() {
    if (!options_.pretty) return;
    part_ += '\n';
    part_.append(2 * level_, ' ');
  }

  void Put(std::string_view text) {
    part_ += text;
    if (part_.size() >= kPartBytes) Flush();
  }

  void Flush() {
    if (!stopped_ && !part_.empty()) stopped_ = !sink_(part_);
    part_.clear();
  }

  const JsonOptions& options_;
  const TextSink& sink_;
  std::string part_;
  Path path_;  // Of kSealed only.
  std::size_t level_ = 0;
  bool stopped_ = false;
};

}  // namespace

std::string FingerprintOf(const Node& secret) {
  return std::string(kFingerprintPrefix) + HexOf(secret.hash()).substr(0, kFingerprintDigits);
}

std::string ShownValue(const Node& node) {
  return node.schema().secret ? FingerprintOf(node) : std::string(node.value());
}

bool PrintJson(const Tree& tree, const Path& at, const JsonOptions& options, const TextSink& sink) {
  JsonPrinter printer(options, sink);
  if (tree.Find(at) == nullptr) {
    return sink("{}");
  }
  printer.PrintObject(tree.root(), at.empty() ? nullptr : at.data(), at.size());
  return printer.Finish();
}

std::string JsonText(const Tree& tree, const JsonOptions& options, const Path& at) {
  std::string text;
  PrintJson(tree, at, options, [&text](std::string_view part) {
    text += part;
    return true;
  });
  return text;
}

std::string NodeJsonText(const Node& node, const JsonOptions& options) {
  std::string text;
  const TextSink sink = [&text](std::string_view part) {
    text += part;
    return true;
  };
  JsonPrinter printer(options, sink);
  printer.PrintNode(node, nullptr, 0);
  printer.Finish();
  return text;
}

}  // namespace configsync
