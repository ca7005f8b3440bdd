// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What who starts asks of the other node, on a thread of its own.

#include <algorithm>
#include <chrono>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "configsync/peer/pairing_gift.h"
#include "configsync/peer/pairing_impl.h"

namespace configsync {

using lockstep::peersync::PairingAnswer;
using lockstep::peersync::PairingBegin;
using lockstep::peersync::PairingEnd;
using lockstep::peersync::PairingFinish;
using lockstep::peersync::PairingFinished;
using lockstep::peersync::PairingReveal;

namespace {

constexpr auto kPause = std::chrono::milliseconds(500);
constexpr std::int64_t kHandOverMs = 60'000;
constexpr std::size_t kTheirTextBytesMax = 512;

// The question or its answer may have been lost.
bool IsLost(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

// Another node chose these words.
std::string TheirText(const absl::Status& status) {
  std::string text = std::string(status.message()).substr(0, kTheirTextBytesMax);
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace

bool PairingImpl::IsCurrent(const Lock& lock, std::uint64_t number) {
  if (run_.number != number || is_stopping_) return false;
  Expire(lock);
  return IsActive(lock);
}

void PairingImpl::Pause(Lock& lock, std::uint64_t number) {
  const PairingState state = run_.state;
  changed_.wait_for(lock, kPause, [this, number, state] {
    return is_stopping_ || run_.number != number || run_.state != state;
  });
}

// Asks until there is an answer or the run is over (kCancelled).
absl::Status PairingImpl::Repeat(Lock& lock, std::uint64_t number,
                                 const std::function<absl::Status()>& ask) {
  while (IsCurrent(lock, number)) {
    lock.unlock();
    const absl::Status status = ask();
    lock.lock();
    if (!IsCurrent(lock, number)) break;
    // Before they have met, the other may not be open yet.
    const bool has_met = !run_.theirs.sha256.empty();
    if (!IsLost(status) && (has_met || !absl::IsPermissionDenied(status))) {
      run_.heard_ms = setup_.now_ms();
      return status;
    }
    if (!has_met) run_.text = absl::StrCat("no answer yet: ", TheirText(status));
    Pause(lock, number);
  }
  return absl::CancelledError("the pairing is over");
}

absl::Status PairingImpl::Meet(Lock& lock, std::uint64_t number, PairingWay& way) {
  PairingBegin begin;
  begin.set_protocol(kPairingProtocol);
  begin.set_name(setup_.node_name);
  begin.set_pair(run_.options.is_pair);
  run_.commitment =
      PairingCommitment(run_.transcript.caller_nonce, run_.transcript.caller_certificate);
  begin.set_commitment(run_.commitment);
  PairingAnswer answer;
  absl::Status status = Repeat(lock, number, [&] { return way.Begin(begin, answer); });
  if (!status.ok()) return status;
  if (answer.protocol() != kPairingProtocol || answer.nonce().size() != kPairingNonceBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the answer is none of pairing protocol ",
                                                   kPairingProtocol,
                                                   "; bring both nodes to one version"));
  }
  status = TakeOther(lock, way.their_certificate(), answer.name());
  if (!status.ok()) return status;
  run_.transcript.answerer_nonce = answer.nonce();
  run_.transcript.answerer_certificate = run_.theirs.sha256;
  PairingReveal reveal;
  reveal.set_nonce(run_.transcript.caller_nonce);
  reveal.set_commitment(run_.commitment);
  status = Repeat(lock, number, [&] { return way.Reveal(reveal); });
  if (status.ok()) ShowCodes(lock);
  return status;
}

// Until both operators have confirmed.
absl::Status PairingImpl::Compare(Lock& lock, std::uint64_t number, PairingWay& way) {
  PairingFinish question;
  question.set_commitment(run_.commitment);
  while (true) {
    PairingFinished answer;
    const absl::Status status = Repeat(lock, number, [&] { return way.Finish(question, answer); });
    if (!status.ok()) return status;
    if (answer.confirmed() && run_.state == PairingState::kConfirmed) return status;
    Pause(lock, number);
  }
}

absl::Status PairingImpl::HandOver(Lock& lock, std::uint64_t number, PairingWay& way) {
  run_.is_handing_over = true;
  const PairingOptions options = run_.options;
  const std::string commitment = run_.commitment;
  lock.unlock();
  absl::StatusOr<PairingFinish> gift = MakeGift(setup_, options);
  if (gift.ok()) gift->set_commitment(commitment);
  PairingFinished answer;
  absl::Status status = gift.status();
  const std::int64_t until_ms = setup_.now_ms() + kHandOverMs;
  while (status.ok()) {
    status = way.Finish(*gift, answer);
    if (!IsLost(status)) break;
    lock.lock();
    const bool is_over = is_stopping_ || setup_.now_ms() >= until_ms;
    if (!is_over) Pause(lock, number);
    lock.unlock();
    if (is_over) {
      status = absl::DeadlineExceededError(
          "the secrets were handed over, but the answer is missing; see `lockstepctl pair status` "
          "there, then start again on both nodes");
      break;
    }
    status = absl::OkStatus();
  }
  if (status.ok()) status = CheckPassword(answer.password());
  std::vector<std::string> notes;
  if (status.ok()) notes = NotesOf(setup_, answer);
  lock.lock();
  const KnownDevice device = OtherDevice(lock, answer.password());
  lock.unlock();
  if (status.ok()) {
    status = setup_.devices->Add(device);
    if (!status.ok()) {
      status = absl::Status(status.code(),
                            absl::StrCat(device.name,
                                         " knows this node now, but not the other way "
                                         "round; start again on both nodes when this is mended: ",
                                         std::string(status.message())));
    }
  }
  lock.lock();
  run_.is_handing_over = false;
  if (status.ok()) Succeed(lock, notes);
  return status;
}

void PairingImpl::Call(std::uint64_t number, PairingWay& way) {
  Lock lock(mutex_);
  absl::Status status = Meet(lock, number, way);
  if (status.ok()) status = Compare(lock, number, way);
  if (status.ok()) status = HandOver(lock, number, way);
  if (status.ok() || run_.number != number) return;
  if (IsActive(lock) && !is_stopping_) {
    Fail(lock, absl::StrCat(run_.address, ": ", TheirText(status)));
  }
  // Also a node that was refused here, or whose answer was lost: it may have taken this one.
  if (way.their_certificate().empty()) return;
  PairingEnd end;
  end.set_wrong_code(run_.is_wrong_code);
  end.set_commitment(run_.commitment);
  lock.unlock();
  way.End(end).IgnoreError();  // Who is not told notices the silence.
}

}  // namespace configsync
