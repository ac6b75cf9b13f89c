# SPDX-License-Identifier: MIT
"""The measurements. Every one runs the two programs by turns, and compares neighbours only."""

import dataclasses
import time

from peers import BenchError, pair
from stats import Spread

PROGRAMS = {"raw": "bench_raw", "library": "bench_sunpath"}


@dataclasses.dataclass(frozen=True)
class Effort:
    """How long to measure. Warm-up and window in seconds."""

    rounds: int
    warm_up: float
    window: float


FULL = Effort(rounds=15, warm_up=0.15, window=0.6)
QUICK = Effort(rounds=5, warm_up=0.1, window=0.25)


@dataclasses.dataclass(frozen=True)
class Sample:
    rate: float      # operations a second
    cpu_rate: float  # operations a second of processor time, both processes together


@dataclasses.dataclass(frozen=True)
class ThroughputResult:
    raw: Spread
    library: Spread
    ratio: Spread      # of the rates of neighbours
    cpu_ratio: Spread  # the same in processor time: what other load disturbs least


@dataclasses.dataclass(frozen=True)
class MemoryResult:
    """Bytes per connection: {"server": {"raw": Spread, "library": Spread}, ...}"""

    unused: dict
    used: dict


def _numbers(answer):
    """'N wall NS cpu NS', after the word count"""
    count, _, wall, _, cpu = answer.split()
    return int(count), int(wall), int(cpu)


def _sample(program, workload, cores, effort):
    with pair(program, workload, cores) as (server, client):
        meter, other = (server, client) if workload.meter == "server" else (client, server)
        time.sleep(effort.warm_up)
        other.tell("b")
        meter.tell("b")
        time.sleep(effort.window)
        count, wall, cpu = _numbers(meter.ask("e", "count"))
        _, _, other_cpu = _numbers(other.ask("e", "count"))
    if count == 0:
        raise BenchError(f"{meter.name}: nothing was done in {effort.window} s")
    return Sample(count / wall * 1e9, count / (cpu + other_cpu) * 1e9)


def throughput(folder, workload, cores, effort):
    samples = {"raw": [], "library": []}
    for turn in range(effort.rounds * workload.starts):
        # Who goes first changes, so that a machine that gets slower or faster favours nobody.
        for who in ("raw", "library") if turn % 2 == 0 else ("library", "raw"):
            samples[who].append(_sample(folder / PROGRAMS[who], workload, cores, effort))
    pairs = list(zip(samples["raw"], samples["library"]))
    return ThroughputResult(
        raw=Spread.of(s.rate for s in samples["raw"]),
        library=Spread.of(s.rate for s in samples["library"]),
        ratio=Spread.of(library.rate / raw.rate for raw, library in pairs),
        cpu_ratio=Spread.of(library.cpu_rate / raw.cpu_rate for raw, library in pairs))


@dataclasses.dataclass(frozen=True)
class _Idle:
    """The roles of a memory workload, in the shape that pair() takes."""

    connections: int
    size: int
    server: str = "echo"
    client: str = "idle"


def _resident(server, client):
    return {"server": int(server.ask("m", "resident")), "client": int(client.ask("m", "resident"))}


def _growth(program, workload, cores):
    """Bytes per connection and side: (before use, after use)."""
    with pair(program, _Idle(workload.connections, workload.size), cores) as (server, client):
        # Asked twice: the first answer maps the program text that answering needs.
        _resident(server, client)
        before = _resident(server, client)
        client.ask("o", "opened")
        # The server may still have some to accept, and says nothing about it.
        time.sleep(0.5)
        opened = _resident(server, client)
        client.ask("u", "used")
        time.sleep(0.5)
        used = _resident(server, client)
    return tuple({side: (now[side] - before[side]) / workload.connections for side in before}
                 for now in (opened, used))


def memory(folder, workload, cores, effort):
    grown = {who: [_growth(folder / program, workload, cores) for _ in range(effort.rounds)]
             for who, program in PROGRAMS.items()}

    def spreads(when):
        return {side: {who: Spread.of(growth[when][side] for growth in grown[who])
                       for who in PROGRAMS}
                for side in ("server", "client")}

    return MemoryResult(unused=spreads(0), used=spreads(1))
