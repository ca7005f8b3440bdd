# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Symbol checker: a pure library asks the system for nothing.

Includes can be pure while a header's inline code is not, so this looks at what the archive really
calls: no clock, random source, socket, file, thread, environment or output.
"""

import re
import subprocess
import sys

from finding import Finding, report

FORBIDDEN = (
    ("a clock", r"clock_\w+|gettimeofday|time|ftime|times|_ZNSt6chrono.*3nowEv"),
    ("a random source",
     r"s?rand(om)?(_r)?|[delmnj]rand48|getrandom|getentropy|_ZNSt13random_device.*"),
    ("a socket",
     r"socket|bind|connect|accept4?|send(to|m?msg)?|recv(from|m?msg)?|poll|select|epoll_\w+"),
    ("a file",
     r"f?open(at)?(64)?|creat|p?(read|write)(v|64)?|unlink|mmap(64)?"
     r"|_ZNSt.*basic_[io]?f(stream|ilebuf).*"),
    ("a thread or lock",
     r"pthread_\w+|thrd_\w+|mtx_\w+|_ZNSt6thread.*|_ZNSt18condition_variable.*"),
    ("sleep", r"u?sleep|nanosleep|clock_nanosleep|sched_yield"),
    ("the environment", r"(secure_)?getenv"),
    ("output",
     r"v?[df]?printf|f?puts|putchar|fwrite|perror|syslog|_ZSt4(cout|cerr|clog)"),
    ("dynamic loading", r"dl(open|sym)"),
    ("exceptions", r"__cxa_throw"),
    ("DPDK", r"(rte_|eal_)\w+"),
)

# ENSURE prints the broken invariant to stderr before it aborts; nothing else may print.
ALLOWED = {("ensure.cc.o", name) for name in ("fprintf", "__fprintf_chk", "stderr", "fwrite")}


def check_symbols(archive, nm_lines):
    """Findings in the output of `nm -A -u`, whose lines read `archive:member: U symbol`."""
    findings, members = [], set()
    for line in nm_lines:
        match = re.match(r"(.*?):([^:]+):\s+[Uwv]\s+(\S+)$", line)
        if not match:
            continue
        member, symbol = match[2], match[3].split("@")[0]
        members.add(member)
        plain = re.sub(r"^__(\w+)_chk$", r"\1", symbol)  # _FORTIFY_SOURCE renames calls.
        for what, pattern in FORBIDDEN:
            allowed = any(member.endswith(name) and symbol == ok for name, ok in ALLOWED)
            if re.fullmatch(pattern, plain) and not allowed:
                findings.append(Finding(f"{archive}({member})", 0, f"calls {symbol}: {what}",
                                        "pass the value in as an argument"))
    return findings, len(members)


def check(archive):
    """Findings in one static library and the number of objects in it."""
    command = ["nm", "-A", "-u", archive]
    listing = subprocess.run(command, check=True, capture_output=True, text=True)
    return check_symbols(archive, listing.stdout.splitlines())


if __name__ == "__main__":
    if len(sys.argv) != 2 or "--help" in sys.argv:
        print(f"usage: symbols.py ARCHIVE\n{__doc__}")
        sys.exit(2)
    FOUND, OBJECTS = check(sys.argv[1])
    if OBJECTS == 0:
        FOUND.append(Finding(sys.argv[1], 0, "the archive has no objects", "build it first"))
    report("symbols", FOUND, OBJECTS)
