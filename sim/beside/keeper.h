/* SPDX-License-Identifier: MIT */
/*
 * Takes care that a temporary directory does not outlive its process: not when an engine ends that
 * for being too slow or too large, not when a check fails, not when somebody kills it.
 *
 * A child waits for the process to be gone and then removes the directory. It holds nothing else,
 * and nothing that is sent to the process group reaches it.
 */
#ifndef SIM_BESIDE_KEEPER_H
#define SIM_BESIDE_KEEPER_H

#include "tests/support/tempdir.h"

void keeper_start(const struct tempdir *directory);

#endif
