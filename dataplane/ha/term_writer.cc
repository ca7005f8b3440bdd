// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha/term_writer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

namespace dataplane {
namespace {

constexpr int kRetryMilliseconds = 1'000;  // After a failed write.

}  // namespace

absl::StatusOr<std::unique_ptr<TermWriter>> TermWriter::Start(const TermStore& store) {
  std::unique_ptr<TermWriter> writer(new TermWriter(store));
  writer->wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!writer->wake_.open()) return absl::ErrnoToStatus(errno, "term writer: event descriptor");
  writer->thread_ = std::thread([raw = writer.get()] { raw->Run(); });
  return writer;
}

TermWriter::~TermWriter() {
  stop_.store(true);
  ::eventfd_write(wake_.get(), 1);
  if (thread_.joinable()) thread_.join();
}

void TermWriter::Want(statesync::Term mark) {
  if (wanted_.load(std::memory_order_relaxed) >= mark.value) return;
  wanted_.store(mark.value, std::memory_order_release);
  ::eventfd_write(wake_.get(), 1);
}

void TermWriter::Run() {
  while (!stop_.load()) {
    pollfd polled{wake_.get(), POLLIN, 0};
    ::poll(&polled, 1, failing_.load() ? kRetryMilliseconds : -1);
    eventfd_t ignored = 0;
    ::eventfd_read(wake_.get(), &ignored);
    const statesync::Term wanted{wanted_.load(std::memory_order_acquire)};
    if (wanted.value <= written_.load()) continue;
    const bool ok = store_.Write(wanted).ok();
    failing_.store(!ok);
    if (!ok) continue;
    writes_.fetch_add(1);
    written_.store(wanted.value, std::memory_order_release);
  }
}

}  // namespace dataplane
