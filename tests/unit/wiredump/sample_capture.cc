// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/unit/wiredump/sample_capture.h"

#include <cstring>
#include <fstream>
#include <span>

#include "absl/strings/str_format.h"
#include "dataplane/crypto/aes_gcm.h"
#include "statesync/ensure.h"
#include "statesync/seal/link_report.h"
#include "statesync/wire/frame_writer.h"
#include "statesync/wire/record_sizes.h"
#include "statesync/wire/schema.h"

namespace wiredump::testing {
namespace {

using namespace statesync;
using Frame = std::vector<std::uint8_t>;

DirectionKey KeyOf(std::uint8_t first) {
  DirectionKey key;
  for (std::size_t i = 0; i < kDirectionKeyBytes; ++i) {
    key.bytes()[i] = static_cast<std::uint8_t>(first + i);
  }
  return key;
}

void Put16(Frame& frame, std::size_t value) {
  frame.push_back(static_cast<std::uint8_t>(value >> 8));
  frame.push_back(static_cast<std::uint8_t>(value));
}

Frame Ethernet(std::span<const std::uint8_t> datagram, std::uint16_t port, std::uint16_t stream) {
  Frame frame = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, 0x45, 0};
  Put16(frame, 28 + datagram.size());
  frame.insert(frame.end(), {0, 0, 0, 0, 64, 17, 0, 0, 10, 9, 2, 1, 10, 9, 2, 2});
  Put16(frame, port + stream);
  Put16(frame, port);
  Put16(frame, 8 + datagram.size());
  Put16(frame, 0);
  frame.insert(frame.end(), datagram.begin(), datagram.end());
  if (frame.size() < 60) frame.resize(60);  // As on a wire.
  return frame;
}

constexpr std::uint16_t kEpoch = 257;

ClearHeader ClearOf(DatagramKind kind, std::uint16_t stream, std::uint64_t packet_number,
                    std::uint16_t epoch = kEpoch) {
  ClearHeader clear{};
  clear.magic.Set(kMagic);
  clear.version = kProtocolVersion;
  clear.kind_phase = static_cast<std::uint8_t>(static_cast<unsigned>(kind) << 4 | 3);
  clear.stream.Set(stream);
  clear.epoch.Set(epoch);
  clear.packet_number.Set(packet_number);
  return clear;
}

Frame Sealed(dataplane::AesGcm& cipher, std::uint64_t packet_number,
             std::span<const std::byte> text, std::uint16_t stream = 1,
             std::uint16_t epoch = kEpoch) {
  const ClearHeader clear = ClearOf(DatagramKind::kSealed, stream, packet_number, epoch);
  Frame datagram(sizeof(clear));
  std::memcpy(datagram.data(), &clear, sizeof(clear));
  for (const std::byte byte : text) datagram.push_back(std::to_integer<std::uint8_t>(byte));
  datagram.resize(datagram.size() + kTagBytes);
  const std::span<std::uint8_t> all(datagram);
  cipher.Seal(MakeNonce(stream, packet_number), all.first(sizeof(clear)),
              all.subspan(sizeof(clear), text.size()), all.last<kTagBytes>());
  return Ethernet(datagram, kPort, stream);
}

FrameHeader HeaderOf(std::uint64_t number, bool numbered) {
  FrameHeader header{};
  header.term.Set(8);
  header.flags = numbered ? kFrameNumbered : 0;
  header.frame_number.Set(number);
  header.oldest_back.Set(5);
  header.send_time_us.Set(123'456'789);
  header.ack.Set(99);
  header.credit.Set(4'096);
  header.role = static_cast<std::uint8_t>(Role::kActive);
  header.readiness = static_cast<std::uint8_t>(Readiness::kSynced);
  return header;
}

// Three records of one kind whose bytes count up.
std::size_t FrameOf(const KnownRecord& known, std::uint64_t number, std::span<std::byte> buffer) {
  FrameWriter writer;
  writer.Begin(buffer);
  std::vector<std::byte> record(known.bytes);
  for (unsigned i = 0; i < 3; ++i) {
    for (std::size_t at = 0; at < record.size(); ++at) {
      record[at] = static_cast<std::byte>(1 + i + at);
    }
    const bool is_control = known.table == static_cast<std::uint8_t>(TableId::kControl);
    const Version version = is_control ? Version{} : MakeVersion({8}, 1'000 + number * 10 + i);
    ENSURE(writer.Append(static_cast<TableId>(known.table), static_cast<Op>(known.op), known.schema,
                         record, version));
  }
  return writer.Finish(HeaderOf(number, true));
}

Frame HelloFrame() {
  HelloBody body{};
  body.version_min = 1;
  body.version_max = 1;
  body.node = 0;
  body.stream_count = 2;
  body.boot_id.Set(0x0123456789abcdef);
  body.nonce[0] = 0xaa;
  body.role = static_cast<std::uint8_t>(Role::kStandby);
  body.datagram_bytes_max.Set(1'472);
  const ClearHeader clear = ClearOf(DatagramKind::kHello, 0, 0);
  Frame datagram(kHelloDatagramBytes, 0x55);
  std::memcpy(datagram.data(), &clear, sizeof(clear));
  std::memcpy(datagram.data() + sizeof(clear), &body, sizeof(body));
  return Ethernet(datagram, kPort, 0);
}

}  // namespace

std::vector<std::uint8_t> EmptyDatagram(std::uint16_t stream, std::uint16_t epoch,
                                        std::uint8_t key) {
  dataplane::AesGcm cipher(KeyOf(key));
  return Sealed(cipher, 1'000, {}, stream, epoch);
}

Sample MakeSample(std::uint8_t key) {
  Sample sample;
  dataplane::AesGcm cipher(KeyOf(key));
  std::uint64_t packet_number = 0;
  sample.packets.push_back(HelloFrame());
  sample.packets.push_back(Sealed(cipher, 1, {}, 0, 0));
  for (std::uint16_t links = 0; links < Sample::kLinkReports; ++links) {
    sample.packets.push_back(
        Sealed(cipher, 2u + links, {}, 0, static_cast<std::uint16_t>(kLinkReport | links)));
  }
  std::vector<std::byte> buffer(1'400);
  for (const KnownRecord& known : kKnownRecords) {
    const std::size_t bytes =
        FrameOf(known, static_cast<std::uint64_t>(++sample.frames) + 10, buffer);
    sample.packets.push_back(Sealed(cipher, ++packet_number, std::span(buffer).first(bytes)));
  }
  FrameWriter writer;
  writer.Begin(buffer);
  const std::size_t bytes = writer.Finish(HeaderOf(100, false));
  sample.packets.push_back(Sealed(cipher, ++packet_number, std::span(buffer).first(bytes)));
  ++sample.frames;
  sample.packets.push_back(Ethernet(std::vector<std::uint8_t>(30, 1), 53, 0));
  sample.packets.emplace_back(60, std::uint8_t{0xff});
  return sample;
}

std::string SampleKeys(std::uint8_t key) {
  std::string text = "# Keys of a test.\n";
  for (const std::uint8_t first : {static_cast<std::uint8_t>(key + 100), key}) {
    absl::StrAppendFormat(&text, "ha2-key 1 from %d to %d since 1700000000.000001 key ",
                          first == key ? 0 : 1, first == key ? 1 : 0);
    const DirectionKey bytes = KeyOf(first);
    for (const std::uint8_t byte : bytes.bytes()) absl::StrAppendFormat(&text, "%02x", byte);
    text += "\n";
  }
  return text;
}

void WriteCapture(const std::string& path, const std::vector<std::vector<std::uint8_t>>& packets,
                  std::size_t snap_bytes) {
  std::ofstream file(path, std::ios::binary);
  const auto put = [&](std::uint32_t value) {
    file.write(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  for (const std::uint32_t word : {0xa1b2c3d4u, 0x00040002u, 0u, 0u, 65'535u, 1u}) put(word);
  std::uint32_t second = 1'700'000'000;
  for (const Frame& packet : packets) {
    const std::size_t kept = std::min(packet.size(), snap_bytes);
    for (const std::size_t word : {std::size_t{second++}, std::size_t{42}, kept, packet.size()}) {
      put(static_cast<std::uint32_t>(word));
    }
    file.write(reinterpret_cast<const char*>(packet.data()), static_cast<std::streamsize>(kept));
  }
}

}  // namespace wiredump::testing
