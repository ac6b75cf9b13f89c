/* SPDX-License-Identifier: MIT */
/*
 * Who can do what to a path: facts in, answers out. Pure.
 *
 * Connecting is judged as the kernel would now. Replacing and creating are judged with what a user
 * can do first: change the mode of directories that are his.
 *
 * Tests: tests/integration/test_audit_path.c, which asks the kernel the same.
 */
#ifndef AUDIT_RULES_VERDICT_H
#define AUDIT_RULES_VERDICT_H

#include "audit/facts/path.h"

enum deed {
    DEED_CONNECT, /* open a connection to the socket that is there */
    DEED_REPLACE, /* remove or rename it, or any name on the way to it */
    DEED_CREATE,  /* put something there whenever the last name is missing */
};
#define DEEDS 3

/** verdict() - can @who do it? */
enum answer verdict(const struct path_facts *facts, enum deed deed, const struct identity *who);

/** verdict_replace_at() - can @who remove or rename the name of this one step? */
enum answer verdict_replace_at(const struct path_facts *facts, size_t step,
                               const struct identity *who);

/* A class of users, told apart by what the facts name: everybody else is alike. */
enum who_kind {
    WHO_ANYBODY, /* a user who owns nothing here and is in none of the groups */
    WHO_USER,    /* this user, in none of the groups */
    WHO_GROUP,   /* somebody in this group */
    WHO_GROUPS,  /* somebody in both groups, where one is not enough */
    WHO_USER_IN_GROUP,
};

struct who {
    enum who_kind kind;
    uint32_t id;
    uint32_t other; /* the second group, the user's group */
};

#define AUDIENCE_MAX 128

/**
 * struct audience - every class that can, root apart
 *
 * Where anybody can, only he is listed, and after him who of the named ones cannot.
 */
struct audience {
    enum answer answer; /* of the whole: UNKNOWN when a class is left out for want of facts or room
                         */
    size_t count;
    struct who who[AUDIENCE_MAX];
    size_t refused_count;
    struct who refused[AUDIENCE_MAX];
};

/** audience_of() - who can; @step of DEED_REPLACE is one step, or 0 for all of them */
void audience_of(struct audience *ret, const struct path_facts *facts, enum deed deed, size_t step);

/** audience_has_anybody() */
bool audience_has_anybody(const struct audience *audience);

/** audience_may_have() - false only if this user is not among them, in whatever groups he is */
bool audience_may_have(const struct audience *audience, uint32_t uid);

#endif
