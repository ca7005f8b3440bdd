// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Options back to a node file: the canonical form. Every value with a default is written out.
// Forwarding is in print_forwarding.cc.

#include <google/protobuf/text_format.h>

#include "dataplane/config/address.h"
#include "dataplane/config/node_file.h"
#include "dataplane/config/print_forwarding.h"
#include "proto/node.pb.h"

namespace dataplane {
namespace {

using lockstep::node::Node;

template <typename Target>
void FillHa2Link(const Ha2Options& source, Target& target) {
  target.set_device(source.device);
  target.set_local_address(FormatAddress(source.local_address));
  target.set_peer_address(FormatAddress(source.peer_address));
  target.set_udp_port(source.udp_port);
  target.set_mtu(source.mtu);
  target.set_xdp_guard(source.xdp_guard);
}

void FillHa(const HaOptions& source, lockstep::node::Ha& target) {
  target.set_enabled(source.enabled);
  target.set_pair_secret_file(source.pair_secret_file);
  target.set_state_sync(source.state_sync);
  for (const Ha1PathOptions& path : source.ha1) {
    lockstep::node::Ha1Path& ha1 = *target.add_ha1();
    ha1.set_local_address(FormatAddress(path.local_address));
    ha1.set_peer_address(FormatAddress(path.peer_address));
    ha1.set_udp_port(path.udp_port);
    ha1.set_tcp_port(path.tcp_port);
  }
  if (!source.ha2.device.empty()) {
    lockstep::node::Ha2& ha2 = *target.mutable_ha2();
    FillHa2Link(source.ha2, ha2);
    ha2.set_streams(source.ha2.streams);
    ha2.set_rekey_after_packets(source.ha2.rekey_after_packets);
    ha2.set_rekey_after_s(source.ha2.rekey_after_s);
  }
  if (!source.ha2_second.device.empty()) {
    FillHa2Link(source.ha2_second, *target.mutable_ha2_second());
  }
  target.set_heartbeat_ms(source.heartbeat_ms);
  target.set_heartbeat_misses(source.heartbeat_misses);
  target.set_startup_hold_ms(source.startup_hold_ms);
  target.set_preempt(source.preempt);
}

void FillRuntime(const RuntimeOptions& source, lockstep::node::Runtime& target) {
  target.set_workers(source.workers);
  target.set_worker_cpus(FormatCpuSet(source.worker_cpus));
  target.set_sync_own_core(source.sync_own_core);
  target.set_spin(source.spin);
  target.set_memory_mb(source.memory_mb);
  target.set_no_huge(source.no_huge);
  target.set_file_prefix(source.file_prefix);
  for (const std::string& argument : source.eal_args) {
    target.add_eal_args(argument);
  }
}

}  // namespace

std::string PrintConfig(const Options& options) {
  Node node;
  node.set_name(options.name);
  node.set_index(options.index);
  node.set_priority(options.priority);
  node.set_runtime_dir(options.runtime_dir);
  node.set_configd_user(options.configd_user);
  for (const PortOptions& source : options.ports) {
    lockstep::node::Port& target = *node.add_ports();
    target.set_name(source.name);
    target.set_device(source.device);
    target.set_rx_descriptors(source.rx_descriptors);
    target.set_frame_mtu(source.frame_mtu);
  }
  node.mutable_tables()->set_sessions(options.tables.sessions);
  node.mutable_tables()->set_neighbours(options.tables.neighbours);
  node.mutable_tables()->set_memory_mb(options.tables.memory_mb);
  node.mutable_tables()->set_peer_sessions(options.tables.peer_sessions);
  FillHa(options.ha, *node.mutable_ha());
  FillRuntime(options.runtime, *node.mutable_runtime());
  if (options.debug.enabled) {
    node.mutable_debug()->set_enabled(true);
    node.mutable_debug()->set_ha2_key_file(options.debug.ha2_key_file);
  }
  if (options.has_forwarding) FillForwarding(options, *node.mutable_forwarding());

  std::string text;
  google::protobuf::TextFormat::Printer printer;
  printer.PrintToString(node, &text);
  return text;
}

}  // namespace dataplane
