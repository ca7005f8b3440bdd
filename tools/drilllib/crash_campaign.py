# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""The crash campaign: a configd that commits as fast as it can is killed, again and again.

One cycle: it runs and commits; SIGKILL at a random moment; its store, copied as it lies on disk,
has whole pages; it starts; what runs is the last acknowledged commit or the one in flight."""

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue

from lablib.configd import SOCKET, arguments_of
from lablib.shell import LabError

from .crash_judge import CrashLedger

ANSWER_TIMEOUT_S = 30.0
START_TIMEOUT_S = 20.0
START_KILLS = 0.15        # Share of kills that fall into the start instead of a commit.
VERIFY_EVERY = 50         # Cycles between checks of every revision and of the audit chain.
FRESH_EVERY = 200         # Cycles with one store: a start reads all that a store has.
FAULTS_MAX = 10           # Then it ends early.
COMMITS_BEFORE_MAX = 3    # Commits that a cycle lets through before the kill.


class CommitLoop:
    """lockstep-commits, which asks and commits; its answers are read by a thread."""

    def __init__(self, program, socket):
        self._child = subprocess.Popen([str(program), str(socket)], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True, bufsize=1)
        self._lines = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._child.stdout:
            self._lines.put((time.monotonic(), json.loads(line)))

    def say(self, command):
        """Sends a command."""
        self._child.stdin.write(command + "\n")
        self._child.stdin.flush()

    def answer(self, timeout_s=ANSWER_TIMEOUT_S):
        """The next line, as (when it came, fields)."""
        try:
            return self._lines.get(timeout=timeout_s)
        except Empty:
            raise LabError(f"lockstep-commits says nothing for {timeout_s:.0f} s") from None

    def answer_within(self, timeout_s):
        """The next line, or None."""
        try:
            return self._lines.get(timeout=max(timeout_s, 0.0001))
        except Empty:
            return None

    def end(self):
        """Ends the program."""
        self._child.kill()
        self._child.wait()


@dataclass
class Campaign:
    """What a campaign has done so far."""

    ledger: CrashLedger
    kills: int = 0
    kills_at_start: int = 0
    kills_before_answer: int = 0   # With a commit in flight.
    commit_ms: list = field(default_factory=list)
    start_ms: list = field(default_factory=list)
    stores: int = 1


class CrashCampaign:
    """Runs `kills` cycles in `folder`. `programs` are paths by name."""

    def __init__(self, programs, folder, seed, say):
        self._programs = programs
        self._root = Path(folder)
        self._folder = self._root / "0"
        self._say = say
        self._random = random.Random(seed)
        self._child = None
        self._loop = None
        self._next_number = 1
        self.found = Campaign(CrashLedger())

    @property
    def folder(self):
        """Of the store that is in use."""
        return self._folder

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._kill()
        if self._loop:
            self._loop.end()

    def run(self, kills):
        """Returns the Campaign. Stops early after ten faults."""
        self._begin_store()
        while self.found.kills < kills and len(self.found.ledger.faults) < FAULTS_MAX:
            if self.found.kills and self.found.kills % FRESH_EVERY == 0:
                self._check_all()
                self._begin_store()
            self._cycle()
            self._say(f"crash campaign: {self.found.kills} of {kills} kills, "
                      f"{self.found.ledger.commits} commits, "
                      f"{len(self.found.ledger.torn)} torn, {len(self.found.ledger.lost)} lost",
                      passing=True)
        self._check_all()
        return self.found

    # --- For controls, after run() ---------------------------------------------------------------

    def advance(self, commits):
        """Lets the store take some more commits, and kills it behind them."""
        wanted = self.found.ledger.last.number + commits
        self._start()
        if not self._look():
            raise LabError("the store of the campaign does not start any more")
        self._loop.say(f"go {self._next_number}")
        while True:
            _, message = self._loop.answer()
            if message["type"] == "begin":
                self.found.ledger.begin(message["number"])
            elif message["type"] == "done":
                self.found.ledger.done(message["number"], message["revision"], message["hash"])
                if message["number"] == wanted:
                    self._kill()
            else:
                break
        self._check_all()

    def look_at(self, folder):
        """Starts a configd on another store and judges it by what this campaign knows. Returns the
        faults."""
        judge = CrashCampaign(self._programs, folder, 0, self._say)
        judge.found.ledger.last = self.found.ledger.last
        with judge:
            judge._open(Path(folder))
            judge._check_all()
        return judge.found.ledger.faults

    # --- One cycle -------------------------------------------------------------------------------

    def _cycle(self):
        self._start()
        if self._random.random() < START_KILLS:
            time.sleep(self._random.uniform(0.0, self._start_s()))
            self._kill()
            self.found.kills_at_start += 1
        else:
            if not self._look():
                return
            self._kill_within_commits()
        self.found.kills += 1
        self._check_pages()
        if self.found.kills % VERIFY_EVERY == 0:
            self._check_all()

    def _kill_within_commits(self):
        """Lets some commits through and kills at a random moment of the next one, or just behind
        it."""
        ledger = self.found.ledger
        self._loop.say(f"go {self._next_number}")
        to_let_through = self._random.randint(0, COMMITS_BEFORE_MAX)
        kill_at = None
        while True:
            line = self._loop.answer_within(kill_at - time.monotonic()) if kill_at else \
                self._loop.answer()
            if line is None:
                self.found.kills_before_answer += bool(ledger.in_flight)
                self._kill()
                kill_at = None
                continue
            at, message = line
            if message["type"] == "begin":
                ledger.begin(message["number"])
                begun_at = at
                if to_let_through == 0 and kill_at is None and self._child:
                    kill_at = at + self._random.uniform(0.0, 1.2 * self._commit_s())
                to_let_through -= 1
            elif message["type"] == "done":
                self.found.commit_ms.append((at - begun_at) * 1e3)
                ledger.done(message["number"], message["revision"], message["hash"])
                self._next_number = message["number"] + 1
            elif message["type"] == "broken":
                return
            else:
                ledger.refused(message["number"], message["refusal"])
                self._kill()
                return

    def _look(self):
        """Judges what runs. False: it did not come up, which is a fault."""
        started_at = time.monotonic()
        message = self._ask_until_up(started_at + START_TIMEOUT_S)
        if message is None:
            words = (self._folder / "configd.log").read_text(errors="replace").splitlines()
            self.found.ledger.failed(f"after kill {self.found.kills} it does not come up: "
                                     f"{words[-1] if words else 'it says nothing'}")
            self._kill()
            return False
        self.found.start_ms.append((time.monotonic() - started_at) * 1e3)
        ledger = self.found.ledger
        ledger.found(message["revision"], message["hash"], json.loads(message["text"] or "{}"))
        self._next_number = ledger.last.number + 1
        return True

    def _ask_until_up(self, deadline):
        """The first answer, or None if the process ends or gives none in time."""
        while True:
            is_running = self._child.poll() is None
            self._loop.say("look 200")
            _, message = self._loop.answer()
            if message["type"] == "state":
                return message
            if not is_running or time.monotonic() > deadline:
                return None

    def _verify(self):
        self._loop.say("verify")
        _, message = self._loop.answer()
        if message["type"] != "verified" or message["text"]:
            self.found.ledger.failed(f"after kill {self.found.kills} the store is faulty: "
                                     f"{message['text'] or message['refusal']}")

    def _check_all(self):
        """Starts it, judges, and has it check its whole store."""
        if not self._child:
            self._start()
            if self._look():
                self._verify()
            self._kill()

    def _check_pages(self):
        for fault in page_faults(self._folder / "state", self._root / "copy"):
            self.found.ledger.failed(f"after kill {self.found.kills}: {fault}")

    # --- The process -----------------------------------------------------------------------------

    def _begin_store(self):
        self._kill()
        if self._loop:
            self._loop.end()
            self.found.stores += 1
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = self._root / str(self.found.stores - 1)
        self._folder.mkdir(parents=True)
        self._open(self._folder)
        kept = self.found.ledger
        self.found.ledger = CrashLedger(commits=kept.commits, landed_unseen=kept.landed_unseen,
                                        undone_unseen=kept.undone_unseen, torn=kept.torn,
                                        lost=kept.lost, other=kept.other)
        self._next_number = 1

    def _open(self, folder):
        self._folder = folder
        self._loop = CommitLoop(self._programs["lockstep-commits"], folder / SOCKET)

    def _start(self):
        with open(self._folder / "configd.log", "ab") as log:
            self._child = subprocess.Popen(
                arguments_of(self._programs["lockstep-configd"], self._folder,
                             self._folder / "control.sock"),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _kill(self):
        if self._child:
            self._child.send_signal(signal.SIGKILL)
            self._child.wait()
            self._child = None

    def _commit_s(self):
        recent = self.found.commit_ms[-20:]
        return sum(recent) / len(recent) / 1e3 if recent else 0.05

    def _start_s(self):
        recent = self.found.start_ms[-20:]
        return sum(recent) / len(recent) / 1e3 if recent else 0.3


def page_faults(state, copy):
    """What SQLite's own check finds in the databases of a state folder, as they lie on disk. Works
    on a copy: opening one would repair it before the program does."""
    shutil.rmtree(copy, ignore_errors=True)
    if not state.exists():
        return []
    shutil.copytree(state, copy)
    faults = []
    for path in sorted(copy.rglob("*.db")):
        try:
            connection = sqlite3.connect(path)
            found = connection.execute("PRAGMA integrity_check").fetchall()
            connection.close()
        except sqlite3.Error as error:
            found = [(str(error),)]
        if found != [("ok",)]:
            faults.append(f"{path.name}: integrity_check: {found[0][0]}")
    return faults
