// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/daemon.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/admin/admin_server.h"
#include "configsync/admin/config_calls.h"
#include "configsync/admin/host_names.h"
#include "configsync/admin/sync_calls.h"
#include "configsync/admin/yang_text.h"
#include "configsync/engine/engine.h"
#include "configsync/engine/schema_judge.h"
#include "configsync/follow/follower.h"
#include "configsync/inventory/inventory_file.h"
#include "configsync/log/log.h"
#include "configsync/peering.h"
#include "configsync/schema/schema.h"
#include "configsync/store/sqlite_store.h"

namespace configsync {
namespace {

void LogFollow(const FollowStatus& status) {
  constexpr std::array<std::string_view, 4> kNames{"unreachable", "applying", "following",
                                                   "refused"};
  const std::size_t state = static_cast<std::size_t>(status.state);
  static FollowStatus last{.state = FollowState::kFollowing, .revision = 0, .text = "none yet"};
  // On the follower's thread alone. A new revision for an absent dataplane is no news.
  if (last.state == status.state && last.revision == status.revision && last.text == status.text) {
    return;
  }
  last = status;
  Log(status.state == FollowState::kRefused ? LogLevel::kError : LogLevel::kNotice, "follow",
      absl::StrCat("dataplane ", std::string(kNames[state]), ", runs revision ", status.revision,
                   status.text.empty() ? "" : ": ", status.text));
}

StoreOptions StoreOptionsOf(const StartOptions& options) {
  StoreOptions store;
  store.folder = options.state_dir;
  store.accept_loss = options.accept_loss;
  return store;
}

bool Exists(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0;
}

}  // namespace

// In the order of their making: what is below uses what is above.
struct Daemon::Impl {
  StartOptions options;
  std::unique_ptr<Schema> schema;
  std::unique_ptr<Clock> clock;
  std::unique_ptr<SchemaJudge> judge;
  std::unique_ptr<YangText> text;
  std::unique_ptr<Store> store;
  std::unique_ptr<Follower> follower;
  std::unique_ptr<ConfigEngine> engine;
  std::unique_ptr<Peering> peering;
  std::unique_ptr<ConfigCalls> calls;
  std::unique_ptr<SyncCalls> sync;
  std::unique_ptr<AdminServer> admin;
  RevisionId hosts_revision = 0;  // That the hosts file was written for.
  std::optional<HostNames> hosts;

  absl::Status StartCalls(int listening);
};

// Whoever calls this node: other nodes, and operators.
absl::Status Daemon::Impl::StartCalls(int listening) {
  absl::StatusOr<std::unique_ptr<Peering>> others = Peering::Start({.options = &options,
                                                                    .schema = schema.get(),
                                                                    .store = store.get(),
                                                                    .clock = clock.get(),
                                                                    .engine = engine.get()});
  if (!others.ok()) {
    return others.status();
  }
  peering = *std::move(others);
  calls = std::make_unique<ConfigCalls>(ConfigCalls::Setup{.engine = engine.get(),
                                                           .text = text.get(),
                                                           .groups = options.groups,
                                                           .version = std::string(ProgramVersion()),
                                                           .pair = &peering->pair()});
  sync = std::make_unique<SyncCalls>(SyncCalls::Setup{.pair = &peering->pair(),
                                                      .engine = engine.get(),
                                                      .text = text.get(),
                                                      .groups = options.groups});
  absl::StatusOr<std::unique_ptr<AdminServer>> server =
      AdminServer::Start({.socket = options.admin_socket(),
                          .listening = listening,
                          .calls = calls.get(),
                          .sync = sync.get(),
                          .devices = &peering->devices(),
                          .own_user = geteuid()});
  if (!server.ok()) {
    return server.status();
  }
  admin = *std::move(server);
  return absl::OkStatus();
}

Daemon::Daemon() : impl_(std::make_unique<Impl>()) {}

// Callers first, then what they call.
Daemon::~Daemon() {
  if (impl_->peering != nullptr) {
    impl_->peering->StopCalls();  // A commit may be waiting for another node.
  }
  impl_->admin.reset();
}

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Start(const StartOptions& options, int listening,
                                                      std::string master_key) {
  std::unique_ptr<Daemon> daemon(new Daemon);
  Impl& impl = *daemon->impl_;
  impl.options = options;
  absl::StatusOr<std::unique_ptr<Schema>> schema = Schema::Load(options.yang_dir);
  if (!schema.ok()) {
    return schema.status();
  }
  impl.schema = *std::move(schema);
  impl.clock = SystemClock();
  impl.judge = std::make_unique<SchemaJudge>(*impl.schema);
  impl.text = std::make_unique<YangText>(*impl.schema);
  StoreOptions store_options = StoreOptionsOf(options);
  store_options.master_key = std::move(master_key);
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(store_options, impl.schema->root());
  if (!store.ok()) {
    return store.status();
  }
  impl.store = *std::move(store);
  absl::StatusOr<std::string> boot_id = MachineBootId();
  if (!boot_id.ok()) {
    return boot_id.status();
  }
  FollowerOptions follow;
  follow.socket = options.dataplane;
  follow.on_change = LogFollow;
  impl.follower = std::make_unique<Follower>(std::move(follow));
  ConfigEngine::Setup setup;
  setup.judge = impl.judge.get();
  setup.store = impl.store.get();
  setup.dataplane = impl.follower.get();
  setup.clock = impl.clock.get();
  setup.boot_id = *std::move(boot_id);
  absl::StatusOr<std::unique_ptr<ConfigEngine>> engine = ConfigEngine::Start(setup);
  if (!engine.ok()) {
    return engine.status();
  }
  impl.engine = *std::move(engine);
  if (absl::Status status = impl.StartCalls(listening); !status.ok()) {
    return status;
  }
  return daemon;
}

std::uint32_t Daemon::Tick() {
  const std::uint32_t next_ms = impl_->engine->Tick();
  impl_->peering->Tick();
  WriteHosts();
  return std::min(next_ms, kPeeringTickMs);
}

void Daemon::WriteHosts() {
  const RevisionId running = impl_->engine->Status().running;
  if (running == impl_->hosts_revision && impl_->hosts.has_value()) {
    return;
  }
  const absl::StatusOr<Tree> tree = impl_->engine->View({}, ViewName{});
  if (!tree.ok()) {
    return;
  }
  HostNames names = NamesOf(*tree);
  if (impl_->hosts != names) {
    const absl::Status status = WriteWhole(impl_->options.hosts_file(), HostsText(names));
    if (!status.ok()) {
      if (std::exchange(impl_->hosts_revision, running) != running) {
        Log(LogLevel::kWarning, "names", std::string(status.message()));
      }
      impl_->hosts.reset();  // The next Tick() tries again.
      return;
    }
  }
  impl_->hosts_revision = running;
  impl_->hosts = std::move(names);
}

absl::StatusOr<std::string> CheckStart(const StartOptions& options) {
  absl::StatusOr<std::unique_ptr<Schema>> schema = Schema::Load(options.yang_dir);
  if (!schema.ok()) {
    return schema.status();
  }
  std::string text = absl::StrCat("modules ", options.yang_dir, ": ok, schema ",
                                  (*schema)->digest().substr(0, 12), "\n");
  for (const RoleGroup& group : options.groups) {
    if (!group.gid.has_value()) {
      absl::StrAppend(&text, "note: group ", group.name, ": this machine has none\n");
    }
  }
  const absl::StatusOr<Installed> installed =
      ReadInventoryFile(options.state_dir + "/inventory.json");
  if (installed.ok()) {
    absl::StrAppend(&text, "inventory: ok\n");
  } else if (!absl::IsNotFound(installed.status())) {
    return installed.status();
  }
  if (!Exists(options.state_dir + "/config.db")) {
    return absl::StrCat(text, "store ", options.state_dir,
                        ": none yet; the first start makes it\n");
  }
  absl::StatusOr<std::unique_ptr<Store>> store =
      OpenStore(StoreOptionsOf(options), (*schema)->root());
  if (!store.ok()) {
    return store.status();
  }
  const absl::StatusOr<StoreReport> report = (*store)->Verify();
  if (!report.ok()) {
    return report.status();
  }
  for (const std::string& fault : report->faults) {
    absl::StrAppend(&text, "fault: ", fault, "\n");
  }
  if (!report->faults.empty()) {
    return absl::DataLossError(text);
  }
  return absl::StrCat(text, "store ", options.state_dir, ": ok, ", report->revisions,
                      " revisions, ", report->audit_records, " audit records\n");
}

}  // namespace configsync
