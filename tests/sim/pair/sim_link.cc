// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/pair/sim_link.h"

#include <optional>
#include <utility>

namespace configsync {
namespace {

constexpr std::size_t kOldMax = 8;

absl::Status Lost(ReasonCode code, std::string_view what) {
  return StatusOf({.code = code,
                   .subject = {},
                   .remote = {},
                   .evidence = std::string(what),
                   .severity = {},
                   .blocks = {}});
}

class SimLink final : public PeerLink {
 public:
  SimLink(Network& network, int from, int to) : network_(network), from_(from), to_(to) {}

  absl::StatusOr<Exchange> DoExchange(const Exchange& mine) override {
    for (const Reason& reason : mine.state.reasons) network_.OnText("reason", reason.evidence);
    Exchange asked = mine;
    if (Drawn(network_.faults().garbage)) asked.state.target = Garbage();
    absl::StatusOr<Exchange> answer =
        Call<Exchange>("exchange", [&](PeerCalls& calls) { return calls.OnExchange(Me(), asked); });
    if (!answer.ok()) return answer;
    for (const Reason& reason : answer->state.reasons) network_.OnText("reason", reason.evidence);
    network_.OnExchanged(from_, to_);
    if (network_.always_lies()) answer->state.part = mine.state.target;
    if (Drawn(network_.faults().lie)) answer->state.part = mine.state.target;
    if (Drawn(network_.faults().garbage)) answer->state.part = Garbage();
    return answer;
  }

  absl::StatusOr<PrepareResponse> Prepare(const PrepareRequest& request) override {
    network_.OnText("edits", request.edits);
    network_.OnText("comment", request.comment);
    PrepareRequest asked = request;
    if (Drawn(network_.faults().garbage)) Spoil(asked);
    Replay();
    absl::StatusOr<PrepareResponse> answer = Call<PrepareResponse>(
        "prepare", [&](PeerCalls& calls) { return calls.OnPrepare(Me(), asked); },
        request.is_forced);
    if (old_.size() == kOldMax) old_.pop_front();
    old_.push_back(request);
    is_forced_ = request.is_forced;
    if (!answer.ok()) return answer;
    for (const Problem& problem : answer->problems.list) {
      network_.OnText("problem", problem.text + problem.value + problem.path);
    }
    if (Drawn(network_.faults().garbage)) answer->result = Garbage();
    return answer;
  }

  absl::StatusOr<ApplyResponse> Apply(const ApplyRequest& request) override {
    absl::StatusOr<ApplyResponse> answer = Call<ApplyResponse>(
        "apply", [&](PeerCalls& calls) { return calls.OnApply(Me(), request); }, is_forced_);
    if (answer.ok() && Drawn(network_.faults().garbage)) answer->part = Garbage();
    return answer;
  }

  absl::Status Abort(const ApplyRequest& request) override {
    return Call<int>("abort",
                     [&](PeerCalls& calls) { return Number(calls.OnAbort(Me(), request)); })
        .status();
  }

  absl::Status Confirm(const ApplyRequest& request) override {
    return Call<int>("confirm",
                     [&](PeerCalls& calls) { return Number(calls.OnConfirm(Me(), request)); })
        .status();
  }

  absl::StatusOr<FetchResponse> Fetch(const Hash& selection) override {
    absl::StatusOr<FetchResponse> answer = Call<FetchResponse>(
        "fetch", [&](PeerCalls& calls) { return calls.OnFetch(Me(), selection); });
    if (!answer.ok()) return answer;
    network_.OnText("edits", answer->edits);
    if (Drawn(network_.faults().garbage)) answer->edits += "garbage";
    return answer;
  }

  DeviceId device() const override { return network_.DeviceOf(to_); }
  void Bind(const DeviceId&) override {}  // There is no other device at its end.

 private:
  DeviceId Me() const { return network_.DeviceOf(from_); }
  static absl::StatusOr<int> Number(const absl::Status& status) {
    if (!status.ok()) return status;
    return 0;
  }
  bool Drawn(std::uint32_t ppm) {
    if (ppm == 0 || !network_.random().Chance(ppm)) return false;
    network_.OnFault(from_, to_, "false");
    return true;
  }
  Hash Garbage() {
    Hash hash;
    for (std::uint8_t& byte : hash.bytes) {
      byte = static_cast<std::uint8_t>(network_.random().Below(256));
    }
    return hash;
  }
  void Spoil(PrepareRequest& request) {
    switch (network_.random().Below(5)) {
      case 0:
        request.edits += "garbage";
        break;
      case 1:
        request.edits = "lockstep-edits 1\nset 0 /lockstep-system:system/host-name \"own-x\"\n";
        break;
      case 2:
        request.result = Garbage();
        break;
      case 3:
        request.base = Garbage();
        break;
      default:
        request.selection = Garbage();
        break;
    }
  }

  // What was said before comes again, without anybody who waits for the answer.
  void Replay() {
    if (old_.empty() || !Drawn(network_.faults().replay)) return;
    const PrepareRequest& request = old_[network_.random().Below(old_.size())];
    PeerCalls* const calls = network_.CallsOf(to_);
    if (calls == nullptr || network_.IsCut(from_, to_)) return;
    network_.Serving(to_, from_, request.is_forced);
    (void)calls->OnPrepare(Me(), request);
    (void)calls->OnApply(Me(), {.number = request.number});
    network_.Serving(to_, -1, false);
  }

  template <typename Answer, typename Do>
  absl::StatusOr<Answer> Call(std::string_view what, const Do& run, bool is_forced = false) {
    const auto gone = [&](ReasonCode code) {
      network_.OnFault(from_, to_, what);
      return Lost(code, what);
    };
    if (!network_.Point(from_)) return gone(ReasonCode::kPeerUnreachable);
    if (network_.IsCut(from_, to_)) return gone(ReasonCode::kPeerUnreachable);
    if (network_.faults().lose_request > 0 &&
        network_.random().Chance(network_.faults().lose_request)) {
      return gone(ReasonCode::kPeerTimeout);
    }
    PeerCalls* const calls = network_.CallsOf(to_);
    if (calls == nullptr || !network_.Point(to_)) return gone(ReasonCode::kPeerApiDown);
    network_.Serving(to_, from_, is_forced);
    absl::StatusOr<Answer> answer = run(*calls);
    if (network_.faults().twice > 0 && network_.random().Chance(network_.faults().twice)) {
      (void)run(*calls);
    }
    network_.Serving(to_, -1, false);
    if (!network_.Point(to_)) return gone(ReasonCode::kPeerTimeout);
    if (network_.faults().lose_answer > 0 &&
        network_.random().Chance(network_.faults().lose_answer)) {
      return gone(ReasonCode::kPeerTimeout);
    }
    if (!network_.Point(from_)) return gone(ReasonCode::kPeerTimeout);
    return answer;
  }

  Network& network_;
  const int from_, to_;
  std::deque<PrepareRequest> old_;
  bool is_forced_ = false;
};

}  // namespace

std::unique_ptr<PeerLink> MakeSimLink(Network& network, int from, int to) {
  return std::make_unique<SimLink>(network, from, to);
}

}  // namespace configsync
