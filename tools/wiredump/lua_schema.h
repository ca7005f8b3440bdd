// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The schema as Lua tables: the middle part of lockstep.lua, made from the same structs as the
// engine's frames.

#pragma once

#include <string>

namespace wiredump {

std::string LuaSchema();

}  // namespace wiredump
