// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A schema made by hand with as much as the engine looks at, and a judge for it.
//
//   /system/{host-name, password (secret), token* (secret)}
//   /interfaces/interface[name]/mtu          edit lock; reloads dhcp
//   /policy/rule[name]/{id (auto), action}   in user order; reloads dataplane
//   /ha/{virtual-host-name, failover/enabled (true), configuration-synchronization/enabled (false)}

#pragma once

#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/engine/judge.h"
#include "configsync/schema/schema_node.h"
#include "configsync/tree/edit.h"

namespace configsync {

class SmallSchema {
 public:
  SmallSchema();
  SmallSchema(const SmallSchema&) = delete;
  SmallSchema& operator=(const SmallSchema&) = delete;

  [[nodiscard]] const SchemaNode& root() const { return nodes_.front(); }

  // Words as an operator types them: a list's or leaf-list's name is followed by its key.
  [[nodiscard]] Path PathOf(std::string_view words) const;
  // The last word is the value.
  [[nodiscard]] Edit Set(std::string_view words, std::string_view value = "") const;
  [[nodiscard]] Edit Delete(std::string_view words) const;

 private:
  SchemaNode& Add(SchemaNode& parent, NodeKind kind, std::string_view name);
  std::deque<SchemaNode> nodes_;
};

// Finds wrong: a rule whose action is neither permit nor deny; a host name "bad".
class SmallJudge final : public Judge {
 public:
  explicit SmallJudge(const SmallSchema& schema) : schema_(schema) {}
  const SchemaNode& root() const override { return schema_.root(); }
  // Not JSON: a line for each edit, "words=value".
  std::vector<Edit> ReadJson(std::string_view json, const Tree& current,
                             Problems& problems) const override;
  Tree WithIds(const Tree& running, const Tree& tree, Problems& problems) const override;
  Cost Verdict(const Tree& tree, Problems& problems) const override;
  std::vector<std::string> Warnings(std::span<const Change>) const override { return {}; }

 private:
  const SmallSchema& schema_;
};

}  // namespace configsync
