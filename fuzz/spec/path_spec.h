/* SPDX-License-Identifier: MIT */
/*
 * What the library may do to files, and what must come of asking it to: the oracle of fuzz_path,
 * and of fuzz_server where names are concerned. From sunpath/server.h, trust.h and os.h.
 *
 * Two halves. The first holds always, whatever fails and whoever interferes: every change that a
 * process of the library makes is told by the simulated kernel's witness and must be one to which
 * the call under way is entitled:
 *
 *   made      the socket of a listen, at its name, with the mode that was asked for; the lock file
 *             beside that name
 *   removed   the lock file; what this listen or this server made; a stale socket where taking over
 *             or removing was asked for; a live one only where that was said
 *   mode      of the socket just made, before anybody can connect
 *
 * and what it made is gone when the call has failed, or the server closed. The second half holds
 * when a call was not disturbed (no fault, no race, no table full): then result and cause are those
 * that the files as they were before lead to.
 *
 * What nobody can promise on Linux is excepted, and only that: a name that is given to another file
 * between the last look and the removal, and one that is given to another socket of our own user,
 * with no permission too many, between bind() and the first look after it.
 */
#ifndef FUZZ_PATH_SPEC_H
#define FUZZ_PATH_SPEC_H

#include "fuzz/spec/path_place.h"
#include "fuzz/world/world.h"

/* A socket file that a server made. */
struct path_made {
    bool exists;
    struct sp_os_stat node;
    struct sp_os_stat dir;
    char path[PLACE_TEXT_MAX]; /* when it was made */
    char leaf[256];
};

/* What must come of a call. */
struct path_verdict {
    bool is_known;
    int result;          /* enum sp_error */
    enum sp_cause cause; /* SP_CAUSE_OS: not compared */
};

/* What the library is doing, as far as it concerns files. */
enum path_work { PATH_NOTHING, PATH_LISTEN, PATH_CLOSE, PATH_REMOVE };

struct path_server {
    struct path_made made;
    unsigned access;
    uint8_t trust;
    bool take_over;
};

struct path_spec {
    struct world *world;
    bool linked; /* a second name was given to some file */
    struct path_server servers[OPERATION_SERVERS];

    /* The call under way. */
    enum path_work work;
    unsigned slot;
    bool is_placed; /* @place is that of the name */
    bool remove_alive;
    bool disturbed;           /* something came between: the verdict does not count */
    bool raced;               /* another actor did */
    bool raced_removal;       /* ... between the last look and the removal */
    bool raced_at_last;       /* ... after listen(): nothing was looked at since */
    bool clean_up_failed;     /* a call that takes away what was made was made to fail */
    bool identified;          /* the new socket was looked at after bind() */
    bool mistaken;            /* ... and another of our own user's stood there */
    bool listened;            /* listen() has been called */
    bool probed_stale;        /* connect() was refused */
    bool probe_lied;          /* ... by a fault */
    struct sp_os_stat probed; /* what was looked at last before that */
    struct sp_os_stat looked; /* what was looked at last */
    const struct operation *operation;
    char path[SP_PATH_MAX + 1]; /* the name, from the root */
    struct place place;
    struct path_verdict verdict;
    struct path_made made; /* by this call */
    struct path_made lock;
};

/** path_spec_begin() - before world_play() */
void path_spec_begin(struct path_spec *spec, struct world *world);
/* To be called from the members of the same names of a struct world_watch. */
void path_spec_before(struct path_spec *spec, const struct operation *operation);
void path_spec_after(struct path_spec *spec, const struct world_outcome *outcome);
void path_spec_call(struct path_spec *spec, const struct sim_trace_entry *entry);

/* ---- path_verdict.c ---- */

/** path_find() - the place of the name that the call under way is about, as things are now */
void path_find(struct path_spec *spec);
/** path_judge() - that, and the verdict */
void path_judge(struct path_spec *spec);

#endif
