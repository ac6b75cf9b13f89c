/* SPDX-License-Identifier: MIT */
/* Who can do what to a path: see verdict.h. */
#include "audit/rules/verdict.h"

#include <sys/stat.h>

static enum answer least(enum answer a, enum answer b)
{
    return a < b ? a : b;
}

static enum answer greatest(enum answer a, enum answer b)
{
    return a > b ? a : b;
}

/* Every directory in which the walk looked something up must let him search. */
static enum answer walks(const struct path_facts *facts, const struct identity *who)
{
    enum answer answer = YES;

    for (size_t i = 1; i < facts->count; i++) {
        const struct path_step *step = &facts->steps[i];
        const struct node *directory = &facts->steps[step->directory].node;

        answer = least(answer, node_allows(directory, who, MAY_SEARCH));
        /* The rule about links in shared directories looks at the last link only. */
        if (S_ISLNK(step->node.mode) && step->last && facts->protects_links != NO &&
            node_can_follow(directory, &step->node, who) == NO)
            answer = least(answer, facts->protects_links == YES ? NO : UNKNOWN);
    }
    return answer;
}

/* Comes to the directory of a step by names alone, changing modes where he may. */
static enum answer reaches(const struct path_facts *facts, size_t directory,
                           const struct identity *who)
{
    enum answer answer = YES;
    size_t at = facts->steps[directory].same;

    while (at != 0) {
        at = facts->steps[facts->steps[at].directory].same;
        answer = least(answer, node_yields(&facts->steps[at].node, who, MAY_SEARCH));
    }
    return answer;
}

enum answer verdict_replace_at(const struct path_facts *facts, size_t step,
                               const struct identity *who)
{
    const struct path_step *on = &facts->steps[step];

    /* "." and ".." are no names of their own: the step that came first to the place has one. */
    if (step == 0 || on->same != step)
        return NO;
    return least(reaches(facts, on->directory, who),
                 node_can_remove(&facts->steps[on->directory].node, &on->node, who));
}

static enum answer replaces(const struct path_facts *facts, const struct identity *who)
{
    enum answer answer = NO;

    for (size_t i = 1; i < facts->count; i++)
        answer = greatest(answer, verdict_replace_at(facts, i, who));
    return answer;
}

static enum answer creates(const struct path_facts *facts, const struct identity *who)
{
    size_t directory = path_end_step(facts)->directory;

    if (facts->end == PATH_UNREADABLE)
        return UNKNOWN;
    if (facts->end == PATH_MISSING)
        directory = facts->steps[facts->count].directory;
    return least(reaches(facts, directory, who),
                 node_can_create(&facts->steps[directory].node, who));
}

enum answer verdict(const struct path_facts *facts, enum deed deed, const struct identity *who)
{
    switch (deed) {
    case DEED_CONNECT:
        if (facts->end == PATH_UNREADABLE)
            return UNKNOWN;
        if (!path_is_socket(facts))
            return NO;
        return least(walks(facts, who), node_allows(&path_end_step(facts)->node, who, MAY_WRITE));
    case DEED_REPLACE:
        /* What cannot be seen may be replaceable, what can be seen is. */
        return greatest(replaces(facts, who), facts->end == PATH_UNREADABLE ? UNKNOWN : NO);
    case DEED_CREATE:
        break;
    }
    return creates(facts, who);
}

/* ---- classes ---- */

#define NAMED_MAX 24

struct named {
    uint32_t ids[NAMED_MAX];
    size_t count;
    bool more;
};

static void name_one(struct named *named, uint32_t id)
{
    for (size_t i = 0; i < named->count; i++)
        if (named->ids[i] == id)
            return;
    if (named->count < NAMED_MAX)
        named->ids[named->count++] = id;
    else
        named->more = true;
}

/* Every user but root, and every group, that an owner or an entry of a list names. */
static void collect(const struct path_facts *facts, struct named *users, struct named *groups)
{
    for (size_t i = 0; i < facts->count; i++) {
        const struct node *node = &facts->steps[i].node;

        if (node->uid != 0)
            name_one(users, node->uid);
        name_one(groups, node->gid);
        for (size_t j = 0; j < node->acl.count; j++) {
            const struct acl_entry *entry = &node->acl.entries[j];

            if (entry->tag == ACL_USER && entry->id != 0)
                name_one(users, entry->id);
            if (entry->tag == ACL_GROUP)
                name_one(groups, entry->id);
        }
    }
}

static uint32_t nobody_of(const struct named *users)
{
    uint32_t uid = UINT32_MAX - 1;

    for (size_t i = 0; i < users->count; i++)
        if (users->ids[i] == uid) {
            uid--;
            i = (size_t)-1;
        }
    return uid;
}

struct question {
    const struct path_facts *facts;
    enum deed deed;
    size_t step;
    uint32_t nobody;
    struct audience *ret;
};

static enum answer ask(const struct question *question, struct who who)
{
    struct identity one = {.uid = question->nobody};

    if (who.kind == WHO_USER || who.kind == WHO_USER_IN_GROUP)
        one.uid = who.id;
    if (who.kind == WHO_GROUP || who.kind == WHO_GROUPS)
        one.gids[one.count++] = who.id;
    if (who.kind == WHO_GROUPS || who.kind == WHO_USER_IN_GROUP)
        one.gids[one.count++] = who.other;
    if (question->step != 0)
        return verdict_replace_at(question->facts, question->step, &one);
    return verdict(question->facts, question->deed, &one);
}

static void add(struct audience *ret, struct who who, bool refused)
{
    size_t *count = refused ? &ret->refused_count : &ret->count;

    if (*count < AUDIENCE_MAX)
        (refused ? ret->refused : ret->who)[(*count)++] = who;
    else if (ret->answer == NO)
        ret->answer = UNKNOWN;
}

/* Asks for one class; true when it can. */
static bool weigh(const struct question *question, struct who who, bool expected)
{
    const enum answer answer = ask(question, who);

    if (answer == UNKNOWN) {
        question->ret->answer = UNKNOWN;
        return expected;
    }
    if ((answer == YES) != expected)
        add(question->ret, who, expected);
    return answer == YES;
}

void audience_of(struct audience *ret, const struct path_facts *facts, enum deed deed, size_t step)
{
    struct named users = {.count = 0};
    struct named groups = {.count = 0};
    struct question question = {.facts = facts, .deed = deed, .step = step, .ret = ret};
    bool user_can[NAMED_MAX];
    bool group_can[NAMED_MAX];
    bool anybody;

    ret->answer = NO;
    ret->count = 0;
    ret->refused_count = 0;
    collect(facts, &users, &groups);
    if (users.more || groups.more)
        ret->answer = UNKNOWN;
    question.nobody = nobody_of(&users);

    anybody = weigh(&question, (struct who){.kind = WHO_ANYBODY}, false);
    for (size_t i = 0; i < users.count; i++)
        user_can[i] = weigh(&question, (struct who){.kind = WHO_USER, .id = users.ids[i]}, anybody);
    for (size_t i = 0; i < groups.count; i++)
        group_can[i] =
            weigh(&question, (struct who){.kind = WHO_GROUP, .id = groups.ids[i]}, anybody);
    /* Pairs, where neither half says the same already. */
    for (size_t i = 0; i < groups.count; i++) {
        for (size_t j = i + 1; j < groups.count; j++)
            if (group_can[i] == anybody && group_can[j] == anybody)
                (void)weigh(&question, (struct who){WHO_GROUPS, groups.ids[i], groups.ids[j]},
                            anybody);
        for (size_t j = 0; j < users.count; j++)
            if (group_can[i] == anybody && user_can[j] == anybody)
                (void)weigh(&question, (struct who){WHO_USER_IN_GROUP, users.ids[j], groups.ids[i]},
                            anybody);
    }
    if (ret->answer == NO && ret->count > 0)
        ret->answer = YES;
}

bool audience_has_anybody(const struct audience *audience)
{
    return audience->count > 0 && audience->who[0].kind == WHO_ANYBODY;
}

bool audience_may_have(const struct audience *audience, uint32_t uid)
{
    if (audience->answer == UNKNOWN || audience_has_anybody(audience))
        return true;
    for (size_t i = 0; i < audience->count; i++) {
        const struct who *who = &audience->who[i];

        if (who->kind == WHO_GROUP || who->kind == WHO_GROUPS || who->id == uid)
            return true;
    }
    return false;
}
