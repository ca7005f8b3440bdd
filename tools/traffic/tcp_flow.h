// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The client's end of one TCP flow, and the record of what happened to it.
//
// Threads: one.  Memory: constant but for stalls, which are bounded.

#pragma once

#include <cstdint>
#include <span>

#include "tools/traffic/longest_spans.h"
#include "tools/traffic/loop.h"
#include "tools/traffic/random.h"
#include "tools/traffic/sampler.h"
#include "tools/traffic/socket.h"
#include "tools/traffic/tcp_profile.h"

namespace traffic {

// Times are nanoseconds of the monotonic clock; 0 = it has not happened.
struct TcpRecord {
  std::uint64_t flow_id;
  TcpClass tcp_class;
  Endpoint server;
  std::uint16_t local_port = 0;
  std::uint64_t inode = 0;       // Of the socket when it was opened.
  std::uint64_t opening_at = 0;  // connect() was called.
  std::uint64_t established_at = 0;
  std::uint64_t first_echo_at = 0;
  std::uint64_t last_echo_at = 0;
  std::uint64_t closing_at = 0;  // All was echoed and our direction closed.
  std::uint64_t closed_at = 0;   // The server's close arrived: a graceful end.
  std::uint64_t failed_at = 0;
  int error = 0;  // errno of the failure; 0 with failed_at = early end of stream.
  std::uint64_t sent_bytes = 0;
  std::uint64_t echoed_bytes = 0;  // Invariant: echoed_bytes <= sent_bytes, else corrupt.
  std::uint64_t corrupt_bytes = 0;
  std::uint64_t waiting_since = 0;  // Bytes are out and nothing came back since then.
  LongestSpans stalls{};            // Waits of at least kTcpStallNanosMin.
};

class TcpFlow final : public Handler {
 public:
  TcpFlow(Loop& loop, Sampler& sampler, std::uint64_t seed, std::uint64_t flow_id,
          TcpClass tcp_class, const Endpoint& server);
  ~TcpFlow() override;

  void Open(std::uint64_t now);

  // Last words: sends no further messages but one, to learn whether the flow still lives.
  void Probe(std::uint64_t now);

  void OnReady(std::uint32_t events, std::uint64_t now) override;
  void OnTimer(std::uint64_t now) override;

  // Nothing more is expected: it ended, or lives and all was echoed.
  [[nodiscard]] bool settled() const noexcept;
  [[nodiscard]] bool ended() const noexcept {
    return record_.closed_at != 0 || record_.failed_at != 0;
  }
  [[nodiscard]] bool is_echoing() const noexcept { return record_.first_echo_at != 0 && !ended(); }

  // The socket now, for comparison with the record; 0 once the flow has ended.
  [[nodiscard]] std::uint64_t inode_now() const noexcept { return fd_ < 0 ? 0 : InodeOf(fd_); }
  [[nodiscard]] std::uint8_t tcp_state_now() const noexcept {
    return fd_ < 0 ? 0 : TcpStateOf(fd_);
  }
  [[nodiscard]] const TcpRecord& record() const noexcept { return record_; }

 private:
  [[nodiscard]] std::uint64_t waiting_bytes() const noexcept {
    return record_.sent_bytes - record_.echoed_bytes;
  }
  void OnConnected(std::uint64_t now);
  void AddMessage(std::uint64_t now);
  void ArmNextMessage(std::uint64_t now);
  void Send(std::uint64_t now);
  void Receive(std::uint64_t now);
  void OnEchoed(std::span<const std::byte> bytes, std::uint64_t now);
  void NoteStall(std::uint64_t now);
  void CloseIfDone(std::uint64_t now);
  void OnStreamEnd(std::uint64_t now);
  void Fail(int error, std::uint64_t now);
  void Release();

  Loop& loop_;
  Sampler& sampler_;
  Random random_;
  const TcpProfile& profile_;
  TcpRecord record_;
  int fd_ = -1;
  std::uint32_t watched_events_ = 0;
  std::uint64_t planned_bytes_ = 0;  // What is to be sent so far; sent_bytes follows.
  std::uint64_t messages_left_;      // Of a flow that closes by itself.
  bool probed_ = false;
  std::uint64_t key_out_;
  std::uint64_t key_in_;
};

}  // namespace traffic
