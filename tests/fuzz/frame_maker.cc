// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/fuzz/frame_maker.h"

#include <algorithm>
#include <cstring>

#include "statesync/wire/record_sizes.h"
#include "tests/fuzz/session_pool.h"

namespace statesync::fuzz {
namespace {

template <typename Record>
std::vector<std::byte> BytesOf(const Record& record) {
  std::vector<std::byte> bytes(sizeof(Record));
  std::memcpy(bytes.data(), &record, sizeof(Record));
  return bytes;
}

}  // namespace

// Mostly the value or a neighbour, sometimes anything.
std::uint64_t FrameMaker::Near(std::uint64_t value) {
  switch (input_.Below(8)) {
    case 0:
      return input_.Number<std::uint64_t>();
    case 1:
      return value + input_.Byte();
    case 2:
      return value - std::min<std::uint64_t>(value, input_.Byte());
    case 3:
      return 0;
    case 4:
      return value + input_.Number<std::uint16_t>();
    default:
      return value;
  }
}

// An entry that an insert of ours named lately. REQUIRES: there was one.
const FrameMaker::Taught& FrameMaker::AnyTaught() {
  const auto kept = static_cast<std::uint32_t>(std::min(taught_count_, taught_.size()));
  return taught_[input_.Below(kept)];
}

Term FrameMaker::AnyTerm(Term term) {
  switch (input_.Below(16)) {
    case 0:
      return {kTermMax};
    case 1:
      return {input_.Number<std::uint32_t>() & kTermMax};
    case 2:
      return {term.value - std::min<std::uint32_t>(term.value, input_.Byte())};
    case 3:
      return {std::min(term.value + input_.Byte(), kTermMax)};
    default:
      return term;
  }
}

WireHandle FrameMaker::AnyHandle() {
  if (taught_count_ > 0 && input_.OneIn(2)) return AnyTaught().handle;
  WireHandle handle;
  handle.shard = input_.OneIn(8) ? input_.Byte() : input_.Pick(kPoolShards);
  handle.slot.Set(input_.OneIn(8) ? input_.Number<std::uint16_t>()
                                  : static_cast<std::uint16_t>(input_.Below(6)));
  handle.generation = static_cast<std::uint8_t>(input_.Below(4));
  return handle;
}

std::vector<std::byte> FrameMaker::SessionRecordBytes(std::uint8_t op, std::uint8_t schema) {
  const WireHandle handle = AnyHandle();
  const std::size_t needed =
      KnownRecordBytes(static_cast<std::uint8_t>(TableId::kSession), op, schema);
  std::vector<std::byte> bytes(needed);
  if (op == static_cast<std::uint8_t>(Op::kInsert)) {
    // NAT sessions are every fourth of the pool; the schema must be theirs.
    std::uint32_t index = input_.Below(kPoolSessions);
    index = schema == kSessionInsertV4Nat ? index | 3u : index & ~1u;
    NewSession session = Pool()[index];
    if (input_.OneIn(4)) session.rule = input_.Number<std::uint16_t>();
    const PreparedRecord record = InsertOf(
        session, {SessionTable::ShardOf(session.key), handle.slot.Get()}, handle.generation);
    bytes.assign(record.bytes.begin(), record.bytes.begin() + record.record_bytes);
    bytes.resize(std::max(needed, bytes.size()));
  } else if (op == static_cast<std::uint8_t>(Op::kUpdate)) {
    SessionUpdate update{};
    update.handle = handle;
    update.state = input_.OneIn(8) ? input_.Byte() : std::uint8_t{3};
    update.client_edge.Set(input_.Number<std::uint16_t>());
    bytes = BytesOf(update);
  } else {
    std::memcpy(bytes.data(), &handle, sizeof(SessionDelete));
    if (schema == kSessionDeleteV4) {
      const NewSession& session = Pool()[input_.Below(kPoolSessions)];
      SessionDeleteV4 deleted{};
      deleted.base.shard = SessionTable::ShardOf(session.key);
      deleted.base.slot.Set(handle.slot.Get());
      deleted.client_addr.Set(__builtin_bswap32(session.key.source_addr));
      deleted.server_addr.Set(__builtin_bswap32(session.key.target_addr));
      deleted.client_port.Set(FromNetwork(session.key.source_port));
      deleted.server_port.Set(FromNetwork(session.key.target_port));
      deleted.protocol = session.key.protocol;
      bytes = BytesOf(deleted);
    }
  }
  if (input_.OneIn(8) && !bytes.empty()) {
    bytes[input_.Byte() % bytes.size()] = static_cast<std::byte>(input_.Byte());
  }
  return bytes;
}

std::vector<std::byte> FrameMaker::BulkRecordBytes(ControlOp op) {
  if (op == ControlOp::kBulkRequest) {
    BulkRequestRecord record{};
    record.bulk_id.Set(static_cast<std::uint32_t>(Near(view_->bulk_stated + 1)));
    record.table = static_cast<std::uint8_t>(input_.OneIn(8) ? input_.Byte() : input_.Below(2));
    std::memset(record.shards, 0xff, sizeof(record.shards));
    if (input_.OneIn(2)) record.shards[0] = input_.Byte();
    if (input_.OneIn(4)) std::memset(record.shards + 1, 0, sizeof(record.shards) - 1);
    return BytesOf(record);
  }
  if (op == ControlOp::kBulkDone) {
    BulkDoneRecord record{};
    record.bulk_id.Set(static_cast<std::uint32_t>(Near(view_->bulk_stated)));
    record.result = static_cast<std::uint8_t>(input_.Below(5));
    record.swept_count.Set(input_.Byte());
    return BytesOf(record);
  }
  BulkStateRecord record{};
  record.bulk_id.Set(static_cast<std::uint32_t>(Near(view_->bulk_asked)));
  record.phase = static_cast<std::uint8_t>(input_.Below(4));
  record.complete = static_cast<std::uint8_t>(input_.Below(3));
  record.cut_term.Set(AnyTerm(section_term_max_).value);
  record.cut_counter.Set(Near(view_->counter));
  record.end_frame.Set(Near(view_->peer_next - 1));
  record.entry_count.Set(input_.OneIn(8) ? input_.Number<std::uint32_t>() : input_.Byte());
  record.sent_count.Set(input_.OneIn(8) ? input_.Number<std::uint32_t>() : input_.Byte());
  return BytesOf(record);
}

std::vector<std::byte> FrameMaker::ShardRecordBytes(ControlOp op) {
  const auto table = static_cast<std::uint8_t>(input_.OneIn(8) ? input_.Byte() : 1);
  const WireHandle handle = AnyHandle();
  if (op == ControlOp::kDigest) {
    DigestRecord record{};
    record.table = table;
    record.shard = handle.shard;
    record.as_of.Set(Near(view_->peer_next - 1));
    const ShardDigest digest = table_.Digest(handle.shard);
    record.count.Set(static_cast<std::uint16_t>(digest.count));
    record.sum_high.Set(digest.sum.high);
    record.sum_low.Set(input_.OneIn(4) ? input_.Number<std::uint64_t>() : digest.sum.low);
    return BytesOf(record);
  }
  if (op == ControlOp::kLiveness) {
    LivenessRecord record{};
    record.table = table;
    record.shard = handle.shard;
    record.first_slot.Set(static_cast<std::uint16_t>(Near(128u * input_.Below(3))));
    input_.Fill(record.bitmap);
    return BytesOf(record);
  }
  if (op == ControlOp::kScrub) {
    ScrubRecord record{};
    record.table = table;
    record.handle = handle;
    record.version.Set(MakeVersion(section_term_max_, Near(view_->counter - 1)).bits);
    if (taught_count_ > 0 && !input_.OneIn(4)) {
      const Taught& taught = AnyTaught();
      record.handle = taught.handle;
      record.version.Set(taught.version.bits);
    }
    record.value_hash.Set(input_.Number<std::uint64_t>());
    return BytesOf(record);
  }
  HoldRecord record{};
  record.table = table;
  record.shard = handle.shard;
  return BytesOf(record);
}

std::vector<std::byte> FrameMaker::ControlRecordBytes(ControlOp op) {
  const auto table = static_cast<std::uint8_t>(input_.OneIn(8) ? input_.Byte() : 1);
  switch (op) {
    case ControlOp::kNack: {
      NackRecord record{};
      const std::uint64_t count = Near(1);
      record.count.Set(static_cast<std::uint16_t>(count));
      record.first.Set(Near(view_->own_next - std::min(view_->own_next, count)));
      return BytesOf(record);
    }
    case ControlOp::kRepaired: {
      RepairedRecord record{};
      record.frame.Set(Near(view_->own_ack + 1));
      record.first_back.Set(static_cast<std::uint16_t>(Near(0)));
      return BytesOf(record);
    }
    case ControlOp::kLost: {
      LostRecord record{};
      record.first.Set(Near(view_->own_ack + 1));
      record.last.Set(Near(view_->own_ack + 1));
      return BytesOf(record);
    }
    case ControlOp::kWant: {
      WantRecord record{};
      record.table = table;
      record.handle = AnyHandle();
      return BytesOf(record);
    }
    case ControlOp::kBulkRequest:
    case ControlOp::kBulkState:
    case ControlOp::kBulkDone:
      return BulkRecordBytes(op);
    case ControlOp::kDigest:
    case ControlOp::kHold:
    case ControlOp::kLiveness:
    case ControlOp::kScrub:
      return ShardRecordBytes(op);
    case ControlOp::kRefused: {
      RefusedRecord record{};
      record.table = table;
      record.handle = AnyHandle();
      record.reason = static_cast<std::uint8_t>(input_.Below(6));
      return BytesOf(record);
    }
    case ControlOp::kDigestReport:
    case ControlOp::kProbe:
    case ControlOp::kProbeAck:
      break;
  }
  std::vector<std::byte> bytes(KnownRecordBytes(op));
  const auto taken = input_.Take(bytes.size());
  std::copy(taken.begin(), taken.end(), bytes.begin());
  return bytes;
}

// Any section header; its records are the next bytes of the input, or zeros.
void FrameMaker::AppendRaw(std::vector<std::byte>& frame) {
  SectionHeader header{};
  input_.Fill(header);
  const auto bytes = BytesOf(header);
  frame.insert(frame.end(), bytes.begin(), bytes.end());
  const std::size_t wanted = std::size_t{header.record_bytes} * header.count.Get();
  const auto taken = input_.Take(std::min<std::size_t>(wanted, 64));
  frame.insert(frame.end(), taken.begin(), taken.end());
  if (wanted <= 1'200) frame.resize(frame.size() + wanted - taken.size());
}

void FrameMaker::AppendSection(std::vector<std::byte>& frame, Term term) {
  const std::uint32_t kind = input_.Below(static_cast<std::uint32_t>(kKnownRecords.size()) + 1);
  if (kind == kKnownRecords.size()) return AppendRaw(frame);
  const KnownRecord& known = kKnownRecords[kind];
  const bool is_session = known.table != static_cast<std::uint8_t>(TableId::kControl);
  SectionHeader header{};
  header.table = known.table;
  header.op = known.op;
  header.schema = known.schema;
  header.record_bytes = known.bytes;
  const auto count = static_cast<std::uint16_t>(1 + input_.Below(input_.OneIn(8) ? 40 : 4));
  header.count.Set(count);
  if (is_session) {
    const Term section_term = std::min(AnyTerm(term), term);
    const std::uint64_t counter = Near(view_->counter);
    header.term.Set(section_term.value);
    header.counter.Set(std::min(counter, kVersionCounterMax));
    if (counter <= view_->counter + 0xffff) view_->counter = std::max(view_->counter, counter);
    view_->counter += count;
    section_term_max_ = std::max(section_term_max_, section_term);
  }
  const auto bytes = BytesOf(header);
  frame.insert(frame.end(), bytes.begin(), bytes.end());
  for (std::uint16_t i = 0; i < count; ++i) {
    auto record = is_session ? SessionRecordBytes(known.op, known.schema)
                             : ControlRecordBytes(static_cast<ControlOp>(known.op));
    record.resize(known.bytes);
    if (is_session && known.op == static_cast<std::uint8_t>(Op::kInsert)) {
      Taught& taught = taught_[taught_count_++ % taught_.size()];
      std::memcpy(&taught.handle, record.data(), sizeof(taught.handle));
      taught.version = MakeVersion({header.term.Get()}, header.counter.Get() + i);
    }
    frame.insert(frame.end(), record.begin(), record.end());
  }
}

MadeFrame FrameMaker::Make(Instant now, Term term) {
  MadeFrame made;
  made.stream = static_cast<std::uint16_t>(input_.OneIn(16) ? input_.Byte() : input_.Below(3));
  view_ = &streams_[made.stream % kStreamsMax];
  if (input_.OneIn(16)) ++epoch_;
  made.epoch = static_cast<std::uint16_t>(input_.OneIn(16) ? Near(epoch_) : epoch_);
  const bool numbered = !input_.OneIn(3);
  FrameHeader header{};
  const Term stated = AnyTerm(term);
  header.term.Set(stated.value);
  header.flags = input_.OneIn(32) ? input_.Byte() : (numbered ? kFrameNumbered : std::uint8_t{0});
  const std::uint64_t number = Near(view_->peer_next);
  header.frame_number.Set(number);
  header.oldest_back.Set(static_cast<std::uint32_t>(
      Near(std::min<std::uint64_t>(number - std::min<std::uint64_t>(number, 1), 8))));
  header.send_time_us.Set(
      static_cast<std::uint32_t>(Near(static_cast<std::uint64_t>(now.ns) / 1'000)));
  // Often it stays behind, so that there is something to miss.
  if (input_.OneIn(2)) view_->stated_ack = view_->own_next - 1;
  header.ack.Set(Near(view_->stated_ack));
  header.credit.Set(input_.Pick(std::array<std::uint32_t, 5>{4'096, 0, 1, 16, 0xff'ffff}));
  header.role = static_cast<std::uint8_t>(
      input_.OneIn(4) ? input_.Below(9) : static_cast<std::uint32_t>(Role::kActive));
  header.readiness = static_cast<std::uint8_t>(input_.Below(6));
  made.sealed = BytesOf(header);
  for (std::uint32_t sections = input_.Below(5); sections > 0; --sections) {
    AppendSection(made.sealed, stated);
  }
  if (numbered && number == view_->peer_next) ++view_->peer_next;
  if (input_.OneIn(16)) made.sealed.resize(input_.Byte() % (made.sealed.size() + 1));
  if (input_.OneIn(16) && !made.sealed.empty()) {
    made.sealed[input_.Number<std::uint16_t>() % made.sealed.size()] =
        static_cast<std::byte>(input_.Byte());
  }
  return made;
}

void FrameMaker::OnSent(const OutFrame& frame) {
  FrameHeader header;
  const auto sealed = std::span<const std::byte>(frame.buffer).first(frame.bytes);
  if (CheckFrame(sealed, header) != Verdict::kAccepted) return;
  StreamView& view = streams_[frame.stream];
  view.own_next = header.frame_number.Get() + ((header.flags & kFrameNumbered) != 0 ? 1 : 0);
  view.own_ack = header.ack.Get();
  FrameReader reader(sealed);
  Section section;
  while (reader.Next(section)) {
    if (section.table != TableId::kControl) continue;
    if (static_cast<ControlOp>(section.op) == ControlOp::kBulkRequest) {
      view.bulk_asked = section.Get<BulkRequestRecord>(section.count - 1u).bulk_id.Get();
    } else if (static_cast<ControlOp>(section.op) == ControlOp::kBulkState) {
      view.bulk_stated = section.Get<BulkStateRecord>(section.count - 1u).bulk_id.Get();
    }
  }
}

void FrameMaker::Restart() {
  for (StreamView& view : streams_) view = {};
  ++epoch_;
}

void FrameMaker::OnOther(const MadeFrame& frame) {
  FrameHeader header;
  epoch_ = frame.epoch;
  if (frame.stream >= kStreamsMax) return;
  if (CheckFrame(frame.sealed, header) != Verdict::kAccepted) return;
  StreamView& view = streams_[frame.stream];
  view.peer_next = header.frame_number.Get() + ((header.flags & kFrameNumbered) != 0 ? 1 : 0);
  FrameReader reader(frame.sealed);
  Section section;
  while (reader.Next(section)) {
    if (section.table == TableId::kControl) continue;
    view.counter = CounterOf(section.first) + section.count;
    section_term_max_ = std::max(section_term_max_, TermOf(section.first));
  }
}

}  // namespace statesync::fuzz
