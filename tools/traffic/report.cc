// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/traffic/report.h"

#include <arpa/inet.h>

#include <string>

namespace traffic {
namespace {

std::string AddressText(const Endpoint& endpoint) {
  char text[INET_ADDRSTRLEN] = "";
  const in_addr address{.s_addr = endpoint.address};
  inet_ntop(AF_INET, &address, text, sizeof text);
  return text;
}

void AddServer(JsonWriter& json, const Endpoint& server, std::uint16_t local_port) {
  json.Text("server", AddressText(server));
  json.Number("server_port", ntohs(server.port));
  json.Number("local_port", local_port);
}

void AddSpans(JsonWriter& json, std::string_view key, const LongestSpans& spans) {
  json.BeginArray(key);
  for (const Span& span : spans.kept()) {
    json.BeginArray().Item(span.start).Item(span.end).EndArray();
  }
  json.EndArray();
}

void AddTcpFlow(JsonWriter& json, const TcpFlow& flow) {
  const TcpRecord& record = flow.record();
  json.BeginObject().Number("id", record.flow_id);
  json.Text("class", ProfileOf(record.tcp_class).name);
  AddServer(json, record.server, record.local_port);
  json.Number("inode", record.inode).Number("inode_now", flow.inode_now());
  json.Number("state_now", flow.tcp_state_now()).Boolean("settled", flow.settled());
  json.Number("opening_ns", record.opening_at).Number("established_ns", record.established_at);
  json.Number("first_echo_ns", record.first_echo_at).Number("last_echo_ns", record.last_echo_at);
  json.Number("closing_ns", record.closing_at).Number("closed_ns", record.closed_at);
  json.Number("failed_ns", record.failed_at);
  json.Number("errno", static_cast<std::uint64_t>(record.error));
  json.Number("sent_bytes", record.sent_bytes).Number("echoed_bytes", record.echoed_bytes);
  json.Number("corrupt_bytes", record.corrupt_bytes);
  json.Number("waiting_since_ns", record.waiting_since);
  json.Number("stall_count", record.stalls.count());
  AddSpans(json, "stalls_ns", record.stalls);
  json.EndObject();
}

void AddUdpFlow(JsonWriter& json, const UdpFlow& flow) {
  const UdpRecord& record = flow.record();
  json.BeginObject().Number("id", record.flow_id);
  AddServer(json, record.server, record.local_port);
  json.Number("rate_hz", record.rate_hz);
  json.Number("sent", record.sent_count).Number("unsent", record.unsent_count);
  json.Number("echoed", record.echoed_count).Number("stale", record.stale_count);
  json.Number("corrupt", record.corrupt_count).Number("refused", record.refused_count);
  json.Number("source_changed", record.source_changed_count);
  json.Number("first_echo_ns", record.first_echo_at).Number("last_echo_ns", record.last_echo_at);
  json.Number("last_sent_ns", record.last_sent_at);
  json.Number("send_gap_ns_max", record.send_gap_nanos_max);
  json.Number("gap_count", record.gaps.count());
  AddSpans(json, "gaps_ns", record.gaps);
  json.EndObject();
}

void AddSamples(JsonWriter& json, const Sampler& sampler) {
  json.BeginObject("samples").Number("start_ns", sampler.start());
  json.Number("period_ns", kSampleNanos);
  json.BeginArray("tcp_bytes");
  for (const Sample& sample : sampler.samples()) json.Item(sample.tcp_bytes);
  json.EndArray().BeginArray("udp_echoes");
  for (const Sample& sample : sampler.samples()) json.Item(sample.udp_echoes);
  json.EndArray().BeginArray("connections");
  for (const Sample& sample : sampler.samples()) json.Item(sample.connections);
  json.EndArray().EndObject();
}

}  // namespace

JsonWriter ProgressOf(const Client& client, std::uint64_t now) {
  std::uint64_t echoing = 0, failed = 0, closed = 0, corrupt = 0, udp_echoing = 0, udp_echoed = 0;
  std::uint64_t tcp_echoed_bytes = 0;
  for (const auto& flow : client.tcp_flows()) {
    echoing += flow->is_echoing();
    failed += flow->record().failed_at != 0;
    closed += flow->record().closed_at != 0;
    corrupt += flow->record().corrupt_bytes;
    tcp_echoed_bytes += flow->record().echoed_bytes;
  }
  for (const auto& flow : client.udp_flows()) {
    udp_echoing += flow->record().last_echo_at + kNanosPerSecond > now;
    udp_echoed += flow->record().echoed_count;
    corrupt += flow->record().corrupt_count;
  }
  JsonWriter json;
  json.BeginObject().Text("type", "progress").Number("now_ns", now);
  json.Number("tcp_echoing", echoing).Number("tcp_closed", closed).Number("tcp_failed", failed);
  json.Number("tcp_echoed_bytes", tcp_echoed_bytes);
  json.Number("udp_echoing", udp_echoing).Number("udp_echoed", udp_echoed);
  json.Number("corrupt", corrupt).EndObject();
  return json;
}

JsonWriter ReportOf(const Client& client, std::uint64_t now) {
  JsonWriter json;
  json.BeginObject().Text("type", "report").Number("now_ns", now);
  json.Number("settling_ns", client.settling_since());
  json.BeginObject("marks");
  for (const Mark& mark : client.marks()) json.Number(mark.name, mark.at_nanos);
  json.EndObject().BeginArray("tcp");
  for (const auto& flow : client.tcp_flows()) AddTcpFlow(json, *flow);
  json.EndArray().BeginArray("udp");
  for (const auto& flow : client.udp_flows()) AddUdpFlow(json, *flow);
  json.EndArray();
  AddSamples(json, client.sampler());
  json.EndObject();
  return json;
}

JsonWriter ReportOf(const ServerCounters& counters) {
  JsonWriter json;
  json.BeginObject().Text("type", "report").Number("connections", counters.connection_count);
  json.Number("connections_reset", counters.connection_reset_count);
  json.Number("received_bytes", counters.received_bytes);
  json.Number("corrupt_bytes", counters.corrupt_bytes);
  json.Number("datagrams", counters.datagram_count);
  json.Number("datagrams_corrupt", counters.datagram_corrupt_count).EndObject();
  return json;
}

}  // namespace traffic
