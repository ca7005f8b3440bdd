// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Who may call, and how much.

#include <google/protobuf/descriptor.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "configsync/peer/client_call.h"
#include "configsync/peer/login.h"
#include "configsync/peer/tls_credentials.h"
#include "proto/admin.pb.h"
#include "proto/peersync.grpc.pb.h"
#include "tests/unit/configsync/peer/peer_pair.h"
#include "tests/unit/configsync/peer/raw_listener.h"
#include "tests/unit/configsync/peer/tls_client.h"

namespace configsync {
namespace {

namespace wire = lockstep::peersync;

// Calls by hand over a connection of one's own.
class Server : public PeerPair {
 protected:
  std::shared_ptr<grpc::Channel> ChannelOf(const Identity& identity) {
    return MakeTlsChannel(absl::StrCat("ipv4:", server->listening()[0]),
                          {.certificate_pem = identity.certificate.pem,
                           .key_pem = identity.key_pem,
                           .check = [](const std::string&) { return absl::OkStatus(); }},
                          -1);
  }
  // One message; its answer is in answer_.
  ClientEnd CallBytes(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                      const std::string& bytes, const std::string& session = "") {
    const PeerMethodRow row{.method = PeerMethod::kOpen,
                            .path = path,
                            .lane = PeerLane::kQuick,
                            .needs_login = false,
                            .request_bytes_max = 0,
                            .answer_bytes_max = kExchangeBytesMax,
                            .deadline_ms = deadline_ms_};
    bool is_said = false;
    return RunCall(channel, {.row = &row,
                             .session = session,
                             .deadline_ms = deadline_ms_,
                             .next = [&]() -> std::optional<std::string> {
                               return std::exchange(is_said, true) ? std::nullopt
                                                                   : std::optional(bytes);
                             },
                             .on_message =
                                 [this](const std::string& answer) {
                                   answer_ = answer;
                                   return absl::OkStatus();
                                 }});
  }
  ClientEnd Open(const std::shared_ptr<grpc::Channel>& channel, const std::string& user) {
    wire::OpenRequest open;
    open.set_protocol(kPeersyncMajor);
    open.set_user(user);
    open.set_nonce(nonce_);
    return CallBytes(channel, std::string(RowOf(PeerMethod::kOpen).path), open.SerializeAsString());
  }
  // The session.
  std::string LogIn(const std::shared_ptr<grpc::Channel>& channel, const std::string& password) {
    if (Open(channel, "hasync").reason) return "";
    wire::OpenResponse opened;
    opened.ParseFromString(answer_);
    wire::LoginRequest login;
    login.set_proof(ProofOf(password, {.challenge = opened.challenge(),
                                       .client_nonce = nonce_,
                                       .client_sha256 = a->own().sha256,
                                       .server_sha256 = b->own().sha256}));
    last_login_ = login.SerializeAsString();
    if (CallBytes(channel, std::string(RowOf(PeerMethod::kLogin).path), last_login_).reason) {
      return "";
    }
    wire::LoginResponse welcome;
    welcome.ParseFromString(answer_);
    return welcome.session();
  }
  // Some good message for each method.
  std::string MessageFor(const PeerMethodRow& row) {
    if (row.method == PeerMethod::kExchange) {
      wire::Exchange exchange;
      exchange.mutable_state()->set_device(BytesOfDevice(a->own().device));
      return exchange.SerializeAsString();
    }
    if (row.method == PeerMethod::kPrepare) {
      wire::PrepareRequest prepare;
      prepare.mutable_header()->add_path(BytesOfDevice(a->own().device));
      return prepare.SerializeAsString();
    }
    return "";
  }

  const std::string nonce_ = std::string(kNonceBytes, 'n');
  std::uint32_t deadline_ms_ = 1'000;
  std::string answer_;
  std::string last_login_;
};

std::string_view NameOfCode(const ClientEnd& end) {
  return end.reason ? RowOf(end.reason->code).name : "";
}

std::vector<std::string> MethodsOf(const google::protobuf::FileDescriptor& file) {
  std::vector<std::string> paths;
  for (int i = 0; i < file.service_count(); ++i) {
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      paths.push_back(
          absl::StrCat("/", file.service(i)->full_name(), "/", file.service(i)->method(j)->name()));
    }
  }
  return paths;
}

// Every method of PeerSync for hasync; every method of everything else for nobody.
TEST_F(Server, F10_HasyncMayCallPeerSyncAndNothingElse) {
  Introduce();
  StartServer();
  const auto channel = ChannelOf(a->OwnIdentity());
  const std::string session = LogIn(channel, b->own_password());
  ASSERT_EQ(session.size(), kSessionBytes);
  std::size_t allowed = 0;
  for (const std::string& path : MethodsOf(*wire::Exchange::descriptor()->file())) {
    const auto* const row = std::find_if(kPeerMethods.begin(), kPeerMethods.end(),
                                         [&](const auto& one) { return one.path == path; });
    const bool is_peersync = path.starts_with("/lockstep.peersync.PeerSync/");
    ASSERT_EQ(row != kPeerMethods.end(), is_peersync) << path;
    if (!is_peersync) {
      EXPECT_EQ(CallBytes(channel, path, "", session).code, grpc::StatusCode::PERMISSION_DENIED);
    } else if (row->needs_login) {
      ++allowed;
      const ClientEnd end = CallBytes(channel, path, MessageFor(*row), session);
      EXPECT_EQ(NameOfCode(end), "") << path << end.reason->evidence;
    }
  }
  EXPECT_EQ(allowed, 6u);
  const auto admin = MethodsOf(*lockstep::admin::ShowRequest::descriptor()->file());
  EXPECT_GT(admin.size(), 20u);
  for (const std::string& path : admin) {
    EXPECT_EQ(CallBytes(channel, path, "", session).code, grpc::StatusCode::PERMISSION_DENIED)
        << path;
  }
  EXPECT_EQ(calls.seen.size(), allowed);
}

TEST_F(Server, F10_EveryOtherUserIsDenied) {
  Introduce();
  StartServer();
  const auto channel = ChannelOf(a->OwnIdentity());
  for (const char* user : {"", "root", "admin", "hasync2", "Hasync", "hasync "}) {
    const ClientEnd end = Open(channel, user);
    EXPECT_EQ(end.code, grpc::StatusCode::PERMISSION_DENIED) << user;
    EXPECT_EQ(NameOfCode(end), "PEER_FORBIDDEN");
  }
  // What it calls itself is on screens of this node: it moves no cursor there.
  EXPECT_EQ(NameOfCode(Open(channel, "x\x1b[2J\ny\xc2\x9bz")), "PEER_FORBIDDEN");
  EXPECT_NE(server->Refusals().back().evidence.find("'x [2J y  z'"), std::string::npos)
      << server->Refusals().back().evidence;
  for (const PeerMethodRow& row : kPeerMethods) {
    if (row.needs_login) {
      const ClientEnd end = CallBytes(channel, std::string(row.path), MessageFor(row));
      EXPECT_EQ(end.code, grpc::StatusCode::UNAUTHENTICATED) << row.path;
    }
  }
  EXPECT_TRUE(calls.seen.empty());
}

// A session is of its connection: what somebody has overheard is worth nothing on another.
TEST_F(Server, ASessionIsOfItsConnection) {
  Introduce();
  StartServer();
  const auto channel = ChannelOf(a->OwnIdentity());
  const std::string session = LogIn(channel, b->own_password());
  const auto other = ChannelOf(a->OwnIdentity());
  const PeerMethodRow& row = RowOf(PeerMethod::kExchange);
  for (const std::string& tried : {session, std::string(16, '\0'), std::string("x")}) {
    const ClientEnd end = CallBytes(other, std::string(row.path), MessageFor(row), tried);
    EXPECT_EQ(NameOfCode(end), "AUTH_FAILED");
  }
}

TEST_F(Server, AProofIsForOneChallenge) {
  Introduce();
  StartServer();
  const auto channel = ChannelOf(a->OwnIdentity());
  ASSERT_NE(LogIn(channel, b->own_password()), "");
  const std::string path(RowOf(PeerMethod::kLogin).path);
  EXPECT_EQ(NameOfCode(CallBytes(channel, path, last_login_)), "PEER_ANSWER_INVALID");
  ASSERT_FALSE(Open(channel, "hasync").reason);
  EXPECT_EQ(NameOfCode(CallBytes(channel, path, last_login_)), "AUTH_FAILED");
}

TEST_F(Server, F29_GuessingPasswordsIsSlow) {
  Introduce();
  StartServer();
  for (std::uint32_t i = 0; i < LoginGuard::kFailuresMax; ++i) {
    EXPECT_EQ(LogIn(ChannelOf(a->OwnIdentity()), "guess"), "");
  }
  const ClientEnd end = Open(ChannelOf(a->OwnIdentity()), "hasync");
  EXPECT_EQ(NameOfCode(end), "AUTH_FAILED");
  EXPECT_NE(end.reason->evidence.find("wait"), std::string::npos);
}

TEST_F(Server, OnlyTls13) {
  Introduce();
  StartServer();
  const Identity own = a->OwnIdentity();
  EXPECT_EQ(TlsVersionWith(server->listening()[0], own, TLS1_2_VERSION), "");
  EXPECT_EQ(TlsVersionWith(server->listening()[0], own, TLS1_3_VERSION), "TLSv1.3");
}

TEST_F(Server, ForeignCertificatesAreRefusedAndSaid) {
  Introduce();
  StartServer();
  EXPECT_EQ(TlsVersionWith(server->listening()[0], {}, TLS1_3_VERSION), "");  // None at all.
  const auto stranger = DeviceStore::Open(folder.path() + "/c", "fw-c");
  EXPECT_EQ(TlsVersionWith(server->listening()[0], (*stranger)->OwnIdentity(), TLS1_3_VERSION), "");
  EXPECT_TRUE(SaysRefused(ReasonCode::kCertNotPinned));
  const auto old = DeviceStore::Open(folder.path() + "/old", "fw-old", 1'000'000'000);
  ASSERT_TRUE(b->Add(Known(**old, "")).ok());
  EXPECT_EQ(TlsVersionWith(server->listening()[0], (*old)->OwnIdentity(), TLS1_3_VERSION), "");
  EXPECT_TRUE(SaysRefused(ReasonCode::kCertExpired));
  ASSERT_TRUE(b->Revoke(a->own().device).ok());
  EXPECT_EQ(CodeOfExchange(*LinkToServer()), "TLS_FAILED");
  EXPECT_TRUE(SaysRefused(ReasonCode::kCertRevoked));
  EXPECT_TRUE(calls.seen.empty());
}

// The next connection of a device that has just been paired is taken: nothing is read at a start.
TEST_F(Server, ANewPinCountsAtOnce) {
  ASSERT_TRUE(a->Add(Known(*b, b->own_password())).ok());
  StartServer();
  const auto link = LinkToServer();
  EXPECT_EQ(CodeOfExchange(*link), "TLS_FAILED");
  ASSERT_TRUE(b->Add(Known(*a, "")).ok());
  EXPECT_EQ(CodeOfExchange(*link), "");
}

TEST_F(Server, ARevokedDeviceIsCutAlsoWhenConnected) {
  Introduce();
  StartServer();
  const auto channel = ChannelOf(a->OwnIdentity());
  const std::string session = LogIn(channel, b->own_password());
  const PeerMethodRow& row = RowOf(PeerMethod::kExchange);
  ASSERT_FALSE(CallBytes(channel, std::string(row.path), MessageFor(row), session).reason);
  ASSERT_TRUE(b->Revoke(a->own().device).ok());
  const ClientEnd end = CallBytes(channel, std::string(row.path), MessageFor(row), session);
  EXPECT_TRUE(end.reason);
  EXPECT_EQ(calls.seen.size(), 1u);
  // The connection itself goes, too.
  EXPECT_TRUE(Eventually([&] { return channel->GetState(false) != GRPC_CHANNEL_READY; }));
  EXPECT_TRUE(SaysRefused(ReasonCode::kCertRevoked));
}

TEST_F(Server, ARenewedCertificateNeedsNoRestart) {
  Introduce();
  StartServer();
  const auto link = LinkToServer();
  EXPECT_EQ(CodeOfExchange(*link), "");
  ASSERT_TRUE(a->Renew().ok());
  EXPECT_EQ(CodeOfExchange(*link), "TLS_FAILED");  // Not paired with anew.
  ASSERT_TRUE(b->Add(Known(*a, "")).ok());
  EXPECT_EQ(CodeOfExchange(*link), "");
  const std::string before = b->own().device;
  ASSERT_TRUE(b->Renew().ok());
  const auto second = LinkToServer();
  EXPECT_EQ(CodeOfExchange(*second), "CERT_NOT_PINNED");
  ASSERT_TRUE(a->Forget(before).ok());
  ASSERT_TRUE(a->Add(Known(*b, b->own_password())).ok());
  calls.exchange.state.device = b->own().device;
  EXPECT_EQ(CodeOfExchange(*second), "");
}

TEST_F(Server, F8_OnlyExpectedAddressesConnect) {
  Introduce();
  std::atomic<bool> is_expected{false};
  server_setup.is_expected = [&](const std::string& address) {
    EXPECT_EQ(address, "127.0.0.1");
    return is_expected.load();
  };
  StartServer();
  const auto link = LinkToServer();
  EXPECT_NE(CodeOfExchange(*link), "");
  EXPECT_TRUE(SaysRefused(ReasonCode::kPeerForbidden));
  is_expected = true;
  EXPECT_EQ(CodeOfExchange(*link), "");
}

TEST_F(Server, AnAddressHasFewConnections) {
  Introduce();
  StartServer();
  std::vector<int> held;
  const auto endpoint = ParseRemoteAddress(server->listening()[0], 1);
  sockaddr_storage address{};
  const socklen_t length = ToSocketAddress(*endpoint, address);
  for (std::size_t i = 0; i < kPeerConnectionsOfAddressMax; ++i) {
    held.push_back(socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(connect(held.back(), reinterpret_cast<const sockaddr*>(&address), length), 0);
  }
  const auto link = LinkToServer();
  EXPECT_NE(CodeOfExchange(*link), "");
  EXPECT_TRUE(SaysRefused(ReasonCode::kPeerBusy));
  for (const int one : held) close(one);
  EXPECT_TRUE(Eventually([&] { return link->DoExchange(State()).ok(); }));
}

TEST_F(Server, MessagesAreBoundedBeforeTheyAreRead) {
  Introduce();
  StartServer();
  const auto channel = ChannelOf(a->OwnIdentity());
  const std::string session = LogIn(channel, b->own_password());
  for (const PeerMethodRow& row : kPeerMethods) {
    const std::string large(row.request_bytes_max + 1, 'x');
    const ClientEnd end = CallBytes(channel, std::string(row.path), large, session);
    EXPECT_TRUE(end.reason) << row.path;
    const std::string name(NameOfCode(end));
    EXPECT_TRUE(name == "PEER_ANSWER_TOO_LARGE" || name == "PEER_BUSY") << row.path << name;
  }
  EXPECT_TRUE(calls.seen.empty());
}

TEST_F(Server, MessagesThatDoNotParseAreRefused) {
  Introduce();
  StartServer();
  const auto channel = ChannelOf(a->OwnIdentity());
  const std::string session = LogIn(channel, b->own_password());
  for (const PeerMethodRow& row : kPeerMethods) {
    const ClientEnd end =
        CallBytes(channel, std::string(row.path), "\xff\xff\xff\xff garbage", session);
    EXPECT_EQ(NameOfCode(end), "PEER_ANSWER_INVALID") << row.path;
  }
  EXPECT_TRUE(calls.seen.empty());
}

TEST_F(Server, AStateOfAnotherDeviceIsRefused) {
  Introduce();
  StartServer();
  const auto link = LinkToServer();
  Exchange state = State();
  state.state.device = b->own().device;
  EXPECT_EQ(ReasonOf(link->DoExchange(state).status()).code, ReasonCode::kPeerAnswerInvalid);
  EXPECT_EQ(ReasonOf(link->Prepare({.path = {b->own().device}}).status()).code,
            ReasonCode::kPeerAnswerInvalid);
  EXPECT_TRUE(calls.seen.empty());
}

TEST_F(Server, ACallWithoutADeadlineIsRefused) {
  Introduce();
  StartServer();
  deadline_ms_ = 3'600'000;
  EXPECT_EQ(NameOfCode(Open(ChannelOf(a->OwnIdentity()), "hasync")), "PEER_ANSWER_INVALID");
}

TEST_F(Server, StrangersReachPairingAndOnlyWhileItIsOpen) {
  StartServer();
  const std::string begin = "/lockstep.peersync.Pairing/Begin";
  EXPECT_EQ(CallBytes(ChannelOf(a->OwnIdentity()), begin, "").code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(pairing.count, 0);
  pairing.open = true;
  const auto channel = ChannelOf(a->OwnIdentity());
  EXPECT_FALSE(CallBytes(channel, begin, "").reason);
  EXPECT_EQ(pairing.count, 1);
  EXPECT_EQ(NameOfCode(Open(channel, "hasync")), "PEER_FORBIDDEN");
  pairing.open = false;
  EXPECT_TRUE(Eventually([&] { return CallBytes(channel, begin, "").reason.has_value(); }));
}

TEST_F(Server, WhileAnybodyMayCallMessagesAreShort) {
  StartServer();
  pairing.open = true;
  wire::PairingBegin begin;
  begin.set_name(std::string(kPieceMessageBytesMax, 'x'));
  const ClientEnd end = CallBytes(ChannelOf(a->OwnIdentity()), "/lockstep.peersync.Pairing/Begin",
                                  begin.SerializeAsString());
  EXPECT_EQ(end.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(pairing.count, 0);
}

// A thousand times more than the wire shows would be in memory before anybody counts it.
TEST_F(Server, F32_WhatIsCompressedIsNotUnpacked) {
  StartServer();
  pairing.open = true;
  wire::PairingBegin begin;
  begin.set_name(std::string(200'000'000, 'x'));
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  wire::PairingAnswer answer;
  const grpc::Status status =
      wire::Pairing::NewStub(ChannelOf(a->OwnIdentity()))->Begin(&context, begin, &answer);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << status.error_message();
  EXPECT_EQ(pairing.count, 0);
}

TEST_F(Server, TlsKeysGoIntoNoFileOfSomebodyElse) {
  Introduce();
  server_setup.debug_tls_keys = folder.path() + "/keys";
  const std::string elsewhere = folder.path() + "/elsewhere";
  std::filesystem::create_symlink(elsewhere, server_setup.debug_tls_keys);
  StartServer();
  EXPECT_EQ(CodeOfExchange(*LinkToServer()), "");
  EXPECT_FALSE(std::filesystem::exists(elsewhere));
  server.reset();
  std::filesystem::remove(server_setup.debug_tls_keys);
  std::ofstream(server_setup.debug_tls_keys).put('#');
  std::filesystem::permissions(server_setup.debug_tls_keys, std::filesystem::perms(0644));
  StartServer();
  EXPECT_EQ(CodeOfExchange(*LinkToServer()), "");
  EXPECT_EQ(std::filesystem::file_size(server_setup.debug_tls_keys), 1u);
}

TEST_F(Server, TlsKeysAreWrittenOnlyIfATestBenchAsks) {
  Introduce();
  server_setup.debug_tls_keys = folder.path() + "/keys";
  StartServer();
  EXPECT_EQ(CodeOfExchange(*LinkToServer()), "");
  struct stat status {};
  ASSERT_EQ(stat(server_setup.debug_tls_keys.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  std::stringstream text;
  text << std::ifstream(server_setup.debug_tls_keys).rdbuf();
  EXPECT_NE(text.str().find("CLIENT_TRAFFIC_SECRET_0 "), std::string::npos) << text.str();
}

// The backup of HA1 may come later, or never: that is no reason not to listen on HA1.
TEST_F(Server, AnAddressThatIsNotThereKeepsNoOtherFromListening) {
  Introduce();
  auto taken = std::make_unique<RawListener>(RawListener::Manner::kSilent);
  server_setup.listen = {taken->address(), "127.0.0.1:0"};
  auto started = PeerServer::Start(server_setup);
  ASSERT_TRUE(started.ok()) << started.status();
  server = *std::move(started);
  ASSERT_EQ(server->listening().size(), 1u);
  EXPECT_EQ(CodeOfExchange(*LinkToServer()), "");
  EXPECT_NE(server->fault().find(server_setup.listen[0]), std::string::npos) << server->fault();
  taken.reset();
  EXPECT_TRUE(Eventually([&] { return server->fault().empty(); })) << server->fault();
  ASSERT_EQ(server->listening().size(), 2u);
  EXPECT_EQ(CodeOfExchange(*LinkTo(server_setup.listen[0])), "");
}

TEST_F(Server, AnAddressThatThisNodeDoesNotHaveIsAnError) {
  server_setup.listen = {"192.0.2.77:4792"};
  const auto started = PeerServer::Start(server_setup);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(started.status().message().find("192.0.2.77:4792"), std::string::npos);
}

}  // namespace
}  // namespace configsync
