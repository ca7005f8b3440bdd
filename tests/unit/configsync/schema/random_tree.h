// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Random configurations of our modules: every value is one that its type takes, but references may
// lead nowhere.

#pragma once

#include <map>
#include <random>

#include "tests/unit/configsync/schema/our_schema.h"

namespace configsync {

// Texts of which each type of the modules takes at least one.
inline constexpr const char* kTexts[] = {"a",
                                         "web",
                                         "Z.9_-",
                                         "10.0.0.1",
                                         "192.168.255.254",
                                         "10.1.0.2/24",
                                         "10.0.0.0/8",
                                         "0.0.0.0/0",
                                         "443",
                                         "8000-8999",
                                         "65535",
                                         "00:11:22:aa:bb:cc",
                                         "Europe/Berlin",
                                         "en_US.UTF-8",
                                         "https://10.9.1.2:8443/",
                                         "both 'kinds' of \"quotes\" \\ and é €",
                                         "$HOME `x` # ; |",
                                         "",
                                         "fd00::1/64",
                                         "ssh-ed25519 AAAA comment",
                                         "-1.5",
                                         "89.123456",
                                         "true",
                                         "tcp",
                                         "permit",
                                         "0",
                                         "{}",
                                         "null",
                                         "[\"x\"]",
                                         "a b"};

class RandomTree {
 public:
  RandomTree(std::uint32_t seed, bool with_secrets) : random_(seed), with_secrets_(with_secrets) {}

  Tree Make() {
    Fill(OurSchema().root(), {});
    auto tree = EmptyTree().Apply(edits_);
    EXPECT_TRUE(tree.ok()) << tree.status();
    return tree.ok() ? *std::move(tree) : EmptyTree();
  }

 private:
  std::uint32_t Below(std::uint32_t limit) {
    return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(random_);
  }

  // Texts that the type of `leaf` takes, canonical; found out once a leaf.
  static const std::vector<std::string>& GoodTexts(const SchemaNode& leaf) {
    static std::map<const SchemaNode*, std::vector<std::string>> known;
    const auto [found, is_new] = known.try_emplace(&leaf);
    if (!is_new) return found->second;
    std::vector<std::string> texts(std::begin(kTexts), std::end(kTexts));
    texts.insert(texts.end(), leaf.values.begin(), leaf.values.end());
    if (leaf.type == LeafType::kInteger) {
      texts.push_back(std::to_string(leaf.integer_min));
      texts.push_back(std::to_string(leaf.integer_max));
    }
    for (const std::string& text : texts) {
      Problems problems;
      std::string canonical;
      if (OurSchema().Canonical(leaf, text, "", canonical, problems)) {
        found->second.push_back(canonical);
      }
    }
    EXPECT_FALSE(found->second.empty()) << leaf.path << ": add a text to kTexts";
    return found->second;
  }

  std::string Value(const SchemaNode& leaf) {
    const std::vector<std::string>& texts = GoodTexts(leaf);
    return texts.empty() ? "" : texts[Below(static_cast<std::uint32_t>(texts.size()))];
  }

  void Fill(const SchemaNode& parent, const Path& at) {
    for (const SchemaNode* child : parent.children) {
      if (child->is_key || Below(3) == 0 || (child->secret && !with_secrets_)) continue;
      Path path = at;
      path.push_back({child, {}});
      if (child->is_leaf()) {
        edits_.push_back({EditOp::kSet, path, Value(*child), {}});
      } else if (child->kind == NodeKind::kLeafList || child->is_list()) {
        FillEntries(*child, path);
      } else {
        if (child->kind == NodeKind::kPresenceContainer) {
          edits_.push_back({EditOp::kSet, path, "", {}});
        }
        Fill(*child, path);
      }
    }
  }

  void FillEntries(const SchemaNode& list, Path& path) {
    for (std::uint32_t n = Below(4); n > 0; --n) {
      path.back().keys.clear();
      const std::uint32_t key_count = list.is_list() ? list.key_count : 1;
      for (std::uint32_t k = 0; k < key_count; ++k) {
        path.back().keys.push_back(Value(list.is_list() ? *list.children[k] : list));
      }
      edits_.push_back({EditOp::kSet, path, "", {}});
      if (list.is_list()) Fill(list, path);
    }
  }

  std::mt19937 random_;
  const bool with_secrets_;
  std::vector<Edit> edits_;
};

}  // namespace configsync
