// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The steps from a parsed message to checked options; each reads one part and reports its mistakes.
// A value that is wrong is reported once and left at its default, so later steps do not repeat it.
//
// Threads: no shared state.

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "dataplane/config/mistakes.h"
#include "dataplane/config/options.h"
#include "proto/forwarding.pb.h"
#include "proto/node.pb.h"

namespace dataplane {

struct Reading {
  const lockstep::node::Node& node;
  Options& options;
  Mistakes& mistakes;
};

// In this order: later steps look up what earlier ones read.
void ReadIdentity(Reading& reading);  // name, index, priority, runtime_dir
void ReadPorts(Reading& reading);
void ReadTables(Reading& reading);
void ReadHa(Reading& reading);
void ReadRuntime(Reading& reading);
void ReadDebug(Reading& reading);

using IdsByName = std::map<std::string, std::uint8_t, std::less<>>;

// One Forwarding, of the node file or of a request.
struct ForwardingReading {
  const lockstep::forwarding::Forwarding& source;
  const Options& node;  // Read already but for its `forwarding`.
  ForwardingOptions& options;
  Mistakes& mistakes;
  IdsByName zone_ids{};
  IdsByName pool_ids{};
};

// All of it, in order; also what is derived: the list of NAT addresses, the digest of the id map.
void ReadForwardingParts(ForwardingReading& reading);
void ReadZones(ForwardingReading& reading);
void ReadInterfaces(ForwardingReading& reading);
void ReadRoutes(ForwardingReading& reading);
void ReadNatPools(ForwardingReading& reading);
void ReadRules(ForwardingReading& reading);
void ReadTimeouts(ForwardingReading& reading);
void ReadHaSwitches(ForwardingReading& reading);

// ---- Pieces that several steps need ----

// `value` if it lies in min … max; `standard` if the field was left out (0). Anything else is a
// mistake and reads as `standard`.
template <typename Value>
Value Ranged(Mistakes& mistakes, std::string_view path, std::uint64_t value, Value standard,
             std::uint64_t min, std::uint64_t max) {
  if (value == 0) {
    return standard;
  }
  if (value < min || value > max) {
    mistakes.Add(path, value, absl::StrCat("must be ", min, " to ", max));
    return standard;
  }
  return static_cast<Value>(value);
}

// Ids and names of one kind of object: in range, well-formed, unique.
class Register {
 public:
  // `kind` as in messages: "zone". Ids are 1 … id_max.
  Register(Mistakes& mistakes, std::string_view kind, std::uint64_t id_max)
      : mistakes_(mistakes), kind_(kind), id_max_(id_max) {}

  // 0 after a mistake.
  std::uint16_t AddId(const std::string& item, std::uint64_t id);
  // False after a mistake. An empty name is one only if `is_required`.
  bool AddName(const std::string& item, const std::string& name, bool is_required);

 private:
  Mistakes& mistakes_;
  std::string kind_;
  std::uint64_t id_max_;
  std::map<std::uint64_t, std::string> ids_;  // First user's path.
  std::map<std::string, std::string> names_;
};

// Zone or pool of that name; 0 if `name` is empty or unknown (a mistake that lists what exists).
std::uint8_t IdOfName(Mistakes& mistakes, const std::string& path, const std::string& name,
                      std::string_view kind, const IdsByName& ids);

// A mandatory host address; 0 after a mistake.
statesync::NetAddr ReadHostAddress(Mistakes& mistakes, const std::string& path,
                                   const std::string& text);

// Path of a file or folder: printable characters; `is_absolute`: must begin with '/'.
bool CheckPath(Mistakes& mistakes, const std::string& path, const std::string& text,
               bool is_absolute);

}  // namespace dataplane
