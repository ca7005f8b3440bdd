// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// lockstep-traffic: both ends of the checked traffic that drills send through the pair.

#include <sys/prctl.h>

#include <arpa/inet.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "tools/traffic/client.h"
#include "tools/traffic/clock.h"
#include "tools/traffic/commands.h"
#include "tools/traffic/loop.h"
#include "tools/traffic/report.h"
#include "tools/traffic/server.h"

namespace {

using traffic::Endpoint;

// Prints progress twice a second.
class ProgressPrinter final : public traffic::Handler {
 public:
  ProgressPrinter(traffic::Loop& loop, const traffic::Client& client)
      : loop_(loop), client_(client) {}
  void OnReady(std::uint32_t, std::uint64_t) override {}
  void OnTimer(std::uint64_t now) override {
    PrintLine(ProgressOf(client_, now));
    loop_.ArmTimer(now + 500 * traffic::kNanosPerMilli, *this);
  }

 private:
  traffic::Loop& loop_;
  const traffic::Client& client_;
};

struct Arguments {
  std::vector<std::string> addresses;
  std::uint16_t port = 7000;
  traffic::ClientOptions client;
};

int Complain(const std::string& object, int error) {
  std::fprintf(stderr, "lockstep-traffic: %s: %s\n", object.c_str(), std::strerror(error));
  return 1;
}

int RunServer(const std::vector<Endpoint>& locals, const Arguments& arguments) {
  traffic::Loop loop;
  traffic::Server server(loop);
  for (std::size_t i = 0; i < locals.size(); ++i) {
    const int error = server.Listen(locals[i]);
    if (error != 0) return Complain("listening at " + arguments.addresses[i], error);
  }
  traffic::Commands commands(
      loop, [](const traffic::Mark&) {}, [&loop](std::uint64_t) { loop.Stop(); });
  std::puts("{\"type\":\"ready\"}");
  std::fflush(stdout);
  loop.Run();
  PrintLine(ReportOf(server.counters()));
  return 0;
}

int RunClient(const std::vector<Endpoint>& servers, const Arguments& arguments) {
  traffic::Loop loop;
  traffic::ClientOptions options = arguments.client;
  options.servers = servers;
  const std::uint64_t start = traffic::NowNanos();
  traffic::Client client(loop, options, start);
  const int error = client.Start(start);
  if (error != 0) return Complain("opening UDP flows", error);
  traffic::Commands commands(
      loop, [&client](traffic::Mark mark) { client.AddMark(std::move(mark)); },
      [&client](std::uint64_t now) { client.BeginSettling(now); });
  ProgressPrinter progress(loop, client);
  loop.ArmTimer(start, progress);
  loop.Run();
  PrintLine(ReportOf(client, traffic::NowNanos()));
  return 0;
}

void AddClientOptions(CLI::App& app, traffic::ClientOptions& options) {
  app.add_option("--seed", options.seed, "of message sizes and pauses")->capture_default_str();
  app.add_option("--idle", options.idle_count, "TCP flows silent until the end");
  app.add_option("--interactive", options.interactive_count, "TCP flows of question and answer");
  app.add_option("--bulk", options.bulk_count, "TCP flows of 200 kB/s each way");
  app.add_option("--short-rate", options.short_rate_hz, "short TCP flows opened a second");
  app.add_option("--udp-fast", options.udp_fast_count, "UDP flows at --udp-fast-rate");
  app.add_option("--udp-fast-rate", options.udp_fast_rate_hz, "their datagrams a second")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--udp-slow", options.udp_slow_count, "UDP flows at 25 pps");
  app.add_option("--udp-bytes", options.udp_bytes, "bytes of a datagram's payload")
      ->check(CLI::Range(32, 1400));
  app.add_option("--settle-ms", options.settle_ms_max, "longest wait for the last echoes");
  app.add_option("--ramp-ms", options.ramp_ms, "time over which lasting flows are opened");
  for (CLI::Option* option : app.get_options()) option->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{
      "Checked TCP and UDP traffic between kernel sockets. The client prints JSON lines: progress\n"
      "twice a second and one report at its end. Commands on standard input: \"mark NAME NANOS\"\n"
      "(monotonic clock) and \"stop\"; end of input stops, too."};
  app.require_subcommand(1);
  CLI::App* const server = app.add_subcommand("server", "check and echo what clients send");
  CLI::App* const client = app.add_subcommand("client", "open flows, check their echoes, report");
  for (CLI::App* const end : {server, client}) {
    end->add_option("addresses", arguments.addresses, "IPv4 addresses of the server")->required();
    end->add_option("--port", arguments.port, "TCP and UDP port of the server")
        ->capture_default_str();
  }
  AddClientOptions(*client, arguments.client);
  CLI11_PARSE(app, argc, argv);

  std::vector<Endpoint> endpoints;
  for (const std::string& text : arguments.addresses) {
    Endpoint endpoint{.port = htons(arguments.port)};
    if (!traffic::ParseAddress(text, endpoint.address)) {
      return Complain("\"" + text + "\" is not an IPv4 address", EINVAL);
    }
    endpoints.push_back(endpoint);
  }
  traffic::RaiseDescriptorLimit();
  prctl(PR_SET_TIMERSLACK, 1);  // The default of 50 us would blur the pace of 1 kpps flows.
  return server->parsed() ? RunServer(endpoints, arguments) : RunClient(endpoints, arguments);
}
