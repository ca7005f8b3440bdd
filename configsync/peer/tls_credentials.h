// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One end of a TLS connection between nodes: no authority, the other's certificate is what `check`
// says. Credentials are made for one connection or channel and not used again, so a renewed
// certificate counts at once.
//
// Threads: any; `check` is called on gRPC's threads.

#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/security/server_credentials.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"

namespace configsync {

struct TlsEnd {
  std::string certificate_pem, key_pem;  // Own. REQUIRES: not empty.
  // The other's certificate, proven to be its own; an error ends the handshake. At once: it blocks
  // other connections.
  std::function<absl::Status(const std::string& pem)> check;
  // For test benches: TLS keys are appended to this file (mode 0600), so that a capture can be
  // decrypted. Empty: never.
  std::string debug_tls_keys;
};

[[nodiscard]] std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const TlsEnd& end);

// A channel of its own connection: no proxies, no retries, no sharing with other channels. It is
// for one address, and thrown away when it fails.
//
//   target              "ipv4:10.9.1.2:4792", "ipv6:[fd00::2]:4792"
//   answer_bytes_max    a larger answer is RESOURCE_EXHAUSTED
[[nodiscard]] std::shared_ptr<grpc::Channel> MakeTlsChannel(const std::string& target,
                                                            const TlsEnd& end,
                                                            int answer_bytes_max);

}  // namespace configsync
