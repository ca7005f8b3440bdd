// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/follow/objects.h"

#include "configsync/follow/reader.h"

namespace configsync {

Objects::Objects(const Tree& tree, Problems& problems) {
  const SchemaNode* const schema = SchemaAt(&tree.schema(), {"objects"});
  const Node* const objects = NodeAt(tree.root(), schema);
  const SchemaNode* const address = SchemaAt(schema, {"address"});
  const SchemaNode* const prefix = SchemaAt(address, {"prefix"});
  ForEachEntry(objects, address, [&](const Node& entry) {
    prefixes_[std::string(entry.key(0))].emplace_back(TextOf(&entry, prefix));
  });

  const SchemaNode* const group = SchemaAt(schema, {"address-group"});
  const SchemaNode* const member = SchemaAt(group, {"member"});
  ByName<std::vector<std::string>> groups;
  ForEachEntry(objects, group, [&](const Node& entry) {
    std::vector<std::string>& found = groups[std::string(entry.key(0))];
    ForEachValue(&entry, member, [&](std::string_view name) {
      if (const auto known = prefixes_.find(name); known != prefixes_.end()) {
        found.insert(found.end(), known->second.begin(), known->second.end());
      } else {
        problems.Add({"UNKNOWN_REFERENCE",
                      PathText({{schema, {}}, {group, {std::string(entry.key(0))}}, {member, {}}}),
                      std::string(name), "no address has this name",
                      "make the address, or remove the member"});
      }
    });
  });
  prefixes_.merge(groups);

  const SchemaNode* const service = SchemaAt(schema, {"service"});
  const SchemaNode* const protocol = SchemaAt(service, {"protocol"});
  const SchemaNode* const port = SchemaAt(service, {"port"});
  ForEachEntry(objects, service, [&](const Node& entry) {
    Service& found = services_[std::string(entry.key(0))];
    found.protocol = TextOf(&entry, protocol);
    ForEachValue(&entry, port, [&](std::string_view text) {
      found.ports.emplace_back(text);
      if (IsReversedRange(text)) {
        problems.Add({"PORT_RANGE",
                      PathText({{schema, {}}, {service, {std::string(entry.key(0))}}, {port, {}}}),
                      std::string(text), "the range ends before it begins",
                      "write the smaller port first"});
      }
    });
  });
}

const std::vector<std::string>* Objects::Prefixes(std::string_view name) const {
  const auto found = prefixes_.find(name);
  return found == prefixes_.end() ? nullptr : &found->second;
}

const Service* Objects::ServiceOf(std::string_view name) const {
  const auto found = services_.find(name);
  return found == services_.end() ? nullptr : &found->second;
}

bool IsReversedRange(std::string_view ports) {
  const std::size_t dash = ports.find('-');
  if (dash == std::string_view::npos) {
    return false;
  }
  const std::string_view first = ports.substr(0, dash);
  const std::string_view last = ports.substr(dash + 1);
  // Numbers without leading zeros: the longer one is larger.
  return first.size() != last.size() ? first.size() > last.size() : first > last;
}

bool IsPrefixText(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789./") == std::string_view::npos;
}

}  // namespace configsync
