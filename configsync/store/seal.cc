// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/store/seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "configsync/schema/path.h"

namespace configsync {
namespace {

constexpr std::string_view kMark = "s1:";
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// A secret member of a leaf-list stands in the path; its place is the leaf-list.
std::string PlaceOf(const Edit& edit) {
  Path path = edit.path;
  if (path.back().node->kind == NodeKind::kLeafList) path.back().keys.clear();
  return PathText(path);
}

absl::Status Unreadable(std::string_view place) {
  return absl::DataLossError(
      absl::StrCat(std::string(place),
                   ": the sealed secret was altered, or was sealed under another master key"));
}

// `change` maps (place, text) to other text.
template <typename Change>
absl::Status ChangeSecrets(std::vector<Edit>& edits, const Change& change) {
  for (Edit& edit : edits) {
    if (edit.path.empty() || !edit.path.back().node->secret) continue;
    PathStep& last = edit.path.back();
    std::vector<std::string*> texts;
    if (last.node->is_leaf()) {
      if (edit.op == EditOp::kSet) texts.push_back(&edit.value);
    } else if (last.node->kind == NodeKind::kLeafList) {
      for (std::string& key : last.keys) texts.push_back(&key);
      if (edit.after.has_value()) {
        for (std::string& key : *edit.after) texts.push_back(&key);
      }
    }
    if (texts.empty()) continue;
    const std::string place = PlaceOf(edit);
    for (std::string* text : texts) {
      absl::StatusOr<std::string> changed = change(place, *text);
      if (!changed.ok()) return changed.status();
      *text = *std::move(changed);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> Sealer::Seal(std::string_view place, std::string_view clear) const {
  std::string sealed(kNonceBytes + clear.size() + kTagBytes, '\0');
  if (RAND_bytes(Bytes(sealed), kNonceBytes) != 1) {
    return absl::UnavailableError("sealing a secret: the system has no randomness");
  }
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int length = 0;
  unsigned char* const text = Bytes(sealed) + kNonceBytes;
  const bool is_good =
      EVP_EncryptInit_ex2(context.get(), EVP_aes_256_gcm(), key_.sealing.data(), Bytes(sealed),
                          nullptr) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &length, Bytes(place),
                        static_cast<int>(place.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), text, &length, Bytes(clear),
                        static_cast<int>(clear.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), text + length, &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, text + clear.size()) == 1;
  if (!is_good) return absl::UnavailableError("sealing a secret: libcrypto has no AES-256-GCM");
  return absl::StrCat(std::string(kMark), absl::Base64Escape(sealed));
}

absl::StatusOr<std::string> Sealer::Open(std::string_view place, std::string_view sealed) const {
  std::string bytes;
  if (!sealed.starts_with(kMark)) return Unreadable(place);
  const absl::string_view text64(sealed.data() + kMark.size(), sealed.size() - kMark.size());
  // One text for each value: what the decoder would overlook is refused too.
  if (!absl::Base64Unescape(text64, &bytes) || bytes.size() < kNonceBytes + kTagBytes ||
      absl::Base64Escape(bytes) != text64) {
    return Unreadable(place);
  }
  std::string clear(bytes.size() - kNonceBytes - kTagBytes, '\0');
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int length = 0;
  const unsigned char* const text = Bytes(bytes) + kNonceBytes;
  const bool is_good = EVP_DecryptInit_ex2(context.get(), EVP_aes_256_gcm(), key_.sealing.data(),
                                           Bytes(bytes), nullptr) == 1 &&
                       EVP_DecryptUpdate(context.get(), nullptr, &length, Bytes(place),
                                         static_cast<int>(place.size())) == 1 &&
                       EVP_DecryptUpdate(context.get(), Bytes(clear), &length, text,
                                         static_cast<int>(clear.size())) == 1 &&
                       EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes,
                                           const_cast<unsigned char*>(text) + clear.size()) == 1 &&
                       EVP_DecryptFinal_ex(context.get(), Bytes(clear) + length, &length) == 1;
  if (!is_good) return Unreadable(place);
  return clear;
}

absl::Status Sealer::SealEdits(std::vector<Edit>& edits) const {
  return ChangeSecrets(
      edits, [this](std::string_view place, std::string_view text) { return Seal(place, text); });
}

absl::Status Sealer::OpenEdits(std::vector<Edit>& edits) const {
  return ChangeSecrets(
      edits, [this](std::string_view place, std::string_view text) { return Open(place, text); });
}

}  // namespace configsync
