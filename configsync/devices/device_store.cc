// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <functional>
#include <mutex>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "configsync/devices/device.h"
#include "configsync/devices/known_devices.h"
#include "configsync/store/files.h"

namespace configsync {
namespace {

constexpr char kIdentityName[] = "identity.pem";
constexpr char kPasswordName[] = "password";
constexpr char kKnownName[] = "known.json";
constexpr std::size_t kPasswordRandomBytes = 32;
constexpr std::size_t kIdentityBytesMax = 2 * kCertificateBytesMax;
constexpr std::size_t kKnownBytesMax = 2 * kDevicesMax * kCertificateBytesMax;
constexpr std::string_view kCertificateBegin = "-----BEGIN CERTIFICATE-----";

std::int64_t WallSeconds() { return static_cast<std::int64_t>(std::time(nullptr)); }

absl::Status Damaged(const Files& files, const char* name, std::string_view what,
                     std::string_view remedy) {
  return absl::DataLossError(absl::StrCat(files.folder(), "/", name, ": ", std::string(what),
                                          "; restore it, or move it away: ", std::string(remedy)));
}

bool IsKeyOf(const std::string& key_pem, const std::string& certificate_pem) {
  const auto read = [](const std::string& pem) {
    return std::unique_ptr<BIO, decltype(&BIO_free_all)>(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free_all);
  };
  const auto key_bio = read(key_pem);
  const auto certificate_bio = read(certificate_pem);
  if (key_bio == nullptr || certificate_bio == nullptr) return false;
  char no_passphrase[] = "";  // Without one, libcrypto would ask on the terminal.
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, no_passphrase), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr), &X509_free);
  return key != nullptr && certificate != nullptr &&
         X509_check_private_key(certificate.get(), key.get()) == 1;
}

absl::StatusOr<Identity> WriteNewIdentity(Files& files, const std::string& node_name,
                                          std::int64_t now_s) {
  absl::StatusOr<Identity> made = MakeIdentity(node_name, now_s);
  if (!made.ok()) return made.status();
  const absl::Status written =
      WriteDurably(files, kIdentityName, made->key_pem + made->certificate.pem);
  if (!written.ok()) return written;
  return made;
}

absl::StatusOr<Identity> TakeIdentity(Files& files, const std::string& node_name,
                                      std::int64_t now_s) {
  absl::StatusOr<std::string> text = files.Read(kIdentityName, kIdentityBytesMax);
  if (absl::IsNotFound(text.status())) return WriteNewIdentity(files, node_name, now_s);
  if (!text.ok()) return text.status();
  const std::size_t certificate_at = text->find(kCertificateBegin);
  constexpr std::string_view kRemedy = "a new one is made, and each peer must be paired with again";
  if (certificate_at == std::string::npos) {
    return Damaged(files, kIdentityName, "it has no certificate", kRemedy);
  }
  absl::StatusOr<Certificate> certificate = ReadCertificate(text->substr(certificate_at));
  if (!certificate.ok()) {
    return Damaged(files, kIdentityName, std::string(certificate.status().message()), kRemedy);
  }
  Identity identity{.certificate = *std::move(certificate),
                    .key_pem = text->substr(0, certificate_at)};
  if (!IsKeyOf(identity.key_pem, identity.certificate.pem)) {
    return Damaged(files, kIdentityName, "its key is not that of its certificate", kRemedy);
  }
  return identity;
}

absl::StatusOr<std::string> TakePassword(Files& files) {
  constexpr std::size_t kDigits = 2 * kPasswordRandomBytes;
  absl::StatusOr<std::string> text = files.Read(kPasswordName, kDigits + 1);
  if (text.ok()) {
    if (text->ends_with('\n')) text->pop_back();
    const bool is_hex = std::ranges::all_of(*text, [](char c) { return absl::ascii_isxdigit(c); });
    if (text->size() == kDigits && is_hex) return text;
    return Damaged(files, kPasswordName, "it is not 64 hexadecimal digits",
                   "a new one is made, and each peer must be paired with again");
  }
  if (!absl::IsNotFound(text.status())) return text.status();
  std::array<unsigned char, kPasswordRandomBytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    return absl::UnavailableError("password of this node: the system has no randomness");
  }
  std::string made =
      absl::BytesToHexString({reinterpret_cast<const char*>(random.data()), random.size()});
  OPENSSL_cleanse(random.data(), random.size());
  const absl::Status written = WriteDurably(files, kPasswordName, made + "\n");
  if (!written.ok()) return written;
  return made;
}

absl::StatusOr<std::vector<KnownDevice>> TakeKnown(Files& files) {
  const absl::StatusOr<std::string> text = files.Read(kKnownName, kKnownBytesMax);
  if (absl::IsNotFound(text.status())) return std::vector<KnownDevice>{};
  if (!text.ok()) return text.status();
  absl::StatusOr<std::vector<KnownDevice>> known = ReadKnownDevices(*text);
  if (!known.ok()) {
    return Damaged(files, kKnownName, std::string(known.status().message()),
                   "no device is known then, and each peer must be paired with again");
  }
  return known;
}

class FolderDeviceStore final : public DeviceStore {
 public:
  FolderDeviceStore(std::unique_ptr<Files> files, std::string node_name, Identity identity,
                    std::string password, std::vector<KnownDevice> known)
      : files_(std::move(files)),
        node_name_(std::move(node_name)),
        identity_path_(absl::StrCat(files_->folder(), "/", kIdentityName)),
        password_(std::move(password)),
        identity_(std::move(identity)),
        known_(std::move(known)) {}
  ~FolderDeviceStore() override {
    OPENSSL_cleanse(identity_.key_pem.data(), identity_.key_pem.size());
    OPENSSL_cleanse(password_.data(), password_.size());
  }

  Identity OwnIdentity() const override {
    const std::lock_guard lock(mutex_);
    return identity_;
  }
  Certificate own() const override {
    const std::lock_guard lock(mutex_);
    return identity_.certificate;
  }
  const std::string& identity_path() const override { return identity_path_; }
  const std::string& own_password() const override { return password_; }

  std::vector<KnownDevice> Known() const override {
    const std::lock_guard lock(mutex_);
    return known_;
  }

  std::optional<KnownDevice> Find(std::string_view device) const override {
    const std::lock_guard lock(mutex_);
    for (const KnownDevice& known : known_) {
      if (known.certificate.device == device) return known;
    }
    return std::nullopt;
  }

  absl::Status Add(const KnownDevice& device) override {
    absl::StatusOr<KnownDevice> checked = CheckedDevice(device);
    if (!checked.ok()) return checked.status();
    const std::lock_guard lock(mutex_);
    const std::string& id = checked->certificate.device;
    if (id == identity_.certificate.device) {
      return absl::InvalidArgumentError(absl::StrCat("device ", id, " is this node itself"));
    }
    std::vector<KnownDevice> next = known_;
    std::erase_if(next, [&id](const KnownDevice& k) { return k.certificate.device == id; });
    if (next.size() >= kDevicesMax) {
      return absl::ResourceExhaustedError(
          absl::StrCat(kDevicesMax,
                       " devices are known, and no more are allowed; forget one with "
                       "`lockstepctl devices forget`"));
    }
    const auto pair =
        std::ranges::find_if(next, [](const KnownDevice& k) { return k.is_pair && !k.is_revoked; });
    if (checked->is_pair && !checked->is_revoked && pair != next.end()) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "GROUP_FULL: this node is a pair with ", pair->name, " (", pair->certificate.device,
          "); forget that one first, or pair the new one with --remote-only"));
    }
    next.push_back(*std::move(checked));
    return Replace(std::move(next));
  }

  absl::Status Revoke(std::string_view device) override {
    return Change(device, [](std::vector<KnownDevice>& known, std::size_t i) {
      known[i].is_revoked = true;
      known[i].their_password.clear();
    });
  }

  absl::Status Forget(std::string_view device) override {
    return Change(device, [](std::vector<KnownDevice>& known, std::size_t i) {
      known.erase(known.begin() + static_cast<std::ptrdiff_t>(i));
    });
  }

  absl::Status Renew() override {
    const std::lock_guard lock(mutex_);
    absl::StatusOr<Identity> fresh = WriteNewIdentity(*files_, node_name_, WallSeconds());
    if (!fresh.ok()) return fresh.status();
    identity_ = *std::move(fresh);
    return absl::OkStatus();
  }

 private:
  // Memory follows the disk: what could not be written is not known.
  absl::Status Replace(std::vector<KnownDevice> next) {
    const absl::Status written = WriteDurably(*files_, kKnownName, PrintKnownDevices(next));
    if (written.ok()) known_ = std::move(next);
    return written;
  }

  absl::Status Change(std::string_view device,
                      const std::function<void(std::vector<KnownDevice>&, std::size_t)>& act) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < known_.size(); ++i) {
      if (known_[i].certificate.device != device) continue;
      std::vector<KnownDevice> next = known_;
      act(next, i);
      return Replace(std::move(next));
    }
    return absl::NotFoundError(absl::StrCat("no device ",
                                            std::string(device.substr(0, kDeviceNameBytesMax)),
                                            " is known; `lockstepctl devices list` has the ids"));
  }

  const std::unique_ptr<Files> files_;
  const std::string node_name_;
  const std::string identity_path_;
  std::string password_;
  mutable std::mutex mutex_;  // Of all that follows.
  Identity identity_;
  std::vector<KnownDevice> known_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DeviceStore>> DeviceStore::Open(const std::string& folder,
                                                               const std::string& node_name) {
  return Open(folder, node_name, WallSeconds());
}

absl::StatusOr<std::unique_ptr<DeviceStore>> DeviceStore::Open(const std::string& folder,
                                                               const std::string& node_name,
                                                               std::int64_t now_s) {
  absl::StatusOr<std::unique_ptr<Files>> files = OpenFolder(folder);
  if (!files.ok()) return files.status();
  absl::StatusOr<Identity> identity = TakeIdentity(**files, node_name, now_s);
  if (!identity.ok()) return identity.status();
  absl::StatusOr<std::string> password = TakePassword(**files);
  if (!password.ok()) return password.status();
  absl::StatusOr<std::vector<KnownDevice>> known = TakeKnown(**files);
  if (!known.ok()) return known.status();
  return std::make_unique<FolderDeviceStore>(*std::move(files), node_name, *std::move(identity),
                                             *std::move(password), *std::move(known));
}

}  // namespace configsync
