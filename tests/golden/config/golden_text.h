// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Compares text with a file of this folder. GOLDEN_WRITE=1 writes the files instead, to be looked
// at and committed when a text changes on purpose.

#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace golden {

inline std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// What `path` holds; `text` itself when files are being written.
inline std::string Expected(const std::string& path, const std::string& text) {
  if (std::getenv("GOLDEN_WRITE") != nullptr) {
    std::ofstream(path) << text;
  }
  return ReadText(path);
}

}  // namespace golden
