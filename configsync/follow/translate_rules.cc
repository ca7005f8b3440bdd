// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/follow/translate_rules.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "configsync/follow/forwarding_limits.h"
#include "configsync/follow/objects.h"
#include "configsync/follow/reader.h"

namespace configsync {
namespace {

using lockstep::forwarding::Rule;
using Strings = google::protobuf::RepeatedPtrField<std::string>;

constexpr std::string_view kAny = "any";

class RuleMaker {
 public:
  RuleMaker(const Tree& tree, Problems& problems)
      : list_(SchemaAt(&tree.schema(), {"policy", "rule"})),
        id_(SchemaAt(list_, {"id"})),
        enabled_(SchemaAt(list_, {"enabled"})),
        from_zone_(SchemaAt(list_, {"from-zone"})),
        to_zone_(SchemaAt(list_, {"to-zone"})),
        source_(SchemaAt(list_, {"source"})),
        destination_(SchemaAt(list_, {"destination"})),
        protocol_(SchemaAt(list_, {"protocol"})),
        port_(SchemaAt(list_, {"destination-port"})),
        action_(SchemaAt(list_, {"action"})),
        source_nat_(SchemaAt(list_, {"source-nat"})),
        replicate_icmp_(SchemaAt(list_, {"replicate-icmp"})),
        commit_(SchemaAt(list_, {"commit-before-forward"})),
        deadline_(SchemaAt(commit_, {"deadline-us"})),
        on_deadline_(SchemaAt(commit_, {"on-deadline"})),
        without_peer_(SchemaAt(commit_, {"without-peer"})),
        objects_(tree, problems),
        problems_(problems) {}

  [[nodiscard]] const SchemaNode* list() const { return list_; }
  [[nodiscard]] bool IsEnabled(const Node& entry) const {
    return enabled_ == nullptr || FlagOf(&entry, enabled_);
  }

  // False: it can match nothing.
  [[nodiscard]] bool Make(const Node& entry, Rule& rule) {
    if (!AddPrefixes(entry, source_, *rule.mutable_source()) ||
        !AddPrefixes(entry, destination_, *rule.mutable_destination())) {
      return false;
    }
    rule.set_id(NumberOf(&entry, id_));
    rule.set_name(std::string(entry.key(0)));
    rule.set_from_zone(ZoneOf(entry, from_zone_));
    rule.set_to_zone(ZoneOf(entry, to_zone_));
    AddServices(entry, rule);
    rule.set_action(TextOf(&entry, action_) == "permit" ? lockstep::forwarding::PERMIT
                                                        : lockstep::forwarding::DENY);
    rule.set_source_nat(std::string(TextOf(&entry, source_nat_)));
    rule.set_replicate_icmp(FlagOf(&entry, replicate_icmp_));
    if (const Node* const commit = ChildOf(&entry, commit_); commit != nullptr) {
      auto& target = *rule.mutable_commit_before_forward();
      target.set_deadline_us(NumberOf(commit, deadline_));
      target.set_on_deadline(FallbackOf(commit, on_deadline_));
      target.set_without_peer(FallbackOf(commit, without_peer_));
    }
    return true;
  }

 private:
  static std::string ZoneOf(const Node& entry, const SchemaNode* leaf) {
    const std::string_view zone = TextOf(&entry, leaf);
    return zone == kAny ? std::string() : std::string(zone);
  }

  static lockstep::forwarding::Fallback FallbackOf(const Node* commit, const SchemaNode* leaf) {
    const std::string_view text = TextOf(commit, leaf);
    if (text.empty()) {
      return lockstep::forwarding::FALLBACK_UNSPECIFIED;
    }
    return text == "drop" ? lockstep::forwarding::DROP : lockstep::forwarding::RELEASE;
  }

  void Complain(const Node& entry, const SchemaNode* leaf, std::string_view code, std::string value,
                std::string text, std::string remedy) {
    problems_.Add(
        {std::string(code),
         PathText({{list_->parent, {}}, {list_, {std::string(entry.key(0))}}, {leaf, {}}}),
         std::move(value), std::move(text), std::move(remedy)});
  }

  // False: the objects have no prefix. Without one the rule would match every address, so it must
  // be left out.
  [[nodiscard]] bool AddPrefixes(const Node& entry, const SchemaNode* leaf, Strings& target) {
    bool has_values = false;
    bool is_any = false;
    ForEachValue(&entry, leaf, [&](std::string_view value) {
      has_values = true;
      if (value == kAny) {
        is_any = true;
      } else if (IsPrefixText(value)) {
        target.Add(std::string(value));
      } else if (const auto* const found = objects_.Prefixes(value); found != nullptr) {
        target.Add(found->begin(), found->end());
      } else {
        Complain(entry, leaf, "UNKNOWN_REFERENCE", std::string(value),
                 "no address or group has this name", "make it, or write a prefix");
      }
    });
    if (is_any) {
      target.Clear();
      return true;
    }
    if (static_cast<std::size_t>(target.size()) > kPrefixesPerRuleMax) {
      Complain(entry, leaf, "DATAPLANE_LIMIT", std::to_string(target.size()),
               "too many prefixes, groups written out: the dataplane takes at most " +
                   std::to_string(kPrefixesPerRuleMax),
               "summarise prefixes, or split the rule");
    }
    return !has_values || !target.empty();
  }

  // The dataplane has one list of protocols and one of ports, each with each. A service is ports of
  // one protocol; the rule's own ports are of all its protocols.
  void AddServices(const Node& entry, Rule& rule) {
    std::vector<std::string> own_protocols;
    std::vector<std::string> own_ports;
    std::vector<const Service*> services;
    ForEachValue(&entry, protocol_, [&](std::string_view protocol) {
      if (protocol != kAny) {
        own_protocols.emplace_back(protocol);
      }
    });
    ForEachValue(&entry, port_, [&](std::string_view port) {
      if (!port.empty() && port.front() >= '0' && port.front() <= '9') {
        own_ports.emplace_back(port);
        if (IsReversedRange(port)) {
          Complain(entry, port_, "PORT_RANGE", std::string(port), "the range ends before it begins",
                   "write the smaller port first");
        }
      } else if (const Service* const service = objects_.ServiceOf(port); service != nullptr) {
        services.push_back(service);
      } else {
        Complain(entry, port_, "UNKNOWN_REFERENCE", std::string(port), "no service has this name",
                 "make it, or write a port");
      }
    });
    if (!own_ports.empty() && own_protocols.empty()) {
      own_protocols = {"tcp", "udp"};  // What has ports; the dataplane wants to hear it.
    }
    if (!services.empty()) {
      UseServices(entry, services, own_protocols, own_ports);
    }
    rule.mutable_protocols()->Add(own_protocols.begin(), own_protocols.end());
    rule.mutable_destination_ports()->Add(own_ports.begin(), own_ports.end());
    if (own_ports.size() > kPortsPerRuleMax) {
      Complain(entry, port_, "DATAPLANE_LIMIT", std::to_string(own_ports.size()),
               "too many ports and ranges, services written out: the dataplane takes at most " +
                   std::to_string(kPortsPerRuleMax),
               "use ranges, or split the rule");
    }
  }

  // Replaces `protocols` and `ports`, those of the rule itself, by all of them.
  void UseServices(const Node& entry, const std::vector<const Service*>& services,
                   std::vector<std::string>& protocols, std::vector<std::string>& ports) {
    std::map<std::string, std::set<std::string>> ports_of;  // By protocol.
    if (!ports.empty()) {
      for (const std::string& protocol : protocols) {
        ports_of[protocol].insert(ports.begin(), ports.end());
      }
    }
    for (const Service* const service : services) {
      if (!protocols.empty() &&
          std::find(protocols.begin(), protocols.end(), service->protocol) == protocols.end()) {
        Complain(entry, protocol_, "SERVICE_PROTOCOL", service->protocol,
                 "is the protocol of a service of the rule, and the rule's own list lacks it",
                 "add it, or remove the list: services bring their protocols along");
      }
      ports_of[service->protocol].insert(service->ports.begin(), service->ports.end());
    }
    const std::set<std::string>& first = ports_of.begin()->second;
    for (const auto& [protocol, others] : ports_of) {
      if (others != first) {
        Complain(entry, port_, "SERVICES_DIFFER", protocol,
                 "has other ports than " + ports_of.begin()->first +
                     " in this rule, and a rule has one list of ports for all its protocols",
                 "make a rule for each protocol");
      }
    }
    protocols.clear();
    for (const auto& [protocol, unused] : ports_of) {
      protocols.push_back(protocol);
    }
    ports.assign(first.begin(), first.end());
  }

  const SchemaNode *list_, *id_, *enabled_, *from_zone_, *to_zone_, *source_, *destination_,
      *protocol_, *port_, *action_, *source_nat_, *replicate_icmp_, *commit_, *deadline_,
      *on_deadline_, *without_peer_;
  Objects objects_;
  Problems& problems_;
};

}  // namespace

void AddRules(const Tree& tree, lockstep::forwarding::Forwarding& forwarding, Problems& problems) {
  RuleMaker maker(tree, problems);
  const SchemaNode* const list = maker.list();
  if (list == nullptr) {
    return;
  }
  std::size_t count = 0;
  ForEachEntry(NodeAt(tree.root(), list->parent), list, [&](const Node& entry) {
    if (maker.IsEnabled(entry) && ++count <= kRulesMax &&
        !maker.Make(entry, *forwarding.add_rules())) {
      forwarding.mutable_rules()->RemoveLast();
    }
  });
  if (count > kRulesMax) {
    problems.Add(
        {"DATAPLANE_LIMIT", list->path, std::to_string(count),
         "enabled rules are too many: the dataplane takes at most " + std::to_string(kRulesMax),
         "disable rules, or merge them by groups"});
  }
}

}  // namespace configsync
