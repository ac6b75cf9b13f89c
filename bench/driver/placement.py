# SPDX-License-Identifier: MIT
"""Which processes run where."""

import os

ALLOWED = os.sched_getaffinity(0)


def placements():
    """{number of cores: (core of the server, core of the client)}, as far as this machine has them.

    The last cores, because interrupts tend to be served by the first.
    """
    allowed = sorted(ALLOWED)
    last = allowed[-1]
    places = {1: (last, last)}
    if len(allowed) > 1:
        places[2] = (last, allowed[-2])
    return places


def step_aside(cores):
    """Keep this process off the cores that are measured, if there are others."""
    os.sched_setaffinity(0, ALLOWED - set(cores) or ALLOWED)
