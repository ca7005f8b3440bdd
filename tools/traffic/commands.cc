// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/traffic/commands.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <utility>

#include "tools/traffic/limits.h"

namespace traffic {

Commands::Commands(Loop& loop, std::function<void(Mark)> on_mark,
                   std::function<void(std::uint64_t)> on_stop)
    : loop_(loop), on_mark_(std::move(on_mark)), on_stop_(std::move(on_stop)) {
  fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
  loop_.Add(STDIN_FILENO, EPOLLIN, *this);
}

void Commands::OnReady(std::uint32_t, std::uint64_t now) {
  std::array<char, kCommandBytesMax> chunk;
  const ssize_t count = read(STDIN_FILENO, chunk.data(), chunk.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return Stop(now);
  for (const char c : std::string_view(chunk.data(), static_cast<std::size_t>(count))) {
    if (c != '\n') {
      if (pending_.size() < kCommandBytesMax) pending_ += c;
      continue;
    }
    OnLine(std::exchange(pending_, {}), now);
  }
}

void Commands::OnLine(std::string_view line, std::uint64_t now) {
  if (line == "stop") return Stop(now);
  constexpr std::string_view kMark = "mark ";
  const std::size_t space = line.rfind(' ');
  if (line.starts_with(kMark) && space > kMark.size()) {
    const std::string_view name = line.substr(kMark.size(), space - kMark.size());
    const std::string_view nanos = line.substr(space + 1);
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(nanos.data(), nanos.data() + nanos.size(), value);
    const bool is_name = std::ranges::all_of(name, [](unsigned char c) { return std::isalpha(c); });
    if (is_name && parsed.ec == std::errc{} && parsed.ptr == nanos.data() + nanos.size()) {
      return on_mark_({.name = std::string(name), .at_nanos = value});
    }
  }
  std::fprintf(stderr, "unknown command \"%.*s\": use \"mark NAME NANOS\" or \"stop\"\n",
               static_cast<int>(line.size()), line.data());
}

void Commands::Stop(std::uint64_t now) {
  if (std::exchange(stopped_, true)) return;
  loop_.Remove(STDIN_FILENO);
  on_stop_(now);
}

}  // namespace traffic
