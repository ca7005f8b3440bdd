# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Starts processes that outlive this one, and ends exactly those again."""

import os
import signal
import subprocess
import time
from pathlib import Path

from . import configd, topology
from .nodefile import runtime_dir_of
from .shell import LabError

# A node sees only its own folder and has hugetlbfs, /run, /dev/shm and IPC of its own: nothing but
# the two links joins it to its peer. Arguments: the folder, where the node sees it, the program.
NODE_MOUNTS = """
set -e
folder=$1; runtime_dir=$2; shift 2
mount --bind "$folder" /mnt
mount -t tmpfs -o mode=755 lockstep-run /run
mkdir -p "$runtime_dir" /run/lock
mount --move /mnt "$runtime_dir"
mount -t tmpfs lockstep-shm /dev/shm
if [ "$(cat /proc/sys/vm/nr_hugepages)" -gt 0 ]; then
  mkdir -p /dev/hugepages
  mount -t hugetlbfs lockstep-huge /dev/hugepages
fi
exec "$@"
"""


def start_time_of(pid):
    """Start time of a process in clock ticks, or 0 if there is none: with the pid it names one."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return 0
    fields = text.rpartition(")")[2].split()
    return 0 if fields[0] == "Z" else int(fields[19])


def is_running(process):
    """Whether the process of a record {"pid", "start_time"} still runs."""
    return process is not None and start_time_of(process["pid"]) == process["start_time"] != 0


def start_node(options, name):
    """Starts the dataplane of a node. Returns its record; its output goes to dataplane.log."""
    folder, runtime_dir = options.node_folder(name), runtime_dir_of(name)
    with open(folder / "dataplane.log", "ab") as log:
        child = subprocess.Popen(
            ["ip", "netns", "exec", options.namespace(name),
             "unshare", "--mount", "--ipc", "--propagation", "private",
             "sh", "-c", NODE_MOUNTS, "node", str(folder), runtime_dir,
             str(options.programs["lockstep-dataplane"]), "--config", f"{runtime_dir}/node.conf"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    # Each of these programs becomes the next one, so the pid is the dataplane's own.
    return {"pid": child.pid, "start_time": start_time_of(child.pid)}


def start_configd(options, name):
    """Starts the configd of a node, in its network but outside of its mounts. Returns its record;
    its output goes to configd.log."""
    folder = options.node_folder(name)
    arguments = configd.arguments_of(
        options.programs["lockstep-configd"], folder, folder / "control.sock",
        (topology.NODES[name].ha1_address,) if options.paired else (), options.tls_keys)
    return start_in_network(options.namespace(name), arguments, folder / "configd.log")


def start_in_network(namespace, arguments, log_path):
    """Starts a program in a network namespace. Returns its record."""
    with open(log_path, "ab") as log:
        child = subprocess.Popen(["ip", "netns", "exec", namespace, *arguments],
                                 stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                 start_new_session=True)
    return {"pid": child.pid, "start_time": start_time_of(child.pid)}


def end(process, signal_number=signal.SIGTERM, timeout_s=5.0):
    """Sends a signal and waits for the end; SIGKILL follows if nothing happens. True if it ran."""
    if not is_running(process):
        return False
    os.kill(process["pid"], signal_number)
    deadline = time.monotonic() + timeout_s
    while is_running(process):
        reap(process["pid"])
        if time.monotonic() > deadline:
            if signal_number == signal.SIGKILL:
                raise LabError(f"process {process['pid']} does not end after SIGKILL")
            return end(process, signal.SIGKILL)
        time.sleep(0.005)
    return True


def reap(pid):
    """Takes the status of a child that has ended, if it is a child of this process."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
