// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <memory>
#include <optional>
#include <utility>

#include "configsync/select/dependency_finder.h"
#include "configsync/select/part_selector.h"
#include "configsync/select/selection.h"
#include "configsync/select/switches.h"

namespace configsync {

struct SelectionMaker::Impl {
  // What is known for one selection without dependencies.
  struct Known {
    Known(SelectionSpec given, std::vector<std::string> held_back, const SchemaNode& root)
        : bare(std::move(given)),
          withheld(std::move(held_back)),
          selector(bare, root),
          finder(selector, withheld, root),
          spec(bare) {}

    void MoveTo(const Tree& wanted) {
      if (selector.LookAt(wanted, /*all_go=*/true) || !projector) {
        projector.emplace(
            [this](const SchemaNode& node, const Path& path) { return selector(node, path); });
      }
      if (!finder.IsNeeded()) return;
      if (finder.MoveTo(wanted, projector->Project(wanted))) {
        spec.dependencies = finder.dependencies();
      }
    }

    SelectionSpec bare;
    std::vector<std::string> withheld;
    PartSelector selector;
    DependencyFinder finder;
    std::optional<Projector> projector;
    SelectionSpec spec;
  };

  std::string remote;
  std::optional<Tree> running;  // That `known` was made from.
  std::optional<Tree> target;
  std::unique_ptr<Known> known;
};

namespace {

// Equal parts of the trees below `name` make equal settings.
bool HaveSame(const Tree& a, const Tree& b, std::string_view name) {
  const SchemaNode* schema = a.schema().Child(name);
  if (schema == nullptr || &a.schema() != &b.schema()) return &a.schema() == &b.schema();
  const Node* in_a = a.root().Child(*schema);
  const Node* in_b = b.root().Child(*schema);
  if (in_a == in_b) return true;
  return in_a != nullptr && in_b != nullptr && in_a->hash() == in_b->hash();
}

}  // namespace

SelectionMaker::SelectionMaker(std::string remote) : impl_(std::make_unique<Impl>()) {
  impl_->remote = std::move(remote);
}
SelectionMaker::~SelectionMaker() = default;
SelectionMaker::SelectionMaker(SelectionMaker&&) noexcept = default;
SelectionMaker& SelectionMaker::operator=(SelectionMaker&&) noexcept = default;

const SelectionSpec& SelectionMaker::SpecFor(const Tree& running, const Tree& target,
                                             const Gates& gates) {
  Impl& impl = *impl_;
  const bool is_settled = impl.known && impl.known->withheld == gates.withheld &&
                          HaveSame(*impl.running, running, "ha") &&
                          HaveSame(*impl.target, target, "interfaces");
  if (!is_settled) {
    SelectionSpec bare = BareSpec(running, target, impl.remote, gates, ModeOf(running));
    if (!impl.known || impl.known->bare != bare || impl.known->withheld != gates.withheld) {
      impl.known = std::make_unique<Impl::Known>(std::move(bare), gates.withheld, running.schema());
    }
  }
  impl.running = running;
  impl.target = target;
  impl.known->MoveTo(target);
  return impl.known->spec;
}

}  // namespace configsync
