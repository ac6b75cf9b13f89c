# SPDX-License-Identifier: MIT
"""What OSS-Fuzz asks of a build, as checks of what its script has left in $OUT.

Tests: ci/selftest (OssFuzz)
"""

import dataclasses
import os
import pathlib
import re
import subprocess
import tempfile
import zipfile

# What any Linux with glibc has: glibc itself needs libgcc_s to unwind. All else, C++ too, must be inside.
SYSTEM_LIBRARIES = re.compile(r"^(libc|libm|libdl|librt|libpthread|libresolv|libgcc_s|ld-linux-.*)\.so\.\d+$")
# Nobody: root could write into a folder that is read-only.
UNPRIVILEGED = 65534
# Of the engine, to find something from nothing; a target does hundreds of times more in that.
RUNS = 50000
AFL_SECONDS = 5
PATIENCE = 300

CLANG = {"CC": "clang-19", "CXX": "clang++-19", "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer"}
AFL = {"CC": "afl-clang-fast", "CXX": "afl-clang-fast++", "LIB_FUZZING_ENGINE": "/usr/lib/afl/libAFLDriver.a",
       "AFL_QUIET": "1"}
COMMON = "-O1 -fno-omit-frame-pointer -gline-tables-only"
SANITIZERS = {
    "address": "-fsanitize=address -fsanitize-address-use-after-scope",
    "undefined": "-fsanitize=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,"
                 "return,returns-nonnull-attribute,shift,signed-integer-overflow,unreachable,vla-bound "
                 "-fno-sanitize-recover=all",
    "memory": "-fsanitize=memory -fsanitize-memory-track-origins",
    "coverage": "-fprofile-instr-generate -fcoverage-mapping",
}


class CannotTry(Exception):
    """Nothing is known; the text says why."""


@dataclasses.dataclass(frozen=True)
class Build:
    """With MemorySanitizer Debian's C++ library cannot be inside: both define operator new. OSS-Fuzz
    brings one of its own that can."""

    engine: str
    sanitizer: str

    def environment(self):
        flags = f"{COMMON} {SANITIZERS[self.sanitizer]}"
        if self.engine == "libfuzzer":
            flags += " -fsanitize=fuzzer-no-link"
        return {**(CLANG if self.engine == "libfuzzer" else AFL), "CFLAGS": flags,
                "CXXFLAGS": flags + ("" if self.sanitizer == "memory" else " -static-libstdc++"), "SANITIZER": self.sanitizer,
                "FUZZING_ENGINE": self.engine, "ARCHITECTURE": "x86_64"}


# Coverage is measured with libFuzzer alone. MemorySanitizer wants AFL++'s driver instrumented too, and
# Debian's is not: it reports what the driver has read from the file.
BUILDS = [Build("libfuzzer", sanitizer) for sanitizer in SANITIZERS] + [
    Build("afl", sanitizer) for sanitizer in ("address", "undefined")]


def expected_targets(root):
    """The targets that must be there: all that do nothing on the machine they run on."""
    rows = (root / "fuzz" / "targets.list").read_text(encoding="utf-8").splitlines()
    names = [row.split("|")[0].strip() for row in rows if row and not row.startswith("#")]
    return [f"fuzz_{name}" for name in names if name not in ("canary", "empty", "fidelity", "subject")]


def run_script(build, root, folder):
    """Runs the script; the $OUT that it has filled."""
    source, out, work = (folder / name for name in ("src", "out", "work"))
    for each in (source, out, work):
        each.mkdir()
    (source / "sunpath").symlink_to(root)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **build.environment(),
                   "SRC": str(source), "OUT": str(out), "WORK": str(work)}
    log = folder / "build.log"
    with open(log, "wb") as stream:
        status = subprocess.run([root / "ci" / "oss-fuzz" / "build.sh"], cwd=folder, env=environment,
                                stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, check=False).returncode
    if status != 0:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise CannotTry(f"ci/oss-fuzz/build.sh ended with status {status}:\n{last}")
    return out


def make_read_only(folder):
    for path in [folder, *folder.iterdir()]:
        path.chmod(path.stat().st_mode & 0o555)


def make_writable(folder):
    folder.chmod(0o755)


def _run(command, cwd, environment=None):
    """(status, output) as an unprivileged user; by default in an empty environment."""
    more = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        done = subprocess.run(command, cwd=cwd, env=environment or {}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=PATIENCE, **more)
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode(errors="replace")
    except OSError as error:
        return None, str(error)
    return done.returncode, done.stdout.decode(errors="replace")


def _last(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def check_files(out, target):
    """What must lie beside a target."""
    found = []
    for name in (target, f"{target}_seed_corpus.zip", f"{target}.dict", f"{target}.options"):
        if not (out / name).is_file() or (out / name).stat().st_size == 0:
            found.append(f"{name} is missing or empty")
    return found


def check_links(program, allowed=()):
    """Which libraries it needs that not every system has."""
    status, text = _run(["readelf", "-d", program], "/", {"PATH": os.environ["PATH"]})
    if status != 0:
        return [f"readelf: {_last(text)}"]
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
    return [f"needs {name}, which is not inside" for name in needed
            if not SYSTEM_LIBRARIES.match(name) and name not in allowed]


def unpack_seeds(out, target, folder):
    seeds = folder / f"{target}-seeds"
    seeds.mkdir()
    with zipfile.ZipFile(out / f"{target}_seed_corpus.zip") as archive:
        archive.extractall(seeds)
    for path in [seeds, *seeds.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return seeds


def check_seeds(build, program, seeds, cwd):
    """No report on what is known to be good, in an empty environment."""
    files = sorted(path for path in seeds.rglob("*") if path.is_file())
    if not files:
        return ["the seed corpus is empty"]
    # The driver of AFL++ takes files; so does libFuzzer, but it would merge nothing from a folder.
    status, text = _run([program, *files], cwd)
    return [] if status == 0 else [f"its own seeds: status {status}: {_last(text)}"]


def _finds_with_libfuzzer(program, cwd):
    (cwd / "corpus").mkdir()
    (cwd / "corpus").chmod(0o777)
    environment = {"LLVM_PROFILE_FILE": str(cwd / "profraw")}
    status, text = _run([program, f"-runs={RUNS}", "-seed=1", "-artifact_prefix=./", "corpus"], cwd, environment)
    if status != 0:
        return [f"from nothing: status {status}: {_last(text)}"]
    edges = [int(number) for number in re.findall(r"cov: (\d+)", text)]
    if len(edges) < 2 or edges[-1] <= edges[0]:
        return ["finds nothing new from nothing: it is not instrumented"]
    return []


def _finds_with_afl(program, cwd):
    (cwd / "in").mkdir()
    (cwd / "in" / "seed").write_bytes(b"A")
    environment = {"PATH": os.environ["PATH"], "AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1",
                   "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1"}
    status, text = _run(["afl-fuzz", "-V", str(AFL_SECONDS), "-m", "none", "-i", "in", "-o", "out", "--", program],
                        cwd, environment)
    stats = cwd / "out" / "default" / "fuzzer_stats"
    if status != 0 or not stats.exists():
        return [f"afl-fuzz: status {status}: {_last(text)}"]
    values = dict(re.findall(r"^(\w+) +: (\S+)$", stats.read_text(), re.MULTILINE))
    if int(values["corpus_count"]) < 3:
        return ["finds nothing new from nothing: it is not instrumented"]
    return []


def check_finds(build, program, cwd):
    return (_finds_with_libfuzzer if build.engine == "libfuzzer" else _finds_with_afl)(program, cwd)


def check_counts(cwd):
    """A run of a coverage build leaves counters, of lines that were reached."""
    raw = cwd / "profraw"
    if not raw.exists():
        return ["it left no counters"]
    environment = {"PATH": os.environ["PATH"]}
    status, text = _run(["llvm-profdata-19", "merge", "-o", "merged", "profraw"], cwd, environment)
    if status == 0:
        status, text = _run(["llvm-profdata-19", "show", "merged"], cwd, environment)
    reached = re.search(r"Maximum function count: (\d+)", text)
    return [] if status == 0 and reached and int(reached[1]) > 0 else [f"its counters: {_last(text)}"]


def check_target(build, out, target, folder):
    """All that is wrong with a target, as texts."""
    found = check_files(out, target)
    if found:
        return found
    program = out / target
    found = check_links(program, ("libstdc++.so.6",) if build.sanitizer == "memory" else ())
    with tempfile.TemporaryDirectory(dir=folder) as cwd:
        cwd = pathlib.Path(cwd)
        cwd.chmod(0o777)
        found += check_seeds(build, program, unpack_seeds(out, target, folder), cwd)
        found += check_finds(build, program, cwd)
        if build.sanitizer == "coverage":
            found += check_counts(cwd)
    return found
