/* SPDX-License-Identifier: MIT */
/*
 * Contexts: the choice of the base directory, on a file tree and an environment of the test's
 * making.
 */
#include "tests/support/must.h"

#include <sunpath/context.h>
#include <sunpath/version.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define US 1000u

/* ---- the world ---- */

/* Every node there is; a directory's handle is its index. */
static const struct node {
    const char *path; /* "" is the root */
    struct sp_os_stat stat;
    const char *link;
} nodes[] = {
    {"", {.ino = 1, .mode = 0040755, .uid = 0}, NULL},
    {"/good", {.ino = 2, .mode = 0040700, .uid = US}, NULL},
    {"/foreign", {.ino = 3, .mode = 0040700, .uid = US + 1}, NULL},
    {"/roots", {.ino = 4, .mode = 0040700, .uid = 0}, NULL},
    {"/group", {.ino = 5, .mode = 0040710, .uid = US}, NULL},
    {"/other", {.ino = 6, .mode = 0040701, .uid = US}, NULL},
    {"/shared", {.ino = 7, .mode = 0041777, .uid = 0}, NULL},
    {"/file", {.ino = 8, .mode = 0100600, .uid = US}, NULL},
    {"/link", {.ino = 9, .mode = 0120777, .uid = US}, "/good"},
    {"/way", {.ino = 10, .mode = 0120777, .uid = US}, "/shared"},
    {"/shared/mine", {.ino = 11, .mode = 0040700, .uid = US}, NULL},
};
#define NODES ((int)(sizeof(nodes) / sizeof(nodes[0])))

static const char *xdg, *tmp;
static int handles;
static size_t allocated;
static bool no_memory;
static unsigned calls, interrupted_call; /* which one a signal interrupts, from 1 */

static int find(int dir, const char *name)
{
    size_t length = strlen(nodes[dir].path);

    for (int i = 1; i < NODES; i++) {
        if (strncmp(nodes[i].path, nodes[dir].path, length) == 0 && nodes[i].path[length] == '/' &&
            strcmp(nodes[i].path + length + 1, name) == 0)
            return i;
    }
    return -ENOENT;
}

static bool interrupted(void)
{
    return ++calls == interrupted_call;
}

static int tree_open_dir(void *ctx, int dir, const char *name)
{
    int i = dir == SP_OS_ROOT ? 0 : find(dir, name);

    (void)ctx;
    if (interrupted())
        return -EINTR;
    if (i >= 0 && (nodes[i].stat.mode & SP_OS_IFMT) != SP_OS_IFDIR)
        return -ENOTDIR;
    handles += i >= 0;
    return i;
}

static int tree_stat_at(void *ctx, int dir, const char *name, struct sp_os_stat *ret)
{
    int i = find(dir, name);

    (void)ctx;
    if (i < 0)
        return i;
    *ret = nodes[i].stat;
    return 0;
}

static int tree_stat_fd(void *ctx, int fd, struct sp_os_stat *ret)
{
    (void)ctx;
    if (interrupted())
        return -EINTR;
    *ret = nodes[fd].stat;
    return 0;
}

static int tree_readlink_at(void *ctx, int dir, const char *name, char *ret, size_t capacity)
{
    int i = find(dir, name);
    size_t length = strlen(nodes[i].link);

    (void)ctx;
    memcpy(ret, nodes[i].link, length < capacity ? length : capacity);
    return (int)length;
}

static int tree_close(void *ctx, int fd)
{
    (void)ctx;
    (void)fd;
    handles--;
    return 0;
}

static const char *tree_environment(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "XDG_RUNTIME_DIR") == 0 ? xdg : strcmp(name, "TMPDIR") == 0 ? tmp : NULL;
}

static uint32_t tree_euid(void *ctx)
{
    (void)ctx;
    return US;
}

static void *tree_alloc(void *ctx, size_t size)
{
    (void)ctx;
    if (no_memory)
        return NULL;
    allocated += size;
    return malloc(size);
}

static void tree_release(void *ctx, void *memory, size_t size)
{
    (void)ctx;
    MUST(allocated >= size);
    allocated -= size;
    free(memory);
}

static const struct sp_os os = {
    .version = SP_OS_VERSION,
    .alloc = tree_alloc,
    .release = tree_release,
    .environment = tree_environment,
    .euid = tree_euid,
    .open_dir = tree_open_dir,
    .stat_at = tree_stat_at,
    .stat_fd = tree_stat_fd,
    .readlink_at = tree_readlink_at,
    .close = tree_close,
};

static void end(void)
{
    cr_assert_eq(handles, 0, "%d directories were left open", handles);
    cr_assert_eq(allocated, 0);
}

TestSuite(context, .fini = end);

/* A path of @length bytes. */
static char *long_path(size_t length)
{
    static char path[512];

    MUST(length < sizeof(path));
    memset(path, 'x', length);
    path[0] = '/';
    path[length] = '\0';
    return path;
}

static void expect_base(const char *base)
{
    struct sp_context *context;

    cr_assert_eq(sp_context_new(&context, &os, NULL), SP_OK);
    cr_assert_str_eq(sp_context_base(context), base);
    cr_assert_eq(sp_context_os(context), &os);
    sp_context_free(context);
}

/* ---- the choice ---- */

/* Covers: PERM-10, QT-G4 */
Test(context, the_runtime_directory_is_taken_when_it_is_ours_and_private)
{
    static const struct {
        const char *xdg, *base;
    } rows[] = {
        {"/good", "/good"},
        {"/good/", "/good"},
        {"/good///", "/good"},
        {"//good", "//good"},
        {"/shared/mine", "/shared/mine"},
        {"/way/mine", "/way/mine"}, /* through a link, to what is ours */
        {NULL, "/tmp"},
        {"", "/tmp"},
        {"good", "/tmp"},
        {"./good", "/tmp"},
        {"/", "/tmp"},
        {"///", "/tmp"},
        {"/missing", "/tmp"},
        {"/missing/good", "/tmp"},
        {"/foreign", "/tmp"},
        {"/roots", "/tmp"},
        {"/group", "/tmp"},
        {"/other", "/tmp"},
        {"/shared", "/tmp"},
        {"/file", "/tmp"},
        {"/link", "/tmp"}, /* who made the link can change it */
        {"/good/.", "/tmp"},
        {"/good/..", "/tmp"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        xdg = rows[i].xdg;
        expect_base(rows[i].base);
    }
}

/* Covers: SIGN-04 */
Test(context, a_signal_does_not_change_the_choice)
{
    xdg = "/good";
    /* "/" and the directory are opened and looked at. */
    for (interrupted_call = 1; interrupted_call <= 4; interrupted_call++) {
        calls = 0;
        expect_base("/good");
        cr_assert_eq(calls, 5);
    }
}

Test(context, else_the_temporary_directory_when_it_is_absolute)
{
    static const struct {
        const char *tmp, *base;
    } rows[] = {
        {"/var/tmp", "/var/tmp"},
        {"/var/tmp/", "/var/tmp"},
        {"/var/tmp//", "/var/tmp"},
        {"/", "/"},
        {"////", "/"},
        {"/missing", "/missing"}, /* as in Qt: whoever uses it will see */
        {"", "/tmp"},
        {"tmp", "/tmp"},
        {"../tmp", "/tmp"},
        {NULL, "/tmp"},
    };

    xdg = "/foreign";
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tmp = rows[i].tmp;
        expect_base(rows[i].base);
    }
}

/* Covers: PATH-06 */
Test(context, a_directory_longer_than_a_path_is_none)
{
    tmp = long_path(SP_PATH_MAX);
    expect_base(tmp);
    tmp = long_path(SP_PATH_MAX + 1);
    expect_base("/tmp");
    tmp = NULL;
    xdg = long_path(400);
    expect_base("/tmp");
}

/* ---- a directory that is given ---- */

Test(context, a_given_directory_is_used_as_it_is)
{
    static const struct {
        const char *given, *base;
    } rows[] = {{"/x", "/x"}, {"/x/", "/x"}, {"/", "/"}, {"//", "/"}, {"/x/../y", "/x/../y"}};
    struct sp_context *context = NULL;

    xdg = "/good";
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(sp_context_new(&context, &os, rows[i].given), SP_OK);
        cr_assert_str_eq(sp_context_base(context), rows[i].base);
        sp_context_free(context);
    }
    context = NULL;
    cr_assert_eq(sp_context_new(&context, &os, ""), SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(sp_context_new(&context, &os, "x"), SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(sp_context_new(&context, &os, long_path(SP_PATH_MAX + 1)),
                 SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_null(context);
}

/* Covers: PATH-06 */
Test(context, a_name_is_placed_below_it)
{
    static const struct {
        const char *base, *name, *path;
    } rows[] = {{"/x", "svc", "/x/svc"}, {"/", "svc", "/svc"}, {"/x", "/abs", "/abs"}};
    struct sp_context *context;
    struct sp_address address;
    enum sp_cause cause;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(sp_context_new(&context, &os, rows[i].base), SP_OK);
        cr_assert_eq(sp_context_resolve(context, &address, rows[i].name, SP_STRLEN, &cause), SP_OK);
        cr_assert_eq(address.length, strlen(rows[i].path));
        cr_assert_eq(memcmp(address.bytes, rows[i].path, address.length), 0);
        sp_context_free(context);
    }
    /* What counts is the whole path. */
    cr_assert_eq(sp_context_new(&context, &os, long_path(SP_PATH_MAX - 4)), SP_OK);
    cr_assert_eq(sp_context_resolve(context, &address, "svc", SP_STRLEN, &cause), SP_OK);
    cr_assert_eq(sp_context_resolve(context, &address, "svc2", SP_STRLEN, &cause),
                 SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(cause, SP_CAUSE_NAME_TOO_LONG);
    sp_context_free(context);
}

/* Covers: PATH-10, QT-B17 */
Test(context, names_do_not_move_with_the_environment)
{
    struct sp_address before, after;
    struct sp_context *context;
    char mutable[] = "/good";

    xdg = mutable;
    cr_assert_eq(sp_context_new(&context, &os, NULL), SP_OK);
    cr_assert_eq(sp_context_resolve(context, &before, "svc", SP_STRLEN, NULL), SP_OK);
    memcpy(mutable, "/evil", 5);
    xdg = "/foreign";
    tmp = "/elsewhere";
    cr_assert_eq(sp_context_resolve(context, &after, "svc", SP_STRLEN, NULL), SP_OK);
    cr_assert_eq(memcmp(&before, &after, sizeof(before)), 0);
    cr_assert_str_eq(sp_context_base(context), "/good");
    sp_context_free(context);
}

/* ---- the rest ---- */

Test(context, needs_memory_and_a_seam_of_its_own_version)
{
    struct sp_os other = os;
    struct sp_context *context = NULL;

    no_memory = true;
    cr_assert_eq(sp_context_new(&context, &os, "/x"), SP_ERROR_RESOURCE);
    xdg = "/good";
    cr_assert_eq(sp_context_new(&context, &os, NULL), SP_ERROR_RESOURCE);
    no_memory = false;
    other.version = SP_OS_VERSION + 1;
    cr_assert_eq(sp_context_new(&context, &other, "/x"), SP_ERROR_ARGUMENT);
    other.version = 0;
    cr_assert_eq(sp_context_new(&context, &other, "/x"), SP_ERROR_ARGUMENT);
    cr_assert_null(context);
    sp_context_free(NULL);
}

Test(context, without_a_seam_it_is_the_real_kernel)
{
    struct sp_context *context;

    cr_assert_eq(sp_context_new(&context, NULL, "/x"), SP_OK);
    cr_assert_eq(sp_context_os(context), sp_os_linux());
    sp_context_free(context);
}

Test(context, the_version_is_that_of_the_headers)
{
    cr_assert_str_eq(sp_version(), SP_VERSION_STRING);
}
