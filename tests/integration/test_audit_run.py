#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sunpath audit run, on small servers that each do one thing wrong, and on their good twins.

What is looked at is the set of rules, and that the program behaves as it does without a watcher:
its output, its exit status, its signals. Usage: test_audit_run.py SUNPATH WRONG
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

SUNPATH, WRONG = sys.argv[1:3]
AUDITOR = pathlib.Path(SUNPATH).parents[1] / "libexec" / "sunpath" / "sunpath-audit"
TIMEOUT = 60
CONNECTIONS = 20

# Each case, and what must be found: no more and no less.
CASES = {
    "good": set(),
    "late": {"UDS030"},
    "early": {"UDS031"},
    "unlink": {"UDS032"},
    "locked": set(),
    "lock-file": set(),
    "new-file": {"UDS032"},
    "umask": {"UDS035", },
    "keeps": {"UDS037"},
    "exec": {"UDS036", "UDS037"},
    "noexec": set(),
    "unasked": {"UDS038"},
    "opened": {"UDS031", "UDS038"},
    "greeted": set(),
    "greeted-unasked": {"UDS038"},
    "forked": set(),
    "forked-unasked": {"UDS038"},
    "sigpipe": {"UDS039"},
    "padded": {"UDS040"},
    "abstract": set(),
    "spelled": {"UDS033"},
    "cut": {"UDS034"},
    "uncut": set(),
    "open": {"UDS041"},
    "receives": {"UDS042"},
    "receives-closing": set(),
    "descriptor": {"UDS043"},
    "descriptor-first": set(),
    "owned": {"UDS031"},
    "renamed": set(),
    "renamed-late": {"UDS030"},
    "linked-late": {"UDS030"},
    "thread": set(),
    "child": set(),
}


def audit(options, command):
    return subprocess.run([SUNPATH, "audit", "run", *options, "--", *command],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=TIMEOUT)


class AuditRun(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        os.umask(0o022)

    def wrong(self, case, *options):
        return audit(options, [WRONG, case, self.directory.name])

    def check_cases(self, cases):
        for case, expected in cases.items():
            with self.subTest(case=case), tempfile.TemporaryDirectory() as directory:
                done = audit(["--format", "json", "--exit-zero"], [WRONG, case, directory])
                lines = [json.loads(line) for line in done.stdout.splitlines()]
                found = {line["rule"] for line in lines if line["type"] == "finding"}
                self.assertEqual(found, expected, done.stderr)
                self.assertTrue(lines[-1]["complete"])
                self.assertIn("ended with status 0", done.stderr)
                self.assertEqual(done.returncode, 0)

    def test_cases(self):
        self.check_cases(CASES)

    def test_calls_of_32_bits(self):
        if subprocess.run([WRONG, "has-32", "/"], check=False).returncode != 0:
            self.skipTest("this kernel takes no calls of 32-bit programs")
        # The listener is made without close-on-exec, and given the flag only after listen().
        self.check_cases({"late-32": {"UDS030", "UDS037"}, "late-socketcall": {"UDS030", "UDS037"}})

    def test_exit_status(self):
        self.assertEqual(self.wrong("status").returncode, 0)
        self.assertEqual(self.wrong("status", "--program-status").returncode, 23)
        self.assertEqual(self.wrong("handler", "--program-status").returncode, 40 + signal.SIGTERM)
        self.assertEqual(self.wrong("killed", "--program-status").returncode, 128 + signal.SIGKILL)
        self.assertIn("signal 9", self.wrong("killed").stderr)

    def test_stop_and_continue(self):
        self.assertEqual(self.wrong("stop", "--program-status").returncode, 0)

    def test_many_children(self):
        """Two hundred at once, each with a child of its own: none is lost, none is held."""
        script = ("for i in $(seq 200); do (sh -c \"echo $i\"; exit 0) & done; wait; "
                  "sh -c 'kill -9 $$'; echo status $?; exit 9")
        done = audit(["--output", os.path.join(self.directory.name, "report"), "--program-status"],
                     ["/bin/sh", "-c", script])
        *numbers, last = done.stdout.split("\n")[:-1]
        self.assertEqual(sorted(map(int, numbers)), list(range(1, 201)))
        self.assertEqual(last, "status 137")
        self.assertEqual(done.returncode, 9)

    def test_stopped_from_outside(self):
        """As by a shell: it stands still while it is stopped, and goes on."""
        code = ("import os, time\n"
                "print(os.getpid(), flush=True)\n"
                "while True:\n"
                "    print('.', flush=True)\n"
                "    time.sleep(0.01)\n")
        report = os.path.join(self.directory.name, "report")
        watcher = self.start([SUNPATH, "audit", "run", "--output", report, "--program-status", "--",
                              sys.executable, "-u", "-c", code])
        program = int(watcher.stdout.readline())
        # Not SIGTSTP: without a shell above it, the kernel ignores that.
        os.kill(program, signal.SIGSTOP)
        self.wait_until(lambda: self.state(program) in "Tt", "it is not stopped")
        os.set_blocking(watcher.stdout.fileno(), False)
        self.printed(watcher)
        time.sleep(0.3)
        self.assertEqual(self.printed(watcher), b"", "by a stopped program")
        os.kill(program, signal.SIGCONT)
        self.wait_until(lambda: self.printed(watcher), "it does not go on")
        os.kill(program, signal.SIGTERM)
        self.assertEqual(watcher.wait(timeout=TIMEOUT), 128 + signal.SIGTERM)

    def test_interrupt_from_the_terminal(self):
        """It comes to both, and the program decides."""
        code = ("import signal, sys\n"
                "signal.signal(signal.SIGINT, lambda *_: sys.exit(7))\n"
                "print('ready', flush=True)\n"
                "while True: signal.pause()\n")
        watcher = subprocess.Popen([SUNPATH, "audit", "run", "--output", "/dev/null", "--program-status", "--",
                                    sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   text=True, start_new_session=True)
        self.addCleanup(watcher.communicate)
        self.assertEqual(watcher.stdout.readline(), "ready\n")
        os.killpg(watcher.pid, signal.SIGINT)
        self.assertEqual(watcher.wait(timeout=TIMEOUT), 7)

    def test_programs_that_change_the_user(self):
        """Watched by a user they do not; watched by root they do."""
        if os.getuid() != 0:
            self.skipTest("needs root, to make such a program")
        os.chmod(self.directory.name, 0o755)
        program = shutil.copy("/usr/bin/id", self.directory.name)
        os.chown(program, 65533, 65533)
        os.chmod(program, 0o4755)
        auditor = shutil.copy(AUDITOR, self.directory.name)
        for user, wanted in ((65534, "65534"), (0, "65533")):
            done = subprocess.run([auditor, "run", "--output", "/dev/null", "--", program, "-u"], user=user, group=user,
                                  extra_groups=[], cwd="/", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                  check=False)
            self.assertEqual(done.stdout.strip(), wanted)

    def test_fail_on(self):
        self.assertEqual(self.wrong("late").returncode, 1)
        os.unlink(os.path.join(self.directory.name, "socket"))
        self.assertEqual(self.wrong("late", "--fail-on", "high").returncode, 0)

    def test_output_of_the_program_is_left_alone(self):
        report = os.path.join(self.directory.name, "report")
        done = audit(["--output", report], ["/bin/echo", "said"])
        self.assertEqual(done.stdout, "said\n")
        self.assertTrue(os.path.getsize(report) > 0)

    def test_no_such_program(self):
        self.assertEqual(audit([], ["/nowhere/to/be/found"]).returncode, 3)
        self.assertEqual(audit(["--pid", "1"], ["/bin/true"]).returncode, 2)

    def test_attached(self):
        """A listener that was there before is judged by what is done with it from then on."""
        code = ("import os, socket, sys\n"
                "os.umask(0)\n"
                "s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()\n"
                "print('ready', flush=True)\n"
                "for _ in range(int(sys.argv[2])):\n"
                "    c, _ = s.accept()\n"
                "    os.read(c.fileno(), 16)\n"
                "    c.close()\n")
        path = os.path.join(self.directory.name, "socket")
        server = self.start([sys.executable, "-c", code, path, str(CONNECTIONS)])
        server.stdout.readline()
        watcher = self.start([SUNPATH, "audit", "run", "--format", "json", "--pid",
                              str(server.pid)])
        self.wait_for_tracer(server.pid)
        # The first may come while the watcher is still taking hold; then it belongs to the past.
        for _ in range(CONNECTIONS):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                client.sendall(b"x")
                client.recv(1)
        output, errors = watcher.communicate(timeout=TIMEOUT)
        self.assertIn("UDS038", output, errors)
        self.assertIn("ended with status 0", errors)

    def start(self, command):
        """A process that does not outlive the test, however that ends."""
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def wait_until(self, holds, otherwise):
        until = time.monotonic() + TIMEOUT
        while not holds():
            self.assertLess(time.monotonic(), until, otherwise)
            time.sleep(0.01)

    def printed(self, process):
        try:
            return os.read(process.stdout.fileno(), 65536)
        except BlockingIOError:
            return b""

    def state(self, process):
        return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]

    def wait_for_tracer(self, pid):
        status = pathlib.Path(f"/proc/{pid}/status")
        self.wait_until(lambda: "TracerPid:\t0\n" not in status.read_text(), "nobody watches")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
