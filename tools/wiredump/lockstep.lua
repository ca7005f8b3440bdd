-- SPDX-FileCopyrightText: The Lockstep authors
-- SPDX-License-Identifier: BSD-3-Clause

-- Wireshark dissector of HA2, Lockstep's replication protocol (statesync/PROTOCOL.md).
--
--   wireshark -X lua_script:lockstep.lua CAPTURE       or copy it into the plugins folder
--
-- On a link everything behind the clear header is sealed. `wiredump --keys FILE --export-plain OUT
-- CAPTURE` opens the frames; of such a capture this shows headers, sections and every record. The
-- UDP port is a preference; default 4799.

-- The tables up to the end mark are printed by `wiredump --schema` from the structs of the engine; a
-- test compares them.
-- begin of schema
local enums = {
  datagram_kind = { [0] = "sealed", [1] = "hello", },
  table = { [0] = "control", [1] = "session", [2] = "multicast", [3] = "arp", [4] = "nd", [5] = "mac", [6] = "ipsec-sa", [7] = "virtual-mac", },
  op = { [1] = "insert", [2] = "update", [3] = "delete", },
  control_op = { [1] = "nack", [2] = "repaired", [3] = "lost", [4] = "want", [5] = "bulk-request", [6] = "bulk-state", [7] = "bulk-done", [8] = "digest", [9] = "refused", [10] = "digest-report", [11] = "hold", [12] = "probe", [13] = "probe-ack", [14] = "liveness", [15] = "scrub", },
  role = { [0] = "init", [1] = "standby", [2] = "active", [3] = "suspended", [4] = "nonfunctional", [5] = "active-primary", [6] = "active-secondary", [7] = "tentative", },
  readiness = { [0] = "no-peer", [1] = "bulk", [2] = "catch-up", [3] = "synced", [4] = "at-risk", },
  bulk_phase = { [1] = "running", [2] = "finished", },
  bulk_result = { [1] = "agreed", [2] = "digest-mismatch", [3] = "refused-some", },
  refusal_reason = { [1] = "table-full", [2] = "key-conflict", [3] = "unknown-id", },
  session_state = { [0] = "none", [1] = "syn-sent", [2] = "syn-received", [3] = "established", [4] = "fin-wait", [5] = "closing", [6] = "time-wait", [7] = "closed", [16] = "single", [17] = "multiple", [24] = "echo", },
}
-- Field: name, offset, bytes, kind, enumeration.
local structs = {
  clear_header = {
    {"magic", 0, 2, "hex"},
    {"version", 2, 1, "number"},
    {"kind_phase", 3, 1, "hex"},
    {"stream", 4, 2, "number"},
    {"epoch", 6, 2, "number"},
    {"packet_number", 8, 8, "number"},
  },
  frame_header = {
    {"term", 0, 3, "number"},
    {"flags", 3, 1, "hex"},
    {"frame_number", 4, 6, "number"},
    {"oldest_back", 10, 3, "number"},
    {"send_time_us", 13, 4, "number"},
    {"ack", 17, 6, "number"},
    {"credit", 23, 3, "number"},
    {"role", 26, 1, "name", "role"},
    {"readiness", 27, 1, "name", "readiness"},
  },
  section_header = {
    {"table", 0, 1, "name", "table"},
    {"op", 1, 1, "number"},
    {"schema", 2, 1, "number"},
    {"record_bytes", 3, 1, "number"},
    {"count", 4, 2, "number"},
    {"term", 6, 3, "number"},
    {"counter", 9, 5, "number"},
  },
  hello = {
    {"version_min", 0, 1, "number"},
    {"version_max", 1, 1, "number"},
    {"node", 2, 1, "number"},
    {"stream_count", 3, 1, "number"},
    {"boot_id", 4, 8, "hex"},
    {"nonce", 12, 32, "bytes"},
    {"share", 44, 32, "bytes"},
    {"echo_nonce", 76, 32, "bytes"},
    {"term", 108, 3, "number"},
    {"role", 111, 1, "name", "role"},
    {"datagram_bytes_max", 112, 2, "number"},
    {"table_count", 114, 2, "number"},
    {"id_map_digest", 116, 8, "hex"},
    {"tables", 124, 64, "bytes"},
  },
  session_insert_v4 = {
    {"shard", 0, 1, "number"},
    {"slot", 1, 2, "number"},
    {"generation", 3, 1, "number"},
    {"client_addr", 4, 4, "address"},
    {"server_addr", 8, 4, "address"},
    {"client_port", 12, 2, "number"},
    {"server_port", 14, 2, "number"},
    {"state", 16, 1, "name", "session_state"},
    {"client_edge", 17, 3, "number"},
    {"server_edge", 20, 3, "number"},
    {"scales", 23, 1, "hex"},
    {"rule", 24, 2, "number"},
  },
  session_insert_v4_nat = {
    {"shard", 0, 1, "number"},
    {"slot", 1, 2, "number"},
    {"generation", 3, 1, "number"},
    {"client_addr", 4, 4, "address"},
    {"server_addr", 8, 4, "address"},
    {"client_port", 12, 2, "number"},
    {"server_port", 14, 2, "number"},
    {"state", 16, 1, "name", "session_state"},
    {"client_edge", 17, 3, "number"},
    {"server_edge", 20, 3, "number"},
    {"scales", 23, 1, "hex"},
    {"rule", 24, 2, "number"},
    {"nat_index", 26, 1, "number"},
    {"nat_port", 27, 2, "number"},
  },
  session_update = {
    {"shard", 0, 1, "number"},
    {"slot", 1, 2, "number"},
    {"generation", 3, 1, "number"},
    {"state", 4, 1, "name", "session_state"},
    {"client_edge", 5, 3, "number"},
    {"server_edge", 8, 3, "number"},
  },
  session_delete = {
    {"shard", 0, 1, "number"},
    {"slot", 1, 2, "number"},
  },
  session_delete_v4 = {
    {"shard", 0, 1, "number"},
    {"slot", 1, 2, "number"},
    {"client_addr", 3, 4, "address"},
    {"server_addr", 7, 4, "address"},
    {"client_port", 11, 2, "number"},
    {"server_port", 13, 2, "number"},
    {"protocol", 15, 1, "number"},
    {"upto", 16, 8, "hex"},
  },
  nack = {
    {"first", 0, 6, "number"},
    {"count", 6, 2, "number"},
  },
  repaired = {
    {"frame", 0, 6, "number"},
    {"first_back", 6, 2, "number"},
  },
  lost = {
    {"first", 0, 6, "number"},
    {"last", 6, 6, "number"},
  },
  want = {
    {"table", 0, 1, "name", "table"},
    {"shard", 1, 1, "number"},
    {"slot", 2, 2, "number"},
    {"generation", 4, 1, "number"},
  },
  bulk_request = {
    {"bulk_id", 0, 4, "number"},
    {"table", 4, 1, "name", "table"},
    {"shards", 5, 32, "bytes"},
  },
  bulk_state = {
    {"bulk_id", 0, 4, "number"},
    {"phase", 4, 1, "name", "bulk_phase"},
    {"complete", 5, 1, "number"},
    {"cut_term", 6, 3, "number"},
    {"cut_counter", 9, 5, "number"},
    {"end_frame", 14, 6, "number"},
    {"entry_count", 20, 4, "number"},
    {"sent_count", 24, 4, "number"},
  },
  bulk_done = {
    {"bulk_id", 0, 4, "number"},
    {"result", 4, 1, "name", "bulk_result"},
    {"swept_count", 5, 4, "number"},
  },
  digest = {
    {"table", 0, 1, "name", "table"},
    {"shard", 1, 1, "number"},
    {"count", 2, 2, "number"},
    {"as_of", 4, 6, "number"},
    {"sum_high", 10, 8, "hex"},
    {"sum_low", 18, 8, "hex"},
  },
  refused = {
    {"table", 0, 1, "name", "table"},
    {"shard", 1, 1, "number"},
    {"slot", 2, 2, "number"},
    {"generation", 4, 1, "number"},
    {"reason", 5, 1, "name", "refusal_reason"},
  },
  digest_report = {
    {"as_of", 0, 6, "number"},
    {"agreed", 6, 2, "number"},
    {"differed", 8, 2, "number"},
    {"undecided", 10, 2, "number"},
    {"refused_count", 12, 4, "number"},
    {"epoch", 16, 2, "number"},
  },
  hold = {
    {"table", 0, 1, "name", "table"},
    {"shard", 1, 1, "number"},
  },
  probe = {
    {"zero", 0, 1, "number"},
  },
  probe_ack = {
    {"datagram_bytes", 0, 2, "number"},
  },
  liveness = {
    {"table", 0, 1, "name", "table"},
    {"shard", 1, 1, "number"},
    {"first_slot", 2, 2, "number"},
    {"bitmap", 4, 16, "bytes"},
  },
  scrub = {
    {"table", 0, 1, "name", "table"},
    {"shard", 1, 1, "number"},
    {"slot", 2, 2, "number"},
    {"generation", 4, 1, "number"},
    {"version", 5, 8, "hex"},
    {"value_hash", 13, 8, "hex"},
  },
}
-- Record: table, operation, schema, name, bytes.
local records = {
  {1, 1, 1, "session_insert_v4", 26},
  {1, 1, 2, "session_insert_v4_nat", 29},
  {1, 2, 1, "session_update", 11},
  {1, 3, 1, "session_delete", 3},
  {1, 3, 2, "session_delete_v4", 24},
  {0, 1, 1, "nack", 8},
  {0, 2, 1, "repaired", 8},
  {0, 3, 1, "lost", 12},
  {0, 4, 1, "want", 5},
  {0, 5, 1, "bulk_request", 37},
  {0, 6, 1, "bulk_state", 28},
  {0, 7, 1, "bulk_done", 9},
  {0, 8, 1, "digest", 26},
  {0, 9, 1, "refused", 6},
  {0, 10, 1, "digest_report", 18},
  {0, 11, 1, "hold", 2},
  {0, 12, 1, "probe", 1},
  {0, 13, 1, "probe_ack", 2},
  {0, 14, 1, "liveness", 20},
  {0, 15, 1, "scrub", 21},
}
-- end of schema

local lockstep = Proto("lockstep", "Lockstep HA2")

local MAGIC = 0x4c53
local KIND_HELLO = 1
local KIND_PLAIN = 15 -- Only in captures that wiredump wrote.
local TAG_BYTES = 16
local MAC_BYTES = 32
local FRAME_NUMBERED = 1
local LINK_REPORT = 0x8000 -- In the epoch field; HANDSHAKE.md, "Two links".
local LINK_FIRST = 1
local LINK_SECOND = 2

lockstep.prefs.port = Pref.uint("UDP port", 4799, "Destination port of HA2 datagrams")

-- A ProtoField per field, by struct and name: "lockstep.session_update.state".
local fields = {}
local function proto_field(struct, field)
  local name, _, bytes, kind, enum = table.unpack(field)
  local abbreviation = "lockstep." .. struct .. "." .. name
  if kind == "bytes" then return ProtoField.bytes(abbreviation, name) end
  if kind == "address" then return ProtoField.ipv4(abbreviation, name) end
  local base = kind == "hex" and base.HEX or base.DEC
  if bytes > 4 then return ProtoField.uint64(abbreviation, name, base) end
  if bytes == 3 then return ProtoField.uint24(abbreviation, name, base) end
  if bytes == 4 then return ProtoField.uint32(abbreviation, name, base) end
  if bytes == 2 then return ProtoField.uint16(abbreviation, name, base) end
  return ProtoField.uint8(abbreviation, name, base, enum and enums[enum])
end
local all_fields = {}
for struct, list in pairs(structs) do
  fields[struct] = {}
  for _, field in ipairs(list) do
    fields[struct][field[1]] = proto_field(struct, field)
    table.insert(all_fields, fields[struct][field[1]])
  end
end
local clear_kind = ProtoField.uint8("lockstep.clear_header.kind", "Kind", base.DEC,
  { [0] = "sealed", [1] = "hello", [KIND_PLAIN] = "opened by wiredump" }, 0xf0)
local clear_phase = ProtoField.uint8("lockstep.clear_header.phase", "Key phase", base.DEC, nil, 0x0f)
local numbered = ProtoField.bool("lockstep.numbered", "Numbered", 8, nil, FRAME_NUMBERED)
local sealed_bytes = ProtoField.bytes("lockstep.sealed", "Sealed frame and tag")
local mac = ProtoField.bytes("lockstep.hello.mac", "HMAC")
local op_name = ProtoField.string("lockstep.section.op_name", "Operation")
local hears_first = ProtoField.bool("lockstep.link_report.ha2", "Hears its peer on ha2", 16, nil,
  LINK_FIRST)
local hears_second = ProtoField.bool("lockstep.link_report.ha2_second",
  "Hears its peer on ha2_second", 16, nil, LINK_SECOND)
for _, field in ipairs({ clear_kind, clear_phase, numbered, sealed_bytes, mac, op_name,
  hears_first, hears_second }) do
  table.insert(all_fields, field)
end
lockstep.fields = all_fields

local malformed = ProtoExpert.new("lockstep.malformed.expert", "Breaks the format",
  expert.group.MALFORMED, expert.severity.ERROR)
lockstep.experts = { malformed }

local function size_of(struct)
  local last = structs[struct][#structs[struct]]
  return last[2] + last[3]
end

-- Adds the fields of a struct that begins at `offset`.
local function add_struct(tree, struct, buffer, offset)
  for _, field in ipairs(structs[struct]) do
    tree:add(fields[struct][field[1]], buffer(offset + field[2], field[3]))
  end
end

local function record_of(table_id, op, schema)
  for _, record in ipairs(records) do
    if record[1] == table_id and record[2] == op and record[3] == schema then return record end
  end
  return nil
end

local function section_title(table_id, op)
  if table_id == 0 then return enums.control_op[op] or ("operation " .. op) end
  return (enums.table[table_id] or ("table " .. table_id)) .. " " ..
    (enums.op[op] or ("operation " .. op))
end

-- One section; returns the offset behind it, or nothing if it breaks the format.
local function add_section(tree, buffer, offset, titles)
  local header_bytes = size_of("section_header")
  if buffer:len() - offset < header_bytes then
    tree:add_proto_expert_info(malformed, "section-short")
    return nil
  end
  local table_id = buffer(offset, 1):uint()
  local op = buffer(offset + 1, 1):uint()
  local schema = buffer(offset + 2, 1):uint()
  local record_bytes = buffer(offset + 3, 1):uint()
  local count = buffer(offset + 4, 2):uint()
  local first_counter = buffer(offset + 9, 5):uint64()
  local bytes = count * record_bytes
  local title = section_title(table_id, op)
  if count == 0 or record_bytes == 0 or bytes > buffer:len() - offset - header_bytes then
    tree:add_proto_expert_info(malformed, title .. ": records reach past the end")
    return nil
  end
  local section = tree:add(lockstep, buffer(offset, header_bytes + bytes),
    string.format("Section: %s, %d of %d bytes", title, count, record_bytes))
  add_struct(section, "section_header", buffer, offset)
  section:add(op_name, buffer(offset + 1, 1), title):set_generated()
  table.insert(titles, title .. " " .. count)
  local record = record_of(table_id, op, schema)
  -- Padding has a record for each byte; a schema that is not known is left to its bytes.
  if record and record[5] > 1 and record[5] <= record_bytes then
    for i = 0, count - 1 do
      local at = offset + header_bytes + i * record_bytes
      local label = record[4]
      if table_id ~= 0 then
        label = string.format("%s, version %d.%s", label, buffer(offset + 6, 3):uint(),
          tostring(first_counter + UInt64(i)))
      end
      add_struct(section:add(lockstep, buffer(at, record_bytes), label), record[4], buffer, at)
    end
  end
  return offset + header_bytes + bytes
end

-- A datagram without plaintext: its clear header says all.
local function add_empty(tree, buffer, info)
  local stream = buffer(4, 2):uint()
  local epoch = buffer(6, 2):uint()
  if stream == 0 and epoch == 0 then return table.insert(info, "confirms new keys") end
  if stream ~= 0 or epoch < LINK_REPORT or epoch > LINK_REPORT + LINK_FIRST + LINK_SECOND then
    return tree:add_proto_expert_info(malformed, "bad-empty")
  end
  local report = tree:add(lockstep, buffer(6, 2), "Link report")
  report:add(hears_first, buffer(6, 2))
  report:add(hears_second, buffer(6, 2))
  local names = { [0] = "no link", "ha2", "ha2_second", "ha2 and ha2_second" }
  table.insert(info, "link report: hears its peer on " .. names[epoch - LINK_REPORT])
end

local function add_frame(tree, buffer, offset, info)
  local header_bytes = size_of("frame_header")
  if buffer:len() == offset then return add_empty(tree, buffer, info) end
  if buffer:len() - offset < header_bytes then
    return tree:add_proto_expert_info(malformed, "frame-short")
  end
  local header = tree:add(lockstep, buffer(offset, header_bytes), "Frame header")
  add_struct(header, "frame_header", buffer, offset)
  header:add(numbered, buffer(offset + 3, 1))
  local is_numbered = buffer(offset + 3, 1):bitfield(7, 1) == 1
  table.insert(info, string.format("%s term %d %s %s",
    enums.role[buffer(offset + 26, 1):uint()] or "?", buffer(offset, 3):uint(),
    is_numbered and "frame" or "next", tostring(buffer(offset + 4, 6):uint64())))
  local titles = {}
  local at = offset + header_bytes
  while at and at < buffer:len() do at = add_section(tree, buffer, at, titles) end
  table.insert(info, #titles == 0 and "keepalive" or table.concat(titles, ", "))
end

local function add_hello(tree, buffer, offset, info)
  local body_bytes = size_of("hello")
  if buffer:len() - offset < body_bytes + MAC_BYTES then
    return tree:add_proto_expert_info(malformed, "hello-short")
  end
  add_struct(tree:add(lockstep, buffer(offset, body_bytes), "Hello"), "hello", buffer, offset)
  tree:add(mac, buffer(buffer:len() - MAC_BYTES, MAC_BYTES))
  table.insert(info, "hello of node " .. buffer(offset + 2, 1):uint())
end

function lockstep.dissector(buffer, packet, root)
  local header_bytes = size_of("clear_header")
  if buffer:len() < header_bytes or buffer(0, 2):uint() ~= MAGIC then return 0 end
  packet.cols.protocol = "Lockstep"
  local tree = root:add(lockstep, buffer(), "Lockstep HA2")
  local header = tree:add(lockstep, buffer(0, header_bytes), "Clear header")
  add_struct(header, "clear_header", buffer, 0)
  header:add(clear_kind, buffer(3, 1))
  header:add(clear_phase, buffer(3, 1))
  local kind = buffer(3, 1):bitfield(0, 4)
  local info = { string.format("stream %d epoch %d packet %s", buffer(4, 2):uint(),
    buffer(6, 2):uint(), tostring(buffer(8, 8):uint64())) }
  if kind == KIND_HELLO then
    add_hello(tree, buffer, header_bytes, info)
  elseif kind == KIND_PLAIN then
    add_frame(tree, buffer, header_bytes, info)
  elseif kind ~= 0 or buffer:len() < header_bytes + TAG_BYTES then
    tree:add_proto_expert_info(malformed, "unknown kind, or too short for a tag")
  else
    tree:add(sealed_bytes, buffer(header_bytes))
    table.insert(info, "sealed, " .. buffer:len() .. " bytes")
  end
  packet.cols.info = table.concat(info, ": ")
  return buffer:len()
end

local registered_port
local function register()
  local ports = DissectorTable.get("udp.port")
  if registered_port then ports:remove(registered_port, lockstep) end
  registered_port = lockstep.prefs.port
  ports:add(registered_port, lockstep)
end
lockstep.prefs_changed = register
register()
