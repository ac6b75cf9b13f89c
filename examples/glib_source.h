/* SPDX-License-Identifier: MIT */
/*
 * A socket or server as a GSource: its descriptor and its deadline.
 *
 *     struct object_source *source = object_source_new(advance, user);
 *     object_source_arm(source, fd, interest, deadline);
 *
 * advance() is called with what sp_*_process() wants to hear. Arm again whenever the object has
 * been used; with fd -1 when it has none any more. GLib cannot ask for POLLRDHUP, so readable means
 * SP_IO_READ, never SP_IO_DATA.
 */
#ifndef EXAMPLES_GLIB_SOURCE_H
#define EXAMPLES_GLIB_SOURCE_H

#include <sunpath/sunpath.h>

#include <glib.h>

struct object_source;

/** object_source_new() - attached to the default main context. */
struct object_source *object_source_new(void (*advance)(void *user, unsigned ready), void *user);
void object_source_arm(struct object_source *source, int fd, unsigned interest, uint64_t deadline);
void object_source_free(struct object_source *source);

#endif
