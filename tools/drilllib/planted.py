# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Controls of the crash campaign: stores damaged on purpose, each in a copy. Somebody must notice:
configd, which then refuses to start, or the campaign's judge."""

import shutil
import sqlite3

DATABASE = "config.db"
COMMITS_LOST = 3


def controls(campaign, folder):
    """(name, whether it was seen, by what words) for each kind of damage. The campaign has ended;
    its store is whole, and is given some more commits here."""
    earlier = folder / "earlier"
    shutil.copytree(campaign.folder / "state", earlier)
    campaign.advance(COMMITS_LOST)
    sound = campaign.folder / "state"
    found = []
    for name, source, plant in (
            ("nothing planted", sound, lambda state: None),
            ("a torn revision", sound, tear_revision),
            ("latest commits lost", earlier, lambda state: copy_heads(sound, state)),
            ("an old copy of everything", earlier, lambda state: None)):
        place = folder / "planted"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(source, place / "state")
        plant(place / "state")
        faults = campaign.look_at(place)
        # The first one shows that it is the damage that is seen in the others.
        is_sound = name == "nothing planted"
        words = faults[0].rpartition("planted/state")[2].lstrip("/: ") if faults else "no fault"
        found.append((name, bool(faults) != is_sound, words))
    return found


def tear_revision(state):
    """Puts the content of the revision before in the place of the newest one's."""
    connection = sqlite3.connect(state / DATABASE)
    newest, = connection.execute("SELECT max(id) FROM revisions").fetchone()
    connection.execute("UPDATE revisions SET body = (SELECT body FROM revisions WHERE id = ?) "
                       "WHERE id = ?", (newest - 1, newest))
    connection.commit()
    connection.close()


def copy_heads(sound, state):
    """The database of before with the second place of now: as a damaged tail of the log leaves."""
    for path in sound.glob("heads.*"):
        shutil.copy2(path, state)
