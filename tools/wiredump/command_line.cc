// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/wiredump/command_line.h"

#include <CLI/CLI.hpp>

namespace wiredump {

std::optional<Leave> ReadCommandLine(int argc, const char* const* argv, Request& request) {
  CLI::App app("wiredump: shows what two nodes say to each other on HA2, from a capture.",
               "wiredump");
  CLI::Option* const capture =
      app.add_option("capture", request.capture, "pcap or pcapng file; - reads standard input")
          ->type_name("");
  app.add_option("--keys", request.keys,
                 "Key file that a node wrote (debug.ha2_key_file of its node file); without it "
                 "sealed frames show their clear header only")
      ->type_name("FILE");
  app.add_option("--port", request.port, "UDP port of HA2; default 4799")
      ->type_name("PORT")
      ->check(CLI::Range(1, 65'535).description(""));
  app.add_flag("-v,--verbose", request.verbose, "Sections and records below each frame");
  app.add_flag("--json", request.json,
               "One object per line for machines; the last one is the summary");
  app.add_option("--export-plain", request.plain,
                 "Also write a capture of the opened frames, for Wireshark with lockstep.lua; it "
                 "holds every session in the clear, mode 0600")
      ->type_name("FILE");
  app.add_flag("--schema", request.schema, "Print the schema as lockstep.lua has it, and leave");
  app.footer(
      "Examples:\n"
      "  tcpdump -i ha2 -w ha2.pcap udp port 4799\n"
      "  wiredump ha2.pcap --keys /run/lockstep/a/ha2.keys -v\n"
      "  wiredump ha2.pcap --keys ha2.keys --json | jq 'select(.frame.term > 8)'\n"
      "  wiredump ha2.pcap --keys ha2.keys --export-plain plain.pcap\n"
      "  wireshark -X lua_script:lockstep.lua plain.pcap\n"
      "\n"
      "A line is a datagram: time (UTC), sender > receiver, stream, handle epoch, key phase and\n"
      "packet number; then role, readiness and term of the sender, the frame's number (or the "
      "number\n"
      "the next one will get), what it acknowledges, and its sections with their record counts.\n"
      "tcpdump sees nothing of AF_XDP, and of net_af_packet what arrives: capture between the "
      "nodes.\n"
      "What could not be shown is counted on stderr, one line for each reason.\n"
      "\n"
      "Exit status: 0 done, 1 not everything could be shown, 2 usage.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Leave{kStatusDone, app.help()};
  } catch (const CLI::ParseError& error) {
    return Leave{kStatusUsage,
                 "wiredump: " + std::string(error.what()) + "; see wiredump --help\n"};
  }
  if (!request.schema && capture->count() == 0) {
    return Leave{kStatusUsage, "wiredump: a capture is missing; see wiredump --help\n"};
  }
  return std::nullopt;
}

}  // namespace wiredump
