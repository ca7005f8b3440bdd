// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Completes device strings with the driver arguments without which a kernel interface works badly.
//
// Threads: start-up only.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dataplane {

// Value of `key` in "driver0,key=value,…"; empty if absent.
[[nodiscard]] std::string_view DeviceArgument(std::string_view device, std::string_view key);

// "net_af_packet0" of "net_af_packet0,iface=lan0": the name of the port.
[[nodiscard]] std::string_view DeviceName(std::string_view device);

[[nodiscard]] bool IsAfPacket(std::string_view device);
[[nodiscard]] bool IsAfXdp(std::string_view device);
// A device that EAL finds on the PCI bus, not one that it makes.
[[nodiscard]] bool IsPci(std::string_view device);

// Bytes of one place in af_packet's ring that holds a frame of `mtu` and the ring's own header.
[[nodiscard]] std::uint16_t AfPacketFrameBytes(std::uint16_t mtu);

// Appends what the string lacks:
//   net_af_packet  framecnt (the default of 512 loses bursts of kernel TCP); blocksz and framesz by
//                  AfPacketFrameBytes (a small framesz truncates silently)
//   net_af_xdp     busy_budget=0 (else each empty poll is a system call); xdp_prog if not empty
//
//   mtu          bytes of the IP packet
//   xdp_program  absolute path of the object whose first program is attached; empty: the driver's
//   own
[[nodiscard]] std::string CompleteDevice(std::string_view device, std::uint16_t mtu,
                                         std::string_view xdp_program);

}  // namespace dataplane
