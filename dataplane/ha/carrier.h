// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Carrier of interfaces as rtnetlink reports it; DPDK's virtual ports never notice a lost one.
//
// Threads: one.  Memory: one socket, a list as long as the watched interfaces.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/ha/descriptor.h"
#include "dataplane/ha/ha_thread.h"

namespace dataplane {

enum class Carrier : std::uint8_t { kUnknown, kUp, kDown, kAbsent };
[[nodiscard]] std::string_view NameOf(Carrier carrier) noexcept;

class CarrierWatch {
 public:
  struct Entry {
    WatchedInterface interface;
    Carrier carrier = Carrier::kUnknown;
  };
  // Called once per change with the entry's new state.
  using OnChange = std::function<void(const Entry&)>;

  // Opens a netlink socket and asks for the present state of every link.
  // Errors: as the system says.
  static absl::StatusOr<CarrierWatch> Create(const std::vector<WatchedInterface>& watched);

  [[nodiscard]] int descriptor() const { return socket_.get(); }

  // Reads what has arrived; bounded per call. A lost message (socket overrun) asks for all again.
  void Turn(const OnChange& on_change);

  // False while a critical interface is down or absent whose port's bit is in `ports`. Unknown
  // counts as up.
  [[nodiscard]] bool functional(std::uint32_t ports = ~0u) const;
  [[nodiscard]] std::span<const Entry> entries() const { return entries_; }

  // Takes one netlink message stream. Separate for tests: bytes come from the kernel, but a length
  // that does not fit ends the parse all the same.
  void Parse(std::span<const std::uint8_t> messages, const OnChange& on_change);

 private:
  CarrierWatch() = default;
  void AskForAll();
  void Note(std::string_view name, Carrier carrier, const OnChange& on_change);

  Descriptor socket_;
  std::vector<Entry> entries_;
};

}  // namespace dataplane
