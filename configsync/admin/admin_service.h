// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Service Config of one connection: every method goes through the caller's queue.
//
// Threads: gRPC's call the methods; the pools' run them.

#pragma once

#include "configsync/admin/caller_queue.h"
#include "configsync/admin/config_calls.h"
#include "proto/admin.grpc.pb.h"

namespace configsync {

class AdminService final : public lockstep::admin::Config::CallbackService {
 public:
  // Borrows both.
  AdminService(CallerQueue& queue, ConfigCalls& calls) : queue_(queue), calls_(calls) {}

  using Context = grpc::CallbackServerContext;

  grpc::ServerUnaryReactor* GetStatus(Context* context,
                                      const lockstep::admin::GetStatusRequest* request,
                                      lockstep::admin::ConfigStatus* response) override;
  grpc::ServerUnaryReactor* Show(Context* context, const lockstep::admin::ShowRequest* request,
                                 lockstep::admin::ShowResponse* response) override;
  grpc::ServerUnaryReactor* Edit(Context* context, const lockstep::admin::EditRequest* request,
                                 lockstep::admin::EditResponse* response) override;
  grpc::ServerUnaryReactor* Load(Context* context, const lockstep::admin::LoadRequest* request,
                                 lockstep::admin::EditResponse* response) override;
  grpc::ServerUnaryReactor* Reset(Context* context, const lockstep::admin::ResetRequest* request,
                                  lockstep::admin::EditResponse* response) override;
  grpc::ServerUnaryReactor* Compare(Context* context,
                                    const lockstep::admin::CompareRequest* request,
                                    lockstep::admin::CompareResponse* response) override;
  grpc::ServerUnaryReactor* Commit(Context* context, const lockstep::admin::CommitRequest* request,
                                   lockstep::admin::CommitResponse* response) override;
  grpc::ServerUnaryReactor* Confirm(Context* context,
                                    const lockstep::admin::ConfirmRequest* request,
                                    lockstep::admin::ConfirmResponse* response) override;
  grpc::ServerUnaryReactor* Save(Context* context, const lockstep::admin::SaveRequest* request,
                                 lockstep::admin::SaveResponse* response) override;
  grpc::ServerUnaryReactor* GetHistory(Context* context,
                                       const lockstep::admin::GetHistoryRequest* request,
                                       lockstep::admin::GetHistoryResponse* response) override;
  grpc::ServerUnaryReactor* GetAudit(Context* context,
                                     const lockstep::admin::GetAuditRequest* request,
                                     lockstep::admin::GetAuditResponse* response) override;
  grpc::ServerUnaryReactor* Lock(Context* context, const lockstep::admin::LockRequest* request,
                                 lockstep::admin::LockResponse* response) override;
  grpc::ServerUnaryReactor* Unlock(Context* context, const lockstep::admin::UnlockRequest* request,
                                   lockstep::admin::UnlockResponse* response) override;
  grpc::ServerUnaryReactor* Complete(Context* context,
                                     const lockstep::admin::CompleteRequest* request,
                                     lockstep::admin::CompleteResponse* response) override;
  grpc::ServerUnaryReactor* BeginHaEdit(Context* context,
                                        const lockstep::admin::BeginHaEditRequest* request,
                                        lockstep::admin::CommitResponse* response) override;
  grpc::ServerUnaryReactor* EndHaEdit(Context* context,
                                      const lockstep::admin::EndHaEditRequest* request,
                                      lockstep::admin::CommitResponse* response) override;
  grpc::ServerUnaryReactor* ChangeMasterKey(
      Context* context, const lockstep::admin::ChangeMasterKeyRequest* request,
      lockstep::admin::ChangeMasterKeyResponse* response) override;
  grpc::ServerUnaryReactor* VerifyStore(Context* context,
                                        const lockstep::admin::VerifyStoreRequest* request,
                                        lockstep::admin::VerifyStoreResponse* response) override;

 private:
  CallerQueue& queue_;
  ConfigCalls& calls_;
};

}  // namespace configsync
