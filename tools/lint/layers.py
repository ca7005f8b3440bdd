# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Include checker: arrows point one way, and each folder has its own kinds of system headers.

LAYERS is the folder table of ARCHITECTURE.md as data: the longest prefix of a file's path names
its layer.
"""

import re
import sys

from finding import CPP_SUFFIXES, Finding, read_lines, report, root_argument, source_files

# Standard headers that bring a clock, thread, stream, random source or file into a pure library.
IMPURE_STD = frozenset(
    "chrono ctime thread mutex shared_mutex condition_variable future semaphore latch barrier "
    "stop_token random iostream fstream sstream ostream istream filesystem cstdio locale regex "
    "csignal".split())

# layer: (project prefixes it may include, kinds of other headers, pure?)
PURE_STATESYNC = ("statesync/",)
CORE = ("dataplane/core/",) + PURE_STATESYNC
CRYPTO = ("dataplane/crypto/",) + PURE_STATESYNC
CONFIG = ("dataplane/config/", "dataplane/crypto/") + CORE
LOG = ("dataplane/log/",)
# Files of configsync/schema that know nothing but values, so that the tree may use them.
SCHEMA_NODES = ("configsync/schema/schema_node.", "configsync/schema/path.",
                "configsync/schema/problem")
TREE = ("configsync/tree/",) + SCHEMA_NODES
SCHEMA = ("configsync/schema/", "configsync/tree/")
STORE = ("configsync/store/",) + TREE
ENGINE = ("configsync/engine/", "configsync/reasons/",
          "configsync/select/selection.") + STORE + SCHEMA
PAIR = ("configsync/pair/", "configsync/select/") + ENGINE
EVERYTHING = ("statesync/", "dataplane/", "configsync/", "proto/")
SYSTEM = ("std", "absl", "os")

LAYERS = {
    "statesync/": (PURE_STATESYNC, ("std", "absl-status", "intrinsics"), True),
    "dataplane/core/": (CORE, ("std", "absl-status", "intrinsics"), True),
    "dataplane/crypto/": (CRYPTO, SYSTEM + ("openssl", "intrinsics"), False),
    "dataplane/config/": (CONFIG, SYSTEM + ("protobuf",), False),
    # What both processes and their clients share, beside the generated code.
    "proto/local/": (("proto/local/",), SYSTEM, False),
    "dataplane/log/": (LOG, SYSTEM + ("systemd",), False),
    "dataplane/bpf/": (("dataplane/bpf/",) + CORE, SYSTEM + ("bpf",), False),
    "dataplane/ha/": (("dataplane/ha/",) + CONFIG, SYSTEM, False),
    "dataplane/dpdk/": (("dataplane/dpdk/", "dataplane/bpf/") + CONFIG + LOG,
                        SYSTEM + ("rte", "intrinsics"), False),
    "dataplane/control/": (("dataplane/control/", "dataplane/bpf/") + CONFIG + LOG + ("proto/",),
                           SYSTEM + ("protobuf", "grpc"), False),
    # main.cc and what it is made of: sees every part of the dataplane, and nothing sees it.
    "dataplane/": (("dataplane/", "statesync/", "proto/"),
                   SYSTEM + ("rte", "protobuf", "grpc", "systemd", "cli11"), False),
    **dict.fromkeys(SCHEMA_NODES, (SCHEMA_NODES, ("std", "absl-status"), True)),
    "configsync/tree/": (TREE, ("std", "absl-status", "openssl"), True),
    "configsync/schema/": (SCHEMA, SYSTEM + ("openssl", "libyang", "nlohmann"), False),
    "configsync/store/": (STORE, SYSTEM + ("openssl", "sqlite"), False),
    "configsync/reasons/": (("configsync/reasons/",), ("std", "absl"), True),
    "configsync/select/": (("configsync/select/",) + SCHEMA, ("std", "absl", "openssl"), True),
    "configsync/engine/": (ENGINE, SYSTEM + ("openssl",), False),
    "configsync/devices/": (("configsync/devices/", "configsync/store/files."),
                            SYSTEM + ("openssl", "nlohmann"), False),
    "configsync/pair/": (PAIR, SYSTEM, False),
    # What the two services have in common.
    "configsync/serving/": (("configsync/serving/",), SYSTEM + ("grpc",), False),
    "configsync/inventory/": (("configsync/inventory/", "configsync/follow/") + PAIR,
                              SYSTEM + ("nlohmann",), False),
    "configsync/peer/": (("configsync/peer/", "configsync/devices/", "configsync/log/",
                          "configsync/serving/",
                          "configsync/status_grpc.", "proto/") + PAIR,
                         SYSTEM + ("protobuf", "grpc", "openssl"), False),
    "configsync/follow/": (("configsync/follow/", "configsync/engine/dataplane.", "proto/") + TREE,
                           SYSTEM + ("protobuf", "grpc"), False),
    "configsync/admin/": (("configsync/admin/", "configsync/devices/", "configsync/peer/pairing.h",
                           "configsync/log/", "configsync/serving/", "configsync/status_grpc.",
                           "proto/") + PAIR,
                          SYSTEM + ("protobuf", "grpc"), False),
    # main.cc and what it is made of: sees every part of configsync, and nothing sees it.
    "configsync/": (("configsync/", "proto/"),
                    SYSTEM + ("protobuf", "grpc", "openssl", "systemd", "cli11"), False),
    "tools/lockstepctl/": (("tools/lockstepctl/", "proto/", "dataplane/crypto/",
                            "dataplane/config/"),
                           SYSTEM + ("protobuf", "grpc", "cli11"), False),
    "tools/commit_loop/": (("tools/commit_loop/", "proto/"), SYSTEM + ("protobuf", "grpc"), False),
    "tools/": (("tools/", "statesync/", "dataplane/core/", "dataplane/crypto/"),
               SYSTEM + ("cli11",), False),
    "bench/": (EVERYTHING + ("bench/",), None, False),
    "tests/": (EVERYTHING + ("tests/", "tools/"), None, False),
}

# Exceptions, each with its reason.
ALLOWED = {
    ("statesync/ensure.cc", "cstdio"): "prints the broken invariant before it aborts",
}

KINDS = (
    ("protobuf-generated-grpc", re.compile(r".*\.grpc\.pb\.h$")),
    ("protobuf", re.compile(r"(google/protobuf/.*|.*\.pb\.h)$")),
    ("grpc", re.compile(r"(grpc|grpcpp|grpc\+\+)/")),
    ("rte", re.compile(r"(rte_|cmdline)")),
    ("openssl", re.compile(r"openssl/")),
    ("bpf", re.compile(r"(bpf|xdp)/")),
    ("systemd", re.compile(r"systemd/")),
    ("libyang", re.compile(r"libyang/")),
    ("sqlite", re.compile(r"sqlite3\.h$")),
    ("nlohmann", re.compile(r"nlohmann/")),
    ("cli11", re.compile(r"CLI/")),
    ("test", re.compile(r"(gtest|gmock|benchmark)/")),
    ("absl-status", re.compile(r"absl/(status|strings|types)/")),
    ("absl", re.compile(r"absl/")),
    ("intrinsics", re.compile(r"(imm|x86|wmmintrin|emmintrin|nmmintrin)[a-z0-9]*\.h$")),
    ("std", re.compile(r"[a-z_0-9]+$")),
)
INCLUDE = re.compile(r'\s*#\s*include\s+(["<])([^">]+)[">]')
PROJECT = re.compile(r"(statesync|dataplane|configsync|proto|bench|tests|tools)/")


def layer_of(path):
    """Longest prefix in LAYERS; None for files outside all layers."""
    matching = [prefix for prefix in LAYERS if path.startswith(prefix)]
    return max(matching, key=len) if matching else None


def kind_of(header):
    """Kind of a header that is not the project's own; "os" when nothing else fits."""
    for kind, pattern in KINDS:
        if pattern.match(header):
            return "grpc" if kind == "protobuf-generated-grpc" else kind
    return "os"


def broken_rule(path, layer, header, quoted):
    """(rule, remedy) that an include breaks, or None."""
    project_prefixes, kinds, pure = LAYERS[layer]
    if (path, header) in ALLOWED:
        return None
    generated = header.endswith(".pb.h")
    if PROJECT.match(header) and not generated:
        if header.startswith(tuple(project_prefixes)):
            return None
        return (f"{layer} must not include {header}",
                f"it may include {', '.join(project_prefixes)}: "
                "move the shared part down, or pass a value")
    kind = kind_of(header)
    if quoted and kind in ("std", "os") and "/" not in header:
        return (f'include "{header}" is not a path from the root', "write the folder too")
    if kinds is None:
        return None
    if kind not in kinds and not (kind == "absl-status" and "absl" in kinds):
        return (f"{layer} must not include {header} ({kind})",
                f"its kinds are {', '.join(kinds)}: pass a value or use the layer that owns {kind}")
    if pure and header in IMPURE_STD:
        return (f"{layer} is pure and must not include <{header}>", "take the value as an argument")
    return None


def check(root):
    """All findings under `root` and the number of files looked at."""
    findings, checked = [], 0
    for path in source_files(root, CPP_SUFFIXES):
        layer, lines = layer_of(str(path)), read_lines(root, path)
        if layer is None or lines is None:
            continue
        checked += 1
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            broken = match and broken_rule(str(path), layer, match[2], match[1] == '"')
            if broken:
                findings.append(Finding(str(path), number, *broken))
    return findings, checked


if __name__ == "__main__":
    if "--help" in sys.argv:
        print(f"usage: layers.py [ROOT]\n{__doc__}")
        sys.exit(0)
    report("layers", *check(root_argument()))
