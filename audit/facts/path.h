/* SPDX-License-Identifier: MIT */
/*
 * What is at a path: every lookup on the way from the root, one step each.
 *
 * Each component is opened with O_PATH and O_NOFOLLOW in the directory before it, and looked at
 * through that descriptor: nothing is looked up twice, nothing is read, no access time changes.
 * Links are followed here, component by component, as connect() would.
 *
 * Tests: tests/integration/test_audit_path.c
 */
#ifndef AUDIT_FACTS_PATH_H
#define AUDIT_FACTS_PATH_H

#include "audit/facts/node.h"

#include <limits.h>

#define PATH_STEPS_MAX 256
/* Links on one path before the kernel gives up. */
#define PATH_LINKS_MAX 40

struct path_step {
    struct node node;
    size_t directory; /* the step whose directory this name was looked up in; of the root: 0 */
    /* The step that first came to the same directory by its name: this one, except for "..". */
    size_t same;
    bool last; /* no component came after it */
    size_t length;
    char name[NAME_MAX + 1];
};

enum path_end {
    PATH_FOUND,      /* the last step is what connect() would come to */
    PATH_MISSING,    /* the next name is not there; the last step is the directory */
    PATH_UNREADABLE, /* .error says why */
};

struct path_facts {
    size_t length;
    char path[PATH_MAX];

    enum path_end end;
    int error;
    size_t missing_length; /* PATH_MISSING: the name that is not there, */
    char missing[NAME_MAX + 1];
    bool missing_last; /* and whether it is the last one: then it can be bound */

    enum answer protects_links; /* fs.protected_symlinks */
    struct acl inherited;       /* of a missing last name: the default list of its directory */
    bool planned;               /* the last step is a socket that does not exist yet */
    size_t count;
    struct path_step steps[PATH_STEPS_MAX];
};

/** path_read() - false when @path is not absolute or longer than any path can be */
bool path_read(struct path_facts *ret, const char *path);

/** path_read_in() - the same as a process sees it whose root directory is @root: /proc/PID/root */
bool path_read_in(struct path_facts *ret, const char *root, const char *path);

/**
 * path_plan() - as if the missing last name were there
 * @uid, @gid, @mode: what it would be, bind() and umask done
 *
 * The group is the directory's where that has its set-group-id bit, and the access control list
 * comes from the directory's default one. False if the path does not end
 * at a missing last name.
 */
bool path_plan(struct path_facts *facts, uint32_t uid, uint32_t gid, uint32_t mode);

/** path_is_socket() */
bool path_is_socket(const struct path_facts *facts);

/** path_end_step() - the last step */
static inline const struct path_step *path_end_step(const struct path_facts *facts)
{
    return &facts->steps[facts->count - 1];
}

/**
 * path_step_name() - how to reach a step by names alone, links already followed
 *
 * Return: its length; @ret has a terminator.
 */
size_t path_step_name(const struct path_facts *facts, size_t step, char ret[PATH_MAX]);

#endif
