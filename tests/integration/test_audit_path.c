/* SPDX-License-Identifier: MIT */
/*
 * What the audit says of a path, against what users really manage to do there.
 *
 * Trees with random owners, modes, sticky bits, access control lists and links, each made from its
 * number alone. Several users then try in earnest: connect; rename each name on the way and back;
 * bind a name beside the socket. Every verdict must be what happened.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/rules/verdict.h"
#include "tests/support/as_uid.h"
#include "tests/support/must.h"
#include "tests/support/tempdir.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TREES 300
#define DEPTH_MAX 4

static const uid_t owners[] = {0, 2001, 2002, 2003};
static const gid_t groups[] = {0, 3001, 3002};

/* Who tries. The last is the one that stands for "anybody". */
static const struct identity players[] = {
    {.uid = 2001, .count = 1, .gids = {3001}},       {.uid = 2002, .count = 1, .gids = {3002}},
    {.uid = 2003, .count = 2, .gids = {3001, 3002}}, {.uid = 2004, .count = 1, .gids = {3001}},
    {.uid = NOBODY, .count = 1, .gids = {NOGROUP}},
};
#define PLAYERS (sizeof(players) / sizeof(players[0]))
#define ANYBODY (PLAYERS - 1)

static struct tempdir dir;
static uint64_t state;

static void set_up(void)
{
    dir = tempdir_make();
}

static void tear_down(void)
{
    tempdir_remove(&dir);
}

TestSuite(audit_path, .init = set_up, .fini = tear_down);

/* ---- a tree from its number ---- */

static unsigned below(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % limit;
}

static bool one_in(unsigned count)
{
    return below(count) == 0;
}

static void seed(unsigned number)
{
    state = 0x9e3779b97f4a7c15u * (number + 1);
    for (int i = 0; i < 8; i++)
        (void)below(2);
}

static uint8_t *put_entry(uint8_t *to, unsigned tag, unsigned allowed, uint32_t id)
{
    const uint8_t entry[8] = {(uint8_t)tag,        0,
                              (uint8_t)allowed,    0,
                              (uint8_t)id,         (uint8_t)(id >> 8),
                              (uint8_t)(id >> 16), (uint8_t)(id >> 24)};

    (void)memcpy(to, entry, sizeof(entry));
    return to + sizeof(entry);
}

/* The kernel wants the tags in this order. */
static void give_list(const char *path)
{
    uint8_t bytes[4 + 8 * 8] = {2};
    uint8_t *end = put_entry(bytes + 4, ACL_USER_OBJ, below(8), UINT32_MAX);

    for (unsigned i = 0; i < 2; i++)
        if (one_in(2))
            end = put_entry(end, ACL_USER, below(8), players[i * 3].uid);
    end = put_entry(end, ACL_GROUP_OBJ, below(8), UINT32_MAX);
    for (unsigned i = 1; i < 3; i++)
        if (one_in(2))
            end = put_entry(end, ACL_GROUP, below(8), groups[i]);
    end = put_entry(end, ACL_MASK, one_in(3) ? 0 : below(8), UINT32_MAX);
    end = put_entry(end, ACL_OTHER, below(8), UINT32_MAX);
    MUST(setxattr(path, "system.posix_acl_access", bytes, (size_t)(end - bytes), 0) == 0);
}

/* Most bits of search and write are set, or nobody would come far. */
static mode_t random_mode(void)
{
    mode_t mode = 0;

    for (unsigned shift = 0; shift < 9; shift += 3)
        mode |= (mode_t)((one_in(5) ? 0 : 1) | (one_in(2) ? 2 : 0) | (one_in(2) ? 4 : 0)) << shift;
    return one_in(4) ? mode | S_ISVTX : mode;
}

static void give_away(const char *path)
{
    MUST(lchown(path, owners[below(4)], groups[below(3)]) == 0);
    MUST(chmod(path, random_mode()) == 0);
    if (one_in(3))
        give_list(path);
}

static void append(char to[TEMPDIR_JOINED_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void append(char to[TEMPDIR_JOINED_MAX], const char *format, ...)
{
    const size_t length = strlen(to);
    va_list arguments;

    va_start(arguments, format);
    MUST(vsnprintf(to + length, TEMPDIR_JOINED_MAX - length, format, arguments) <
         (int)(TEMPDIR_JOINED_MAX - length));
    va_end(arguments);
}

/* Appends a directory, or a link that leads to one, to both the path to ask for and the real one.
 * Links are given away at once, directories when all is there. */
static void grow(char *asked, char *real, unsigned level)
{
    char link[TEMPDIR_JOINED_MAX] = "";
    char relative[TEMPDIR_JOINED_MAX] = "";

    append(link, "%s/l%u", real, level);
    append(relative, "d%u", level);
    append(real, "/d%u", level);
    MUST(mkdir(real, 0700) == 0);
    if (one_in(3)) {
        MUST(symlink(one_in(2) ? real : relative, link) == 0);
        MUST(lchown(link, owners[below(4)], groups[below(3)]) == 0);
        append(asked, "/l%u", level);
    } else {
        append(asked, "/d%u", level);
    }
    if (one_in(6))
        append(asked, "/../d%u", level);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    MUST(fd >= 0 && strlen(path) < sizeof(address.sun_path));
    (void)strcpy(address.sun_path, path);
    MUST(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 64) == 0);
    return fd;
}

/* Makes tree @number in a directory of its own; the listening socket, and the path to it in @asked.
 */
static int plant(unsigned number, char asked[TEMPDIR_JOINED_MAX])
{
    char real[TEMPDIR_JOINED_MAX] = "";
    unsigned depth;
    int fd;

    seed(number);
    depth = 1 + below(DEPTH_MAX);
    append(real, "%s/t%u", dir.path, number);
    MUST(mkdir(real, 0755) == 0 && chmod(real, 0755) == 0);
    asked[0] = '\0';
    append(asked, "%s", real);
    for (unsigned level = 0; level < depth; level++)
        grow(asked, real, level);
    append(real, "/s");
    append(asked, "/s");
    fd = listen_at(real);
    /* From the last to the first, not the tree's own directory: it is root's. */
    for (unsigned parts = 0; parts <= depth; parts++) {
        give_away(real);
        *strrchr(real, '/') = '\0';
    }
    return fd;
}

/* ---- what users manage to do ---- */

enum { CONNECTED = 1, CREATED = 2, REPLACED = 4 /* and on: one bit each step */ };

static bool tries_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result;

    MUST(fd >= 0 && strlen(path) < sizeof(address.sun_path));
    (void)strcpy(address.sun_path, path);
    result = connect(fd, (struct sockaddr *)&address, sizeof(address));
    (void)close(fd);
    return result == 0;
}

static bool tries_create(const char *directory)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result;

    MUST(fd >= 0 && (size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s/n",
                                     directory) < sizeof(address.sun_path));
    result = bind(fd, (struct sockaddr *)&address, sizeof(address));
    (void)close(fd);
    if (result == 0)
        MUST(unlink(address.sun_path) == 0);
    return result == 0;
}

static bool tries_rename(const char *directory, const char *name)
{
    char from[PATH_MAX];
    char to[PATH_MAX];

    MUST(snprintf(from, sizeof(from), "%s/%s", directory, name) < PATH_MAX);
    MUST(snprintf(to, sizeof(to), "%s/%s.away", directory, name) < PATH_MAX);
    if (rename(from, to) != 0)
        return false;
    MUST(rename(to, from) == 0);
    return true;
}

static unsigned tries_everything(const struct path_facts *facts)
{
    char name[PATH_MAX];
    unsigned done = tries_connect(facts->path) ? CONNECTED : 0;

    for (size_t i = 1; i < facts->count; i++) {
        const struct node *node = &facts->steps[i].node;

        (void)path_step_name(facts, i, name);
        if (S_ISDIR(node->mode) && node->uid == geteuid())
            (void)chmod(name, (node->mode & 07777) | S_IRWXU);
    }
    (void)path_step_name(facts, path_end_step(facts)->directory, name);
    done |= tries_create(name) ? CREATED : 0;
    for (size_t i = 1; i < facts->count; i++) {
        (void)path_step_name(facts, facts->steps[i].directory, name);
        if (facts->steps[i].same == i && tries_rename(name, facts->steps[i].name))
            done |= (unsigned)REPLACED << i;
    }
    return done;
}

/* All trees, and what one user did in each of them: shared with the process that is him. */
struct round {
    const struct path_facts *trees;
    unsigned *did;
};

static int tries_all_trees(void *arg)
{
    const struct round *round = arg;

    for (size_t i = 0; i < TREES; i++)
        round->did[i] = tries_everything(&round->trees[i]);
    return 0;
}

/* A chmod by a user leaves the rights of others alone, and with them a list. */
static void put_modes_back(const struct path_facts *facts)
{
    char name[PATH_MAX];

    for (size_t i = 1; i < facts->count; i++)
        if (S_ISDIR(facts->steps[i].node.mode) && facts->steps[i].node.uid != 0) {
            (void)path_step_name(facts, i, name);
            MUST(chmod(name, facts->steps[i].node.mode & 07777) == 0);
        }
}

static void play(const struct identity *who, const struct round *round)
{
    struct round copy = *round;
    gid_t gids[IDENTITY_GIDS_MAX];

    for (size_t i = 0; i < who->count; i++)
        gids[i] = who->gids[i];
    cr_assert_eq(as_uid(who->uid, gids[0], gids, who->count, tries_all_trees, &copy), 0);
    for (size_t i = 0; i < TREES; i++)
        put_modes_back(&round->trees[i]);
}

static unsigned foretold(const struct path_facts *facts, const struct identity *who)
{
    unsigned said = verdict(facts, DEED_CONNECT, who) == YES ? CONNECTED : 0;

    said |= verdict(facts, DEED_CREATE, who) == YES ? CREATED : 0;
    for (size_t i = 1; i < facts->count; i++)
        if (verdict_replace_at(facts, i, who) == YES)
            said |= (unsigned)REPLACED << i;
    return said;
}

/* What is said of "anybody" is what somebody without anything managed. */
static void check_anybody(const struct path_facts *facts, unsigned did, unsigned number)
{
    const bool done[DEEDS] = {[DEED_CONNECT] = (did & CONNECTED) != 0,
                              [DEED_REPLACE] = did >= REPLACED,
                              [DEED_CREATE] = (did & CREATED) != 0};
    struct audience audience;

    for (unsigned deed = 0; deed < DEEDS; deed++) {
        audience_of(&audience, facts, (enum deed)deed, 0);
        cr_assert_eq(audience_has_anybody(&audience), done[deed], "tree %u: deed %u", number, deed);
    }
}

static void compare_all(void)
{
    struct path_facts *trees = calloc(TREES, sizeof(*trees));
    unsigned *did =
        mmap(NULL, TREES * sizeof(*did), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const struct round round = {.trees = trees, .did = did};
    int listeners[TREES];
    unsigned managed = 0;
    unsigned refused = 0;

    MUST(trees != NULL && did != MAP_FAILED && chmod(dir.path, 0755) == 0);
    for (unsigned number = 0; number < TREES; number++) {
        char asked[TEMPDIR_JOINED_MAX];

        listeners[number] = plant(number, asked);
        cr_assert(path_read(&trees[number], asked));
        cr_assert(path_is_socket(&trees[number]), "tree %u: %s", number, asked);
        cr_assert_lt(trees[number].count, 29, "one bit each");
    }
    for (size_t i = 0; i < PLAYERS; i++) {
        play(&players[i], &round);
        for (unsigned number = 0; number < TREES; number++) {
            const struct path_facts *facts = &trees[number];
            const unsigned said = foretold(facts, &players[i]);

            cr_assert_eq(said, did[number], "tree %u, user %u, %s: said %x, did %x", number,
                         players[i].uid, facts->path, said, did[number]);
            managed += (unsigned)__builtin_popcount(did[number]);
            refused += did[number] == 0;
            if (i == ANYBODY)
                check_anybody(facts, did[number], number);
        }
    }
    /* Trees where everything or nothing works would show nothing. */
    cr_log_info("trees 0 to %d: %u deeds done, %u users who could do nothing", TREES - 1, managed,
                refused);
    cr_assert_gt(managed, TREES);
    cr_assert_gt(refused, TREES / 4);
    for (size_t i = 0; i < TREES; i++)
        (void)close(listeners[i]);
    MUST(munmap(did, TREES * sizeof(*did)) == 0);
    free(trees);
}

Test(audit_path, verdicts_are_what_users_manage_to_do)
{
    REQUIRE_ROOT();
    compare_all();
}
