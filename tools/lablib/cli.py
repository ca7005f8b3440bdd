# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""The command line of tools/lab."""

import argparse
import os
import signal
import sys

from . import network, topology
from .lab import Lab, configd_of, describe
from .programs import DEFAULT_BUILD, find_programs
from .shell import LabError
from .topology import LabOptions

DESCRIPTION = """\
Two Lockstep nodes between a client LAN and a server LAN, in network namespaces of this machine:

              10.1.0.0/24                                   10.2.0.0/24
  client ──── bridge clients ──┬── node a ──┬── bridge servers ──── server
   .10          (lan)          │  HA1│ │HA2 │       (lan)            .100 routed
                               └── node b ──┘                        .200 behind source NAT
"""

EXAMPLES = """\
examples:
  tools/lab up                                two nodes, replicating, HA2 over AF_XDP
  tools/lab exec client -- ping 10.2.0.100    a program in a namespace
  tools/lab exec a -- tcpdump -ni ha2         capture the state link
  tools/lab ctl a sessions --count            ask a node
  tools/lab stop a --signal KILL              kill the active; b takes over
  tools/lab start a                           and let it join again
  tools/lab exec a -- ip link set ha2 down    cut the state link
  tools/lab up --configd                      nodes that are told what to forward by
  tools/lab ctl a config show policy          … and how to ask and change it
  tools/lab stop a-configd --signal KILL      a configd alone
  tools/lab up --paired                       configds that know each other and synchronise
  tools/lab ctl a config sync status          … and what they say of each other
  tools/lab down                              remove what `up` made
"""


def parse(argv):
    """Arguments of tools/lab."""
    parser = argparse.ArgumentParser(
        prog="tools/lab", description=DESCRIPTION, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prefix", default="ls",
                        help="name of the lab, so that several can be up (default: ls)")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    up = verbs.add_parser("up", help="build the lab, start both nodes, wait until they are ready")
    add_lab_arguments(up)
    up.add_argument("--no-start", action="store_true", help="do not start the nodes")
    verbs.add_parser("down", help="end the nodes and remove what `up` made")
    verbs.add_parser("status", help="namespaces, process ids, roles")
    execute = verbs.add_parser("exec", help="run a program in a namespace (in a node: all of them)")
    execute.add_argument("role", choices=topology.ROLES)
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    control = verbs.add_parser("ctl", help="run lockstepctl against a node")
    control.add_argument("node", choices=topology.NODES)
    control.add_argument("words", nargs=argparse.REMAINDER, metavar="WORDS")
    processes = [*topology.NODES, *map(configd_of, topology.NODES)]
    start = verbs.add_parser("start", help="start the dataplane of a node, or its configd")
    start.add_argument("node", choices=processes)
    stop = verbs.add_parser("stop", help="end the dataplane of a node, or its configd")
    stop.add_argument("node", choices=processes)
    stop.add_argument("--signal", default="TERM", help="TERM, KILL, STOP, CONT, … (default: TERM)")
    return parser.parse_args(argv)


def add_lab_arguments(parser):
    """What can be chosen about a lab."""
    parser.add_argument("--no-replication", action="store_true", help="switch state sync off")
    parser.add_argument("--ha2", choices=("af_xdp", "af_packet"), default="af_xdp",
                        help="how the state link is driven (default: af_xdp)")
    parser.add_argument("--ha2-links", type=int, choices=(1, 2), default=1,
                        help="state links, ha2 and ha3 (default: 1)")
    parser.add_argument("--workers", type=int, default=1, metavar="N",
                        help="workers of each node (default: 1)")
    parser.add_argument("--sessions", type=int, default=131072, metavar="N",
                        help="capacity of the session table (default: 131072)")
    parser.add_argument("--commit-before-forward", action="store_true",
                        help="hold each session's first packet until the peer has the session")
    parser.add_argument("--configd", action="store_true",
                        help="a lockstep-configd per node tells it what to forward by")
    parser.add_argument("--paired", action="store_true",
                        help="--configd, and the two are paired and synchronise")
    parser.add_argument("--debug", action="store_true",
                        help="nodes take `lockstepctl debug` commands and write their HA2 keys to "
                        "ha2.keys beside the control socket, for wiredump; configds write those of "
                        "HA1 to ha1.keys, for tshark")
    parser.add_argument("--build", default=str(DEFAULT_BUILD), metavar="FOLDER",
                        help="build folder (default: build-release)")


def options_of(arguments):
    """LabOptions from parsed arguments."""
    names = ("lockstep-dataplane", "lockstepctl")
    configd = arguments.configd or arguments.paired
    names += ("lockstep-configd",) if configd else ()
    return LabOptions(prefix=arguments.prefix, replication=not arguments.no_replication,
                      ha2=arguments.ha2, ha2_links=arguments.ha2_links,
                      workers=arguments.workers, sessions=arguments.sessions,
                      commit_before_forward=arguments.commit_before_forward,
                      debug=arguments.debug, configd=configd, paired=arguments.paired,
                      tls_keys=arguments.debug and arguments.paired,
                      programs=find_programs(arguments.build, names))


def up(arguments):
    """tools/lab up."""
    if os.geteuid() != 0:
        raise LabError("namespaces and raw sockets need root: sudo tools/lab up")
    lab = Lab.up(options_of(arguments))
    if arguments.no_start:
        show(lab)
        return
    try:
        lab.start_all()
    except BaseException:
        lab.down()
        raise
    show(lab)


def show(lab):
    """Prints what there is to kill, cut and capture."""
    options = lab.options
    mode = "replication on" if options.replication else "replication off"
    print(f'lab "{options.prefix}": {mode}, HA2 over {options.ha2_links} × {options.ha2}, '
          f"{options.sessions} sessions at most")
    print(f"  {'NAMESPACE':<16} {'PID':>7}  WHAT")
    for role in topology.ROLES:
        pid, what = "-", ""
        if role in topology.NODES:
            pid = lab.pid(role) or "-"
            status = lab.control[role].status_or_none() if lab.pid(role) else None
            what = describe({f"node {role}": status})
        elif role == "lan":
            what = "bridges clients and servers"
        else:
            what = {"client": topology.CLIENT_ADDRESS,
                    "server": f"{topology.SERVER_ROUTED}, {topology.SERVER_TRANSLATED} (NAT)"}[role]
        print(f"  {options.namespace(role):<16} {pid:>7}  {what}")
        if role in topology.NODES and options.configd:
            show_configd(lab, role)
    print(f"  folders, logs, control sockets: {options.folder}/{{a,b}}")


def show_configd(lab, name):
    """One line about the configd of a node."""
    pid, words = lab.pid(configd_of(name)), "configd"
    status = lab.config[name].status_or_none() if pid else None
    if status:
        words += (f": revision {status.get('running')}, "
                  f"dataplane {status.get('follow', {}).get('state', 'unknown')}")
    print(f"  {'':<16} {pid or '-':>7}  {words}")


def execute(lab, role, command):
    """tools/lab exec: becomes the program. In a node that runs, with its mounts and IPC."""
    command = command[1:] if command[:1] == ["--"] else command
    if not command:
        raise LabError("exec: no program given; tools/lab exec client -- ping 10.2.0.100")
    if role in topology.NODES and lab.pid(role):
        words = ["nsenter", "--target", str(lab.pid(role)), "--net", "--mount", "--ipc", "--"]
    else:
        words = ["ip", "netns", "exec", lab.options.namespace(role)]
    sys.stdout.flush()
    os.execvp(words[0], [*words, *command])


def control_of(lab, node, words):
    """Whom a command of lockstepctl is for: the dataplane, or the configd."""
    if not words or words[0] not in ("config", "devices", "explain", "ha", "master-key", "pair"):
        return lab.control[node]
    if not lab.options.configd:
        raise LabError(f"node {node} has no configd: tools/lab up --configd")
    return lab.config[node]


def start(lab, name):
    """tools/lab start: a dataplane or a configd."""
    node, _, part = name.partition("-")
    if part and not lab.options.configd:
        raise LabError(f"node {node} has no configd: tools/lab up --configd")
    if part:
        lab.start_configd(node)
    else:
        lab.start(node)


def stop(lab, node, signal_name):
    """tools/lab stop: waits for the end if the signal should bring it."""
    number = getattr(signal, f"SIG{signal_name.upper()}", None)
    if number is None:
        raise LabError(f"signal {signal_name}: unknown; use TERM, KILL, STOP or CONT")
    if number in (signal.SIGSTOP, signal.SIGCONT):
        if not lab.pid(node):
            raise LabError(f"node {node}: does not run")
        os.kill(lab.pid(node), number)
    else:
        lab.stop(node, number)


def main(argv=None):
    """Exit status: 0 done, 1 failed, 2 wrong usage."""
    arguments = parse(argv)
    try:
        if arguments.verb == "up":
            up(arguments)
            return 0
        lab = Lab.load(arguments.prefix)
        if arguments.verb == "down":
            lab.down()
        elif arguments.verb == "status":
            show(lab)
        elif arguments.verb == "exec":
            execute(lab, arguments.role, arguments.command)
        elif arguments.verb == "ctl":
            words = control_of(lab, arguments.node, arguments.words).command(*arguments.words)
            os.execv(words[0], words)
        elif arguments.verb == "start":
            start(lab, arguments.node)
        elif arguments.verb == "stop":
            stop(lab, arguments.node, arguments.signal)
    except LabError as error:
        print(f"tools/lab: {error}", file=sys.stderr)
        return 1
    return 0
