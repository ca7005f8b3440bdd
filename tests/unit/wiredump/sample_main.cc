// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Writes sample.pcap and sample.keys into the folder that is named, for tests of the dissector.

#include <cstdio>
#include <fstream>
#include <string>

#include "tests/unit/wiredump/sample_capture.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: wiredump_sample FOLDER\n");
    return 2;
  }
  const std::string folder = argv[1];
  wiredump::testing::WriteCapture(folder + "/sample.pcap", wiredump::testing::MakeSample().packets);
  std::ofstream(folder + "/sample.keys") << wiredump::testing::SampleKeys();
  return 0;
}
