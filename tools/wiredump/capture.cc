// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/wiredump/capture.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"

namespace wiredump {
namespace {

constexpr std::size_t kUdpBytes = 8;
constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
constexpr std::uint16_t kEtherTypeVlan = 0x8100;
constexpr std::uint8_t kProtocolUdp = 17;
constexpr std::uint16_t kFragmentBits = 0x3fff;  // More fragments, and the offset.
constexpr int kSnapBytes = 65'535;

using Bytes = std::span<const std::byte>;

std::uint16_t Load16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 |
                                    std::to_integer<unsigned>(bytes[at + 1]));
}
std::uint32_t Load32(Bytes bytes, std::size_t at) {
  return static_cast<std::uint32_t>(Load16(bytes, at)) << 16 | Load16(bytes, at + 2);
}
void Store16(std::span<std::byte> bytes, std::size_t at, std::size_t value) {
  bytes[at] = static_cast<std::byte>(value >> 8);
  bytes[at + 1] = static_cast<std::byte>(value);
}

// Where IPv4 begins; nothing if the frame carries something else.
std::optional<std::size_t> Ipv4Offset(int link_type, Bytes frame) {
  std::size_t type_at = 0;
  switch (link_type) {
    case DLT_RAW:
      return !frame.empty() && std::to_integer<unsigned>(frame[0]) >> 4 == 4
                 ? std::optional<std::size_t>(0)
                 : std::nullopt;
    case DLT_EN10MB:
      type_at = 12;
      if (frame.size() >= 18 && Load16(frame, 12) == kEtherTypeVlan) type_at = 16;
      break;
    case DLT_LINUX_SLL:
      type_at = 14;
      break;
    case DLT_LINUX_SLL2:
      return frame.size() >= 20 && Load16(frame, 0) == kEtherTypeIpv4
                 ? std::optional<std::size_t>(20)
                 : std::nullopt;
    default:
      return std::nullopt;
  }
  if (frame.size() < type_at + 2 || Load16(frame, type_at) != kEtherTypeIpv4) return std::nullopt;
  return type_at + 2;
}

bool IsKnownLink(int type) {
  return type == DLT_EN10MB || type == DLT_RAW || type == DLT_LINUX_SLL || type == DLT_LINUX_SLL2;
}

std::uint16_t InternetChecksum(Bytes bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += Load16(bytes, i);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace

absl::StatusOr<std::unique_ptr<CaptureReader>> CaptureReader::Open(const std::string& path,
                                                                   std::uint16_t port) {
  std::FILE* const file = path == "-" ? stdin : std::fopen(path.c_str(), "re");
  if (file == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("capture ", path, ": cannot open it"));
  }
  char problem[PCAP_ERRBUF_SIZE] = {};
  pcap_t* const handle = pcap_fopen_offline(file, problem);
  if (handle == nullptr) {
    if (file != stdin) std::fclose(file);
    return absl::InvalidArgumentError(
        absl::StrCat("capture ", path, ": is no pcap or pcapng file (", problem, ")"));
  }
  const int type = pcap_datalink(handle);
  if (!IsKnownLink(type)) {
    const char* const name = pcap_datalink_val_to_name(type);
    pcap_close(handle);
    return absl::InvalidArgumentError(
        absl::StrCat("capture ", path, ": link type ", name == nullptr ? "?" : name, " (", type,
                     ") is not known; capture on the HA2 interface, or on `any`"));
  }
  return std::unique_ptr<CaptureReader>(new CaptureReader(path, handle, type, port));
}

CaptureReader::~CaptureReader() { pcap_close(handle_); }

absl::StatusOr<bool> CaptureReader::Next(Packet& packet) {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  const int result = pcap_next_ex(handle_, &header, &bytes);
  if (result == PCAP_ERROR_BREAK) return false;
  if (result != 1) {
    return absl::DataLossError(absl::StrCat("capture ", path_, ": cut short or damaged after ",
                                            count_, " packets (", pcap_geterr(handle_), ")"));
  }
  packet = {};
  packet.number = ++count_;
  packet.time_us = std::int64_t{header->ts.tv_sec} * 1'000'000 + header->ts.tv_usec;
  packet.frame = {reinterpret_cast<const std::byte*>(bytes), header->caplen};
  Look(packet, header->len);
  return true;
}

void CaptureReader::Look(Packet& packet, std::size_t wire_bytes) const {
  const std::optional<std::size_t> ip_at = Ipv4Offset(link_type_, packet.frame);
  if (!ip_at) return;
  const Bytes ip = packet.frame.subspan(*ip_at);
  if (ip.size() < 20 + kUdpBytes || std::to_integer<unsigned>(ip[0]) >> 4 != 4) return;
  const std::size_t header_bytes = (std::to_integer<std::size_t>(ip[0]) & 15) * 4;
  if (std::to_integer<std::uint8_t>(ip[9]) != kProtocolUdp || header_bytes < 20 ||
      ip.size() < header_bytes + kUdpBytes || (Load16(ip, 6) & kFragmentBits) != 0) {
    return;
  }
  const Bytes udp = ip.subspan(header_bytes);
  if (Load16(udp, 2) != port_) return;  // Streams differ in the source port.
  packet.source = Load32(ip, 12);
  packet.target = Load32(ip, 16);
  packet.source_port = Load16(udp, 0);
  const std::size_t total_bytes = Load16(ip, 2);
  const std::size_t udp_bytes = Load16(udp, 4);
  if (udp_bytes < kUdpBytes || total_bytes != header_bytes + udp_bytes) {
    packet.kind = PacketKind::kMalformed;
  } else if (udp.size() < udp_bytes) {
    packet.kind = wire_bytes > packet.frame.size() ? PacketKind::kCut : PacketKind::kMalformed;
  } else {
    packet.kind = PacketKind::kDatagram;
    packet.datagram = udp.subspan(kUdpBytes, udp_bytes - kUdpBytes);
  }
}

absl::StatusOr<std::unique_ptr<CaptureWriter>> CaptureWriter::Open(const std::string& path,
                                                                   int link_type) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::FILE* const file = descriptor < 0 ? nullptr : ::fdopen(descriptor, "we");
  if (file == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("plain capture ", path, ": cannot write it"));
  }
  pcap_t* const handle = pcap_open_dead(link_type, kSnapBytes);
  pcap_dumper_t* const dumper = pcap_dump_fopen(handle, file);
  if (dumper == nullptr) {
    const std::string problem = pcap_geterr(handle);
    std::fclose(file);
    pcap_close(handle);
    return absl::InternalError(absl::StrCat("plain capture ", path, ": ", problem));
  }
  return std::unique_ptr<CaptureWriter>(new CaptureWriter(path, handle, dumper));
}

CaptureWriter::~CaptureWriter() {
  if (dumper_ != nullptr) pcap_dump_close(dumper_);
  pcap_close(handle_);
}

void CaptureWriter::Write(const Packet& packet, std::span<const std::byte> datagram) {
  const auto payload_at = static_cast<std::size_t>(packet.datagram.data() - packet.frame.data());
  const std::size_t ip_at = *Ipv4Offset(pcap_datalink(handle_), packet.frame);
  std::vector<std::byte> frame(packet.frame.begin(),
                               packet.frame.begin() + static_cast<std::ptrdiff_t>(payload_at));
  frame.insert(frame.end(), datagram.begin(), datagram.end());
  const std::span<std::byte> ip = std::span(frame).subspan(ip_at);
  const std::size_t header_bytes = payload_at - kUdpBytes - ip_at;
  Store16(ip, 2, ip.size());
  Store16(ip, 10, 0);
  Store16(ip, 10, InternetChecksum(ip.first(header_bytes)));
  Store16(ip, header_bytes + 4, kUdpBytes + datagram.size());
  Store16(ip, header_bytes + 6, 0);  // No checksum (RFC 768).
  pcap_pkthdr header{};
  header.ts.tv_sec = static_cast<time_t>(packet.time_us / 1'000'000);
  header.ts.tv_usec = static_cast<suseconds_t>(packet.time_us % 1'000'000);
  header.caplen = static_cast<bpf_u_int32>(frame.size());
  header.len = header.caplen;
  pcap_dump(reinterpret_cast<u_char*>(dumper_), &header,
            reinterpret_cast<const u_char*>(frame.data()));
}

absl::Status CaptureWriter::Close() {
  const bool is_written =
      pcap_dump_flush(dumper_) == 0 && std::ferror(pcap_dump_file(dumper_)) == 0;
  const int error = errno;
  pcap_dump_close(dumper_);
  dumper_ = nullptr;
  if (is_written) return absl::OkStatus();
  return absl::ErrnoToStatus(error, absl::StrCat("plain capture ", path_, ": cannot write it"));
}

}  // namespace wiredump
