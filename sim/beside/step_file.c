/* SPDX-License-Identifier: MIT */
/*
 * Steps: files. See step.h; the list is at the end.
 *
 * Operations ending in _at and _dir go through the seam, relative to a handle; the others are
 * system calls with whole paths.
 */
#include "step.h"

#include <stdlib.h>
#include <string.h>

static const struct beside *beside_of(const struct beside_step *step)
{
    return step->side->beside;
}

/* What is not of the mode must not become the type. */
static uint32_t mode_word(const struct beside_step *step, size_t word)
{
    return beside_value(step, word) & 07777;
}

/* ---- whole paths ---- */

static void do_chdir(struct beside_step *step)
{
    beside_done(step, beside_of(step)->chdir(step->side->who, beside_text(step, 1)));
}

static void do_mkdir(struct beside_step *step)
{
    beside_done(step, beside_of(step)->mkdir(step->side->who, beside_text(step, 1),
                                             step->count > 2 ? mode_word(step, 2) : 0755));
}

static void do_rmdir(struct beside_step *step)
{
    beside_done(step, beside_of(step)->rmdir(step->side->who, beside_text(step, 1)));
}

static void create(struct beside_step *step, uint32_t type)
{
    beside_done(step, beside_of(step)->create(step->side->who, beside_text(step, 1), type,
                                              step->count > 2 ? mode_word(step, 2) : 0644));
}

static void do_create(struct beside_step *step)
{
    create(step, SP_OS_IFREG);
}

static void do_fifo(struct beside_step *step)
{
    create(step, SP_OS_IFIFO);
}

static void do_write(struct beside_step *step)
{
    beside_done(step, beside_of(step)->write(step->side->who, beside_text(step, 1),
                                             step->words[2].bytes, step->words[2].length));
}

/* symlink text path */
static void do_symlink(struct beside_step *step)
{
    beside_done(step, beside_of(step)->symlink(step->side->who, beside_text(step, 1),
                                               beside_text(step, 2)));
}

static void do_link(struct beside_step *step)
{
    beside_done(step,
                beside_of(step)->link(step->side->who, beside_text(step, 1), beside_text(step, 2)));
}

static void do_unlink(struct beside_step *step)
{
    beside_done(step, beside_of(step)->unlink(step->side->who, beside_text(step, 1)));
}

static void do_rename(struct beside_step *step)
{
    beside_done(
        step, beside_of(step)->rename(step->side->who, beside_text(step, 1), beside_text(step, 2)));
}

static void do_chmod(struct beside_step *step)
{
    beside_done(step,
                beside_of(step)->chmod(step->side->who, beside_text(step, 1), mode_word(step, 2)));
}

static uint32_t id_word(const struct beside_step *step, size_t word, bool group)
{
    for (size_t i = 0; i < CAST_SIZE; i++)
        if (beside_is(step, word, cast_names[i]))
            return group ? step->side->cast[i].gid : step->side->cast[i].uid;
    return beside_value(step, word);
}

/* chown path user group: of a link itself */
static void do_chown(struct beside_step *step)
{
    beside_done(step, beside_of(step)->chown(step->side->who, beside_text(step, 1),
                                             id_word(step, 2, false), id_word(step, 3, true)));
}

static void stat_path(struct beside_step *step, bool follow)
{
    struct sp_os_stat stat;
    int r = beside_of(step)->stat(step->side->who, beside_text(step, 1), follow, &stat);

    if (beside_ok(step, r))
        beside_print_stat(step, &stat);
}

static void do_stat(struct beside_step *step)
{
    stat_path(step, true);
}

static void do_lstat(struct beside_step *step)
{
    stat_path(step, false);
}

/* same a b: whether two names lead to one node, themselves not followed */
static void do_same(struct beside_step *step)
{
    struct sp_os_stat a, b;

    if (beside_ok(step, beside_of(step)->stat(step->side->who, beside_text(step, 1), false, &a)) &&
        beside_ok(step, beside_of(step)->stat(step->side->who, beside_text(step, 2), false, &b)))
        beside_print(step, a.dev == b.dev && a.ino == b.ino ? "yes" : "no");
}

/* nodes a b c: for each the number of the first one that is the same node, or the errno; links
 * themselves */
static void do_nodes(struct beside_step *step)
{
    struct sp_os_stat stats[TOKENS_MAX];
    bool exists[TOKENS_MAX];

    for (size_t i = 1; i < step->count; i++) {
        int r = beside_of(step)->stat(step->side->who, beside_text(step, i), false, &stats[i]);
        size_t same = 1;

        exists[i] = r >= 0;
        beside_print(step, "%s", i > 1 ? " " : "");
        if (!beside_ok(step, r))
            continue;
        while (!exists[same] || stats[same].dev != stats[i].dev || stats[same].ino != stats[i].ino)
            same++;
        beside_print(step, "%zu", same);
    }
}

static void print_text(struct beside_step *step, const char *text, int r)
{
    if (!beside_ok(step, r))
        return;
    if (r > 40)
        beside_print(step, "%d bytes", r);
    else
        beside_print_bytes(step, text, (size_t)r);
}

static void do_readlink(struct beside_step *step)
{
    char text[4096];

    print_text(
        step, text,
        beside_of(step)->readlink(step->side->who, beside_text(step, 1), text, sizeof(text)));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void do_list(struct beside_step *step)
{
    char names[LIST_MAX][256];
    int count = beside_of(step)->list(step->side->who, beside_text(step, 1), names);

    if (!beside_ok(step, count))
        return;
    qsort(names, (size_t)count, sizeof(names[0]), by_name);
    for (int i = 0; i < count; i++)
        beside_print(step, "%s%s", i > 0 ? " " : "", strlen(names[i]) < 60 ? names[i] : "(long)");
    if (count == 0)
        beside_print(step, "-");
}

static void do_open(struct beside_step *step)
{
    beside_made(step, beside_of(step)->open(step->side->who, beside_text(step, 1), false));
}

/* O_PATH, links themselves */
static void do_handle(struct beside_step *step)
{
    beside_made(step, beside_of(step)->open(step->side->who, beside_text(step, 1), true));
}

static void do_flock(struct beside_step *step)
{
    beside_done(step, beside_of(step)->flock(step->side->who, beside_fd(step, 1), true));
}

static void do_funlock(struct beside_step *step)
{
    beside_done(step, beside_of(step)->flock(step->side->who, beside_fd(step, 1), false));
}

/* ---- through the seam ---- */

/* d = open_dir / | d = open_dir d name */
static void do_open_dir(struct beside_step *step)
{
    bool root = beside_is(step, 1, "/");

    if (!root && step->count < 3)
        beside_mistake(step, "a name is missing");
    beside_made(step, beside_os(step)->open_dir(beside_os(step)->ctx,
                                                root ? SP_OS_ROOT : beside_fd(step, 1),
                                                root ? "" : beside_text(step, 2)));
}

static void do_stat_at(struct beside_step *step)
{
    struct sp_os_stat stat;

    if (beside_ok(step, beside_os(step)->stat_at(beside_os(step)->ctx, beside_fd(step, 1),
                                                 beside_text(step, 2), &stat)))
        beside_print_stat(step, &stat);
}

static void do_stat_fd(struct beside_step *step)
{
    struct sp_os_stat stat;

    if (beside_ok(step, beside_os(step)->stat_fd(beside_os(step)->ctx, beside_fd(step, 1), &stat)))
        beside_print_stat(step, &stat);
}

/* same_at d name h: whether the name is the node that descriptor h stands for */
static void do_same_at(struct beside_step *step)
{
    struct sp_os_stat a, b;

    if (beside_ok(step, beside_os(step)->stat_at(beside_os(step)->ctx, beside_fd(step, 1),
                                                 beside_text(step, 2), &a)) &&
        beside_ok(step, beside_os(step)->stat_fd(beside_os(step)->ctx, beside_fd(step, 3), &b)))
        beside_print(step, a.dev == b.dev && a.ino == b.ino ? "yes" : "no");
}

static void do_readlink_at(struct beside_step *step)
{
    char text[4096];
    size_t capacity = step->count > 3 ? beside_value(step, 3) : sizeof(text);

    print_text(step, text,
               beside_os(step)->readlink_at(beside_os(step)->ctx, beside_fd(step, 1),
                                            beside_text(step, 2), text, capacity));
}

static void do_unlink_at(struct beside_step *step)
{
    beside_done(step, beside_os(step)->unlink_at(beside_os(step)->ctx, beside_fd(step, 1),
                                                 beside_text(step, 2)));
}

static struct remembered *find_remembered(struct side *side, const char *key)
{
    for (size_t i = 0; i < side->remembered_count; i++)
        if (strcmp(side->remembered[i].name, key) == 0)
            return &side->remembered[i];
    return NULL;
}

/* remember d name key: device, inode and type of the name now, for chmod_at */
static void do_remember(struct beside_step *step)
{
    struct side *side = step->side;
    struct remembered *slot = find_remembered(side, beside_text(step, 3));
    struct sp_os_stat stat;

    if (slot == NULL && side->remembered_count == REMEMBERED_MAX)
        beside_mistake(step, "too much to remember");
    if (!beside_ok(step, beside_os(step)->stat_at(beside_os(step)->ctx, beside_fd(step, 1),
                                                  beside_text(step, 2), &stat)))
        return;
    if (slot == NULL) {
        slot = &side->remembered[side->remembered_count++];
        (void)strncpy(slot->name, beside_text(step, 3), sizeof(slot->name) - 1);
    }
    slot->stat = stat;
    beside_print(step, "ok");
}

/* chmod_at d name key mode */
static void do_chmod_at(struct beside_step *step)
{
    const struct remembered *slot = find_remembered(step->side, beside_text(step, 3));

    if (slot == NULL)
        beside_mistake(step, "nothing of that name is remembered");
    beside_done(step,
                beside_os(step)->chmod_at(beside_os(step)->ctx, beside_fd(step, 1),
                                          beside_text(step, 2), &slot->stat, mode_word(step, 4)));
}

/* chmod_as d name model mode: if the name is what another name in the directory is now */
static void do_chmod_as(struct beside_step *step)
{
    const struct sp_os *os = beside_os(step);
    struct sp_os_stat model;

    if (beside_ok(step, os->stat_at(os->ctx, beside_fd(step, 1), beside_text(step, 3), &model)))
        beside_done(step, os->chmod_at(os->ctx, beside_fd(step, 1), beside_text(step, 2), &model,
                                       mode_word(step, 4)));
}

static void do_lock_at(struct beside_step *step)
{
    beside_made(step, beside_os(step)->lock_at(beside_os(step)->ctx, beside_fd(step, 1),
                                               beside_text(step, 2)));
}

/* ---- the list ---- */

const struct operation_row file_operations[] = {
    {"chdir", do_chdir, 1, 1},
    {"mkdir", do_mkdir, 1, 2},
    {"rmdir", do_rmdir, 1, 1},
    {"create", do_create, 1, 2},
    {"fifo", do_fifo, 1, 2},
    {"write", do_write, 2, 2},
    {"symlink", do_symlink, 2, 2},
    {"link", do_link, 2, 2},
    {"unlink", do_unlink, 1, 1},
    {"rename", do_rename, 2, 2},
    {"chmod", do_chmod, 2, 2},
    {"chown", do_chown, 3, 3},
    {"stat", do_stat, 1, 1},
    {"lstat", do_lstat, 1, 1},
    {"same", do_same, 2, 2},
    {"nodes", do_nodes, 1, 70},
    {"readlink", do_readlink, 1, 1},
    {"list", do_list, 1, 1},
    {"open", do_open, 1, 1},
    {"handle", do_handle, 1, 1},
    {"flock", do_flock, 1, 1},
    {"funlock", do_funlock, 1, 1},
    {"open_dir", do_open_dir, 1, 2},
    {"stat_at", do_stat_at, 2, 2},
    {"stat_fd", do_stat_fd, 1, 1},
    {"same_at", do_same_at, 3, 3},
    {"readlink_at", do_readlink_at, 2, 3},
    {"unlink_at", do_unlink_at, 2, 2},
    {"remember", do_remember, 3, 3},
    {"chmod_at", do_chmod_at, 4, 4},
    {"chmod_as", do_chmod_as, 4, 4},
    {"lock_at", do_lock_at, 2, 2},
    {NULL, NULL, 0, 0},
};
