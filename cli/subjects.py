# SPDX-License-Identifier: MIT
"""Programs that play inputs on a subject: fuzz/subjects/README.md.

A subject is named, or is a file of the user's. Either is built when it is asked for, so all but `core`
want the folder in which sunpath was built.
"""

import pathlib
import subprocess

from inputs import PARTS, Unusable, driver

BUILD = PARTS.parents[1]
# What is played on a subject: inputs of this target.
TARGET = "subject"


def _run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Unusable(f"{' '.join(map(str, command))} failed:\n{done.stdout[-2000:].rstrip()}")


def replay_program(subject):
    """The program that plays inputs on a subject; @subject is a name, or the path of a file."""
    if subject == "core":
        return driver(TARGET)
    if not (BUILD / "CMakeCache.txt").exists():
        raise Unusable(f"{subject}: only the subject core is installed; use the sunpath of a build "
                       "folder, which can build others")
    file = pathlib.Path(subject)
    if file.suffix:
        if not file.is_file():
            raise Unusable(f"{subject}: no such file")
        _run("cmake", f"-DSUNPATH_SUBJECT={file.absolute()}", BUILD)
    program = f"replay_subject_{file.stem}"
    _run("cmake", "--build", BUILD, "--target", program)
    return BUILD / "fuzz" / program
