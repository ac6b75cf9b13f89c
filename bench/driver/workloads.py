# SPDX-License-Identifier: MIT
"""What is measured: one row per workload.

A throughput workload runs a client role against a server role and takes the rate of one of the two;
the memory workload counts bytes. What the roles do is written in peers/roles.h.
"""

import dataclasses

MICROSECOND = 1e-6


@dataclasses.dataclass(frozen=True)
class Unit:
    """How a rate (operations a second) is shown."""

    name: str
    show: callable


ROUND_TRIP = Unit("us/trip", lambda rate: f"{1 / rate / MICROSECOND:.2f}")
CONNECTION = Unit("us/conn", lambda rate: f"{1 / rate / MICROSECOND:.2f}")
BYTES = Unit("MB/s", lambda rate: f"{rate / 1e6:.0f}")


@dataclasses.dataclass(frozen=True)
class Throughput:
    name: str
    text: str
    server: str  # role
    client: str  # role
    meter: str   # "server" or "client": whose operations count
    unit: Unit
    target: float | None  # library / raw on one core; None: it only explains another one
    connections: int = 1
    size: int = 64
    starts: int = 1  # times as often: of one whose rate depends on where its memory happens to lie


@dataclasses.dataclass(frozen=True)
class Memory:
    name: str
    text: str
    target: int  # bytes per connection and side
    connections: int = 5000
    size: int = 16 * 1024  # of the larger message that "use" moves


WORKLOADS = (
    Throughput("pingpong", "64 bytes there and back", "echo", "pingpong", "client",
               ROUND_TRIP, 0.95),
    Throughput("stream-64k", "one way, writes of 64 KiB", "sink", "stream", "server",
               BYTES, 0.95, size=64 * 1024),
    Throughput("stream-256", "one way, writes of 256 bytes", "sink", "stream", "server",
               BYTES, 25, size=256),
    Throughput("connect", "connect, a byte each way, close", "echo", "churn", "client",
               CONNECTION, 0.95),
    Throughput("connect-asking", "the same against code that also asks who is serving", "echo",
               "churn-asking", "client", CONNECTION, None),
    Throughput("pingpong-1000", "64 bytes there and back on 1,000 connections, all active",
               "echo", "pingpong", "client", ROUND_TRIP, 0.92, connections=1000,
               starts=4),
    Memory("memory", "resident bytes per idle connection, 5,000 of them", 256),
)
