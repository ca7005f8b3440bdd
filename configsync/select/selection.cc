// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/select/selection.h"

#include <optional>
#include <utility>

#include "configsync/select/part_selector.h"

namespace configsync {

struct Selection::Impl {
  Impl(SelectionSpec given, const SchemaNode& root)
      : spec(std::move(given)), id(IdOf(spec)), selector(spec, root) {}

  Projector MakeProjector() {
    return Projector(
        [this](const SchemaNode& node, const Path& path) { return selector(node, path); });
  }

  SelectionSpec spec;
  Hash id;
  PartSelector selector;
  std::optional<Projector> projector;
};

Selection::Selection(SelectionSpec spec, const SchemaNode& root)
    : impl_(std::make_unique<Impl>(std::move(spec), root)) {}
Selection::~Selection() = default;
Selection::Selection(Selection&&) noexcept = default;
Selection& Selection::operator=(Selection&&) noexcept = default;

const SelectionSpec& Selection::spec() const { return impl_->spec; }
const Hash& Selection::id() const { return impl_->id; }

// Other objects that float mean other answers: then what is known of the last tree is worthless.
Tree Selection::PartOf(const Tree& tree) {
  if (impl_->selector.LookAt(tree) || !impl_->projector) {
    impl_->projector.emplace(impl_->MakeProjector());
  }
  return impl_->projector->Project(tree);
}

const absl::Status& Selection::status() const {
  static const absl::Status kFine;
  return impl_->projector ? impl_->projector->status() : kFine;
}

}  // namespace configsync
