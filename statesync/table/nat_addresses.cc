// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/table/nat_addresses.h"

#include <algorithm>

#include "statesync/ensure.h"

namespace statesync {

void NatAddresses::Init(std::span<const NetAddr> addresses) noexcept {
  ENSURE(addresses.size() <= kNatAddressesMax);
  addresses_.fill(0);
  std::copy(addresses.begin(), addresses.end(), addresses_.begin());
  places_.fill(kNatIndexNone);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (addresses[i] == 0) continue;
    std::size_t place = PlaceOf(addresses[i]);
    while (places_[place] != kNatIndexNone) place = (place + 1) % kPlaces;
    places_[place] = static_cast<std::uint8_t>(i);
  }
}

}  // namespace statesync
