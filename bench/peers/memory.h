/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stdint.h>

/** bench_resident_bytes() - pages of this process that are in memory now, of every kind: heap,
 * stacks, data, program text. What the kernel holds for the process is not among them. */
uint64_t bench_resident_bytes(void);

#endif
