# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""What a lab has made, on disk, so that `down` removes that and nothing else."""

import json
import os
from dataclasses import asdict
from pathlib import Path

from .shell import LabError
from .topology import LabOptions


class Record:
    """{"options", "namespaces": [name], "processes": {node: {"pid", "start_time"}}}.

    Saved after every change; a lab that came up half-way is taken down by the same record."""

    def __init__(self, options, namespaces=(), processes=None):
        self.options = options
        self.namespaces = list(namespaces)
        self.processes = dict(processes or {})

    @staticmethod
    def path_of(options):
        """Where the record of a lab is kept."""
        return options.folder / "lab.json"

    @classmethod
    def load(cls, prefix):
        """The record of the lab with this prefix. Raises LabError if there is none."""
        path = cls.path_of(LabOptions(prefix=prefix))
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise LabError(f'lab "{prefix}": not up; tools/lab up --prefix {prefix}') from None
        programs = {name: Path(where) for name, where in saved["options"].pop("programs").items()}
        options = LabOptions(programs=programs, **saved["options"])
        return cls(options, saved["namespaces"], saved["processes"])

    def save(self):
        """Writes the record; a reader never sees half of it."""
        path = self.path_of(self.options)
        path.parent.mkdir(parents=True, exist_ok=True)
        options = asdict(self.options)
        options["programs"] = {name: str(where) for name, where in options["programs"].items()}
        saved = {"options": options, "namespaces": self.namespaces, "processes": self.processes}
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(saved, indent=1), encoding="utf-8")
        os.replace(fresh, path)
