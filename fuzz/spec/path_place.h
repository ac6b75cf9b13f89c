/* SPDX-License-Identifier: MIT */
/*
 * Where a path leads, and whether it may be trusted: what sunpath/server.h and sunpath/trust.h say,
 * worked out over the simulated file system by names alone.
 *
 * The library holds descriptors and never uses a name twice; this goes the other way: it keeps the
 * real path of the directory reached, as text without links, and asks for everything by that. It
 * looks as nobody and changes nothing. What the library may pass is a question of its own, answered
 * for the user that it runs as.
 *
 * It is right while nothing else happens: between two calls of the library, not within one.
 */
#ifndef FUZZ_PATH_PLACE_H
#define FUZZ_PATH_PLACE_H

#include "sim/actor.h"

#include <sunpath/error.h>
#include <sunpath/trust.h>

/* Real paths and what is still to be walked; a program that needs more is not judged. */
#define PLACE_TEXT_MAX 2048

/**
 * struct place - the directory that holds the last component of a path
 * @error: SP_OK: it was reached, and the rest counts; else why not, and @cause
 * @is_known: false: too long to be followed here, and nothing else counts
 */
struct place {
    bool is_known;
    enum sp_error error;
    enum sp_cause cause;
    char dir[PLACE_TEXT_MAX]; /* "" is the root */
    size_t dir_length;
    struct sp_os_stat stat; /* of it */
    char leaf[256];
};

/**
 * place_find() - walk to the directory of @path
 * @looker: root, who sees everything
 * @uid: who walks, in the group of the same number
 */
void place_find(struct sim_actor *looker, uint32_t uid, const char *path, enum sp_trust trust,
                struct place *ret);

/* Bits of permission, for place_may(). */
enum { PLACE_SEARCH = 1, PLACE_WRITE = 2, PLACE_READ = 4 };
/** place_may() - whether user @uid, in the group of the same number, has all of @bits */
bool place_may(const struct sp_os_stat *node, uint32_t uid, unsigned bits);

/** place_look() - the entry @prefix@name@suffix in the directory; -errno */
int place_look(struct sim_actor *looker, const struct place *place, const char *prefix,
               const char *suffix, struct sp_os_stat *ret);
/** place_path() - its path; NULL if it is too long */
const char *place_path(const struct place *place, const char *prefix, const char *suffix);

/** place_same() - whether two looks saw one node, as far as its number tells */
bool place_same(const struct sp_os_stat *a, const struct sp_os_stat *b);

#endif
