// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/tls_only_13.h"

#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include <array>

#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

// `system_default` is read by each new context. gRPC sets the lowest version afterwards, so the
// version itself is switched off too.
constexpr char kConfiguration[] =
    "openssl_conf = init\n"
    "[init]\n"
    "ssl_conf = ssl\n"
    "[ssl]\n"
    "system_default = tls\n"
    "[tls]\n"
    "MinProtocol = TLSv1.3\n"
    "Protocol = -SSLv3, -TLSv1, -TLSv1.1, -TLSv1.2\n"
    "CipherString = DEFAULT@SECLEVEL=2\n";

absl::Status Load() {
  // First, because it would replace ours if it came later.
  OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr);
  OPENSSL_load_builtin_modules();
  BIO* const text = BIO_new_mem_buf(kConfiguration, -1);
  CONF* const conf = NCONF_new(nullptr);
  long line = 0;
  const bool is_loaded = text != nullptr && conf != nullptr &&
                         NCONF_load_bio(conf, text, &line) > 0 &&
                         CONF_modules_load(conf, nullptr, 0) > 0;
  NCONF_free(conf);
  BIO_free(text);
  if (is_loaded) {
    return absl::OkStatus();
  }
  std::array<char, 256> why{};
  ERR_error_string_n(ERR_get_error(), why.data(), why.size());
  return absl::InternalError(absl::StrCat("OpenSSL does not take TLS 1.3 alone: ", why.data()));
}

}  // namespace

absl::Status AllowOnlyTls13() {
  static const absl::Status loaded = Load();
  return loaded;
}

}  // namespace configsync
