/* SPDX-License-Identifier: MIT */
/*
 * The table of rules: what is looked for, why it matters, what to do.
 *
 * One more rule is one more row in rules.c, with a function in the file of the facts it needs that
 * goes from facts to findings and does nothing else. Ids are never used again for something else.
 */
#ifndef AUDIT_RULES_RULE_H
#define AUDIT_RULES_RULE_H

#include "audit/facts/holders.h"
#include "audit/facts/listeners.h"
#include "audit/facts/names.h"
#include "audit/facts/units.h"
#include "audit/rules/verdict.h"

enum severity { SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH };

/* What a rule looks at. */
enum fact_kind {
    FACTS_PATH,   /* the way to one socket, and what is bound to it */
    FACTS_SOCKET, /* a listening socket of the running system, with or without a path */
    FACTS_RUN,    /* what a watched program did with one socket */
    FACTS_UNIT,   /* a path at which a systemd .socket unit listens */
};

struct run_subject;

/**
 * struct place - everything about one path, or about one listening socket, that a rule may ask
 *
 * Of a path of a unit .unit and .listen are set, and the way ends as if the unit had been started
 * now; .unit_found is the file that is there instead, or NULL.
 *
 * Of a socket of the running system .bound, .holders, .connected and .twin are set as well; of an
 * abstract name .path is NULL. Of a watched program only .run is set.
 */
struct place {
    const struct run_subject *run; /* see run_rules.h */
    const struct path_facts *path;
    enum service service;
    const struct bound_socket *bound; /* see service_at() */
    bool of_system;                   /* .bound is what the audit is about */
    const struct holder *holders;     /* processes that have it open */
    size_t holders_count;
    const struct connected *connected; /* who is connected to it, a row for each user */
    size_t connected_count;
    const struct bound_socket *twin; /* a listener whose name looks the same, or NULL */
    const struct identity *asked;    /* about whom in particular, or NULL */
    const struct names *beside;      /* what it may be mistaken for, or NULL: beside it, */
    const struct names *others;      /* and what else is audited */
    const struct known_unit *unit;
    const struct unit_listen *listen;
    const struct node *unit_found;
    struct audience audiences[DEEDS];
};

struct rule;

struct finding {
    const struct rule *rule;
    enum severity severity; /* the rule's, unless a policy says otherwise */
    const char *allowed;    /* why a policy allows it, NULL if none does */
    const char *state;      /* "new", "unchanged"; NULL when there is nothing to compare with */
    char *text;             /* who and how, in one sentence; names escaped */
};

#define FINDINGS_MAX 64

struct findings {
    size_t count;
    struct finding all[FINDINGS_MAX];
};

struct rule {
    const char *id;
    const char *title;
    enum severity severity;
    unsigned cwe;
    enum fact_kind facts;
    const char *rationale;
    const char *remedy;
    const char *references;
    void (*check)(const struct rule *rule, const struct place *place, struct findings *ret);
};

/** place_name() - how the place is called, escaped: a path, or an abstract name behind '@' */
#define PLACE_NAME_MAX (4 * PATH_MAX + 2)
const char *place_name(const struct place *place, char ret[PLACE_NAME_MAX]);
/** place_bytes() - the bytes of the name; an abstract one begins with a NUL, as in an address */
#define PLACE_BYTES_MAX (PATH_MAX + 1)
size_t place_bytes(const struct place *place, char ret[PLACE_BYTES_MAX]);
/** place_can() - whether it makes sense to ask who can do this here */
bool place_can(const struct place *place, enum deed deed);
/** place_owner() - of the file, or where there is none of the socket */
uint32_t place_owner(const struct place *place);

extern const struct rule rules[];
extern const size_t rules_count;

/** rule_find() - by id; NULL when there is none */
const struct rule *rule_find(const char *id);

const char *severity_name(enum severity severity);
/** severity_parse() - false when there is no such name */
bool severity_parse(enum severity *ret, const char *name);

/** place_judge() - the audiences of a place, whose other members are set */
void place_judge(struct place *place);

/** findings_of() - every rule over one place, the worst first */
void findings_of(struct findings *ret, const struct place *place);
void findings_free(struct findings *findings);

/** finding_add() - a rule's function says what it found */
void finding_add(struct findings *ret, const struct rule *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
