# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Drills: real traffic through the lab while something dies, judged by what the endpoints saw.

Modules: endpoints (the two traffic programs), capture (SYNs on the client's wire), judge (pure:
reports → outcome), outcome (what a run found), summary (table, JSON), plot (SVG), kill_story
(what happens in which order), cli.
"""
