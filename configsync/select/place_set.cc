// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/select/place_set.h"

namespace configsync {
namespace {

std::string NodeText(const PathStep& step) { return std::to_string(step.node->index); }

std::string KeysText(const PathStep& step) {
  std::string text;
  for (const std::string& key : step.keys) {
    text += ' ';
    text += std::to_string(key.size());
    text += ':';
    text += key;
  }
  return text;
}

}  // namespace

// A step with keys is two places: the list, and the entry below it.
void PlaceSet::Insert(const Path& path) {
  Place* place = &top_;
  const auto descend = [&](const std::string& text) {
    std::unique_ptr<Place>& below = place->below[text];
    if (!below) below = std::make_unique<Place>();
    place = below.get();
  };
  for (const PathStep& step : path) {
    descend(NodeText(step));
    if (!step.keys.empty()) descend(KeysText(step));
  }
  place->is_in = true;
}

PlaceSet::Look PlaceSet::At(const Path& path) const {
  const Place* place = &top_;
  const auto descend = [&](const std::string& text) {
    const auto found = place->below.find(text);
    place = found == place->below.end() ? nullptr : found->second.get();
    return place != nullptr;
  };
  for (const PathStep& step : path) {
    if (!descend(NodeText(step))) return {};
    if (place->is_in) return {step.node, false};
    if (step.keys.empty()) continue;
    if (!descend(KeysText(step))) return {};
    if (place->is_in) return {step.node, false};
  }
  return {nullptr, !place->below.empty()};
}

}  // namespace configsync
