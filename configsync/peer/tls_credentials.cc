// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/tls_credentials.h"

#include <fcntl.h>
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>
#include <utility>
#include <vector>

#include "configsync/log/log.h"
#include "configsync/peer/tls_only_13.h"
#include "configsync/status_grpc.h"

namespace configsync {
namespace {

using grpc::experimental::ExternalCertificateVerifier;
using grpc::experimental::StaticDataCertificateProvider;
using grpc::experimental::TlsCustomVerificationCheckRequest;

// A peer that is silent for this long while a call runs is gone.
constexpr int kKeepalivePauseMs = 1'000;
constexpr int kKeepaliveAnswerMs = 2'000;
// Longer than any call that connects: the call ends first, and says that nobody answered.
constexpr int kConnectMs = 5'000;
constexpr int kLookaheadBytes = 1 << 20;  // Windows are fixed: probing for larger ones costs bytes.

class Verifier : public ExternalCertificateVerifier {
 public:
  explicit Verifier(std::function<absl::Status(const std::string&)> check)
      : check_(std::move(check)) {}
  bool Verify(TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* status) override {
    const grpc::string_ref pem = request->peer_cert();
    *status = GrpcStatus(check_(std::string(pem.data(), pem.size())));
    return true;
  }
  void Cancel(TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::function<absl::Status(const std::string&)> check_;
};

// gRPC writes a line for each handshake that fails, and one for each that is fine because our names
// are no host names. Why a handshake failed is said elsewhere.
void WriteGrpcLine(gpr_log_func_args* line) {
  const std::string_view file = line->file;
  if (line->severity == GPR_LOG_SEVERITY_ERROR && file.find("ssl_") == file.npos &&
      file.find("tls") == file.npos && file.find("handshaker") == file.npos) {
    Log(LogLevel::kWarning, "grpc", line->message);
  }
}
void TakeGrpcLines() {
  [[maybe_unused]] static const bool is_taken = [] {
    gpr_set_log_function(WriteGrpcLine);
    google::protobuf::SetLogHandler(nullptr);  // A line for each text that is not UTF-8.
    return true;
  }();
}

std::shared_ptr<StaticDataCertificateProvider> ProviderOf(const TlsEnd& end) {
  return std::make_shared<StaticDataCertificateProvider>(
      std::vector<grpc::experimental::IdentityKeyCertPair>{{end.key_pem, end.certificate_pem}});
}

// gRPC would make the file readable for everybody, and write to whatever is there: a link that
// somebody else has put there, or a file that others read, gets no keys.
bool IsOnlyOurs(const std::string& path) {
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
           S_IRUSR | S_IWUSR);
  struct stat status {};
  const bool is_ours = file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
                       status.st_uid == geteuid() && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  if (file >= 0) close(file);
  if (!is_ours) {
    Log(LogLevel::kError, "peer",
        path + ": no TLS keys are written: it has to be a file of this user alone, mode 0600");
  }
  return is_ours;
}

void Complete(grpc::experimental::TlsCredentialsOptions& options, const TlsEnd& end) {
  TakeGrpcLines();
  options.watch_identity_key_cert_pairs();
  options.set_check_call_host(false);  // Names prove nothing here; the pin does.
  options.set_certificate_verifier(ExternalCertificateVerifier::Create<Verifier>(end.check));
  if (!end.debug_tls_keys.empty() && IsOnlyOurs(end.debug_tls_keys)) {
    options.set_tls_session_key_log_file_path(end.debug_tls_keys);
  }
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> MakeServerCredentials(const TlsEnd& end) {
  if (!AllowOnlyTls13().ok()) {
    return nullptr;
  }
  grpc::experimental::TlsServerCredentialsOptions options(ProviderOf(end));
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  Complete(options, end);
  return grpc::experimental::TlsServerCredentials(options);
}

std::shared_ptr<grpc::Channel> MakeTlsChannel(const std::string& target, const TlsEnd& end,
                                              int answer_bytes_max) {
  if (!AllowOnlyTls13().ok()) {
    return nullptr;
  }
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(ProviderOf(end));
  options.set_verify_server_certs(false);  // Our own check does.
  Complete(options, end);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kConnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kConnectMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepalivePauseMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveAnswerMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kLookaheadBytes);
  // An answer would be unpacked before its size is looked at: it stays as it came, and is garbage.
  arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  arguments.SetMaxReceiveMessageSize(answer_bytes_max);
  arguments.SetMaxSendMessageSize(-1);  // The other side's limits count.
  return grpc::CreateCustomChannel(target, grpc::experimental::TlsCredentials(options), arguments);
}

}  // namespace configsync
