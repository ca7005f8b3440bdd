// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/unit/configsync/store/store_fixture.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace configsync {

StoreTest::StoreTest() {
  std::string pattern = ::testing::TempDir() + "/store-XXXXXX";
  folder_ = mkdtemp(pattern.data());
  options_.folder = folder_;
}

StoreTest::~StoreTest() {
  Close();
  std::filesystem::remove_all(folder_);
}

void StoreTest::UseMemory() {
  Close();
  disk_ = std::make_unique<CrashDisk>(1);
  options_.vfs = disk_->vfs();
}

absl::Status StoreTest::Open() {
  Close();
  absl::StatusOr<std::unique_ptr<Store>> store =
      disk_ == nullptr ? OpenStore(options_, schema_.root())
                       : OpenStore(options_, schema_.root(), disk_->OpenFiles());
  if (store.ok()) store_ = *std::move(store);
  return store.status();
}

void StoreTest::MustOpen() {
  const absl::Status status = Open();
  ASSERT_TRUE(status.ok()) << status;
}

absl::Status StoreTest::Commit(const std::vector<Edit>& edits, const std::string& comment) {
  const absl::StatusOr<StoreState> state = store_->Read();
  if (!state.ok()) return state.status();
  absl::StatusOr<Tree> before = store_->EmptyTree();
  if (state->running != 0) before = store_->LoadTree(state->running);
  if (!before.ok()) return before.status();
  const absl::StatusOr<Tree> tree = before->Apply(edits);
  if (!tree.ok()) return tree.status();
  Transaction transaction;
  RevisionInfo info;
  info.id = state->running + 1;
  info.parent = state->running;
  info.author = {.user_id = 7, .name = "ann"};
  info.origin = "commit";
  info.comment = comment;
  info.hash = tree->hash();
  info.change_count = edits.size();
  transaction.revision = RevisionDraft{.info = info, .tree = *tree, .edits = edits};
  if (state->running == 0) transaction.startup = 1;
  transaction.audit.action = "commit";
  transaction.audit.by = info.author;
  transaction.audit.outcome = "done";
  return store_->Write(transaction);
}

absl::Status StoreTest::Note(const std::string& detail) {
  Transaction transaction;
  transaction.audit.action = "note";
  transaction.audit.detail = detail;
  return store_->Write(transaction);
}

absl::Status StoreTest::Keep(const CandidateRecord& record, bool append) {
  Transaction transaction;
  CandidateWrite& write = transaction.candidates.emplace_back();
  write.record = record;
  write.append = append;
  transaction.audit.action = "edit";
  return store_->Write(transaction);
}

CandidateRecord StoreTest::CandidateOfAnn(RevisionId base, std::int64_t wall_ms) {
  CandidateRecord record;
  record.by.user_id = 7;
  record.by.name = "ann";
  record.base = base;
  record.wall_ms = wall_ms;
  return record;
}

std::string StoreTest::ReadAll() const {
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    std::ifstream file(entry.path(), std::ios::binary);
    all.append(std::istreambuf_iterator<char>(file), {});
  }
  return all;
}

void StoreTest::Damage(const std::string& name, std::size_t offset) {
  std::fstream file(PathOf(name), std::ios::binary | std::ios::in | std::ios::out);
  ASSERT_TRUE(file.good()) << PathOf(name);
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ 0x55));
}

}  // namespace configsync
