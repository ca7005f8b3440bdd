// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the other node asks of who accepts.

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "configsync/peer/pairing_gift.h"
#include "configsync/peer/pairing_impl.h"

namespace configsync {

using lockstep::peersync::PairingAnswer;
using lockstep::peersync::PairingBegin;
using lockstep::peersync::PairingEnd;
using lockstep::peersync::PairingFinish;
using lockstep::peersync::PairingFinished;
using lockstep::peersync::PairingReveal;

absl::Status PairingImpl::NotOpen() const {
  return absl::PermissionDeniedError(absl::StrCat(
      setup_.node_name, " is not open for pairing; its operator runs `lockstepctl pair accept`"));
}

// Who was part of it is told how it ended; nobody else is.
absl::Status PairingImpl::WhyOver(const Lock& lock, const PairingCaller& caller,
                                  const std::string& commitment) const {
  if (run_.is_caller || !IsRecent(lock) || !CheckCaller(lock, caller, commitment).ok())
    return NotOpen();
  return absl::AbortedError(run_.text);
}

// The pairing goes on; the operator here sees who was refused.
absl::Status PairingImpl::Refuse(const Lock&, const PairingCaller& caller, absl::Status why) {
  run_.text =
      absl::StrCat("a caller at ", caller.address, " was refused: ", std::string(why.message()));
  return why;
}

absl::Status PairingImpl::CheckCaller(const Lock&, const PairingCaller& caller,
                                      const std::string& commitment) const {
  const absl::StatusOr<Certificate> shown = ReadCertificate(caller.certificate_pem);
  if (!shown.ok()) return shown.status();
  if (run_.theirs.sha256.empty()) {
    return absl::FailedPreconditionError("a pairing begins with Begin");
  }
  if (shown->sha256 != run_.theirs.sha256) {
    return absl::FailedPreconditionError(
        absl::StrCat(setup_.node_name,
                     " is being paired with another node; see `lockstepctl pair status` there"));
  }
  // What a cut held up may be of an earlier one. Rule 2 of PAIRING.md, too: one nonce for one
  // commitment.
  if (commitment != run_.commitment) {
    return absl::FailedPreconditionError("this pairing has begun with another commitment");
  }
  return absl::OkStatus();
}

absl::Status PairingImpl::OnBegin(const PairingCaller& caller, const PairingBegin& request,
                                  PairingAnswer& answer) {
  const Lock lock(mutex_);
  Expire(lock);
  if (run_.is_caller || !IsActive(lock)) return NotOpen();
  if (request.protocol() != kPairingProtocol) {
    return Refuse(
        lock, caller,
        absl::FailedPreconditionError(absl::StrCat(
            "pairing protocol ", request.protocol(), " is not spoken by ", setup_.node_name,
            ", which speaks ", kPairingProtocol, "; bring both nodes to one version")));
  }
  if (request.commitment().size() != kPairingCommitmentBytes) {
    return Refuse(lock, caller,
                  absl::InvalidArgumentError(
                      absl::StrCat("a commitment has ", kPairingCommitmentBytes, " bytes")));
  }
  if (!run_.theirs.sha256.empty()) {
    const absl::Status status = CheckCaller(lock, caller, request.commitment());
    if (!status.ok()) return status;
  } else {
    if (request.pair() != run_.options.is_pair) {
      return Refuse(lock, caller,
                    absl::FailedPreconditionError(absl::StrCat(
                        setup_.node_name,
                        run_.options.is_pair ? " accepts the other node of its pair"
                                             : " accepts a remote for configuration alone",
                        "; --remote-only must stand on both nodes, or on none")));
    }
    const absl::Status status = TakeOther(lock, caller.certificate_pem, request.name());
    if (!status.ok()) return Refuse(lock, caller, status);
    run_.address = caller.address;
    run_.commitment = request.commitment();
  }
  answer.set_protocol(kPairingProtocol);
  answer.set_name(setup_.node_name);
  answer.set_nonce(run_.transcript.answerer_nonce);
  return absl::OkStatus();
}

absl::Status PairingImpl::OnReveal(const PairingCaller& caller, const PairingReveal& request) {
  const Lock lock(mutex_);
  Expire(lock);
  if (run_.is_caller || !IsActive(lock)) return WhyOver(lock, caller, request.commitment());
  const absl::Status status = CheckCaller(lock, caller, request.commitment());
  if (!status.ok()) return status;
  if (run_.state != PairingState::kWaiting) {  // The answer was lost.
    return request.nonce() == run_.transcript.caller_nonce
               ? absl::OkStatus()
               : absl::FailedPreconditionError("another nonce was revealed before");
  }
  if (request.nonce().size() != kPairingNonceBytes ||
      PairingCommitment(request.nonce(), run_.theirs.sha256) != run_.commitment) {
    Fail(lock, absl::StrCat(run_.their_name, " (", run_.address,
                            ") did not keep to its commitment: somebody tries to stand between the "
                            "nodes, or it is damaged"));
    return WhyOver(lock, caller, request.commitment());
  }
  run_.transcript.caller_nonce = request.nonce();
  run_.transcript.caller_certificate = run_.theirs.sha256;
  run_.transcript.answerer_certificate = setup_.devices->own().sha256;
  ShowCodes(lock);
  return absl::OkStatus();
}

absl::Status PairingImpl::OnFinish(const PairingCaller& caller, const PairingFinish& request,
                                   PairingFinished& answer) {
  Lock lock(mutex_);
  Expire(lock);
  if (run_.is_caller) return NotOpen();
  if (run_.state == PairingState::kDone && IsRecent(lock) &&
      CheckCaller(lock, caller, request.commitment()).ok()) {
    answer = run_.answer;  // Again: the last one was lost.
    return absl::OkStatus();
  }
  if (!IsActive(lock)) return WhyOver(lock, caller, request.commitment());
  const absl::Status status = CheckCaller(lock, caller, request.commitment());
  if (!status.ok()) return status;
  if (run_.state == PairingState::kWaiting) {
    return absl::FailedPreconditionError("nothing was revealed yet");
  }
  run_.heard_ms = setup_.now_ms();
  answer.set_confirmed(run_.state == PairingState::kConfirmed);
  if (!request.confirmed() || !answer.confirmed()) return absl::OkStatus();
  if (run_.is_handing_over) return absl::UnavailableError("the hand-over runs; ask again");
  if (!TakeOver(lock, request, answer).ok()) return WhyOver(lock, caller, request.commitment());
  return absl::OkStatus();
}

// Without the lock meanwhile: a master key takes its time, and the operator may look.
absl::Status PairingImpl::TakeOver(Lock& lock, const PairingFinish& gift, PairingFinished& answer) {
  run_.is_handing_over = true;
  const PairingOptions options = run_.options;
  const Operator by = run_.by;
  const KnownDevice device = OtherDevice(lock, gift.password());
  lock.unlock();
  absl::Status status = TakeGift(setup_, options, by, gift, answer);
  if (status.ok()) status = setup_.devices->Add(device);  // Last: now it is done.
  lock.lock();
  run_.is_handing_over = false;
  if (!status.ok()) {
    // Pair secret and master key may be there already: the notes say so.
    const std::string taken = absl::StrJoin(answer.notes(), "; ");
    answer.Clear();
    Fail(lock,
         absl::StrCat(taken.empty() ? "nothing was stored at " : "the device was not stored at ",
                      setup_.node_name, ": ", std::string(status.message()),
                      taken.empty() ? "" : absl::StrCat("; before that: ", taken)));
    return status;
  }
  run_.answer = answer;
  Succeed(lock, {answer.notes().begin(), answer.notes().end()});
  return status;
}

absl::Status PairingImpl::OnEnd(const PairingCaller& caller, const PairingEnd& request) {
  const Lock lock(mutex_);
  Expire(lock);
  if (run_.is_caller || !IsActive(lock) || run_.is_handing_over) return absl::OkStatus();
  const absl::Status status = CheckCaller(lock, caller, request.commitment());
  if (!status.ok()) return status;
  Fail(lock, request.wrong_code()
                 ? absl::StrCat("a wrong code was typed at ", run_.their_name,
                                ". If it was not a slip, somebody stands between the nodes; start "
                                "again on both")
                 : absl::StrCat("ended at ", run_.their_name));
  return absl::OkStatus();
}

}  // namespace configsync
