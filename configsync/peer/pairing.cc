// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/pairing.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "configsync/peer/pairing_impl.h"
#include "configsync/peer/pairing_way.h"

namespace configsync {
namespace {

// After the end, so that who lost the last answer can ask again, and is told what went wrong.
constexpr std::int64_t kAfterEndMs = 10'000;

std::string DigitsOf(const std::string& code) {
  std::string digits = code.substr(0, 64);
  std::erase(digits, ' ');
  return digits;
}

bool IsCode(const std::string& digits) {
  return digits.size() == kPairingCodeDigits &&
         std::ranges::all_of(digits, [](char c) { return absl::ascii_isdigit(c); });
}

std::string NameOf(const PairingRun& run) {
  return run.their_name.empty() ? "the other node" : run.their_name;
}

}  // namespace

std::unique_ptr<Pairing> Pairing::Make(const PairingSetup& setup) {
  PairingSetup complete = setup;
  if (complete.connect == nullptr) {
    complete.connect = [devices = setup.devices](const std::string& address) {
      const absl::StatusOr<std::string> target = PairingTarget(address);  // Checked by Begin().
      return target.ok() ? MakePairingWay(*target, devices->OwnIdentity()) : nullptr;
    };
  }
  if (complete.now_ms == nullptr) {
    complete.now_ms = [] {
      const auto now = std::chrono::steady_clock::now().time_since_epoch();
      return static_cast<std::int64_t>(
          std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    };
  }
  if (complete.wall_s == nullptr) {
    complete.wall_s = [] { return static_cast<std::int64_t>(std::time(nullptr)); };
  }
  return std::make_unique<PairingImpl>(std::move(complete));
}

PairingImpl::~PairingImpl() {
  {
    const Lock lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool PairingImpl::IsActive(const Lock&) const {
  return run_.state == PairingState::kWaiting || run_.state == PairingState::kComparing ||
         run_.state == PairingState::kConfirmed;
}

bool PairingImpl::IsRecent(const Lock&) const {
  const bool has_ended = run_.state == PairingState::kDone || run_.state == PairingState::kFailed;
  return has_ended && setup_.now_ms() < run_.ended_ms + kAfterEndMs;
}

void PairingImpl::Expire(const Lock& lock) {
  if (!IsActive(lock) || run_.is_handing_over) return;
  const std::int64_t now = setup_.now_ms();
  if (now >= run_.deadline_ms) {
    return Fail(lock, absl::StrCat("not confirmed within ", kPairingMs / 60'000,
                                   " minutes; start again on both nodes",
                                   run_.text.empty() ? "" : ": ", run_.text));
  }
  if (run_.state != PairingState::kWaiting && now >= run_.heard_ms + kPairingSilentMs) {
    Fail(lock, absl::StrCat(NameOf(run_), " (", run_.address, ") has been silent for ",
                            kPairingSilentMs / 1'000,
                            " s; see whether lockstep-configd runs there, then start again on "
                            "both nodes"));
  }
}

absl::Status PairingImpl::NewRun(const Lock& lock, const Operator& by,
                                 const PairingOptions& options) {
  Expire(lock);
  if (IsActive(lock)) {
    return absl::FailedPreconditionError(
        absl::StrCat("a pairing runs already, begun by ", run_.by.name,
                     "; wait for its end, or end it with `lockstepctl pair cancel`"));
  }
  PairingRun next;
  next.number = run_.number + 1;
  next.options = options;
  next.by = by;
  next.heard_ms = setup_.now_ms();
  next.deadline_ms = next.heard_ms + kPairingMs;
  next.state = PairingState::kWaiting;
  run_ = std::move(next);
  return absl::OkStatus();
}

void PairingImpl::Fail(const Lock&, std::string text) {
  run_.state = PairingState::kFailed;
  run_.ended_ms = setup_.now_ms();
  run_.text = std::move(text);
  run_.shown_code.clear();
  run_.expected_code.clear();
  audit_.Add(run_.by, absl::StrCat("pairing: ", run_.text), "refused");
  changed_.notify_all();
}

void PairingImpl::Succeed(const Lock&, const std::vector<std::string>& notes) {
  run_.state = PairingState::kDone;
  run_.ended_ms = setup_.now_ms();
  run_.text = absl::StrCat("paired with ", run_.their_name, " (device ", run_.theirs.device, ")");
  run_.shown_code.clear();
  run_.expected_code.clear();
  for (const std::string& note : notes) absl::StrAppend(&run_.text, "\n", note);
  audit_.Add(run_.by,
             absl::StrCat("pairing: ", run_.their_name, ", device ", run_.theirs.device,
                          ", certificate ", run_.theirs.sha256, ", at ", run_.address,
                          run_.options.is_pair ? ", as the other node of the pair"
                                               : ", for configuration alone"),
             "done");
  changed_.notify_all();
}

void PairingImpl::ShowCodes(const Lock&) {
  const PairingCodes codes = PairingCodesOf(run_.transcript);
  run_.shown_code = run_.is_caller ? codes.caller : codes.answerer;
  run_.expected_code = run_.is_caller ? codes.answerer : codes.caller;
  run_.state = PairingState::kComparing;
  run_.text.clear();
  run_.heard_ms = setup_.now_ms();
  changed_.notify_all();
}

absl::Status PairingImpl::TakeOther(const Lock&, const std::string& pem, const std::string& name) {
  absl::StatusOr<Certificate> read = ReadCertificate(pem);
  if (!read.ok()) return read.status();
  if (name.empty() || name.size() > kDeviceNameBytesMax ||
      !std::ranges::all_of(name, [](char c) { return absl::ascii_isgraph(c); })) {
    return absl::InvalidArgumentError(absl::StrCat("name of the other node: it has ", name.size(),
                                                   " characters; 1 to ", kDeviceNameBytesMax,
                                                   " printable ones without spaces are allowed"));
  }
  if (read->device == setup_.devices->own().device) {
    return absl::FailedPreconditionError(
        "the other node is this node itself; give the address of the other one");
  }
  for (const KnownDevice& known : setup_.devices->Known()) {
    if (known.is_revoked && known.certificate.device == read->device) {
      return absl::FailedPreconditionError(
          absl::StrCat("CERT_REVOKED: device ", read->device, " was revoked at ", setup_.node_name,
                       "; if it is to be believed again, run `lockstepctl devices forget ",
                       read->device, "` there first"));
    }
    const bool is_other = known.is_pair && !known.is_revoked;
    if (run_.options.is_pair && is_other && known.certificate.device != read->device) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "GROUP_FULL: ", setup_.node_name, " is a pair with ", known.name, " (",
          known.certificate.device, "); run `lockstepctl devices forget ", known.certificate.device,
          "` on ", setup_.node_name, " first, or pair with --remote-only on both nodes"));
    }
  }
  run_.theirs = *std::move(read);
  run_.their_name = name;
  return absl::OkStatus();
}

KnownDevice PairingImpl::OtherDevice(const Lock&, const std::string& password) const {
  const absl::Time now = absl::FromUnixSeconds(setup_.wall_s());
  return {.certificate = run_.theirs,
          .name = run_.their_name,
          .is_pair = run_.options.is_pair,
          .is_revoked = false,
          .their_password = password,
          .paired_at = absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", now, absl::UTCTimeZone())};
}

absl::Status PairingImpl::Begin(const Operator& by, const std::string& address,
                                const PairingOptions& options) {
  const absl::StatusOr<std::string> target = PairingTarget(address);
  if (!target.ok()) return target.status();
  absl::StatusOr<std::string> nonce = RandomPairingNonce();
  if (!nonce.ok()) return nonce.status();
  std::unique_ptr<PairingWay> way = setup_.connect(address);
  if (way == nullptr) return absl::UnavailableError("pairing: there is no way to other nodes");
  std::thread before;
  std::uint64_t number = 0;
  {
    const Lock lock(mutex_);
    const absl::Status status = NewRun(lock, by, options);
    if (!status.ok()) return status;
    run_.is_caller = true;
    run_.address = address;
    run_.transcript.caller_nonce = *std::move(nonce);
    run_.transcript.caller_certificate = setup_.devices->own().sha256;
    number = run_.number;
    before = std::move(thread_);
    thread_ = std::thread([this, number, owned = std::move(way)] { Call(number, *owned); });
  }
  audit_.Add(by, absl::StrCat("pairing: begun with ", address), "done");
  if (before.joinable()) before.join();  // Its run is over, so it returns within one call.
  return absl::OkStatus();
}

absl::Status PairingImpl::Accept(const Operator& by, const PairingOptions& options) {
  absl::StatusOr<std::string> nonce = RandomPairingNonce();
  if (!nonce.ok()) return nonce.status();
  const Lock lock(mutex_);
  const absl::Status status = NewRun(lock, by, options);
  if (!status.ok()) return status;
  run_.transcript.answerer_nonce = *std::move(nonce);
  audit_.Add(by, "pairing: open for one caller", "done");
  return absl::OkStatus();
}

absl::Status PairingImpl::Confirm(const Operator& by, const std::string& code) {
  const Lock lock(mutex_);
  Expire(lock);
  if (run_.state != PairingState::kComparing) {
    return absl::FailedPreconditionError(
        run_.state == PairingState::kWaiting
            ? "no code to confirm yet: the other node has not been met; see `lockstepctl pair "
              "status`"
            : absl::StrCat("no code to confirm", run_.text.empty() ? "" : ": ", run_.text,
                           "; see `lockstepctl pair status`"));
  }
  const std::string digits = DigitsOf(code);
  if (!IsCode(digits)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the code has ", kPairingCodeDigits, " digits; type it again"));
  }
  if (digits == run_.shown_code) {
    return absl::InvalidArgumentError(
        "that is the code of this node; type the one that the other node shows");
  }
  run_.by = by;
  if (CRYPTO_memcmp(digits.data(), run_.expected_code.data(), kPairingCodeDigits) != 0) {
    run_.is_wrong_code = true;
    Fail(lock, absl::StrCat("a wrong code was typed at ", setup_.node_name, " for ", NameOf(run_),
                            ". If it was not a slip, somebody stands between the nodes; start "
                            "again on both"));
    return absl::PermissionDeniedError(run_.text);
  }
  run_.state = PairingState::kConfirmed;
  changed_.notify_all();
  return absl::OkStatus();
}

void PairingImpl::Cancel(const Operator& by) {
  const Lock lock(mutex_);
  Expire(lock);
  if (!IsActive(lock) || run_.is_handing_over) return;
  run_.by = by;
  Fail(lock, absl::StrCat("cancelled at ", setup_.node_name, " by ", by.name));
}

PairingStatus PairingImpl::Status() {
  const Lock lock(mutex_);
  Expire(lock);
  PairingStatus status;
  status.state = run_.state;
  status.code = run_.shown_code;
  status.device = run_.theirs.device;
  status.name = run_.their_name;
  status.address = run_.address;
  if (IsActive(lock)) {
    const std::int64_t left_ms = std::max<std::int64_t>(run_.deadline_ms - setup_.now_ms(), 0);
    status.remaining_s = static_cast<std::uint32_t>((left_ms + 999) / 1'000);
  }
  status.text = run_.text;
  return status;
}

bool PairingImpl::is_open() {
  const Lock lock(mutex_);
  Expire(lock);
  return !run_.is_caller && (IsActive(lock) || IsRecent(lock));
}

}  // namespace configsync
