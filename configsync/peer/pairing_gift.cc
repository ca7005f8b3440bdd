// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/pairing_gift.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "configsync/peer/pair_secret.h"
#include "configsync/store/master_key.h"

namespace configsync {
namespace {

using lockstep::peersync::PairingFinish;
using lockstep::peersync::PairingFinished;

constexpr int kNotesMax = 8;
constexpr std::size_t kNoteBytesMax = 512;

bool IsPrintable(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f'; });
}

// Empty: this node's key cannot be read, which has its own reason.
std::string OwnFingerprint(const PairingSetup& setup) {
  const absl::StatusOr<std::string> text = setup.read_master_key();
  if (!text.ok()) return {};
  const absl::StatusOr<MasterKey> key = MasterKeyOf(*text);
  return key.ok() ? key->fingerprint : std::string();
}

absl::Status TakePairSecret(const PairingSetup& setup, const std::string& text,
                            PairingFinished& answer) {
  if (setup.pair_secret_file.empty() || text.empty()) return absl::OkStatus();
  if (!IsPairSecretText(text)) {
    return absl::InvalidArgumentError("HA2 pair secret of the other node: it is not one");
  }
  const absl::Status written = WriteNewPairSecret(setup.pair_secret_file, text);
  if (written.ok()) {
    answer.add_notes(absl::StrCat("HA2 pair secret written to ", setup.pair_secret_file));
    return written;
  }
  if (!absl::IsAlreadyExists(written)) return written;
  const absl::StatusOr<std::string> present = ReadPairSecret(setup.pair_secret_file);
  if (!present.ok() || *present != text) {
    answer.add_notes(
        absl::StrCat("HA2 pair secret kept, which is another: ", setup.pair_secret_file,
                     " exists; move it away and pair again, or HA2 stays down"));
  }
  return absl::OkStatus();
}

void TakeMasterKey(const PairingSetup& setup, const PairingOptions& options, const Operator& by,
                   const std::string& text, PairingFinished& answer) {
  const absl::StatusOr<MasterKey> given = MasterKeyOf(text);
  if (!given.ok()) {
    answer.add_notes("master key not taken: the other node's is not one");
    return;
  }
  const std::string own = OwnFingerprint(setup);
  if (own == given->fingerprint) return;  // Taken before, or given to both by hand.
  if (options.keep_master_key) {
    answer.add_notes(absl::StrCat("master key kept, as you said: ", own, ", not ",
                                  given->fingerprint, "; nothing synchronises until they agree"));
    return;
  }
  const absl::Status taken = setup.take_master_key(by, text);
  answer.add_notes(
      taken.ok() ? absl::StrCat("master key ", given->fingerprint, " taken")
                 : absl::StrCat("master key not taken, nothing synchronises until they agree: ",
                                std::string(taken.message()).substr(0, kNoteBytesMax / 2)));
}

}  // namespace

absl::StatusOr<PairingFinish> MakeGift(const PairingSetup& setup, const PairingOptions& options) {
  PairingFinish gift;
  gift.set_confirmed(true);
  gift.set_password(setup.password());
  if (options.is_pair && !setup.pair_secret_file.empty()) {
    absl::StatusOr<std::string> secret = ReadPairSecret(setup.pair_secret_file);
    if (absl::IsNotFound(secret.status())) {
      secret = RandomPairSecretText();
      if (secret.ok()) {
        const absl::Status written = WriteNewPairSecret(setup.pair_secret_file, *secret);
        if (!written.ok()) return written;
      }
    }
    if (!secret.ok()) return secret.status();
    gift.set_pair_secret(*std::move(secret));
  }
  if (options.give_master_key) {
    absl::StatusOr<std::string> key = setup.read_master_key();
    if (!key.ok()) return key.status();
    gift.set_master_key(*std::move(key));
  }
  return gift;
}

absl::Status TakeGift(const PairingSetup& setup, const PairingOptions& options, const Operator& by,
                      const PairingFinish& gift, PairingFinished& answer) {
  answer.Clear();
  const absl::Status password = CheckPassword(gift.password());
  if (!password.ok()) return password;
  if (options.is_pair) {
    const absl::Status status = TakePairSecret(setup, gift.pair_secret(), answer);
    if (!status.ok()) return status;
  }
  if (!gift.master_key().empty()) {
    TakeMasterKey(setup, options, by, gift.master_key(), answer);
  }
  answer.set_confirmed(true);
  answer.set_password(setup.password());
  answer.set_master_key_fingerprint(OwnFingerprint(setup));
  return absl::OkStatus();
}

absl::Status CheckPassword(const std::string& password) {
  const bool is_good = !password.empty() && password.size() <= kDevicePasswordBytesMax &&
                       std::ranges::all_of(password, [](char c) { return absl::ascii_isgraph(c); });
  return is_good ? absl::OkStatus()
                 : absl::InvalidArgumentError(absl::StrCat(
                       "password of the other node: it has ", password.size(), " characters; 1 to ",
                       kDevicePasswordBytesMax, " printable ones without spaces are allowed"));
}

std::vector<std::string> NotesOf(const PairingSetup& setup, const PairingFinished& answer) {
  std::vector<std::string> notes;
  for (int i = 0; i < std::min(answer.notes_size(), kNotesMax); ++i) {
    if (answer.notes(i).size() <= kNoteBytesMax && IsPrintable(answer.notes(i))) {
      notes.push_back(absl::StrCat("there: ", answer.notes(i)));
    }
  }
  const std::string own = OwnFingerprint(setup);
  if (own != answer.master_key_fingerprint() &&
      answer.master_key_fingerprint().size() == own.size() &&
      IsPrintable(answer.master_key_fingerprint())) {
    notes.push_back(absl::StrCat("master keys differ: here ", own, ", there ",
                                 answer.master_key_fingerprint()));
  }
  return notes;
}

}  // namespace configsync
