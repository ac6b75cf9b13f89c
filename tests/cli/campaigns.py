# SPDX-License-Identifier: MIT
"""Records of campaigns that never were, for the tests of the report."""

import math
from fuzz import record

STACK = """\
==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x6020 at pc 0x55d0
WRITE of size 1 at 0x6020 thread T0
    #0 0x55d0 in sp__queue_write core/src/queue.c:120:9
    #1 0x55d1 in LLVMFuzzerTestOneInput fuzz/targets/fuzz_buffer.c:310:5
"""
PROGRAM = "limit 12\nwrite 4096 from 3\nread 5\n"

# What a name, an input or a crash may say to become part of the page.
FORGERIES = ("</title><script>document.title = 'forged'</script>", "<img src=x onerror=alert(1)>",
             "\"'><svg onload=alert(1)>", "</style></pre></details><h1>forged</h1>", "<!-- ", "]]>",
             "&lt;script&gt;", "\x1b[31m\x00\r\u202egnp.\u2028\udc80", "javascript:alert(1)",
             "https://example.org/", "$data0 << END\nEND\nset output '/tmp/forged'\n`touch forged`",
             "w" * 400)


def growing(target, seconds, step=2):
    """Samples of two engines, as campaigns have them."""
    for t in range(1, seconds + 1, step):
        share = 1 - math.exp(-t / 90)
        yield record.Sample(float(t), target, "libFuzzer", 100_000 * t, 100_000 + 5000 * (t % 3),
                            int(100 + 65 * share), int(180 + 220 * share))
        yield record.Sample(float(t), target, "AFL++", 9000 * t, 9000 + 900 * (t % 5),
                            int(90 + 70 * share), int(200 + 279 * share))


def engines():
    return [record.Engine("libFuzzer", 60_000_000, 105_000, 165, 400, 1, "", 2),
            record.Engine("AFL++", 5_400_000, 9900, 160, 479, 0, "100.00%", 2)]


def crash(summary="heap-buffer-overflow in sp__queue_write (core/src/queue.c:120)"):
    return record.Crash(summary, ["libFuzzer", "AFL++"], "buffer/crashes/buffer-1", 37,
                        "build/fuzz/fuzz/fuzz_buffer build/campaign/buffer/crashes/buffer-1",
                        PROGRAM, STACK)


def usual(out, seconds=600, state=record.FINISHED):
    """Three targets, one crash."""
    targets = [record.Target("address", engines(), [], 12), record.Target("buffer", engines(), [crash()], 3),
               record.Target("server", engines())]
    for target in targets:
        record.add(out, growing(target.name, seconds))
    record.save(out, record.Campaign(state, 1.7e9, 1.7e9 + 3 * seconds, 3.0 * seconds, 3.0 * seconds,
                                     "sunpath fuzz address buffer server --time 30m",
                                     ["worker 2 of AFL++ ended, and was started again"], targets))


def hostile(out):
    """Every text in the record says each of FORGERIES."""
    targets = []
    for text in FORGERIES:
        made = record.Crash(text, [text], text, 1, text, text, text)
        targets.append(record.Target(text, [record.Engine(text, stability=text)], [made]))
        record.add(out, [record.Sample(float(t), text, text, t, t, t, t) for t in range(3)])
    record.save(out, record.Campaign(record.RUNNING, command=" ".join(FORGERIES), notes=list(FORGERIES),
                                     targets=targets))
