/* SPDX-License-Identifier: MIT */
/*
 * What a planned socket is said to become in a directory with a default access control list,
 * against what bind() makes there.
 *
 * Lists, modes of the unbound socket and umasks come from a number. Where the file system has no
 * lists the test is skipped.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/path.h"
#include "tests/support/must.h"
#include "tests/support/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ROUNDS 400

static uint64_t state = 0x9e3779b97f4a7c15u;

static unsigned below(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % limit;
}

static size_t put_entry(uint8_t *bytes, size_t length, unsigned tag, uint32_t id)
{
    const uint8_t entry[8] = {(uint8_t)tag,        0,
                              (uint8_t)below(8),   0,
                              (uint8_t)id,         (uint8_t)(id >> 8),
                              (uint8_t)(id >> 16), (uint8_t)(id >> 24)};

    (void)memcpy(bytes + length, entry, sizeof(entry));
    return length + sizeof(entry);
}

/* With named entries there must be a mask; without them it may be there. */
static bool give_default_list(const char *path)
{
    uint8_t bytes[4 + 8 * 8] = {2};
    const bool user = below(2) == 0;
    const bool group = below(2) == 0;
    size_t length = put_entry(bytes, 4, ACL_USER_OBJ, UINT32_MAX);

    if (user)
        length = put_entry(bytes, length, ACL_USER, 2001);
    length = put_entry(bytes, length, ACL_GROUP_OBJ, UINT32_MAX);
    if (group)
        length = put_entry(bytes, length, ACL_GROUP, 3001);
    if (user || group || below(4) == 0)
        length = put_entry(bytes, length, ACL_MASK, UINT32_MAX);
    length = put_entry(bytes, length, ACL_OTHER, UINT32_MAX);
    if (setxattr(path, "system.posix_acl_default", bytes, length, 0) == 0)
        return true;
    MUST(errno == EOPNOTSUPP);
    return false;
}

/* bind() takes the mode that the socket itself has, less the umask. */
static void bind_there(const char *path, mode_t mode, mode_t mask)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t before;

    MUST(fd >= 0 && strlen(path) < sizeof(address.sun_path) && fchmod(fd, mode) == 0);
    (void)strcpy(address.sun_path, path);
    before = umask(mask);
    MUST(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    (void)umask(before);
    (void)close(fd);
}

static void check_same(const struct node *planned, const struct node *made, unsigned round)
{
    cr_assert_eq(planned->mode, made->mode, "round %u: planned %o, made %o", round, planned->mode,
                 made->mode);
    cr_assert_eq(planned->acl.state, made->acl.state, "round %u", round);
    cr_assert_eq(planned->acl.count, made->acl.count, "round %u", round);
    for (size_t i = 0; i < made->acl.count; i++) {
        const struct acl_entry *a = &planned->acl.entries[i];
        const struct acl_entry *b = &made->acl.entries[i];

        cr_assert(a->tag == b->tag && a->allowed == b->allowed && a->id == b->id,
                  "round %u: entry %zu: planned %u:%u, made %u:%u", round, i, a->tag, a->allowed,
                  b->tag, b->allowed);
    }
}

Test(audit_inherited, a_planned_socket_is_what_bind_makes)
{
    static struct path_facts planned;
    static struct path_facts made;
    struct tempdir dir = tempdir_make();
    unsigned lists = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        const mode_t mode = (mode_t)below(01000);
        const mode_t mask = (mode_t)below(01000);
        char folder[TEMPDIR_JOINED_MAX];
        char path[TEMPDIR_JOINED_MAX + 2];

        MUST(snprintf(folder, sizeof(folder), "%s/%u", dir.path, round) < (int)sizeof(folder));
        MUST(snprintf(path, sizeof(path), "%s/s", folder) < (int)sizeof(path));
        MUST(mkdir(folder, 0700) == 0);
        if (below(8) != 0 && !give_default_list(folder)) {
            tempdir_remove(&dir);
            cr_skip_test("no access control lists below the temporary directory");
        }
        MUST(path_read(&planned, path));
        cr_assert(path_plan(&planned, geteuid(), getegid(), mode & ~mask));
        bind_there(path, mode, mask);
        MUST(path_read(&made, path));
        check_same(&path_end_step(&planned)->node, &path_end_step(&made)->node, round);
        lists += path_end_step(&made)->node.acl.state == ACL_READ;
    }
    cr_assert_gt(lists, ROUNDS / 4);
    tempdir_remove(&dir);
}
