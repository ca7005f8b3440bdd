// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Every connection has a gRPC server of its own: its certificate is a fact of it, a renewed
// certificate counts for the next one, and a device that is revoked is cut without touching others.

#include "configsync/peer/peer_server.h"

#include <fcntl.h>
#include <grpcpp/server_builder.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/log/log.h"
#include "configsync/peer/pairing.h"
#include "configsync/peer/pairing_service.h"
#include "configsync/peer/peer_connection.h"
#include "configsync/peer/peer_listener.h"
#include "configsync/peer/peer_service.h"
#include "configsync/peer/tls_credentials.h"
#include "configsync/peer/tls_only_13.h"
#include "configsync/serving/connection_set.h"
#include "configsync/serving/served.h"

namespace configsync {
namespace {

constexpr std::size_t kQuickThreads = 2;
constexpr std::size_t kSlowThreads = 2;
constexpr std::size_t kLaneQueueMax = 32;
constexpr int kStreamsMax = 8;  // Calls at once of one connection.
constexpr int kHandshakeMs = 3'000;
constexpr int kHeaderBytesMax = 16 << 10;
// A connection that says nothing is asked this often; a client of ours speaks four times a second.
constexpr int kKeepalivePauseMs = 5'000;
constexpr int kKeepaliveAnswerMs = 2'000;
constexpr int kPingPauseMinMs = 500;  // A client may ask that often.
// Revoked devices and the end of a pairing are looked for this often.
constexpr int kWatchPauseMs = 100;

std::int64_t SteadyMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Connection : Served {
  Connection(const PeerShared& shared, PeerLanes& lanes, Endpoint from, const Certificate& own)
      : peer(shared, std::move(from), own), service(peer, lanes) {}
  ~Connection() { End(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] std::size_t active_count() const { return service.active_count(); }
  [[nodiscard]] bool IsWelcome() { return peer.IsWelcome(); }

  PeerConnection peer;
  PeerService service;
  std::unique_ptr<grpc::Service> pairing;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor;
};

// Why there is no room for one more; empty: there is.
std::string FullText(const ConnectionSet<Connection>::Connections& open, const Endpoint& from) {
  const auto of_address = static_cast<std::size_t>(std::ranges::count_if(
      open, [&](const auto& one) { return one->peer.from().address == from.address; }));
  if (open.size() >= kPeerConnectionsMax) {
    return absl::StrCat(kPeerConnectionsMax, " connections are open");
  }
  if (of_address >= kPeerConnectionsOfAddressMax) {
    return absl::StrCat("it has ", of_address, " connections open");
  }
  return "";
}

class GrpcPeerServer final : public PeerServer {
 public:
  explicit GrpcPeerServer(const PeerServerSetup& setup) : setup_(setup) {
    shared_.devices = setup.devices;
    shared_.calls = setup.calls;
    shared_.password = setup.password;
    shared_.is_pairing_open = [this] {
      return setup_.pairing != nullptr && setup_.pairing->is_open();
    };
    shared_.steady_ms = SteadyMs;
    shared_.unix_s = [] { return static_cast<std::int64_t>(std::time(nullptr)); };
    shared_.guard = &guard_;
    shared_.refusals = &refusals_;
  }
  ~GrpcPeerServer() override;

  absl::Status Start();
  std::vector<Reason> Refusals() override { return refusals_.Take(); }
  [[nodiscard]] std::vector<std::string> listening() const override {
    std::vector<std::string> texts;
    for (const Endpoint& endpoint : listener_->listening()) {
      texts.push_back(TextOf(endpoint));
    }
    return texts;
  }
  [[nodiscard]] std::string fault() const override { return listener_->fault(); }

 private:
  void OnConnection(int descriptor, const Endpoint& from);
  bool Serve(Connection& connection, const Identity& own);

  const PeerServerSetup setup_;
  LoginGuard guard_;
  configsync::Refusals refusals_{SteadyMs};
  PeerShared shared_;
  PeerLanes lanes_{{kQuickThreads, kLaneQueueMax}, {kSlowThreads, kLaneQueueMax}};
  ConnectionSet<Connection> connections_{kWatchPauseMs};
  std::unique_ptr<PeerListener> listener_;
};

absl::Status GrpcPeerServer::Start() {
  if (absl::Status only = AllowOnlyTls13(); !only.ok()) {
    return only;
  }
  PeerListener::Setup listen;
  for (std::string_view text : setup_.listen) {
    // The system chooses a port. An IPv6 address without brackets may end like this, too.
    const bool is_any_port =
        text.ends_with("]:0") || (text.ends_with(":0") && text.find('.') != std::string_view::npos);
    text.remove_suffix(is_any_port ? 2 : 0);
    auto endpoint = ParseRemoteAddress(text, is_any_port ? 0 : kPeersyncPort);
    if (!endpoint.ok()) {
      return endpoint.status();
    }
    listen.listen.push_back(*std::move(endpoint));
  }
  listen.on_connection = [this](int descriptor, const Endpoint& from) {
    OnConnection(descriptor, from);
  };
  if (absl::Status started = connections_.Start(); !started.ok()) return started;
  auto listener = PeerListener::Start(std::move(listen));
  if (!listener.ok()) {
    return listener.status();
  }
  listener_ = *std::move(listener);
  return absl::OkStatus();
}

GrpcPeerServer::~GrpcPeerServer() {
  listener_.reset();  // First: nobody else comes in.
  connections_.StopWatching();
  connections_.With([](const auto& open) {
    for (const auto& connection : open) shutdown(connection->watched, SHUT_RDWR);
  });
  lanes_.quick.Stop();  // What runs, ends: a push is never cut off.
  lanes_.slow.Stop();
}

void GrpcPeerServer::OnConnection(int descriptor, const Endpoint& from) {
  const auto refuse = [&](ReasonCode code, const std::string& why) {
    refusals_.Add({.code = code,
                   .subject = from.address,
                   .evidence = absl::StrCat("connection of ", TextOf(from), " closed: ", why)});
    CloseAtOnce(descriptor);
  };
  if (!setup_.is_expected(from.address)) {
    refuse(ReasonCode::kPeerForbidden, "it is no remote of this node");
    return;
  }
  connections_.With([&](auto& open) {
    if (const std::string full = FullText(open, from); !full.empty()) {
      refuse(ReasonCode::kPeerBusy, full);
      return;
    }
    const Identity own = setup_.devices->OwnIdentity();
    auto connection = std::make_unique<Connection>(shared_, lanes_, from, own.certificate);
    connection->watched = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (connection->watched < 0 || !Serve(*connection, own)) {
      refuse(ReasonCode::kPeerBusy, "out of descriptors, or gRPC does not start");
      return;
    }
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
    parameters.fd = descriptor;
    connection->acceptor->HandleNewConnection(&parameters);
    open.push_back(std::move(connection));
  });
}

bool GrpcPeerServer::Serve(Connection& connection, const Identity& own) {
  if (own.key_pem.empty() || own.certificate.pem.empty()) {
    return false;
  }
  grpc::ServerBuilder builder;
  builder.RegisterCallbackGenericService(&connection.service);
  // While pairing is open anybody may call, and gRPC takes a message in before it asks who sent it.
  std::size_t message_bytes_max = kExchangeBytesMax;
  if (shared_.is_pairing_open()) {
    message_bytes_max = kPieceMessageBytesMax;
    connection.pairing = MakePairingService(*setup_.pairing);
    builder.RegisterService(connection.pairing.get());
  }
  const auto credentials = MakeServerCredentials(
      {.certificate_pem = own.certificate.pem,
       .key_pem = own.key_pem,
       .check = [peer =
                     &connection.peer](const std::string& pem) { return peer->OnCertificate(pem); },
       .debug_tls_keys = setup_.debug_tls_keys});
  if (credentials == nullptr) {
    return false;
  }
  connection.acceptor = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials);
  RefuseCompressed(builder);
  builder.SetMaxReceiveMessageSize(static_cast<int>(message_bytes_max));
  builder.SetMaxSendMessageSize(-1);  // Bounded by what is encoded.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kHeaderBytesMax);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepalivePauseMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveAnswerMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPingPauseMinMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  connection.server = builder.BuildAndStart();
  return connection.server != nullptr;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PeerServer>> PeerServer::Start(const PeerServerSetup& setup) {
  auto server = std::make_unique<GrpcPeerServer>(setup);
  if (absl::Status started = server->Start(); !started.ok()) {
    return started;
  }
  return server;
}

}  // namespace configsync
