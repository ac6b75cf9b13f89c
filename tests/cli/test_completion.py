#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shell completion, in the shells themselves; and it, the help and the manual pages name the same.

Usage: test_completion.py SUNPATH BASH_FILE ZSH_FILE SOURCE
  SUNPATH               the command
  BASH_FILE, ZSH_FILE   what cli/completion.py made
  SOURCE                this project's source folder
Exit status: 0 passed; 1 failed; 77 all that ran has passed, but there is no zsh
"""

import contextlib
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

SKIPPED = 77
SECONDS = 30
# What is typed before the tabulator, and the arguments that the command gets then.
TYPED = (("rep", ["replay"]), ("--vers", ["--version"]), ("help sh", ["help", "show"]),
         ("replay --dig", ["replay", "--digest"]),
         ("replay --target addr", ["replay", "--target", "address"]),
         ("replay --target=addr", ["replay", "--target=address"]),
         ("replay serv", ["replay", "server"]),
         ("replay --target address one", ["replay", "--target", "address", "one file"]),
         ("show one", ["show", "one file"]))
TYPED_AUDIT = (("audit pa", ["audit", "path"]), ("audit --fail-on hi", ["audit", "--fail-on", "high"]),
               ("audit --fail-on=hi", ["audit", "--fail-on=high"]),
               ("audit --list-rules=m", ["audit", "--list-rules=markdown"]),
               ("audit path --base", ["audit", "path", "--baseline"]),
               ("audit path --baseline one", ["audit", "path", "--baseline", "one file"]))

SUNPATH, BASH_FILE, ZSH_FILE, SOURCE = "", "", "", ""


def output(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def subcommands():
    return re.findall(r"^  ([a-z]+) ", output(SUNPATH, "--help"), re.MULTILINE)


class Shell:
    """An interactive shell on a terminal, in which sunpath prints its arguments."""

    def __init__(self, command, begin):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.execvpe(command[0], command, os.environ | {"TERM": "dumb", "PS1": "> ", "HOME": os.getcwd()})
        self.type(f"{begin}; sunpath() {{ printf '<%s>' \"$@\"; printf 'E%s\\n' ND; }}; sunpath ready\n")

    def type(self, text):
        """Types, waits for the command's answer and returns it."""
        os.write(self.terminal, text.encode())
        end, said = time.monotonic() + SECONDS, ""
        while "END" not in said:
            if not select.select([self.terminal], [], [], max(end - time.monotonic(), 0))[0]:
                raise AssertionError(f"no answer to {text!r}: {said!r}")
            said += os.read(self.terminal, 4096).decode(errors="replace")
        return re.findall("<([^>]*)>", said.rpartition("END")[0].rpartition("\n")[2])

    def end(self):
        os.close(self.terminal)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.process, 0)


class Completion(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(contextlib.chdir(folder))
        pathlib.Path("one file").touch()

    def try_all(self, shell):
        self.addCleanup(shell.end)
        for typed, wanted in TYPED + (TYPED_AUDIT if "audit" in subcommands() else ()):
            with self.subTest(typed=typed):
                self.assertEqual(shell.type(f"sunpath {typed}\t\n"), wanted)

    def test_bash(self):
        self.try_all(Shell(["bash", "--norc", "--noprofile", "-i"], f"source {BASH_FILE}"))

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed (Debian's package zsh)")
    def test_zsh(self):
        shutil.copy(ZSH_FILE, "_sunpath")  # zsh finds it by this name
        self.try_all(Shell(["zsh", "-f", "-i"], "unsetopt zle_bracketed_paste; fpath=($PWD $fpath); "
                           "autoload -U compinit; compinit -u -D"))


class Agreement(unittest.TestCase):
    """The same options in the help, in the completion and in the manual page of each subcommand."""

    OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")

    def offered(self, *words):
        """What bash would offer for the last of these words."""
        script = ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sunpath; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        return set(output("bash", "-c", script, BASH_FILE, "sunpath", *words).split())

    def test_subcommands(self):
        self.assertEqual(self.offered(""), {*subcommands(), "help", "--help", "--version"})
        self.assertEqual(self.offered("help", ""), set(subcommands()))

    def test_options(self):
        for name in subcommands():
            with self.subTest(name=name):
                said = set(self.OPTION.findall(output(SUNPATH, "help", name))) | {"--help"}
                self.assertEqual(self.offered(name, "--"), said)
                zsh = pathlib.Path(ZSH_FILE).read_text(encoding="utf-8")
                case = re.search(rf"^    {name}\)\n(.*?)^        ;;", zsh, re.MULTILINE | re.DOTALL)[1]
                self.assertEqual(set(re.findall(r"'(--[a-z-]*[a-z])", case)), said)

    def test_manual(self):
        for name in subcommands():
            with self.subTest(name=name):
                page = pathlib.Path(SOURCE, "docs/man", f"sunpath-{name}.1.scd.in").read_text(encoding="utf-8")
                entries = "\n".join(line for line in page.splitlines() if line.startswith("*--"))
                said = set(self.OPTION.findall(output(SUNPATH, "help", name))) - {"--help"}
                self.assertEqual(set(self.OPTION.findall(entries)) - {"--help"}, said)


if __name__ == "__main__":
    *_, SUNPATH, BASH_FILE, ZSH_FILE, SOURCE = map(os.path.abspath, sys.argv)
    result = unittest.main(argv=sys.argv[:1], exit=False).result
    for _, reason in result.skipped:
        print(reason)
    sys.exit((SKIPPED if result.skipped else 0) if result.wasSuccessful() else 1)
