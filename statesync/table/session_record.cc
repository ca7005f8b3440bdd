// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/table/session_record.h"

#include "statesync/ensure.h"

namespace statesync {

void SessionRecord::Init(std::span<const NetAddr> nat_addresses) noexcept {
  ENSURE(nat_addresses.size() <= kNatAddressesMax);
  nat_count_ = nat_addresses.size();
  std::copy(nat_addresses.begin(), nat_addresses.end(), nat_addresses_.begin());
  nat_places_.fill(kNatIndexNone);
  for (std::size_t i = 0; i < nat_count_; ++i) {
    std::size_t place = NatPlaceOf(nat_addresses[i]);
    while (nat_places_[place] != kNatIndexNone) place = (place + 1) % kNatPlaces;
    nat_places_[place] = static_cast<std::uint8_t>(i);
  }
}

std::uint8_t SessionRecord::NatIndexOf(NetAddr addr) const noexcept {
  for (std::size_t place = NatPlaceOf(addr);; place = (place + 1) % kNatPlaces) {
    const std::uint8_t index = nat_places_[place];
    if (index == kNatIndexNone || nat_addresses_[index] == addr) return index;
  }
}

std::uint8_t SessionRecord::SchemaMax(Op op) noexcept {
  switch (op) {
    case Op::kInsert:
      return kSessionInsertV4Nat;
    case Op::kUpdate:
      return kSessionUpdate;
    case Op::kDelete:
      return kSessionDeleteV4;
  }
  return 0;
}

}  // namespace statesync
