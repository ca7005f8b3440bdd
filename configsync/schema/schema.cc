// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/schema.h"

#include <libyang/libyang.h>

#include <algorithm>
#include <ctime>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "configsync/schema/compile.h"
#include "configsync/schema/limits.h"
#include "configsync/schema/mistakes.h"
#include "configsync/schema/print_json.h"
#include "configsync/schema/problem_codes.h"
#include "configsync/schema/text.h"
#include "configsync/schema/validate.h"
#include "configsync/tree/hash.h"

namespace configsync {
namespace {

struct ContextDeleter {
  void operator()(ly_ctx* context) const { ly_ctx_destroy(context); }
};
using Context = std::unique_ptr<ly_ctx, ContextDeleter>;

struct ModuleFile {
  std::string name;  // "lockstep-policy"
  std::string text;
};

absl::StatusOr<std::vector<ModuleFile>> ReadModules(const std::string& folder) {
  std::vector<ModuleFile> modules;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::filesystem::path& path = entry->path();
    if (path.extension() != ".yang" || !path.stem().string().starts_with("lockstep-")) continue;
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file || text.size() > kModuleBytesMax) {
      return absl::InvalidArgumentError(absl::StrCat(
          path.string(), ": cannot be read, or has more than ", kModuleBytesMax, " bytes"));
    }
    modules.push_back({path.stem().string(), std::move(text)});
  }
  if (error || modules.empty() || modules.size() > kModulesMax) {
    return absl::NotFoundError(
        absl::StrCat(folder, ": must hold 1 to ", kModulesMax, " files lockstep-*.yang, holds ",
                     modules.size(), error ? absl::StrCat(": ", error.message()) : std::string()));
  }
  std::ranges::sort(modules, {}, &ModuleFile::name);
  return modules;
}

std::string DigestOf(const std::vector<ModuleFile>& modules) {
  std::string all;
  for (const ModuleFile& module : modules) {
    absl::StrAppend(&all, module.name, " ", module.text.size(), "\n", module.text);
  }
  return HexOf(Sha256(all));
}

absl::StatusOr<Context> LoadModules(const std::string& folder,
                                    const std::vector<ModuleFile>& modules) {
  ly_log_options(LY_LOSTORE);  // Kept in the context, for us; nothing goes to stderr.
  ly_ctx* made = nullptr;
  const auto options =
      static_cast<std::uint16_t>(LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIR_CWD |
                                 LY_CTX_EXPLICIT_COMPILE | LY_CTX_SET_PRIV_PARSED);
  if (ly_ctx_new(folder.c_str(), options, &made) != LY_SUCCESS) {
    return absl::InternalError(absl::StrCat(folder, ": libyang makes no context"));
  }
  Context context(made);
  for (const ModuleFile& module : modules) {
    if (ly_ctx_load_module(made, module.name.c_str(), nullptr, nullptr) == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(folder, "/", module.name, ".yang: ", TakeError(*made)));
    }
  }
  if (ly_ctx_compile(made) != LY_SUCCESS) {
    return absl::InvalidArgumentError(absl::StrCat(folder, ": ", TakeError(*made)));
  }
  return context;
}

std::int64_t ThreadCpuMicros() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace

struct Schema::Impl {
  Context context;
  std::deque<SchemaNode> nodes;
  std::string digest;
  std::mutex mutex;  // Of `context`.
  MistakeFinder finder;
  std::mutex finder_mutex;  // Of `finder`.
};

Schema::Schema() : impl_(std::make_unique<Impl>()) {}
Schema::~Schema() = default;

absl::StatusOr<std::unique_ptr<Schema>> Schema::Load(const std::string& folder) {
  const auto modules = ReadModules(folder);
  if (!modules.ok()) return modules.status();
  auto context = LoadModules(folder, *modules);
  if (!context.ok()) return context.status();
  std::unique_ptr<Schema> schema(new Schema());
  schema->impl_->context = *std::move(context);
  schema->impl_->digest = DigestOf(*modules);
  std::vector<std::string> mistakes;
  CompileNodes(*schema->impl_->context, schema->impl_->nodes, mistakes);
  if (!mistakes.empty()) {
    const std::size_t count = mistakes.size();
    mistakes.resize(std::min(count, kModuleMistakesMax));
    return absl::InvalidArgumentError(absl::StrCat(folder, ": ", count, " mistakes in the schema\n",
                                                   absl::StrJoin(mistakes, "\n")));
  }
  return schema;
}

const SchemaNode& Schema::root() const { return impl_->nodes.front(); }

const std::string& Schema::digest() const { return impl_->digest; }

const SchemaNode* Schema::Find(std::string_view path) const {
  const SchemaNode* node = &root();
  while (node != nullptr && !path.empty()) {
    if (path.front() != '/') return nullptr;
    path.remove_prefix(1);
    const std::string_view name = path.substr(0, path.find('/'));
    if (name.empty()) return node == &root() && path.empty() ? node : nullptr;
    node = node->Child(name);
    path.remove_prefix(name.size());
  }
  return node;
}

bool Schema::Canonical(const SchemaNode& node, std::string_view value, std::string_view path_text,
                       std::string& canonical, Problems& problems) const {
  const auto refuse = [&](std::string_view code, std::string text, std::string remedy) {
    problems.Add({.code = std::string(code),
                  .path = std::string(path_text),
                  .value = node.secret ? "" : ShortText(value),
                  .text = std::move(text),
                  .remedy = std::move(remedy)});
    return false;
  };
  if (value.size() > kTextBytesMax) {
    return refuse(problem_code::kValueTooLong,
                  absl::StrCat("has ", value.size(), " bytes; at most ", kTextBytesMax),
                  "give a shorter value");
  }
  const std::size_t illegal = FindIllegalText(value);
  if (illegal != std::string_view::npos) {
    return refuse(problem_code::kBadText,
                  absl::StrCat("byte ", illegal, " is not UTF-8, or no character of a text"),
                  "give text in UTF-8 without control characters");
  }
  const std::lock_guard lock(impl_->mutex);
  return CanonicalByLibyang(*impl_->context, node, value, path_text, canonical, problems);
}

Schema::JudgeCost Schema::Judge(const Tree& tree, Problems& problems) const {
  JudgeCost cost;
  const std::int64_t begin = ThreadCpuMicros();
  {
    const std::lock_guard lock(impl_->finder_mutex);
    impl_->finder.Find(tree, problems);
  }
  const std::int64_t own_end = ThreadCpuMicros();
  cost.own_cpu_us = own_end - begin;
  if (problems.empty()) {
    const std::string json =
        JsonText(tree, {.secrets = Secrets::kClear, .pretty = false, .seal = {}});
    const std::lock_guard lock(impl_->mutex);
    ValidateByLibyang(*impl_->context, root(), json, problems);
    cost.libyang_cpu_us = ThreadCpuMicros() - own_end;
  }
  return cost;
}

}  // namespace configsync
