# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Waiting for what the ends of the traffic say, whenever they said it."""

import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv.pop(1))

from drilllib.endpoints import Endpoint  # noqa: E402
from lablib.shell import LabError  # noqa: E402


class Talker(Endpoint):
    """Its program is a line of Python."""

    @staticmethod
    def _command_line(options, role):
        return [sys.executable, "-c", options]

    def wait_until_read(self):
        self._reader.join()


class Waiting(unittest.TestCase):
    def test_a_line_that_was_read_before_counts_as_ready(self):
        server = Talker("print('{\"type\": \"ready\"}')", "server")
        server.wait_until_read()
        server.wait_until_ready()
        server.kill()

    def test_a_line_that_comes_later_counts_too(self):
        server = Talker("input(); print('{\"type\": \"ready\"}')", "server")
        server.command("")
        server.wait_until_ready()
        server.kill()

    def test_one_that_ends_without_a_word_is_an_error(self):
        server = Talker("pass", "server")
        with self.assertRaisesRegex(LabError, "server's lockstep-traffic says nothing"):
            server.wait_until_ready()
        server.kill()

    def test_progress_is_a_line_that_was_not_there_before(self):
        client = Talker("import itertools, time\n"
                        "for n in itertools.count():\n"
                        "  print(f'{{\"type\": \"progress\", \"now_ns\": {n}}}', flush=True)\n"
                        "  time.sleep(0.01)", "client")
        client.wait_until_ready()
        before = client.progress()["now_ns"]
        self.assertLess(before, client.wait_for_progress()["now_ns"])
        client.kill()


if __name__ == "__main__":
    unittest.main()
