/* SPDX-License-Identifier: MIT */
/*
 * Steps: the process: its ids, its mask and its limit. See step.h; the list is at the end.
 */
#include "step.h"

static void do_umask(struct beside_step *step)
{
    beside_done(step, step->side->beside->umask(step->side->who, beside_value(step, 1)));
}

static void do_limit(struct beside_step *step)
{
    beside_done(step, step->side->beside->limit(step->side->who, beside_value(step, 1)));
}

static uint32_t id_word(const struct beside_step *step, size_t word, bool group)
{
    for (size_t i = 0; i < CAST_SIZE; i++)
        if (beside_is(step, word, cast_names[i]))
            return group ? step->side->cast[i].gid : step->side->cast[i].uid;
    return beside_value(step, word);
}

/* ids user group [groups]: for good, so of root only */
static void do_ids(struct beside_step *step)
{
    uint32_t groups[TOKENS_MAX];
    size_t count = 0;

    for (size_t i = 3; i < step->count; i++)
        groups[count++] = id_word(step, i, true);
    beside_done(step, step->side->beside->ids(step->side->who, id_word(step, 1, false),
                                              id_word(step, 2, true), groups, count));
}

static void do_who(struct beside_step *step)
{
    beside_print_id(step, beside_os(step)->euid(beside_os(step)->ctx), false);
    beside_print(step, " ");
    beside_print_id(step, beside_os(step)->egid(beside_os(step)->ctx), true);
}

/* ---- the list ---- */

const struct operation_row process_operations[] = {
    {"umask", do_umask, 1, 1}, {"limit", do_limit, 1, 1}, {"ids", do_ids, 2, 18},
    {"who", do_who, 0, 0},     {NULL, NULL, 0, 0},
};
