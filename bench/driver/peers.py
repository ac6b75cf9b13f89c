# SPDX-License-Identifier: MIT
"""Benchmark processes: start, command, hear, end. The protocol is in peers/control.h."""

import contextlib
import os
import pathlib
import select
import subprocess
import tempfile

ANSWER_SECONDS = 60
EXIT_SECONDS = 10


class BenchError(Exception):
    """The benchmark could not be run; the text says why."""


class Peer:
    """One process of a pair."""

    def __init__(self, command, name, core):
        self.name = name
        # preexec_fn runs before exec: the program is on its core from its first instruction.
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            bufsize=0,
            preexec_fn=None if core is None else lambda: os.sched_setaffinity(0, {core}))

    def tell(self, command):
        try:
            self.process.stdin.write(command.encode())
        except BrokenPipeError:
            self._died()

    def hear(self, word):
        """The rest of the next line, which must begin with this word."""
        ready, _, _ = select.select([self.process.stdout], [], [], ANSWER_SECONDS)
        if not ready:
            raise BenchError(f"{self.name}: no answer '{word}' in {ANSWER_SECONDS} s")
        line = self.process.stdout.readline().decode()
        if not line:
            self._died()
        first, _, rest = line.rstrip("\n").partition(" ")
        if first != word:
            raise BenchError(f"{self.name}: expected '{word}', heard '{line.strip()}'")
        return rest

    def ask(self, command, word):
        self.tell(command)
        return self.hear(word)

    def _died(self):
        status = self.process.wait(EXIT_SECONDS)
        said = self.process.stderr.read().decode(errors="replace").strip()
        raise BenchError(f"{self.name} ended with status {status}: {said}")

    def finish(self):
        """The orderly end: standard input closed, exit status 0."""
        self.process.stdin.close()
        try:
            self.process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            raise BenchError(f"{self.name} does not end") from None
        if self.process.returncode != 0:
            self._died()

    def destroy(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


@contextlib.contextmanager
def pair(program, workload, cores, limit=0, wrap=lambda side: []):
    """A server and its connected client in a fresh directory: (server, client).

    program: the executable; cores: (of the server, of the client); limit: see peers/roles.h;
    wrap: what stands before the command of a side, for tools that run it.
    """
    name = pathlib.Path(program).name
    with tempfile.TemporaryDirectory(prefix="sunpath-bench-") as folder, \
            contextlib.ExitStack() as cleanup:
        peers = {}
        for side, role, core in (("server", workload.server, cores[0]),
                                 ("client", workload.client, cores[1])):
            command = [str(program), role, f"{folder}/socket", str(workload.connections),
                       str(workload.size), str(limit)]
            peers[side] = Peer(wrap(side) + command, f"{name} {role}", core)
            cleanup.callback(peers[side].destroy)
            peers[side].hear("ready")
        yield peers["server"], peers["client"]
        # The client first: a server outlives its clients, not the other way round.
        peers["client"].finish()
        peers["server"].finish()
