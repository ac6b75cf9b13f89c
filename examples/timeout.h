/* SPDX-License-Identifier: MIT */
/* A deadline as poll() and its like want it. */
#ifndef EXAMPLES_TIMEOUT_H
#define EXAMPLES_TIMEOUT_H

#include <sunpath/context.h>

/** timeout_ms() - milliseconds from now, -1 for none. */
static inline int timeout_ms(const struct sp_context *context, uint64_t deadline)
{
    const struct sp_os *os = sp_context_os(context);
    uint64_t now = os->now_ns(os->ctx);

    if (deadline == SP_NEVER)
        return -1;
    /* Rounded up: woken too early there is nothing to do, and the loop would spin till then. */
    return deadline > now ? (int)((deadline - now + 999999) / 1000000) : 0;
}

#endif
