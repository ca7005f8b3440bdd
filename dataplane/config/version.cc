// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/config/version.h"

namespace dataplane {

std::string_view ProgramVersion() { return LOCKSTEP_VERSION; }

}  // namespace dataplane
