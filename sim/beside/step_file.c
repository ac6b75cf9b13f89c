/* SPDX-License-Identifier: MIT */
/*
 * Steps: files. See step.h; the list is at the end.
 *
 * Operations ending in _at and _dir go through the seam, relative to a handle; the others are
 * system calls with whole paths.
 */
#include "step.h"

#include <string.h>

static const struct sp_os *os_of(const struct step *step)
{
    return step->side->os;
}

static const struct beside *beside_of(const struct step *step)
{
    return step->side->beside;
}

/* ---- whole paths ---- */

static void do_chdir(struct step *step)
{
    step_done(step, beside_of(step)->chdir(step->side->who, step_text(step, 1)));
}

static void do_mkdir(struct step *step)
{
    step_done(step, beside_of(step)->mkdir(step->side->who, step_text(step, 1),
                                           step->count > 2 ? step_value(step, 2) : 0755));
}

static void do_rmdir(struct step *step)
{
    step_done(step, beside_of(step)->rmdir(step->side->who, step_text(step, 1)));
}

static void create(struct step *step, uint32_t type)
{
    step_done(step, beside_of(step)->create(step->side->who, step_text(step, 1), type,
                                            step->count > 2 ? step_value(step, 2) : 0644));
}

static void do_create(struct step *step)
{
    create(step, SP_OS_IFREG);
}

static void do_fifo(struct step *step)
{
    create(step, SP_OS_IFIFO);
}

static void do_write(struct step *step)
{
    step_done(step, beside_of(step)->write(step->side->who, step_text(step, 1),
                                           step->words[2].bytes, step->words[2].length));
}

/* symlink text path */
static void do_symlink(struct step *step)
{
    step_done(step,
              beside_of(step)->symlink(step->side->who, step_text(step, 1), step_text(step, 2)));
}

static void do_link(struct step *step)
{
    step_done(step, beside_of(step)->link(step->side->who, step_text(step, 1), step_text(step, 2)));
}

static void do_unlink(struct step *step)
{
    step_done(step, beside_of(step)->unlink(step->side->who, step_text(step, 1)));
}

static void do_rename(struct step *step)
{
    step_done(step,
              beside_of(step)->rename(step->side->who, step_text(step, 1), step_text(step, 2)));
}

static void do_chmod(struct step *step)
{
    step_done(step,
              beside_of(step)->chmod(step->side->who, step_text(step, 1), step_value(step, 2)));
}

static uint32_t id_word(const struct step *step, size_t word, bool group)
{
    for (size_t i = 0; i < CAST_SIZE; i++)
        if (step_is(step, word, cast_names[i]))
            return group ? step->side->cast[i].gid : step->side->cast[i].uid;
    return step_value(step, word);
}

/* chown path user group: of a link itself */
static void do_chown(struct step *step)
{
    step_done(step, beside_of(step)->chown(step->side->who, step_text(step, 1),
                                           id_word(step, 2, false), id_word(step, 3, true)));
}

static void stat_path(struct step *step, bool follow)
{
    struct sp_os_stat stat;
    int r = beside_of(step)->stat(step->side->who, step_text(step, 1), follow, &stat);

    if (step_ok(step, r))
        step_print_stat(step, &stat);
}

static void do_stat(struct step *step)
{
    stat_path(step, true);
}

static void do_lstat(struct step *step)
{
    stat_path(step, false);
}

/* same a b: whether two names lead to one node, themselves not followed */
static void do_same(struct step *step)
{
    struct sp_os_stat a, b;

    if (step_ok(step, beside_of(step)->stat(step->side->who, step_text(step, 1), false, &a)) &&
        step_ok(step, beside_of(step)->stat(step->side->who, step_text(step, 2), false, &b)))
        step_print(step, a.dev == b.dev && a.ino == b.ino ? "yes" : "no");
}

/* nodes a b c: for each the number of the first one that is the same node, or the errno; links
 * themselves */
static void do_nodes(struct step *step)
{
    struct sp_os_stat stats[TOKENS_MAX];
    bool exists[TOKENS_MAX];

    for (size_t i = 1; i < step->count; i++) {
        int r = beside_of(step)->stat(step->side->who, step_text(step, i), false, &stats[i]);
        size_t same = 1;

        exists[i] = r >= 0;
        step_print(step, "%s", i > 1 ? " " : "");
        if (!step_ok(step, r))
            continue;
        while (!exists[same] || stats[same].dev != stats[i].dev || stats[same].ino != stats[i].ino)
            same++;
        step_print(step, "%zu", same);
    }
}

static void print_text(struct step *step, const char *text, int r)
{
    if (!step_ok(step, r))
        return;
    if (r > 40)
        step_print(step, "%d bytes", r);
    else
        step_print_bytes(step, text, (size_t)r);
}

static void do_readlink(struct step *step)
{
    char text[4096];

    print_text(step, text,
               beside_of(step)->readlink(step->side->who, step_text(step, 1), text, sizeof(text)));
}

static void do_list(struct step *step)
{
    char name[256];
    size_t i = 0;
    int r;

    while ((r = beside_of(step)->list(step->side->who, step_text(step, 1), i, name)) > 0) {
        step_print(step, "%s%s", i > 0 ? " " : "", strlen(name) < 60 ? name : "(long)");
        i++;
    }
    if (step_ok(step, r) && i == 0)
        step_print(step, "-");
}

static void do_open(struct step *step)
{
    step_made(step, beside_of(step)->open(step->side->who, step_text(step, 1), false));
}

/* O_PATH, links themselves */
static void do_handle(struct step *step)
{
    step_made(step, beside_of(step)->open(step->side->who, step_text(step, 1), true));
}

static void do_flock(struct step *step)
{
    step_done(step, beside_of(step)->flock(step->side->who, step_fd(step, 1), true));
}

static void do_funlock(struct step *step)
{
    step_done(step, beside_of(step)->flock(step->side->who, step_fd(step, 1), false));
}

/* ---- through the seam ---- */

/* d = open_dir / | d = open_dir d name */
static void do_open_dir(struct step *step)
{
    bool root = step_is(step, 1, "/");

    if (!root && step->count < 3)
        step_mistake(step, "a name is missing");
    step_made(step, os_of(step)->open_dir(os_of(step)->ctx, root ? SP_OS_ROOT : step_fd(step, 1),
                                          root ? "" : step_text(step, 2)));
}

static void do_stat_at(struct step *step)
{
    struct sp_os_stat stat;

    if (step_ok(step, os_of(step)->stat_at(os_of(step)->ctx, step_fd(step, 1), step_text(step, 2),
                                           &stat)))
        step_print_stat(step, &stat);
}

static void do_stat_fd(struct step *step)
{
    struct sp_os_stat stat;

    if (step_ok(step, os_of(step)->stat_fd(os_of(step)->ctx, step_fd(step, 1), &stat)))
        step_print_stat(step, &stat);
}

/* same_at d name h: whether the name is the node that descriptor h stands for */
static void do_same_at(struct step *step)
{
    struct sp_os_stat a, b;

    if (step_ok(step,
                os_of(step)->stat_at(os_of(step)->ctx, step_fd(step, 1), step_text(step, 2), &a)) &&
        step_ok(step, os_of(step)->stat_fd(os_of(step)->ctx, step_fd(step, 3), &b)))
        step_print(step, a.dev == b.dev && a.ino == b.ino ? "yes" : "no");
}

static void do_readlink_at(struct step *step)
{
    char text[4096];
    size_t capacity = step->count > 3 ? step_value(step, 3) : sizeof(text);

    print_text(step, text,
               os_of(step)->readlink_at(os_of(step)->ctx, step_fd(step, 1), step_text(step, 2),
                                        text, capacity));
}

static void do_unlink_at(struct step *step)
{
    step_done(step, os_of(step)->unlink_at(os_of(step)->ctx, step_fd(step, 1), step_text(step, 2)));
}

static struct remembered *find_remembered(struct side *side, const char *key)
{
    for (size_t i = 0; i < side->remembered_count; i++)
        if (strcmp(side->remembered[i].name, key) == 0)
            return &side->remembered[i];
    return NULL;
}

/* remember d name key: device, inode and type of the name now, for chmod_at */
static void do_remember(struct step *step)
{
    struct side *side = step->side;
    struct remembered *slot = find_remembered(side, step_text(step, 3));
    struct sp_os_stat stat;

    if (slot == NULL && side->remembered_count == REMEMBERED_MAX)
        step_mistake(step, "too much to remember");
    if (!step_ok(step, os_of(step)->stat_at(os_of(step)->ctx, step_fd(step, 1), step_text(step, 2),
                                            &stat)))
        return;
    if (slot == NULL) {
        slot = &side->remembered[side->remembered_count++];
        (void)strncpy(slot->name, step_text(step, 3), sizeof(slot->name) - 1);
    }
    slot->stat = stat;
    step_print(step, "ok");
}

/* chmod_at d name key mode */
static void do_chmod_at(struct step *step)
{
    const struct remembered *slot = find_remembered(step->side, step_text(step, 3));

    if (slot == NULL)
        step_mistake(step, "nothing of that name is remembered");
    step_done(step, os_of(step)->chmod_at(os_of(step)->ctx, step_fd(step, 1), step_text(step, 2),
                                          &slot->stat, step_value(step, 4)));
}

static void do_lock_at(struct step *step)
{
    step_made(step, os_of(step)->lock_at(os_of(step)->ctx, step_fd(step, 1), step_text(step, 2)));
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
    {"lock_at", do_lock_at, 2, 2},
    {NULL, NULL, 0, 0},
};
