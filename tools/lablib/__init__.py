# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""The lab: two nodes between a client LAN and a server LAN, in network namespaces of one machine.

              10.1.0.0/24                                   10.2.0.0/24
  client ──── bridge clients ──┬── node a ──┬── bridge servers ──── server
   .10          (lan)          │  HA1│ │HA2 │       (lan)            .100 routed
                               └── node b ──┘                        .200 behind source NAT

The nodes share no mount, IPC namespace or hugetlbfs. Modules: topology (names and addresses),
network (builds it), nodefile (writes node files), process (starts and kills), record (what to take
down again), lab (all of it as one object), cli.
"""
