// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/sorted_lines.h"

#include <algorithm>

namespace lockstepctl {

void SortedLines::Sort() {
  std::sort(lines_.begin(), lines_.end(),
            [this](const Line& a, const Line& b) { return Of(a) < Of(b); });
}

}  // namespace lockstepctl
