# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Entry point of tools/lab."""

import sys

from lablib.cli import main

sys.exit(main())
