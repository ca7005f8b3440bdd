// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/dpdk/run_with_eal.h"

int main(int argc, char** argv) {
  return dataplane::RunWithEal(argc, argv, "lockstep-test", 192, {"--no-telemetry"});
}
