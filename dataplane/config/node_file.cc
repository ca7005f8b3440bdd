// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/config/node_file.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "dataplane/config/readers.h"

namespace dataplane {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// Fields that a node file had before there was Forwarding: where each is now.
struct Moved {
  std::string_view field;
  std::string_view place;
};
constexpr Moved kMoved[] = {
    {"\"zones\"", "forwarding { zones … }"},
    {"\"interfaces\"", "forwarding { interfaces … }, and its device to ports { name device }"},
    {"\"routes\"", "forwarding { routes … }"},
    {"\"rules\"", "forwarding { rules … }"},
    {"\"nat_pools\"", "forwarding { nat_pools … }"},
    {"\"timeouts\"", "forwarding { timeouts … }"},
    {"\"device\"", "ports { name device rx_descriptors frame_mtu }; an interface names its port"},
    {"\"rx_descriptors\"", "ports { name device rx_descriptors frame_mtu }"},
};

// "; moved to …" if the parser complains about such a field; else nothing.
std::string MovedTo(const std::string& message) {
  if (message.find("has no field named") == std::string::npos) return {};
  for (const Moved& moved : kMoved) {
    if (message.find(moved.field) == std::string::npos) continue;
    return absl::StrCat(" It moved to ", View(moved.place), "; see docs/example-node.textproto.");
  }
  return {};
}

// Keeps the parser's errors as "FILE:LINE:COLUMN: message" lines.
class ErrorLines final : public google::protobuf::io::ErrorCollector {
 public:
  explicit ErrorLines(std::string_view file_name) : file_name_(file_name) {}
  void AddError(int line, int column, const std::string& message) override {
    absl::StrAppend(&text_, text_.empty() ? "" : "\n", file_name_, ":", line + 1, ":", column + 1,
                    ": ", message, MovedTo(message));
  }
  void AddWarning(int /*line*/, int /*column*/, const std::string& /*message*/) override {}
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string file_name_;
  std::string text_;
};

// Line (from 1) of the deepest field of `path` that the file contains; 0 if it contains none.
// `path` is what Item() and Field() made: "interfaces[1].address".
int LineOf(const TextFormat::ParseInfoTree& root, std::string_view path) {
  const TextFormat::ParseInfoTree* tree = &root;
  const Descriptor* message = lockstep::node::Node::descriptor();
  int line = 0;
  while (tree != nullptr && message != nullptr && !path.empty()) {
    std::string_view step = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), step.size() + 1));
    int index = 0;
    if (const std::size_t bracket = step.find('['); bracket != std::string_view::npos) {
      std::from_chars(step.data() + bracket + 1, step.data() + step.size() - 1, index);
      step = step.substr(0, bracket);
    }
    const FieldDescriptor* field = message->FindFieldByName(std::string(step));
    if (field == nullptr) {
      break;
    }
    const int position = field->is_repeated() ? index : -1;
    const TextFormat::ParseLocation location = tree->GetLocation(field, position);
    if (location.line < 0) {
      break;
    }
    line = location.line + 1;
    message = field->message_type();
    tree = message == nullptr ? nullptr : tree->GetTreeForNested(field, position);
  }
  return line;
}

absl::Status StatusOf(const Mistakes& mistakes, const TextFormat::ParseInfoTree& tree,
                      std::string_view file_name) {
  if (mistakes.list().empty()) {
    return absl::OkStatus();
  }
  std::string text;
  for (const Mistake& mistake : mistakes.list()) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", View(file_name));
    if (const int line = LineOf(tree, mistake.path); line > 0) {
      absl::StrAppend(&text, ":", line);
    }
    absl::StrAppend(&text, ": ", mistake.path, ": ", mistake.text);
  }
  if (mistakes.omitted_count() > 0) {
    absl::StrAppend(&text, "\n", View(file_name), ": ", mistakes.omitted_count(), " more mistakes");
  }
  return absl::InvalidArgumentError(text);
}

}  // namespace

absl::StatusOr<Options> ParseNodeText(std::string_view text, std::string_view file_name) {
  lockstep::node::Node node;
  TextFormat::ParseInfoTree tree;
  ErrorLines errors(file_name);
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.WriteLocationsTo(&tree);
  if (!parser.ParseFromString(std::string(text), &node)) {
    return absl::InvalidArgumentError(
        errors.text().empty() ? absl::StrCat(View(file_name), ": is no node file") : errors.text());
  }
  Options options;
  Mistakes mistakes;
  Reading reading{node, options, mistakes};
  ReadIdentity(reading);
  ReadPorts(reading);
  ReadTables(reading);
  ReadHa(reading);
  ReadRuntime(reading);
  ReadDebug(reading);
  options.has_forwarding = node.has_forwarding();
  mistakes.SetPrefix("forwarding.");
  ForwardingReading forwarding{node.forwarding(), options, options.forwarding, mistakes};
  ReadForwardingParts(forwarding);
  absl::Status status = StatusOf(mistakes, tree, file_name);
  if (!status.ok()) {
    return status;
  }
  return options;
}

absl::StatusOr<Options> LoadNodeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot be read"));
  }
  std::string text;
  text.resize(kNodeFileBytesMax + 1);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    return absl::UnavailableError(absl::StrCat(path, ": cannot be read; is it a regular file?"));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kNodeFileBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": longer than ", kNodeFileBytesMax, " bytes"));
  }
  return ParseNodeText(text, path);
}

}  // namespace dataplane
