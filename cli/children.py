# SPDX-License-Identifier: MIT
"""Nothing that a command starts outlives it, also when the command is interrupted.

Engines and test runners start processes of their own, in sessions of their own, and do not always
end them: those of one that was killed would stay behind and take the machine's time.
"""

import contextlib
import ctypes
import os
import pathlib
import signal
import time

PR_SET_CHILD_SUBREAPER = 36
# For what is told to end to do so, and to write its last.
POLITE_SECONDS = 3


def _children():
    """Process ids of our children; orphans below us have become ours."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # pid (name, which may hold anything) state parent ...
            if int(path.read_text(errors="replace").rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(path.parent.name))
    return found


def _collect():
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass


def _end_all():
    start = time.monotonic()
    told = set()
    while children := _children():
        late = time.monotonic() - start > POLITE_SECONDS
        for child in children:
            if late or child not in told:
                told.add(child)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL if late else signal.SIGTERM)
                    os.kill(child, signal.SIGCONT)
        time.sleep(0.02)
        _collect()


_interrupted = None


def _interrupt(number, _frame):
    global _interrupted
    _interrupted = signal.Signals(number).name
    raise KeyboardInterrupt(_interrupted)


def stop_if_interrupted():
    """For whoever waits: where the interpreter was tidying up, the exception was lost."""
    if _interrupted:
        raise KeyboardInterrupt(_interrupted)


@contextlib.contextmanager
def ended_with_us():
    """Signals that end a program become KeyboardInterrupt; on the way out no child is left."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # Who started us to be deaf to one (nohup) means it.
    numbers = [number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
               if signal.getsignal(number) != signal.SIG_IGN]
    for number in numbers:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)  # it takes seconds from here on
        _end_all()
