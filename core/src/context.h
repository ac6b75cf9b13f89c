/* SPDX-License-Identifier: MIT */
#ifndef SP__CONTEXT_H
#define SP__CONTEXT_H

#include <sunpath/context.h>

struct sp_context {
    const struct sp_os *os;
    uint16_t base_length;
    char base[]; /* base_length bytes and a NUL */
};

#endif
