// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Runs a fuzz target over a folder of inputs, and over a fixed number of mutations of each: the
// same bytes in every run, with any compiler. Usage: replay FOLDER MUTATIONS

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// SplitMix64: small, and the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Below(std::uint64_t bound) {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % bound;
  }

 private:
  std::uint64_t state_;
};

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

// One to four edits: change a byte, remove or repeat a range, or swap in a digit.
std::string Mutated(std::string input, Random& random) {
  for (std::uint64_t edits = 1 + random.Below(4); edits > 0 && !input.empty(); --edits) {
    const std::size_t at = random.Below(input.size());
    const std::size_t count = 1 + random.Below(std::min<std::size_t>(16, input.size() - at));
    switch (random.Below(4)) {
      case 0:
        input[at] = static_cast<char>(random.Below(256));
        break;
      case 1:
        input.erase(at, count);
        break;
      case 2:
        input.insert(at, input.substr(at, count));
        break;
      default:
        input[at] = static_cast<char>('0' + random.Below(10));
        break;
    }
  }
  return input;
}

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: replay FOLDER MUTATIONS\n");
    return 2;
  }
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  const int mutation_count = std::atoi(argv[2]);
  for (const std::filesystem::path& path : paths) {
    const std::string input = Read(path);
    Run(input);
    Random random(input.size());
    for (int i = 0; i < mutation_count; ++i) {
      Run(Mutated(input, random));
    }
  }
  std::printf("%zu inputs, %d mutations each\n", paths.size(), mutation_count);
  return paths.empty() ? 1 : 0;
}
