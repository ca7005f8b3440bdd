// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// N19: the questions of part_selector.h, asked one after the other, with the answer that decides.

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/select/dependency_finder.h"
#include "configsync/select/part_selector.h"
#include "configsync/select/selection.h"
#include "configsync/select/switches.h"
#include "configsync/tree/references.h"

namespace configsync {
namespace {

using ModeAnswer = Explanation::ModeAnswer;

const char* ClassName(SyncClass sync) {
  switch (sync) {
    case SyncClass::kUnset:
      return "unset";
    case SyncClass::kShared:
      return "shared";
    case SyncClass::kUnique:
      return "unique";
    case SyncClass::kNever:
      return "never";
    case SyncClass::kConditional:
      return "conditional";
    case SyncClass::kPresenceName:
      return "presence-name";
  }
  return "unset";
}

// Where the class of a node comes from: the topmost node above that has it too.
const SchemaNode& Origin(const SchemaNode& node, std::size_t mode) {
  const SchemaNode* at = &node;
  while (at->parent != nullptr && at->parent->parent != nullptr &&
         at->parent->sync[mode] == at->sync[mode] &&
         at->parent->condition[mode] == at->condition[mode]) {
    at = at->parent;
  }
  return *at;
}

std::string ClassText(const SchemaNode& node, std::size_t mode) {
  const SchemaNode& origin = Origin(node, mode);
  return absl::StrCat("class ", ClassName(node.sync[mode]), ", of ", origin.path, " in module ",
                      origin.module);
}

class Explainer {
 public:
  Explainer(const Tree& running, const std::string& remote, const Gates& gates, Mode mode)
      : running_(running),
        gates_(gates),
        mode_(mode),
        map_(MapOf(running, remote)),
        bare_(BareSpec(running, running, remote, gates, mode)),
        base_(bare_, running.schema()),
        finder_(base_, gates.withheld, running.schema()) {
    base_.LookAt(running, /*all_go=*/true);
    SelectionSpec spec = bare_;
    if (finder_.IsNeeded()) {
      Projector projector(
          [this](const SchemaNode& node, const Path& path) { return base_(node, path); });
      finder_.MoveTo(running, projector.Project(running));
      spec.dependencies = finder_.dependencies();
    }
    full_.emplace(std::move(spec), running.schema());
    full_->LookAt(running);
  }

  ModeAnswer Answer(const Path& path) {
    ModeAnswer answer;
    answer.mode = mode_;
    if (path.empty()) {
      answer.decided_by = "class";
      answer.text = "ask about a node: each has its own answer";
      return answer;
    }
    if (!ByClass(path, answer) && !ByCondition(path, answer)) ByChoice(path, answer);
    const Keep keep = (*full_)(*path.back().node, path);
    if (!answer.travels && (keep == Keep::kInside || keep == Keep::kItself)) {
      answer.text += "; some of what is below travels";
    }
    return answer;
  }

 private:
  [[nodiscard]] std::size_t mode() const { return static_cast<std::size_t>(mode_); }

  // A key is where its entry is.
  static const SchemaNode& Judged(const Path& path) {
    const SchemaNode& node = *path.back().node;
    return node.is_key ? *node.parent : node;
  }

  bool ByClass(const Path& path, ModeAnswer& answer) const {
    const SchemaNode& node = Judged(path);
    const SyncClass sync = node.sync[mode()];
    if (sync == SyncClass::kShared || sync == SyncClass::kConditional) return false;
    if (sync == SyncClass::kPresenceName && node.is_list()) return false;
    answer.decided_by = "class";
    answer.text = ClassText(node, mode());
    if (sync == SyncClass::kPresenceName) {
      answer.text += ": names travel, contents are each node's own";
    } else if (sync == SyncClass::kUnique) {
      answer.text += ": each node keeps its own";
    } else {
      answer.text += ": it never travels, whatever a map includes";
    }
    return true;
  }

  // What a condition forbids. One that holds is told with the answer that follows.
  bool ByCondition(const Path& path, ModeAnswer& answer) const {
    const SchemaNode& node = Judged(path);
    if (node.sync[mode()] != SyncClass::kConditional || ConditionHolds(node, path)) return false;
    answer.decided_by = "condition";
    answer.text = absl::StrCat(ConditionText(node, path),
                               ", so each node keeps its own: ", ClassText(node, mode()));
    return true;
  }

  [[nodiscard]] bool ConditionHolds(const SchemaNode& node, const Path& path) const {
    const std::string& condition = node.condition[mode()];
    if (condition == kVirtualRouterSync) return bare_.virtual_router_sync;
    if (condition == kQosSync) return bare_.qos_sync;
    return base_.FloatingAt(node, path) == Floating::kHolds;
  }

  [[nodiscard]] std::string ConditionText(const SchemaNode& node, const Path& path) const {
    const std::string& condition = node.condition[mode()];
    if (condition == kVirtualRouterSync || condition == kQosSync) {
      return absl::StrCat("/ha/active-active/", condition, " is ",
                          ConditionHolds(node, path) ? "true" : "false");
    }
    if (ObjectSteps(base_.classes(), path) == 0) {
      return "it holds objects, of which those with a virtual address of the pair travel";
    }
    return ConditionHolds(node, path)
               ? "the object's local address is a virtual address of the pair"
               : "the object's local address is no virtual address of the pair";
  }

  void ByChoice(const Path& path, ModeAnswer& answer) const {
    const SchemaNode& node = Judged(path);
    if (std::ranges::find(gates_.withheld, node.category) != gates_.withheld.end()) {
      answer.decided_by = "hardware";
      answer.text = absl::StrCat("category ", node.category,
                                 " is withheld: it travels between equal machines only");
      return;
    }
    std::string why_not;
    const bool is_on = base_.classes().IsOn(node.category);
    if (!is_on) {
      answer.decided_by = "category";
      why_not = absl::StrCat("category ", node.category, " is switched off");
    } else if (const MapRule* rule = RuleOf(path); base_.rules() != nullptr) {
      answer.decided_by = "map";
      answer.travels = rule != nullptr && rule->include;
      why_not = rule == nullptr
                    ? absl::StrCat("no rule of map ", map_, " speaks of it")
                    : absl::StrCat("map ", map_, ", rule ", rule->number, ": ",
                                   rule->include ? "include " : "exclude ", rule->location);
      answer.text = why_not;
    } else {
      answer.travels = true;
      const bool by_condition = node.sync[mode()] == SyncClass::kConditional;
      answer.decided_by = by_condition ? "condition" : "class";
      answer.text = absl::StrCat(by_condition ? ConditionText(node, path) + ": " : "",
                                 ClassText(node, mode()), "; category ", node.category, " is on");
    }
    if (answer.travels) return;
    answer.text = why_not;
    if (ByDependency(path, answer)) return;
    if ((*full_)(node, path) == Keep::kBeside && IsInPart(path)) {
      answer.travels = true;
      absl::StrAppend(&answer.text, "; but its entry cannot be without it, and goes");
    }
  }

  [[nodiscard]] bool IsInPart(const Path& path) const {
    Projector projector(
        [this](const SchemaNode& node, const Path& at) { return (*full_)(node, at); });
    return projector.Project(running_).Find(path) != nullptr;
  }

  [[nodiscard]] const MapRule* RuleOf(const Path& path) const {
    return base_.rules() == nullptr ? nullptr : base_.rules()->Decide(path);
  }

  bool ByDependency(const Path& path, ModeAnswer& answer) const {
    if (full_->dependencies().At(path).covered_by == nullptr) return false;
    Path needed;
    for (const PathStep& step : path) {
      needed.push_back(step);
      if (full_->dependencies().At(needed).covered_by != nullptr) break;
    }
    answer.travels = (*full_)(*path.back().node, path) != Keep::kNothing;
    answer.text = absl::StrCat(EdgeText(needed), "; without that: ", answer.text);
    answer.decided_by = "dependency";
    return true;
  }

  // Who asks for what is needed: a selected node that refers to it, or ls:depends.
  [[nodiscard]] std::string EdgeText(const Path& needed) const {
    for (const Path& referrer : ReferrersOf(running_, needed)) {
      if ((*full_)(*referrer.back().node, referrer) == Keep::kNothing) continue;
      return absl::StrCat(PathText(needed), " is needed: leafref from ", PathText(referrer));
    }
    return absl::StrCat(PathText(needed), " is needed: ls:depends of ", DependentText(needed));
  }

  [[nodiscard]] std::string DependentText(const Path& needed) const {
    std::vector<const SchemaNode*> pending = {&running_.schema()};
    while (!pending.empty()) {
      const SchemaNode& node = *pending.back();
      pending.pop_back();
      for (const std::string& text : node.depends) {
        const Path path = PathOfDependency(running_.schema(), text);
        if (!path.empty() && path.back().node == needed.front().node) return node.path;
      }
      pending.insert(pending.end(), node.children.rbegin(), node.children.rend());
    }
    return "a list whose dependencies are too many to be named one by one";
  }

  const Tree& running_;
  const Gates& gates_;
  Mode mode_;
  std::string map_;
  SelectionSpec bare_;
  PartSelector base_;
  DependencyFinder finder_;
  std::optional<PartSelector> full_;
};

}  // namespace

Explanation Explain(const Tree& running, const std::string& remote, const Path& path,
                    const Gates& gates) {
  Explanation explanation;
  explanation.path = PathText(path);
  const Mode first = ModeOf(running);
  const Mode second = first == Mode::kActivePassive ? Mode::kActiveActive : Mode::kActivePassive;
  for (const Mode mode : {first, second}) {
    explanation.answers.push_back(Explainer(running, remote, gates, mode).Answer(path));
  }
  return explanation;
}

}  // namespace configsync
