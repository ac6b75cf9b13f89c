# SPDX-License-Identifier: MIT
"""What a person reads, line by line as it is measured."""

from workloads import Memory

_ROW = "{:14} {:5}  {:>9} {:>9} {:8} {:>24}  {:>24}  {:>8}"


def _spread(spread):
    return f"{spread.median:.3f} [{spread.low:.3f}..{spread.high:.3f}]"


def head():
    print(_ROW.format("workload", "cores", "raw", "library", "", "ratio (time)",
                      "ratio (processor time)", "target"), flush=True)


def throughput(workload, cores, result):
    unit = workload.unit
    has_target = cores == 1 and workload.target is not None
    print(_ROW.format(workload.name, cores, unit.show(result.raw.median),
                      unit.show(result.library.median), unit.name, _spread(result.ratio),
                      _spread(result.cpu_ratio), f">= {workload.target}" if has_target else ""),
          flush=True)


def memory(workload, result):
    for when, sides in (("", result.unused), (", used", result.used)):
        for side, who in sides.items():
            raw, library = who["raw"], who["library"]
            print(f"{workload.name + when:14} {side:6} {raw.median:9.0f} {library.median:9.0f} "
                  f"bytes    {f'library [{library.low:.0f}..{library.high:.0f}]':>24}  {'':24}  "
                  f"{f'<= {workload.target}':>8}", flush=True)


def syscalls(workload, counts):
    for who, calls in counts.items():
        print(f"{workload.name:14} {who:8} {calls.total():7.3f} per operation")
        for side, names in calls.sides.items():
            each = ", ".join(f"{name} {number:g}" for name, number in sorted(names.items()))
            print(f"{'':14} {side:8} {sum(names.values()):7.3f}   {each}", flush=True)


def _target(workload):
    if workload.target is None:
        return ""
    if isinstance(workload, Memory):
        return f" (target: at most {workload.target} bytes)"
    return f" (target: at least {workload.target} of raw on one core)"


def explain(workloads):
    for workload in workloads:
        print(f"  {workload.name:14} {workload.text}{_target(workload)}")
