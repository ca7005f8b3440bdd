// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A TLS client that is not gRPC, for versions and certificates that ours would not use.
//
// Threads: functions.

#pragma once

#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "configsync/devices/device.h"
#include "configsync/peer/remote_address.h"

namespace configsync {

// "TLSv1.2", as agreed; empty: refused. A server that refuses the certificate closes behind the
// handshake: then too.
inline std::string TlsVersionWith(const std::string& server, const Identity& identity,
                                  int version) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
  // This process is kept to TLS 1.3, too.
  SSL_CTX_clear_options(context.get(), SSL_OP_NO_TLSv1_2);
  SSL_CTX_set_min_proto_version(context.get(), version);
  SSL_CTX_set_max_proto_version(context.get(), version);
  const std::array<unsigned char, 3> protocols = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), protocols.data(), protocols.size());
  const auto memory = [](const std::string& text) {
    return std::unique_ptr<BIO, decltype(&BIO_free)>(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  };
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(memory(identity.certificate.pem).get(), nullptr, nullptr, nullptr),
      &X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(memory(identity.key_pem).get(), nullptr, nullptr, nullptr),
      &EVP_PKEY_free);
  if (certificate != nullptr) SSL_CTX_use_certificate(context.get(), certificate.get());
  if (key != nullptr) SSL_CTX_use_PrivateKey(context.get(), key.get());

  const auto endpoint = ParseRemoteAddress(server, 1);
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_storage address{};
  const socklen_t length = ToSocketAddress(*endpoint, address);
  std::string agreed;
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), length) == 0) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> session(SSL_new(context.get()), &SSL_free);
    SSL_set_fd(session.get(), descriptor);
    std::array<char, 64> settings{};  // The first frame of HTTP/2: the server has accepted.
    if (SSL_connect(session.get()) == 1 &&
        SSL_read(session.get(), settings.data(), settings.size()) > 0) {
      agreed = SSL_get_version(session.get());
    }
  }
  ERR_clear_error();
  close(descriptor);
  return agreed;
}

}  // namespace configsync
