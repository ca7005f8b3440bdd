// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/log/log.h"

#include <poll.h>
#include <semaphore.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>

#include "dataplane/log/line_ring.h"
#include "dataplane/log/topic_limiter.h"

#ifdef LOCKSTEP_HAVE_JOURNAL
#include <systemd/sd-journal.h>
#endif

namespace dataplane {
namespace {

constexpr int kStderrPatienceMs = 100;

std::int64_t ClockNs(clockid_t clock) noexcept {
  timespec time{};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

const char* NameOf(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::kError:
      return "error";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kNotice:
      return "notice";
    case LogLevel::kInfo:
      return "info";
  }
  return "info";
}

// True if stderr already is the journal's stream (a service): then each line would appear twice.
bool IsStderrJournal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) {
    return false;
  }
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

// The one log of the process.
class Writer {
 public:
  void Push(const LogLine& line) noexcept {
    if (!ring_.Push(line)) {
      lost_count_.fetch_add(1, std::memory_order_relaxed);
    }
    sem_post(&wake_);
  }

  void Start(std::string_view identifier) {
    if (thread_.joinable()) {
      return;
    }
    identifier_ = identifier;
    is_stderr_journal_ = IsStderrJournal();
    stop_.store(false, std::memory_order_relaxed);
    thread_ = std::thread([this] { Run(); });
  }

  void Stop() {
    if (thread_.joinable()) {
      stop_.store(true, std::memory_order_release);
      sem_post(&wake_);
      thread_.join();
    }
  }

  Writer() { sem_init(&wake_, 0, 0); }

 private:
  void Run() {
    while (true) {
      // Read before the drain: lines pushed before Stop() are written, whatever the order of
      // threads.
      const bool is_last = stop_.load(std::memory_order_acquire);
      Drain();
      if (is_last) {
        return;
      }
      sem_wait(&wake_);
    }
  }

  void Drain() {
    LogLine line;
    while (ring_.Pop(line)) {
      const std::string_view topic(line.topic.data(), line.topic_bytes);
      const TopicLimiter::Decision decision = limiter_.Ask(topic, line.now_ns);
      if (!decision.may_write) {
        continue;
      }
      std::string text(line.text.data(), line.text_bytes);
      if (decision.held_back_count > 0) {
        text += " (" + std::to_string(decision.held_back_count) + " lines held back before this)";
      }
      if (const std::uint64_t lost = lost_count_.exchange(0, std::memory_order_relaxed); lost > 0) {
        text += " (" + std::to_string(lost) + " lines lost before this: log ring full)";
      }
      WriteStderr(line, topic, text);
      WriteJournal(line, topic, text);
    }
  }

  static void WriteStderr(const LogLine& line, std::string_view topic, const std::string& text) {
    const std::time_t seconds = line.wall_ns / 1'000'000'000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char when[32];
    const std::size_t when_bytes = std::strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &utc);
    char milliseconds[16];
    std::snprintf(milliseconds, sizeof(milliseconds), ".%03dZ ",
                  static_cast<int>(line.wall_ns / 1'000'000 % 1000));
    std::string out(when, when_bytes);
    out += milliseconds;
    out += NameOf(line.level);
    out += ' ';
    out += topic;
    out += ": ";
    out += text;
    out += '\n';
    // One write per line, so that lines of two processes on one terminal do not mix. A reader that
    // stopped reading loses lines; it must not keep the process from ending.
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    if (poll(&ready, 1, kStderrPatienceMs) != 1) {
      return;
    }
    [[maybe_unused]] const ssize_t ignored = write(STDERR_FILENO, out.data(), out.size());
  }

  void WriteJournal([[maybe_unused]] const LogLine& line, [[maybe_unused]] std::string_view topic,
                    [[maybe_unused]] const std::string& text) const {
#ifdef LOCKSTEP_HAVE_JOURNAL
    if (is_stderr_journal_) {
      return;
    }
    const std::string message = "MESSAGE=" + std::string(topic) + ": " + text;
    const std::string priority = "PRIORITY=" + std::to_string(static_cast<int>(line.level));
    const std::string identifier = "SYSLOG_IDENTIFIER=" + identifier_;
    const std::string topic_field = "LOCKSTEP_TOPIC=" + std::string(topic);
    const auto field = [](const std::string& s) {
      return iovec{const_cast<char*>(s.data()), s.size()};
    };
    const iovec fields[] = {field(message), field(priority), field(identifier), field(topic_field)};
    // Without a journal this fails at once, and stderr has the line.
    sd_journal_sendv(fields, 4);
#endif
  }

  LineRing ring_;
  std::atomic<std::uint64_t> lost_count_{0};  // Writers: any. Reader: writing thread.
  sem_t wake_{};
  std::atomic<bool> stop_{false};
  std::thread thread_;
  // Writing thread.
  TopicLimiter limiter_;
  std::string identifier_;
  bool is_stderr_journal_ = false;
};

// Never destroyed: a thread may log while the process exits.
Writer& TheWriter() {
  static Writer* const writer = new Writer;
  return *writer;
}

}  // namespace

void Log(LogLevel level, std::string_view topic, std::string_view text) noexcept {
  LogLine line;
  line.wall_ns = ClockNs(CLOCK_REALTIME);
  line.now_ns = ClockNs(CLOCK_MONOTONIC);
  line.level = level;
  topic = topic.substr(0, kLogTopicBytesMax);
  text = text.substr(0, kLogTextBytesMax);
  line.topic_bytes = static_cast<std::uint8_t>(topic.size());
  line.text_bytes = static_cast<std::uint16_t>(text.size());
  std::copy(topic.begin(), topic.end(), line.topic.begin());
  // A line stays a line, whatever a name or an error text contains.
  std::replace_copy_if(
      text.begin(), text.end(), line.text.begin(),
      [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  TheWriter().Push(line);
}

void StartLog(std::string_view identifier) { TheWriter().Start(identifier); }

void StopLog() { TheWriter().Stop(); }

}  // namespace dataplane
