/* SPDX-License-Identifier: MIT */
/* Numbers of users: see users.h. */
#include "audit/facts/users.h"

#include "audit/facts/proc_text.h"

#include <stdio.h>

/* What the kernel writes where nothing else was set. */
#define OVERFLOW_USER 65534

uint32_t users_nobody(void)
{
    char map[4096];
    uint32_t nobody = OVERFLOW_USER;
    FILE *from = fopen("/proc/self/uid_map", "re");
    size_t length;

    if (from != NULL) {
        length = fread(map, 1, sizeof(map), from);
        (void)fclose(from);
        if (proc_text_maps_all(map, length))
            return UINT32_MAX;
    }
    from = fopen("/proc/sys/kernel/overflowuid", "re");
    if (from != NULL) {
        if (fscanf(from, "%u", &nobody) != 1)
            nobody = OVERFLOW_USER;
        (void)fclose(from);
    }
    return nobody;
}
