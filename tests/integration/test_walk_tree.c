/* SPDX-License-Identifier: MIT */
/*
 * The walk against a reference evaluator, over random trees of directories, owners, modes, sticky
 * bits and links.
 *
 * The tree exists twice: on disk, as the root directory of a child process, and as an array of
 * nodes here. The reference follows the array by recursion, without descriptors, text splicing or
 * the library's judgement; its rules are written down once more, from sunpath/trust.h. Both must
 * name the same directory, or the same reason for refusing.
 *
 * A seed decides everything; a difference prints it, with the path.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "walk.h"

#include "tests/support/as_uid.h"
#include "tests/support/must.h"
#include "tests/support/snapshot.h"
#include "tests/support/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TREES 150
#define PATHS_PER_TREE 40
#define NODES_MAX 24
#define NAMES 6 /* "a" to "f" */
#define USER ((uid_t)1000)
#define LINKS_ALLOWED 40

enum kind { DIRECTORY, LINK, REGULAR };

struct node {
    enum kind kind;
    int parent;
    char name;
    uid_t owner;
    mode_t mode;
    char text[64]; /* of a link */
    ino_t ino;
};

struct tree {
    uint64_t seed;
    struct node nodes[NODES_MAX]; /* the first is "/" */
    int count;
};

/* A small generator (splitmix64), so that a seed means the same tree everywhere. */
static uint64_t next_random(struct tree *tree)
{
    uint64_t z = (tree->seed += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static unsigned below(struct tree *tree, unsigned bound)
{
    return (unsigned)(next_random(tree) % bound);
}

/* ---- the tree ---- */

static int find_child(const struct tree *tree, int parent, char name)
{
    for (int i = 1; i < tree->count; i++) {
        if (tree->nodes[i].parent == parent && tree->nodes[i].name == name)
            return i;
    }
    return -1;
}

/* "a/../b//c" and so on; @absolute: with a slash in front. */
static void random_text(struct tree *tree, char *text, bool absolute, unsigned components)
{
    char *end = text;

    if (absolute)
        *end++ = '/';
    for (unsigned i = 0; i < components; i++) {
        unsigned choice = below(tree, 12);

        if (choice == 0) {
            end = stpcpy(end, ".");
        } else if (choice <= 2) {
            end = stpcpy(end, "..");
        } else {
            *end++ = (char)('a' + below(tree, NAMES));
        }
        *end++ = '/';
        if (below(tree, 8) == 0)
            *end++ = '/';
    }
    *end = '\0';
}

static uid_t random_owner(struct tree *tree)
{
    static const uid_t owners[] = {0, 0, 0, USER, USER, NOBODY};

    return owners[below(tree, 6)];
}

/* Always searchable: who may search is not what is tested here. */
static mode_t random_mode(struct tree *tree)
{
    static const mode_t modes[] = {0711, 0755, 0755, 0755, 01777, 0775, 0757, 01775, 01757, 0733};

    return modes[below(tree, 10)];
}

static void random_tree(struct tree *tree, uint64_t seed)
{
    memset(tree, 0, sizeof(*tree));
    tree->seed = seed;
    tree->nodes[0] = (struct node){.kind = DIRECTORY, .mode = 0755};
    if (below(tree, 8) == 0)
        tree->nodes[0].mode = random_mode(tree);
    tree->count = 1;
    while (tree->count < NODES_MAX) {
        struct node *node = &tree->nodes[tree->count];
        int parent = (int)below(tree, (unsigned)tree->count);
        char name = (char)('a' + below(tree, NAMES));
        unsigned kind = below(tree, 10);

        if (tree->nodes[parent].kind != DIRECTORY || find_child(tree, parent, name) >= 0)
            continue;
        *node = (struct node){
            .kind = kind < 6   ? DIRECTORY
                    : kind < 9 ? LINK
                               : REGULAR,
            .parent = parent,
            .name = name,
            .owner = random_owner(tree),
            .mode = random_mode(tree),
        };
        if (node->kind == LINK)
            random_text(tree, node->text, below(tree, 2) == 0, 1 + below(tree, 3));
        /* A link with an empty text cannot be made. */
        if (node->kind == LINK && node->text[0] == '\0')
            continue;
        tree->count++;
    }
}

static void path_of(const struct tree *tree, int node, char *ret)
{
    if (node == 0) {
        *ret = '\0';
        return;
    }
    path_of(tree, tree->nodes[node].parent, ret);
    ret += strlen(ret);
    ret[0] = '/';
    ret[1] = tree->nodes[node].name;
    ret[2] = '\0';
}

/* On disk, in the present root directory. Owners and modes last: they could be in the way. */
static void make_tree(struct tree *tree)
{
    for (int i = 0; i < tree->count; i++) {
        struct node *node = &tree->nodes[i];
        char path[4 * NODES_MAX] = "/";
        struct stat stat;

        if (i > 0)
            path_of(tree, i, path);
        if (node->kind == LINK)
            MUST(symlink(node->text, path) == 0);
        else if (node->kind == REGULAR)
            MUST(mknod(path, S_IFREG | 0600, 0) == 0);
        else if (i > 0)
            MUST(mkdir(path, 0700) == 0);
        MUST(lchown(path, node->owner, node->owner) == 0);
        MUST(node->kind == LINK || chmod(path, node->mode) == 0);
        MUST(lstat(path, &stat) == 0);
        node->ino = stat.st_ino;
    }
}

/* ---- the reference ---- */

struct outcome {
    int error;
    int cause; /* enum sp_cause */
    int os_errno;
    int node;
};

struct reference {
    const struct tree *tree;
    uid_t euid;
    enum sp_trust trust;
    unsigned links;
    struct outcome outcome;
};

static bool refuse(struct reference *ref, int error, int cause, int os_errno)
{
    ref->outcome = (struct outcome){.error = error, .cause = cause, .os_errno = os_errno};
    return false;
}

/* Could somebody else replace what is in this directory? */
static bool arrive(struct reference *ref, int node)
{
    const struct node *directory = &ref->tree->nodes[node];
    bool group_counts = ref->trust == SP_TRUST_STRICT;

    ref->outcome.node = node;
    if (ref->trust == SP_TRUST_OFF)
        return true;
    if (directory->owner != 0 && directory->owner != ref->euid)
        return refuse(ref, SP_ERROR_UNTRUSTED, SP_CAUSE_DIRECTORY_OWNER, 0);
    if (directory->mode & S_ISVTX)
        return true;
    if ((directory->mode & S_IWOTH) || (group_counts && (directory->mode & S_IWGRP)))
        return refuse(ref, SP_ERROR_UNTRUSTED, SP_CAUSE_DIRECTORY_WRITABLE, 0);
    return true;
}

/* Follows @length bytes of @text, all of them directories, from where we are. */
static bool go(struct reference *ref, const char *text, size_t length)
{
    const char *end = text + length;

    if (length > 0 && text[0] == '/' && !arrive(ref, 0))
        return false;
    while (text < end) {
        size_t part = 0;
        int at = ref->outcome.node;
        int child;

        while (text + part < end && text[part] != '/')
            part++;
        if (part == 2) { /* the only name of two characters is ".." */
            if (!arrive(ref, ref->tree->nodes[at].parent))
                return false;
        } else if (part == 1 && text[0] != '.') {
            const struct node *node;

            child = find_child(ref->tree, at, text[0]);
            if (child < 0)
                return refuse(ref, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS, ENOENT);
            node = &ref->tree->nodes[child];
            if (node->kind == REGULAR)
                return refuse(ref, SP_ERROR_SERVER_NOT_FOUND, SP_CAUSE_OS, ENOTDIR);
            if (node->kind == DIRECTORY && !arrive(ref, child))
                return false;
            if (node->kind == LINK) {
                if (ref->trust != SP_TRUST_OFF && node->owner != 0 && node->owner != ref->euid)
                    return refuse(ref, SP_ERROR_UNTRUSTED, SP_CAUSE_LINK_OWNER, 0);
                if (ref->links++ == LINKS_ALLOWED)
                    return refuse(ref, SP_ERROR_UNTRUSTED, SP_CAUSE_LINK_LOOP, 0);
                if (!go(ref, node->text, strlen(node->text)))
                    return false;
            }
        }
        text += part + 1;
    }
    return true;
}

static struct outcome evaluate(const struct tree *tree, const char *path, uid_t euid,
                               enum sp_trust trust)
{
    struct reference ref = {.tree = tree, .euid = euid, .trust = trust};

    /* Without the last component; a wrong answer stands in the outcome already. */
    (void)go(&ref, path, (size_t)(strrchr(path, '/') - path) + 1);
    return ref.outcome;
}

/* ---- the comparison ---- */

static struct outcome measure(const struct tree *tree, const char *path, enum sp_trust trust)
{
    const struct sp_os *os = sp_os_linux();
    struct sp__fault fault;
    struct sp__place place;
    struct outcome outcome = {.node = -1};

    if (sp__walk(os, path, strlen(path), trust, &place, &fault) < 0)
        return (struct outcome){
            .error = fault.error, .cause = fault.cause, .os_errno = fault.os_errno};
    for (int i = 0; i < tree->count; i++) {
        if (tree->nodes[i].ino == place.dir_stat.ino)
            outcome.node = i;
    }
    sp__walk_end(os, &place);
    return outcome;
}

/* How often each kind of answer was seen, to know that the trees were interesting. */
struct tally {
    unsigned reached;
    unsigned owner;
    unsigned writable;
    unsigned link;
    unsigned loop;
    unsigned missing;
};

static void count_outcome(struct tally *tally, const struct outcome *outcome)
{
    tally->reached += outcome->error == SP_OK;
    tally->owner += outcome->cause == SP_CAUSE_DIRECTORY_OWNER;
    tally->writable += outcome->cause == SP_CAUSE_DIRECTORY_WRITABLE;
    tally->link += outcome->cause == SP_CAUSE_LINK_OWNER;
    tally->loop += outcome->cause == SP_CAUSE_LINK_LOOP;
    tally->missing += outcome->cause == SP_CAUSE_OS;
}

static bool compare(struct tree *tree, uint64_t seed, const char *path, struct tally *tally)
{
    static const uid_t users[] = {0, USER};

    for (unsigned i = 0; i < 6; i++) {
        uid_t user = users[i % 2];
        enum sp_trust trust = (enum sp_trust)(i / 2);
        struct outcome expected = evaluate(tree, path, user, trust);
        struct outcome found;

        MUST(seteuid(user) == 0);
        found = measure(tree, path, trust);
        MUST(seteuid(0) == 0);
        count_outcome(tally, &expected);
        if (memcmp(&expected, &found, sizeof(found)) != 0) {
            (void)fprintf(stderr,
                          "seed %ju, path %s, uid %u, trust %d: expected error %d, cause \"%s\", "
                          "errno %d, node %d; found %d, \"%s\", %d, %d\n",
                          (uintmax_t)seed, path, (unsigned)user, (int)trust, expected.error,
                          sp_cause_string((enum sp_cause)expected.cause), expected.os_errno,
                          expected.node, found.error, sp_cause_string((enum sp_cause)found.cause),
                          found.os_errno, found.node);
            return false;
        }
    }
    return true;
}

/* Shared with the children. */
struct round {
    uint64_t seed;
    char root[TEMPDIR_JOINED_MAX];
    struct tally tally;
};

/* In a child, whose "/" the tree's root becomes. 0 if both agree on every path. */
static int run_tree(void *arg)
{
    struct round *round = arg;
    struct snapshot before;
    struct snapshot after;
    struct tree tree;
    int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC); /* out of reach from below */

    MUST(proc >= 0 && chroot(round->root) == 0 && chdir("/") == 0);
    random_tree(&tree, round->seed);
    make_tree(&tree);
    before = snapshot_descriptors_of(proc);
    for (unsigned i = 0; i < PATHS_PER_TREE; i++) {
        char path[64];

        random_text(&tree, path, true, 1 + below(&tree, 6));
        strcat(path, "s");
        if (!compare(&tree, round->seed, path, &round->tally))
            return 1;
    }
    after = snapshot_descriptors_of(proc);
    return strcmp(after.text, before.text);
}

/* Covers: PERM-12, PERM-10 */
Test(walk_tree, agrees_with_the_reference_on_random_trees)
{
    struct round *round =
        mmap(NULL, sizeof(*round), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct tempdir dir;

    REQUIRE_ROOT();
    MUST(round != MAP_FAILED);
    dir = tempdir_make();
    for (round->seed = 1; round->seed <= TREES; round->seed++) {
        char leaf[24];

        (void)snprintf(leaf, sizeof(leaf), "%ju", (uintmax_t)round->seed);
        MUST(mkdir(tempdir_join(&dir, leaf, round->root), 0755) == 0);
        cr_assert_eq(as_child(run_tree, round), 0, "seed %ju", (uintmax_t)round->seed);
    }
    tempdir_remove(&dir);
    cr_assert_gt(round->tally.reached, 500);
    cr_assert_gt(round->tally.owner, 500);
    cr_assert_gt(round->tally.writable, 500);
    cr_assert_gt(round->tally.link, 100);
    cr_assert_gt(round->tally.loop, 10);
    cr_assert_gt(round->tally.missing, 500);
}
