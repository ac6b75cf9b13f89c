/* SPDX-License-Identifier: MIT */
/* What the files of this folder share and nobody else needs. */
#ifndef FUZZ_WORLD_INTERNAL_H
#define FUZZ_WORLD_INTERNAL_H

#include "fuzz/world/world.h"

/* ---- seam.c ---- */

/** world_seam_make() - the seam that a side's library is given */
void world_seam_make(struct world_side *side);
/** world_trace() - counts a call of a side and tells the watch */
sim_trace world_trace;

/* ---- trace.c: called where there is somebody to tell, fuzz_watch.trace ---- */

void world_tell_call(const struct world *world, const struct sim_trace_entry *entry);
/** world_tell_event() - @object: 'c' for a socket, 's' for a server */
void world_tell_event(char object, unsigned slot, const struct sp_event *event);
void world_tell_outcome(const struct world_outcome *outcome);

/* ---- check.c ---- */

/** world_count_begin() - an operation begins: its calls are counted from here */
void world_count_begin(struct world *world);
/** world_patience_of() - how long the operation that begins may sleep */
struct world_patience world_patience_of(const struct operation *operation);
/** world_check_sleep() - a wait may sleep, but not past its own end, however often it is woken */
void world_check_sleep(struct world *world, uint64_t until);
/** world_check_step() - what must hold behind every operation */
void world_check_step(struct world *world, const struct operation *operation);
/** world_check_objects() - that every object is valid */
void world_check_objects(const struct world *world);
/** world_check_end() - what must be left of a world in which everything was freed: nothing */
void world_check_end(struct world *world);

#endif
