# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Entry point of tools/drill."""

import sys

from drilllib.cli import main

sys.exit(main())
