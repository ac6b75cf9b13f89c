/* SPDX-License-Identifier: MIT */
/*
 * What an object must do for the dispatch helper.
 *
 * An object points to the innermost dispatch call that is delivering its events, NULL when none is;
 * the calls are linked outwards. A dispatch call lives on the stack, the object may not survive it:
 * so the one that ends first tells the other. The call takes itself off the object when it returns;
 * the object marks all its calls when it is freed.
 */
#ifndef SP__DISPATCH_H
#define SP__DISPATCH_H

#include <stdbool.h>

struct sp__dispatch {
    struct sp__dispatch *outer; /* the call in whose handler this one was made */
    unsigned depth;
    bool gone; /* the object has been freed */
};

/** sp__dispatch_gone() - the object is being freed; @innermost may be NULL. */
void sp__dispatch_gone(struct sp__dispatch *innermost);

#endif
