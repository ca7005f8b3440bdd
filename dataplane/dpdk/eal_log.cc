// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/eal_log.h"

#include <rte_log.h>
#include <stdio.h>

#include <mutex>

#include "statesync/ensure.h"

namespace dataplane {
namespace {

constexpr std::size_t kComplaintBytesMax = 400;

struct Capture {
  std::mutex mutex;
  EalLogSink sink = nullptr;
  std::string line;       // Not yet ended by a newline.
  std::string complaint;  // First line since TakeEalComplaint().
};

Capture& TheCapture() {
  static Capture* const capture = new Capture;  // Lives as long as DPDK may log.
  return *capture;
}

void EndLine(Capture& capture) {
  if (capture.line.empty()) return;
  if (capture.complaint.empty()) capture.complaint = capture.line.substr(0, kComplaintBytesMax);
  if (capture.sink != nullptr) capture.sink(capture.line);
  capture.line.clear();
}

ssize_t WriteLog(void* /*cookie*/, const char* bytes, size_t count) {
  Capture& capture = TheCapture();
  const std::lock_guard lock(capture.mutex);
  for (const char c : std::string_view(bytes, count)) {
    if (c == '\n') {
      EndLine(capture);
    } else {
      capture.line += c;
    }
  }
  return static_cast<ssize_t>(count);
}

}  // namespace

void CaptureEalLog() {
  FILE* const stream = fopencookie(nullptr, "w", {nullptr, &WriteLog, nullptr, nullptr});
  ENSURE(stream != nullptr);
  setvbuf(stream, nullptr, _IOLBF, 0);
  ENSURE(rte_openlog_stream(stream) == 0);
}

void PassEalLogTo(EalLogSink sink) {
  Capture& capture = TheCapture();
  const std::lock_guard lock(capture.mutex);
  capture.sink = sink;
}

std::string TakeEalComplaint() {
  Capture& capture = TheCapture();
  const std::lock_guard lock(capture.mutex);
  std::string complaint = std::move(capture.complaint);
  capture.complaint.clear();
  return complaint;
}

}  // namespace dataplane
