// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/commit_loop/client.h"

#include <grpcpp/create_channel.h>

#include <thread>
#include <utility>

#include "proto/admin.grpc.pb.h"

namespace commit_loop {
namespace {

using lockstep::admin::Config;

constexpr std::chrono::seconds kPatience{20};  // Of a call to a process that lives.
constexpr std::chrono::milliseconds kRetry{3};

std::string TextOf(const lockstep::admin::Problems& problems) {
  std::string text;
  for (const lockstep::admin::Problem& problem : problems.list()) {
    text += (text.empty() ? "" : "; ") + problem.code() + " " + problem.path() + " " +
            problem.value() + ": " + problem.text();
  }
  return text;
}

}  // namespace

struct Client::Impl {
  explicit Impl(std::string path) : socket(std::move(path)) { Connect(); }

  void Connect() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxReceiveMessageSize(-1);
    stub = Config::NewStub(
        grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments));
  }

  // True if the call succeeded; else `answer` says how it failed.
  template <typename Request, typename Response>
  bool Call(grpc::Status (Config::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
            const Request& request, Response& response, Answer& answer) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const grpc::Status status = (stub.get()->*method)(&context, request, &response);
    answer.arrived = status.error_code() != grpc::StatusCode::UNAVAILABLE;
    if (!status.ok()) {
      answer.refusal = status.error_message().empty() ? "no message" : status.error_message();
    }
    return status.ok();
  }

  const std::string socket;
  std::unique_ptr<Config::Stub> stub;
};

Client::Client(std::string socket) : impl_(std::make_unique<Impl>(std::move(socket))) {}

Client::~Client() = default;

void Client::Reconnect() { impl_->Connect(); }

Answer Client::Look(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    Answer answer;
    lockstep::admin::ConfigStatus status;
    if (impl_->Call(&Config::Stub::GetStatus, lockstep::admin::GetStatusRequest(), status,
                    answer)) {
      lockstep::admin::ShowRequest request;
      request.set_view("running");
      request.set_format("json");
      lockstep::admin::ShowResponse response;
      if (impl_->Call(&Config::Stub::Show, request, response, answer)) {
        answer.revision = status.running();
        answer.hash = status.running_hash();
        answer.text = response.text();
      }
      return answer;
    }
    if (answer.arrived || std::chrono::steady_clock::now() > deadline) {
      return answer;
    }
    std::this_thread::sleep_for(kRetry);
    impl_->Connect();
  }
}

Answer Client::Edit(const std::vector<Setting>& settings) {
  lockstep::admin::EditRequest request;
  for (const Setting& setting : settings) {
    lockstep::admin::EditText& edit = *request.add_edits();
    edit.set_op(lockstep::admin::EditText::SET);
    edit.add_words(setting.path);
    edit.add_words(setting.value);
  }
  Answer answer;
  lockstep::admin::EditResponse response;
  if (impl_->Call(&Config::Stub::Edit, request, response, answer)) {
    answer.refusal = TextOf(response.problems());
  }
  return answer;
}

Answer Client::Commit(const std::string& comment) {
  lockstep::admin::CommitRequest request;
  request.set_comment(comment);
  Answer answer;
  lockstep::admin::CommitResponse response;
  if (impl_->Call(&Config::Stub::Commit, request, response, answer)) {
    answer.revision = response.revision();
    answer.hash = response.hash();
    if (!response.committed()) {
      answer.refusal = response.problems().list().empty() ? "not committed, without a problem"
                                                          : TextOf(response.problems());
    }
  }
  return answer;
}

Answer Client::Verify() {
  Answer answer;
  lockstep::admin::VerifyStoreResponse response;
  if (impl_->Call(&Config::Stub::VerifyStore, lockstep::admin::VerifyStoreRequest(), response,
                  answer)) {
    answer.revision = response.revisions();
    for (const std::string& fault : response.faults()) {
      answer.text += (answer.text.empty() ? "" : "; ") + fault;
    }
  }
  return answer;
}

}  // namespace commit_loop
