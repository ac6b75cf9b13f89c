/* SPDX-License-Identifier: MIT */
/* An interrupted call is made again, but not for ever: a storm of signals must not hold one call of
 * ours. */
#ifndef SP__RETRY_H
#define SP__RETRY_H

#include <sunpath/limits.h>

#include <errno.h>

/* Evaluates @call (a negative errno on failure) up to SP_EINTR_RETRIES times while it says -EINTR.
 */
#define SP__RETRY(call)                                                   \
    ({                                                                    \
        __typeof__(call) sp__result;                                      \
        unsigned sp__tries = 0;                                           \
        do {                                                              \
            sp__result = (call);                                          \
        } while (sp__result == -EINTR && ++sp__tries < SP_EINTR_RETRIES); \
        sp__result;                                                       \
    })

#endif
