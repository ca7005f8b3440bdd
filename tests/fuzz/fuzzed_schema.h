// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Our modules for fuzz targets, loaded once.

#pragma once

#include <memory>
#include <utility>

#include "configsync/schema/schema.h"
#include "statesync/ensure.h"

namespace configsync {

inline const Schema& FuzzedSchema() {
  static const std::unique_ptr<Schema> schema = [] {
    auto loaded = Schema::Load(LOCKSTEP_YANG_FOLDER);
    ENSURE(loaded.ok());
    return *std::move(loaded);
  }();
  return *schema;
}

}  // namespace configsync
