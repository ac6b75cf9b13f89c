# SPDX-License-Identifier: MIT
"""What the tests of `sunpath triage` share: the command, drivers, and a source tree to file into.

The build names itself in SUNPATH_BUILD (tests/cli/CMakeLists.txt).
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SUNPATH_BUILD", SOURCE / "build" / "dev"))
SUNPATH = BUILD / "bin" / "sunpath"
sys.path.insert(0, str(SOURCE / "cli"))

# A driver of a target that does not exist: inputs are lines, and what they say happens.
# "sometimes" fails every second time that any input is played, whoever starts the driver.
FAKE = r"""#!{python}
import pathlib, sys
turn = pathlib.Path({turn!r})
if sys.argv[1] == "--show":
    sys.exit(print("# name\nin words"))
for line in sys.stdin.buffer:
    *what, length = line.split()
    data = sys.stdin.buffer.read(int(length))
    status, said = b"passed", b""
    if what[0] == b"steps":
        status, at = b"steps", 0
        for piece in data.splitlines(keepends=True):
            said += b"%d do {{name}}\n" % at
            at += len(piece)
    elif b"bad" in data:
        status, said = b"signal-ABRT", b"\nworld:1: check failed: bad-thing\n  in step 1: it is bad\n"
    elif b"sometimes" in data:
        turn.write_text(str(int(turn.read_text()) + 1) if turn.exists() else "1")
        if int(turn.read_text()) % 2:
            status, said = b"signal-SEGV", b""
    elif b"die" in data:
        sys.exit(1)
    sys.stdout.buffer.write(status + b" %d\n" % len(said) + said)
    sys.stdout.buffer.flush()
"""


class Triage(unittest.TestCase):
    """A folder to work in, and the command."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)

    def put(self, name, data=b""):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def fake(self):
        """The driver FAKE."""
        text = FAKE.format(python=sys.executable, turn=str(self.work / "turn"))
        path = self.put("replay_fake", text.encode())
        path.chmod(0o755)
        return path

    def run_triage(self, wanted, *arguments, **more):
        """What the command printed; its exit status must be @wanted."""
        done = subprocess.run([SUNPATH, "triage", *arguments], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=100,
                              cwd=more.pop("cwd", self.work), **more)
        self.assertEqual(done.returncode, wanted, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done.stdout if wanted in (0, 1) else done.stderr

    def tree(self):
        """A source tree with the documents of the true one and the corpus of the canary."""
        tree = self.work / "tree"
        for name in ("fuzz/targets.list", "docs/findings.md", "corpus/canary/canary.options"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(SOURCE / name, tree / name)
        shutil.copytree(SOURCE / "corpus" / "canary" / "seeds", tree / "corpus" / "canary" / "seeds")
        return tree

    def contents(self, folder):
        """{path: bytes} of all that is below a folder, folders too."""
        return {path.relative_to(folder): path.read_bytes() if path.is_file() else None
                for path in folder.rglob("*")}
