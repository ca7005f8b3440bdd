// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/inventory/inventory_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

using nlohmann::json;

// Deep or wide nonsense ends before it takes memory: nothing here is nested deeper.
constexpr int kDepthMax = 3;

absl::Status Wrong(std::string_view member, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      "'", std::string(member.substr(0, kInventoryTextBytesMax)), "': ", std::string(what)));
}

absl::Status TooMany(std::string_view member) {
  return absl::ResourceExhaustedError(
      absl::StrCat("'", std::string(member), "': more than ", kInventoryEntriesMax, " entries"));
}

bool IsText(std::string_view text) {
  return !text.empty() && text.size() <= kInventoryTextBytesMax &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

absl::Status ReadText(const std::string& member, const json& value, std::string& text) {
  const auto* const found = value.get_ptr<const std::string*>();
  if (found == nullptr || !IsText(*found)) {
    return Wrong(member,
                 absl::StrCat("a text of 1 to ", kInventoryTextBytesMax, " printable characters"));
  }
  text = *found;
  return absl::OkStatus();
}

absl::Status ReadTexts(const std::string& member, const json& value,
                       std::vector<std::string>& texts) {
  if (!value.is_array()) {
    return Wrong(member, "a list of texts");
  }
  if (value.size() > kInventoryEntriesMax) {
    return TooMany(member);
  }
  for (const json& entry : value) {
    if (absl::Status status = ReadText(member, entry, texts.emplace_back()); !status.ok()) {
      return status;
    }
  }
  std::ranges::sort(texts);
  const auto twice = std::unique(texts.begin(), texts.end());
  texts.erase(twice, texts.end());
  return absl::OkStatus();
}

absl::Status ReadPlugin(const std::string& name, const json& value, Installed& installed) {
  const std::string member = "plugins/" + name;
  if (!value.is_object()) {
    return ReadText(member, value, installed.plugins[name]);
  }
  for (const auto& [key, part] : value.items()) {
    if (key == "version") {
      if (absl::Status status = ReadText(member, part, installed.plugins[name]); !status.ok()) {
        return status;
      }
    } else if (key == "required" && part.is_boolean()) {
      if (part.get<bool>()) {
        installed.required_plugins.push_back(name);
      }
    } else {
      return Wrong(member, R"(a version, or {"version": TEXT, "required": true or false})");
    }
  }
  return absl::OkStatus();
}

absl::Status ReadPlugins(const json& value, Installed& installed) {
  if (!value.is_object()) {
    return Wrong("plugins", "names with versions");
  }
  if (value.size() > kInventoryEntriesMax) {
    return TooMany("plugins");
  }
  for (const auto& [name, plugin] : value.items()) {
    if (!IsText(name)) {
      return Wrong("plugins", "a name is 1 to 128 printable characters");
    }
    if (absl::Status status = ReadPlugin(name, plugin, installed); !status.ok()) {
      return status;
    }
    if (installed.plugins[name].empty()) {
      return Wrong("plugins/" + name, "has no version");
    }
  }
  std::ranges::sort(installed.required_plugins);
  return absl::OkStatus();
}

absl::Status ReadFeatures(const json& value, Installed& installed) {
  if (!value.is_object()) {
    return Wrong("features", "names with true or false");
  }
  if (value.size() > kInventoryEntriesMax) {
    return TooMany("features");
  }
  for (const auto& [name, is_on] : value.items()) {
    if (!IsText(name) || !is_on.is_boolean()) {
      return Wrong("features/" + name, "true or false");
    }
    installed.features[name] = is_on.get<bool>();
  }
  return absl::OkStatus();
}

absl::Status ReadMember(const std::string& name, const json& value, Installed& installed) {
  if (name == "release") {
    return ReadText(name, value, installed.release);
  }
  if (name == "hardware") {
    return ReadText(name, value, installed.hardware);
  }
  if (name == "content-database") {
    return ReadText(name, value, installed.content_database);
  }
  if (name == "licenses") {
    return ReadTexts(name, value, installed.licenses);
  }
  if (name == "plugins") {
    return ReadPlugins(value, installed);
  }
  if (name == "features") {
    return ReadFeatures(value, installed);
  }
  return Wrong(name,
               "no member of an inventory; they are release, hardware, content-database, licenses, "
               "plugins, features");
}

absl::StatusOr<std::string> ReadBytes(const std::string& path) {
  // A pipe would block, a device never end.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("open ", path));
  }
  struct stat status {};
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(file);
    return absl::InvalidArgumentError(absl::StrCat(path, ": is no regular file"));
  }
  std::string bytes(kInventoryBytesMax + 1, '\0');
  std::size_t size = 0;
  ssize_t count = 1;
  while (count > 0 && size < bytes.size()) {
    count = read(file, bytes.data() + size, bytes.size() - size);
    size += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  const int error = errno;
  close(file);
  if (count < 0) {
    return absl::ErrnoToStatus(error, absl::StrCat("read ", path));
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

absl::StatusOr<Installed> ReadInventory(std::string_view text) {
  if (text.size() > kInventoryBytesMax) {
    return absl::ResourceExhaustedError(absl::StrCat("more than ", kInventoryBytesMax, " bytes"));
  }
  bool is_deep = false;
  const json::parser_callback_t judge = [&](int depth, json::parse_event_t, json&) {
    is_deep = is_deep || depth > kDepthMax;
    return depth <= kDepthMax;
  };
  const json whole = json::parse(text.begin(), text.end(), judge, /*allow_exceptions=*/false);
  if (is_deep || !whole.is_object()) {
    return absl::InvalidArgumentError("is no JSON object of an inventory");
  }
  Installed installed;
  for (const auto& [name, value] : whole.items()) {
    if (absl::Status status = ReadMember(name, value, installed); !status.ok()) {
      return status;
    }
  }
  return installed;
}

absl::StatusOr<Installed> ReadInventoryFile(const std::string& path) {
  const absl::StatusOr<std::string> bytes = ReadBytes(path);
  if (!bytes.ok()) {
    return bytes.status();
  }
  absl::StatusOr<Installed> installed = ReadInventory(*bytes);
  if (!installed.ok()) {
    return absl::Status(installed.status().code(),
                        absl::StrCat(path, ": ", installed.status().message()));
  }
  return installed;
}

}  // namespace configsync
