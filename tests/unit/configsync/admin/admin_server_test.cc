// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The service over a real Unix socket: who may call what, bounds, and connections that come and go.
//
// Linux has credentials per thread: a thread of its own becomes another user, connects, and hands
// the descriptor to gRPC. So no child is needed.

#include "configsync/admin/admin_server.h"

#include <fcntl.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <future>
#include <thread>

#include "proto/admin.grpc.pb.h"
#include "tests/unit/configsync/admin/fake_engine.h"
#include "tests/unit/configsync/admin/fake_pair_sync.h"

namespace configsync {
namespace {

namespace pb = lockstep::admin;
using Stub = pb::Config::Stub;

constexpr uid_t kEve = 64'123;
constexpr uid_t kHasync = 64'124;
constexpr gid_t kFirstGroup = 64'500;  // Of the viewers; the others follow.

struct Who {
  uid_t user = kEve;
  gid_t group = 64'999;
  std::vector<gid_t> groups;
};

gid_t GroupOf(Role role) { return kFirstGroup + static_cast<gid_t>(role); }

int Connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  fcntl(descriptor, F_SETFL, O_NONBLOCK);
  return descriptor;
}

// The raw calls change this thread alone; the C library's would change all.
int ConnectAs(const std::string& path, const Who& who) {
  int descriptor = -1;
  std::thread([&] {
    ASSERT_EQ(syscall(SYS_setgroups, who.groups.size(), who.groups.data()), 0);
    ASSERT_EQ(syscall(SYS_setresgid, who.group, who.group, who.group), 0);
    ASSERT_EQ(syscall(SYS_setresuid, who.user, who.user, who.user), 0);
    descriptor = Connect(path);
  }).join();
  return descriptor;
}

std::unique_ptr<Stub> StubOn(int descriptor) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(-1);
  return pb::Config::NewStub(
      grpc::CreateCustomInsecureChannelFromFd("test", descriptor, arguments));
}

template <typename Response, typename Request>
grpc::Status Call(Stub& stub,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request, Response& response, int seconds = 10) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(seconds));
  return (stub.*method)(&context, request, &response);
}

class AdminServerTest : public testing::Test {
 protected:
  AdminServerTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("admin_test." + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
    std::filesystem::permissions(folder_, std::filesystem::perms(0755));
    RoleGroups groups = DefaultRoleGroups();
    for (std::size_t i = 0; i < kRoleCount; ++i) {
      groups[i].gid = GroupOf(static_cast<Role>(i));
    }
    calls_ = std::make_unique<ConfigCalls>(
        ConfigCalls::Setup{.engine = &engine_, .text = &text_, .groups = groups, .version = "1"});
    AdminSetup setup;
    setup.socket = path();
    setup.calls = calls_.get();
    setup.own_user = geteuid();
    setup.sync = &sync_;
    setup.name_of = [](uid_t user) { return user == kHasync ? "hasync" : UserName(user); };
    auto server = AdminServer::Start(setup);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  ~AdminServerTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  [[nodiscard]] std::string path() const { return (folder_ / "admin.sock").string(); }
  std::unique_ptr<Stub> Own() { return StubOn(Connect(path())); }

  void WaitForConnections(std::size_t count) {
    for (int i = 0; i < 500 && server_->connection_count() != count; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(server_->connection_count(), count);
  }

  std::filesystem::path folder_;
  FakeEngine engine_;
  FakeText text_;
  FakePairSync pair_;
  SyncCalls sync_{{.pair = &pair_, .engine = &engine_, .text = &text_, .groups = {}}};
  std::unique_ptr<ConfigCalls> calls_;
  std::unique_ptr<AdminServer> server_;
};

#define NEEDS_ROOT()                                                       \
  if (geteuid() != 0) {                                                    \
    GTEST_SKIP() << "skip: privileges: only root can become another user"; \
  }

// All methods of both services.
std::vector<const google::protobuf::MethodDescriptor*> AllMethods() {
  const google::protobuf::FileDescriptor& file = *pb::ShowRequest::descriptor()->file();
  std::vector<const google::protobuf::MethodDescriptor*> methods;
  for (int s = 0; s < file.service_count(); ++s) {
    for (int i = 0; i < file.service(s)->method_count(); ++i) {
      methods.push_back(file.service(s)->method(i));
    }
  }
  return methods;
}

// An empty message is a valid request of every method, so one walk over the descriptor does.
grpc::StatusCode CallByName(const std::shared_ptr<grpc::Channel>& channel,
                            const google::protobuf::MethodDescriptor& method, std::string* text) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  grpc::ByteBuffer request;
  {
    const grpc::Slice nothing("");
    request = grpc::ByteBuffer(&nothing, 1);
  }
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, "/" + method.service()->full_name() + "/" + method.name(), {}, &request,
                 &response, [&](grpc::Status status) { done.set_value(std::move(status)); });
  const grpc::Status status = done.get_future().get();
  *text = status.error_message();
  return status.error_code();
}

TEST_F(AdminServerTest, EveryMethodIsRefusedBelowItsRoleAndReachedWithIt) {
  NEEDS_ROOT();
  const std::vector<std::optional<Role>> callers = {std::nullopt, Role::kViewer, Role::kOperator,
                                                    Role::kAdmin};
  for (std::size_t have = 0; have < callers.size(); ++have) {
    Who who;
    if (callers[have].has_value()) {
      who.groups = {1, GroupOf(*callers[have])};
    }
    const auto channel = grpc::CreateInsecureChannelFromFd("test", ConnectAs(path(), who));
    for (const google::protobuf::MethodDescriptor* const row : AllMethods()) {
      const std::string& method = row->name();
      const std::size_t need = 1 + static_cast<std::size_t>(RowOf(method).role);
      std::string text;
      const grpc::StatusCode code = CallByName(channel, *row, &text);
      EXPECT_EQ(code == grpc::StatusCode::PERMISSION_DENIED, have < need)
          << method << " by " << have << ": " << text;
      if (have < need) {
        EXPECT_NE(text.find(method + " needs the role "), std::string::npos) << text;
        EXPECT_NE(text.find("(uid 64123) is not in group lockstep-"), std::string::npos) << text;
      }
    }
  }
}

TEST_F(AdminServerTest, F10_NoMethodIsForWhoOtherNodesLogInAs) {
  NEEDS_ROOT();
  const Who hasync{.user = kHasync,
                   .group = GroupOf(Role::kAdmin),
                   .groups = {GroupOf(Role::kViewer), GroupOf(Role::kOperator),
                              GroupOf(Role::kAdmin), GroupOf(Role::kHaDangerous)}};
  const auto channel = grpc::CreateInsecureChannelFromFd("test", ConnectAs(path(), hasync));
  const auto methods = AllMethods();
  EXPECT_EQ(methods.size(), MethodRoles().size());
  for (const google::protobuf::MethodDescriptor* const method : methods) {
    std::string text;
    EXPECT_EQ(CallByName(channel, *method, &text), grpc::StatusCode::PERMISSION_DENIED)
        << method->full_name();
    EXPECT_NE(text.find("is what other nodes log in as"), std::string::npos) << text;
  }
  EXPECT_TRUE(engine_.calls().empty());
  EXPECT_TRUE(pair_.calls.empty());
}

TEST_F(AdminServerTest, BothServicesAreOnOneConnection) {
  const int descriptor = Connect(path());
  const auto channel = grpc::CreateInsecureChannelFromFd("test", descriptor);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  pb::SyncStatus response;
  EXPECT_TRUE(pb::Sync::NewStub(channel)->GetSync(&context, pb::GetSyncRequest(), &response).ok());
  pb::SaveResponse saved;
  grpc::ClientContext again;
  again.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  EXPECT_TRUE(pb::Config::NewStub(channel)->Save(&again, pb::SaveRequest(), &saved).ok());
  WaitForConnections(1);
}

TEST_F(AdminServerTest, TheEngineHearsWhoCallsAndNothingInACallCanChangeIt) {
  NEEDS_ROOT();
  const auto eve = StubOn(ConnectAs(path(), {.user = kEve, .groups = {GroupOf(Role::kOperator)}}));
  const auto root = Own();
  pb::SaveResponse response;
  grpc::ClientContext context;
  context.AddMetadata("user", "0");
  context.set_authority("root");
  EXPECT_TRUE(eve->Save(&context, pb::SaveRequest(), &response).ok());
  EXPECT_TRUE(Call(*root, &Stub::Save, pb::SaveRequest(), response).ok());
  EXPECT_EQ(engine_.calls(), (std::vector<std::string>{"save by 64123", "save by 0"}));
}

TEST_F(AdminServerTest, AnotherUsersLockIsTakenOnlyByAnAdmin) {
  NEEDS_ROOT();
  pb::UnlockRequest request;
  request.set_force(true);
  pb::UnlockResponse response;
  const auto oper = StubOn(ConnectAs(path(), {.groups = {GroupOf(Role::kOperator)}}));
  const grpc::Status refused = Call(*oper, &Stub::Unlock, request, response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_NE(refused.error_message().find("Unlock with force needs the role admin"),
            std::string::npos);
  const auto admin = StubOn(ConnectAs(path(), {.groups = {GroupOf(Role::kAdmin)}}));
  EXPECT_TRUE(Call(*admin, &Stub::Unlock, request, response).ok());
  EXPECT_EQ(engine_.calls(), std::vector<std::string>{"unlock force by 64123"});
}

TEST_F(AdminServerTest, AMessageIsBoundedAndSmallerForOneWhoMayNotEdit) {
  pb::LoadRequest request;
  request.set_json(std::string(kAdminMessageBytesMax + 1, ' '));
  pb::EditResponse response;
  const auto own = Own();
  EXPECT_EQ(Call(*own, &Stub::Load, request, response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  request.set_json(std::string(1 << 20, ' '));
  EXPECT_TRUE(Call(*own, &Stub::Load, request, response).ok());
  EXPECT_EQ(engine_.calls().size(), 1u);
  NEEDS_ROOT();
  const auto viewer = StubOn(ConnectAs(path(), {.groups = {GroupOf(Role::kViewer)}}));
  EXPECT_EQ(Call(*viewer, &Stub::Load, request, response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

// Anybody may send the few bytes that would be thousands of times more behind the unpacking.
TEST_F(AdminServerTest, AMessageThatIsCompressedIsNotUnpacked) {
  pb::LoadRequest request;
  request.set_json(std::string(1 << 20, ' '));
  pb::EditResponse response;
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  EXPECT_EQ(Own()->Load(&context, request, &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_TRUE(engine_.calls().empty());
}

TEST_F(AdminServerTest, ConnectionsAreClearedAwayWhenTheirCallersHangUp) {
  pb::SaveResponse response;
  {
    const auto one = Own();
    const auto two = Own();
    EXPECT_TRUE(Call(*one, &Stub::Save, pb::SaveRequest(), response).ok());
    EXPECT_TRUE(Call(*two, &Stub::Save, pb::SaveRequest(), response).ok());
    WaitForConnections(2);
  }
  WaitForConnections(0);
}

TEST_F(AdminServerTest, ACommitWhoseCallerHangsUpIsNotCutOff) {
  std::promise<void> begun;
  std::promise<void> gate;
  engine_.on_commit = [&] {
    begun.set_value();
    gate.get_future().wait();
  };
  {
    auto stub = Own();
    pb::CommitResponse response;
    std::thread caller([&] {
      EXPECT_EQ(Call(*stub, &Stub::Commit, pb::CommitRequest(), response, 1).error_code(),
                grpc::StatusCode::DEADLINE_EXCEEDED);
    });
    begun.get_future().wait();
    caller.join();
  }
  EXPECT_EQ(server_->connection_count(), 1u);
  gate.set_value();
  WaitForConnections(0);
}

TEST_F(AdminServerTest, UsersWithoutARoleCannotCrowdOthersOut) {
  NEEDS_ROOT();
  std::vector<int> crowd;
  for (std::size_t i = 0; i < 2 * kConnectionsWithoutRoleMax; ++i) {
    crowd.push_back(ConnectAs(path(), {.user = static_cast<uid_t>(kEve + i)}));
  }
  WaitForConnections(kConnectionsWithoutRoleMax);
  pb::SaveResponse response;
  EXPECT_TRUE(Call(*Own(), &Stub::Save, pb::SaveRequest(), response).ok());
  for (const int descriptor : crowd) {
    close(descriptor);
  }
  WaitForConnections(0);
}

TEST_F(AdminServerTest, BytesThatAreNoHttp2EndTheConnectionAndNothingElse) {
  const int descriptor = Connect(path());
  const std::string garbage(4'096, '\xff');
  EXPECT_GT(write(descriptor, garbage.data(), garbage.size()), 0);
  WaitForConnections(0);
  close(descriptor);
  pb::SaveResponse response;
  EXPECT_TRUE(Call(*Own(), &Stub::Save, pb::SaveRequest(), response).ok());
}

TEST_F(AdminServerTest, TextThatIsNotUtf8IsRefused) {
  pb::ShowRequest request;
  request.set_view("\xff\xfe");
  pb::ShowResponse response;
  EXPECT_FALSE(Call(*Own(), &Stub::Show, request, response).ok());
  EXPECT_TRUE(engine_.calls().empty());
}

TEST_F(AdminServerTest, StopAnswersWhatRunsAndRemovesTheSocket) {
  auto stub = Own();
  std::promise<void> begun;
  engine_.on_commit = [&] {
    begun.set_value();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  };
  pb::CommitResponse response;
  grpc::Status status;
  std::thread caller(
      [&] { status = Call(*stub, &Stub::Commit, pb::CommitRequest(), response, 10); });
  begun.get_future().wait();
  server_->Stop();
  caller.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(response.committed());
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(AdminServerTest, CommitsThatWaitForEachOtherDelayNobodyElse) {
  std::promise<void> begun;
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  engine_.on_commit = [&, first = true]() mutable {
    if (first) begun.set_value();
    first = false;
    open.wait();
  };
  std::vector<std::future<bool>> commits;
  for (int i = 0; i < 8; ++i) {
    commits.push_back(std::async(std::launch::async, [this] {
      pb::CommitResponse response;
      return Call(*Own(), &Stub::Commit, pb::CommitRequest(), response, 60).ok();
    }));
  }
  begun.get_future().wait();
  pb::ConfirmResponse confirmed;
  EXPECT_TRUE(Call(*Own(), &Stub::Confirm, pb::ConfirmRequest(), confirmed).ok());
  pb::ConfigStatus status;
  EXPECT_TRUE(Call(*Own(), &Stub::GetStatus, pb::GetStatusRequest(), status).ok());
  gate.set_value();
  for (std::future<bool>& commit : commits) EXPECT_TRUE(commit.get());
}

}  // namespace
}  // namespace configsync
