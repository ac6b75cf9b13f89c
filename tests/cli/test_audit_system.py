#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`sunpath audit system` and `path` on a machine that is not as it should be: stale files, listeners in other
network namespaces, processes that are stopped, users who may not see everything.

Usage: test_audit_system.py [TEST...]     as for unittest
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import schemas

BUILD = pathlib.Path(os.environ.get("SUNPATH_BUILD", schemas.SOURCE / "build" / "dev"))
SUNPATH = BUILD / "bin" / "sunpath"
AUDITOR = BUILD / "libexec" / "sunpath" / "sunpath-audit"
NOBODY = 65534

LISTEN = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
os.chmod(sys.argv[1], 0o600)
print("ready", flush=True)
sys.stdin.read()
"""


class System(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.work.chmod(0o755)

    def run_audit(self, *arguments, **options):
        return subprocess.run([SUNPATH, "audit", *arguments], check=False, text=True, timeout=100,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def rules_at(self, path):
        """What `audit system` finds there."""
        done = self.run_audit("system", "--format", "json", "--allow-partial", "--exit-zero", "--also", self.work)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        return {line["rule"] for line in found if line.get("path") == str(path)}

    def listen(self, path, *wrap):
        """A process that listens there until the test ends; None where it cannot be wrapped so."""
        process = subprocess.Popen([*wrap, sys.executable, "-c", LISTEN, path], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.end, process)
        return process if process.stdout.readline() == "ready\n" else None

    def end(self, process):
        process.send_signal(signal.SIGCONT)
        process.communicate()

    def test_a_file_is_stale_when_its_listener_has_gone(self):
        path = self.work / "s"
        process = self.listen(path)
        self.assertNotIn("UDS010", self.rules_at(path))
        self.assertEqual(self.run_audit("path", path).returncode, 0)
        process.communicate()
        self.assertIn("UDS010", self.rules_at(path))
        done = self.run_audit("path", path)
        self.assertIn("UDS010 Stale socket file", done.stdout)
        self.assertIn(", stale\n", done.stdout)

    def test_a_file_that_is_served_from_another_network_namespace_is_not_stale(self):
        path = self.work / "s"
        if os.getuid() != 0 or not shutil.which("unshare") or not self.listen(path, "unshare", "--net"):
            self.skipTest("no network namespace can be made here")
        self.assertNotIn("UDS010", self.rules_at(path))
        done = self.run_audit("path", path)
        self.assertIn(", listening by user 0", done.stdout)
        self.assertNotIn("UDS010", done.stdout)

    def test_a_stopped_process_holds_nothing_up(self):
        path = self.work / "s"
        process = self.listen(path)
        process.send_signal(signal.SIGSTOP)
        path.chmod(0o666)
        start = time.monotonic()
        done = self.run_audit("system", "--allow-partial", "--exit-zero", "--timeout", "60")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(time.monotonic() - start, 60, "it did not wait until the end of its time")
        self.assertIn(f"open in process {process.pid} (", done.stdout)

    def test_users_see_what_they_may_and_are_told_so(self):
        if os.getuid() != 0:
            self.skipTest("needs root, to act as another user")
        path = self.work / "s"
        self.listen(path)
        # He may not read the folder of this build.
        copy = shutil.copy(AUDITOR, self.work / "sunpath-audit")
        as_him = {"check": False, "text": True, "timeout": 100, "stdout": subprocess.PIPE,
                  "stderr": subprocess.PIPE, "user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/"}
        done = subprocess.run([copy, "system", "--also", self.work, "--all"], **as_him)
        self.assertIn(done.returncode, (1, 3), "what else is on the machine may have findings, which come first")
        self.assertIn("could not be read; root could", done.stderr)
        self.assertIn("the result is partial", done.stderr)
        self.assertIn(f"{path}\n", done.stdout)
        self.assertIn("listens, made by user 0", done.stdout)
        hidden = self.work / "hidden"
        hidden.mkdir(mode=0o700)
        self.assertEqual(subprocess.run([copy, "path", hidden / "s"], **as_him).returncode, 3)

    def hanging_audit(self):
        """An audit whose work is stopped; None when it was faster."""
        audit = subprocess.Popen([AUDITOR, "system", "--timeout", "2", "--exit-zero"], text=True,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        children = pathlib.Path(f"/proc/{audit.pid}/task/{audit.pid}/children")
        try:
            while audit.poll() is None:
                for work in children.read_text().split():
                    os.kill(int(work), signal.SIGSTOP)
                    return audit
        except (FileNotFoundError, ProcessLookupError):
            pass
        audit.communicate()
        return None

    def test_an_audit_that_hangs_ends_in_time(self):
        """Also when it was stopped itself meanwhile, which interrupts its wait."""
        audit = next(filter(None, (self.hanging_audit() for _ in range(100))))
        audit.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        audit.send_signal(signal.SIGCONT)
        _, said = audit.communicate(timeout=60)
        self.assertEqual(audit.returncode, 3)
        self.assertIn("not done in time (--timeout)", said)


if __name__ == "__main__":
    unittest.main()
