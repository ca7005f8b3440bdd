// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two engines over real tables, joined by an array: frames of one are the input of the other, at
// once.

#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <vector>

#include "gtest/gtest.h"
#include "statesync/engine.h"
#include "tests/unit/table/session_maker.h"

namespace statesync {

class EnginePair {
 public:
  explicit EnginePair(EngineOptions options = {}, std::uint32_t capacity = 4'096,
                      std::uint32_t second_capacity = 0) {
    for (std::size_t i = 0; i < 2; ++i) {
      const bool is_other = i == 1 && second_capacity != 0;
      tables_[i] = MakeTable(is_other ? second_capacity : capacity, i + 1);
      ReplicatedTable* list[] = {&tables_[i]->replicated()};
      options.node = static_cast<NodeIndex>(i);
      auto engine = Engine::Create(options, list);
      EXPECT_TRUE(engine.ok()) << engine.status();
      engines_[i] = std::move(engine).value();
    }
    for (auto& buffer : buffers_) buffer.resize(options.datagram_bytes_max - 32u);
  }

  // info: what each learns of the other, but for node and boot id.
  void Connect(PeerInfo info = {}) {
    for (std::size_t i = 0; i < 2; ++i) {
      info.node = static_cast<NodeIndex>(1 - i);
      info.boot_id = 100 + i;
      engines_[i]->OnPeerConnected(now_, info);
    }
  }
  void MakeFirstActive() { engines_[0]->OnRole(now_, Role::kActive, MakeTerm(1, 0)); }

  // One turn of both; frames that `drops` picks, by chance, by what they are or by their sender's
  // number, are lost. No allocation.
  template <typename Drops>
  void Turn(Duration step, Drops drops) {
    now_ = now_ + step;
    for (std::size_t from = 0; from < 2; ++from) {
      std::array<OutFrame, kFrames> out{};
      for (std::size_t i = 0; i < kFrames; ++i) out[i].buffer = buffers_[i];
      const std::size_t count = engines_[from]->TakeFrames(now_, out);
      std::array<OpenedFrame, kFrames> in{};
      std::size_t arrived = 0;
      for (std::size_t i = 0; i < count; ++i) {
        if constexpr (std::is_invocable_v<Drops, const OutFrame&>) {
          if (drops(out[i])) continue;
        } else if constexpr (std::is_invocable_v<Drops, std::size_t>) {
          if (drops(from)) continue;
        } else {
          if (drops()) continue;
        }
        in[arrived++] = {out[i].stream, out[i].epoch, out[i].buffer.first(out[i].bytes)};
      }
      engines_[1 - from]->OnFrameBatch(now_, std::span(in).first(arrived));
    }
  }
  void Turn(Duration step = Micros(100)) {
    Turn(step, [] { return false; });
  }
  bool TurnUntilSynced(int turns_max = 20'000) {
    for (int i = 0; i < turns_max; ++i) {
      Turn();
      if (engines_[1]->status(now_).readiness == Readiness::kSynced) return true;
    }
    return false;
  }

  // A connected pair whose first node owns the tables and whose second is proven to hold them.
  [[nodiscard]] bool Begin() {
    Connect();
    MakeFirstActive();
    return TurnUntilSynced();
  }

  SessionTable& table(std::size_t i) { return *tables_[i]; }
  Engine& engine(std::size_t i) { return *engines_[i]; }
  const EngineStatus& status(std::size_t i) { return engines_[i]->status(now_); }
  [[nodiscard]] Instant now() const { return now_; }

 private:
  static constexpr std::size_t kFrames = 32;
  Instant now_{1'000'000};
  std::array<std::unique_ptr<SessionTable>, 2> tables_;
  std::array<std::unique_ptr<Engine>, 2> engines_;
  std::array<std::vector<std::byte>, kFrames> buffers_;
};

}  // namespace statesync
