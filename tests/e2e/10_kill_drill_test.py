# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""The kill drill, small: connections survive with replication and die without it."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from story import BUILD_ROOT, SOURCE_ROOT, main


class KillDrill(unittest.TestCase):
    def test_connections_survive_and_the_control_run_dies(self):
        with tempfile.TemporaryDirectory() as folder:
            figures = Path(folder) / "drill.json"
            done = subprocess.run(
                [SOURCE_ROOT / "tools" / "drill", "kill", "--build", BUILD_ROOT,
                 "--sessions", "5000", "--prefix", "e2edrill", "--json", figures], check=False)
            self.assertEqual(0, done.returncode)
            found = json.loads(figures.read_text(encoding="utf-8"))
        self.assertEqual("pass", found["verdict"])
        self.assertEqual(found["tcp"]["opened"], found["tcp"]["survived"])
        self.assertLess(found["control"]["tcp_survived"], found["tcp"]["opened"] / 20)


if __name__ == "__main__":
    main()
