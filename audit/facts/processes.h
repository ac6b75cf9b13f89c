/* SPDX-License-Identifier: MIT */
/* Every process that /proc shows. */
#ifndef AUDIT_FACTS_PROCESSES_H
#define AUDIT_FACTS_PROCESSES_H

#include <stdbool.h>
#include <sys/types.h>

/** processes_each() - @process is a descriptor of its directory; false if /proc cannot be read */
bool processes_each(void (*each)(int process, pid_t pid, void *arg), void *arg);

#endif
