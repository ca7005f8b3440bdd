// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/wiredump/dump.h"

#include <array>
#include <cstdio>
#include <memory>

#include "absl/strings/str_cat.h"
#include "tools/wiredump/lua_schema.h"
#include "tools/wiredump/print.h"

namespace wiredump {
namespace {

struct Summary {
  std::uint64_t packets = 0;
  std::uint64_t frames = 0;
  std::uint64_t confirmations = 0;
  std::uint64_t link_reports = 0;
  std::uint64_t hellos = 0;
  std::uint64_t sealed = 0;     // No key opens them.
  std::uint64_t malformed = 0;  // Not of the format; the first verdict is kept.
  std::uint64_t other = 0;      // Not HA2.
  std::uint64_t cut = 0;        // Shortened by the snap length.
  std::string first_verdict;
  std::string damage;  // Of the capture.
};

void Count(const Decoded& decoded, Summary& summary) {
  switch (decoded.outcome) {
    case Outcome::kFrame:
      ++summary.frames;
      break;
    case Outcome::kConfirmation:
      ++summary.confirmations;
      break;
    case Outcome::kLinkReport:
      ++summary.link_reports;
      break;
    case Outcome::kHello:
      ++summary.hellos;
      break;
    case Outcome::kSealed:
      ++summary.sealed;
      break;
    case Outcome::kMalformed:
      ++summary.malformed;
      if (summary.first_verdict.empty()) {
        summary.first_verdict = std::string(decoded.verdict_name());
      }
      break;
  }
}

void Complain(std::uint64_t count, const std::string& sentence) {
  if (count != 0) std::fprintf(stderr, "wiredump: %s\n", absl::StrCat(count, sentence).c_str());
}

// One line for each reason.
void PrintSummary(const Request& request, const Summary& summary) {
  if (request.json) {
    std::printf(
        "%s",
        absl::StrCat("{\"summary\":{\"packets\":", summary.packets, ",\"frames\":", summary.frames,
                     ",\"confirmations\":", summary.confirmations,
                     ",\"link_reports\":", summary.link_reports, ",\"hellos\":", summary.hellos,
                     ",\"sealed\":", summary.sealed, ",\"malformed\":", summary.malformed,
                     ",\"other\":", summary.other, ",\"cut\":", summary.cut,
                     ",\"damaged\":", summary.damage.empty() ? "false" : "true", "}}\n")
            .c_str());
  }
  Complain(summary.other,
           absl::StrCat(" packets are no HA2 (not UDP to port ", request.port, "); passed over"));
  Complain(summary.sealed,
           request.keys.empty()
               ? " sealed frames: give --keys to open them"
               : " sealed frames that no key of the file opens: it is of another run or another "
                 "node, or it ends too early");
  Complain(summary.cut, " datagrams are not complete in the capture; capture with -s 0");
  Complain(summary.malformed,
           absl::StrCat(" datagrams break the format, the first by ", summary.first_verdict,
                        "; is something else sent to this port?"));
  if (!summary.damage.empty()) std::fprintf(stderr, "wiredump: %s\n", summary.damage.c_str());
  if (summary.packets == summary.other && summary.damage.empty()) {
    std::fprintf(stderr, "wiredump: no datagram of HA2 in %s\n", request.capture.c_str());
  }
}

bool IsAllShown(const Request& request, const Summary& summary) {
  return summary.malformed == 0 && summary.cut == 0 && summary.damage.empty() &&
         (summary.sealed == 0 || request.keys.empty());
}

class Dump {
 public:
  Dump(const Request& request, CaptureReader& reader, KeyRing& keys, CaptureWriter* plain)
      : request_(request), reader_(reader), keys_(keys), plain_(plain) {}

  Summary Run() {
    Packet packet;
    while (true) {
      const absl::StatusOr<bool> next = reader_.Next(packet);
      if (!next.ok()) summary_.damage = std::string(next.status().message());
      if (!next.ok() || !*next) return summary_;
      ++summary_.packets;
      Take(packet);
    }
  }

 private:
  void Take(const Packet& packet) {
    switch (packet.kind) {
      case PacketKind::kOther:
        ++summary_.other;
        return;
      case PacketKind::kCut:
        ++summary_.cut;
        return;
      case PacketKind::kMalformed:
        ++summary_.malformed;
        if (summary_.first_verdict.empty()) summary_.first_verdict = "lengths of IPv4 and UDP";
        return;
      case PacketKind::kDatagram:
        break;
    }
    const Decoded decoded = Decode(packet, keys_, bytes_);
    Count(decoded, summary_);
    const std::string text =
        request_.json ? JsonOf(packet, decoded) : TextOf(packet, decoded, request_.verbose);
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (plain_ != nullptr) plain_->Write(packet, PlainDatagram(packet, decoded, bytes_));
  }

  const Request& request_;
  CaptureReader& reader_;
  KeyRing& keys_;
  CaptureWriter* plain_;
  std::vector<std::byte> bytes_;
  Summary summary_;
};

}  // namespace

absl::StatusOr<int> Run(const Request& request) {
  if (request.schema) {
    std::fputs(LuaSchema().c_str(), stdout);
    return kStatusDone;
  }
  KeyRing keys;
  if (!request.keys.empty()) {
    absl::StatusOr<KeyRing> loaded = KeyRing::Load(request.keys);
    if (!loaded.ok()) return loaded.status();
    keys = *std::move(loaded);
  }
  const absl::StatusOr<std::unique_ptr<CaptureReader>> reader =
      CaptureReader::Open(request.capture, request.port);
  if (!reader.ok()) return reader.status();
  std::unique_ptr<CaptureWriter> plain;
  if (!request.plain.empty()) {
    absl::StatusOr<std::unique_ptr<CaptureWriter>> opened =
        CaptureWriter::Open(request.plain, (*reader)->link_type());
    if (!opened.ok()) return opened.status();
    plain = *std::move(opened);
  }
  const Summary summary = Dump(request, **reader, keys, plain.get()).Run();
  PrintSummary(request, summary);
  if (plain != nullptr) {
    if (const absl::Status closed = plain->Close(); !closed.ok()) return closed;
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return absl::DataLossError("the output could not be written completely");
  }
  return IsAllShown(request, summary) ? kStatusDone : kStatusFailed;
}

}  // namespace wiredump
