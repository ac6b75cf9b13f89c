/* SPDX-License-Identifier: MIT */
/*
 * Peer credentials and policies on the real kernel: core/src/peer.c.
 *
 * Real peers where they can be had; where not (any uid, any pid), a seam that answers for the
 * kernel.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "peer.h"

#include "tests/support/as_uid.h"
#include "tests/support/faulty_os.h"
#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/snapshot.h"
#include "tests/support/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER ((uid_t)1000)
#define ALL_BITS 0x3fu

static struct tempdir dir;
static struct faulty_os os;
static char path[TEMPDIR_JOINED_MAX]; /* "DIR/s" */

static void set_up(void)
{
    dir = tempdir_make();
    tempdir_join(&dir, "s", path);
    faulty_os_init(&os, sp_os_linux());
}

static void tear_down(void)
{
    tempdir_remove(&dir);
}

TestSuite(peer, .init = set_up, .fini = tear_down);

static struct sp__policy *policy_of(struct sp_peer_policy public)
{
    struct sp__policy *policy;
    struct sp__fault fault;

    cr_assert_eq(sp__policy_copy(sp_os_linux(), &public, ALL_BITS, &policy, &fault), SP_OK);
    return policy;
}

static struct sp__policy *policy_allowing(unsigned allow)
{
    return policy_of((struct sp_peer_policy){.allow = allow});
}

/* The cause of a refusal, or NONE when admitted; another error as its negative number. */
static int admit_on(const struct sp_os *seam, int fd, const struct sp__policy *policy,
                    const struct sp__name *name)
{
    struct sp__fault fault;
    int r = sp__peer_admit(seam, fd, 0, policy, name, &fault);

    if (r == SP_OK)
        return SP_CAUSE_NONE;
    cr_assert_eq(fault.error, r);
    return r == SP_ERROR_UNTRUSTED ? (int)fault.cause : r;
}

static int admit(int fd, const struct sp__policy *policy)
{
    return admit_on(&os.os, fd, policy, NULL);
}

/* One end of a connection; the other one, @ret_peer, was made by this process as it is now. */
static int connected_to(int *ret_peer)
{
    int pair[2];

    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    *ret_peer = pair[1];
    return pair[0];
}

/* ---- the policy ---- */

Test(peer, a_policy_is_checked_before_it_is_copied)
{
    static const uint32_t ids[SP_POLICY_IDS_MAX + 1] = {0};
    static const struct sp_peer_policy wrong[] = {
        {.allow = 0},
        {.allow = 1u << 6},
        {.allow = SP_PEER_ANY | 1u << 31},
        {.allow = SP_PEER_DIRECTORY_OWNER}, /* not permitted below */
        {.allow = SP_PEER_UIDS},
        {.allow = SP_PEER_GIDS},
        {.allow = SP_PEER_UIDS, .uid_count = 1},
        {.allow = SP_PEER_GIDS, .gid_count = 1},
        {.allow = SP_PEER_UIDS, .uids = ids, .uid_count = SP_POLICY_IDS_MAX + 1},
        {.allow = SP_PEER_GIDS, .gids = ids, .gid_count = SP_POLICY_IDS_MAX + 1},
        {.allow = SP_PEER_UIDS, .uids = ids, .uid_count = SIZE_MAX},
        {.allow = SP_PEER_SELF, .uid_count = 1},
        {.allow = SP_PEER_SELF, .gids = ids, .gid_count = SP_POLICY_IDS_MAX + 1},
    };
    struct sp__policy *policy = NULL;
    struct sp__fault fault;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        cr_assert_eq(sp__policy_copy(&os.os, &wrong[i],
                                     ALL_BITS & ~(unsigned)SP_PEER_DIRECTORY_OWNER, &policy,
                                     &fault),
                     SP_ERROR_ARGUMENT, "row %zu", i);
        cr_assert_eq(fault.operation, SP_OPERATION_CONFIGURE);
        cr_assert_null(policy);
    }
    cr_assert_eq(os.total, 0);
}

Test(peer, no_policy_is_the_default_of_the_caller)
{
    struct sp__policy *policy = (void *)&os;
    struct sp__fault fault;
    int peer;
    int fd = connected_to(&peer);

    cr_assert_eq(sp__policy_copy(&os.os, NULL, ALL_BITS, &policy, &fault), SP_OK);
    cr_assert_null(policy);
    cr_assert_eq(sp__peer_admit(&os.os, fd, SP_PEER_ANY, NULL, NULL, &fault), SP_OK);
    cr_assert_eq(sp__peer_admit(&os.os, fd, SP_PEER_SELF, NULL, NULL, &fault), SP_OK);
    /* Bits that need ids mean nobody without a policy. */
    cr_assert_eq(sp__peer_admit(&os.os, fd, SP_PEER_UIDS | SP_PEER_GIDS, NULL, NULL, &fault),
                 SP_ERROR_UNTRUSTED);
    sp__policy_free(&os.os, NULL);
}

Test(peer, a_policy_is_a_copy)
{
    uint32_t uids[SP_POLICY_IDS_MAX];
    uint32_t gids[SP_POLICY_IDS_MAX];
    struct sp__policy *policy;
    int peer;
    int fd = connected_to(&peer);

    for (size_t i = 0; i < SP_POLICY_IDS_MAX; i++)
        uids[i] = gids[i] = 5000 + (uint32_t)i;
    uids[SP_POLICY_IDS_MAX - 1] = geteuid();
    policy = policy_of((struct sp_peer_policy){.allow = SP_PEER_UIDS | SP_PEER_GIDS,
                                               .uids = uids,
                                               .uid_count = SP_POLICY_IDS_MAX,
                                               .gids = gids,
                                               .gid_count = SP_POLICY_IDS_MAX});
    memset(uids, 0xee, sizeof(uids));
    cr_assert_eq(admit(fd, policy), SP_CAUSE_NONE);
    sp__policy_free(&os.os, policy);
}

/* Covers: FDLT-20 */
Test(peer, without_memory_there_is_no_policy)
{
    struct sp_peer_policy public = {.allow = SP_PEER_SELF};
    struct sp__policy *policy = NULL;
    struct sp__fault fault;

    faulty_os_plan(&os, (struct faulty_plan){.nth = 1, .error = ENOMEM, .member = FAULTY_ALLOC});
    cr_assert_eq(sp__policy_copy(&os.os, &public, ALL_BITS, &policy, &fault), SP_ERROR_RESOURCE);
    cr_assert_eq(fault.cause, SP_CAUSE_NO_MEMORY);
    cr_assert_null(policy);
}

/* ---- a seam that answers for the kernel ---- */

struct answers {
    struct sp_os os;
    struct sp_os_cred cred;
    const uint32_t *groups;
    size_t group_count;
    int groups_error;
    unsigned group_calls;
};

static int answer_cred(void *ctx, int fd, struct sp_os_cred *ret)
{
    (void)fd;
    *ret = ((struct answers *)ctx)->cred;
    return 0;
}

static int answer_groups(void *ctx, int fd, uint32_t *ret, size_t capacity)
{
    struct answers *answers = ctx;

    (void)fd;
    answers->group_calls++;
    if (answers->groups_error != 0)
        return -answers->groups_error;
    if (answers->group_count > capacity)
        return -ERANGE;
    memcpy(ret, answers->groups, answers->group_count * sizeof(uint32_t));
    return (int)answers->group_count;
}

/* The rest is passed to the real kernel, which takes no notice of its ctx. */
static void answer(struct answers *answers, struct sp_os_cred cred)
{
    memset(answers, 0, sizeof(*answers));
    answers->os = *sp_os_linux();
    answers->os.ctx = answers;
    answers->os.peer_cred = answer_cred;
    answers->os.peer_groups = answer_groups;
    answers->cred = cred;
}

/* ---- unknown peers ---- */

/* Covers: PEER-03 */
Test(peer, who_is_unknown_is_let_in_only_by_any)
{
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fds[] = {os.os.socket(os.os.ctx), tcp};
    uint32_t minus_one = UINT32_MAX;
    struct sp__policy *everything_but_any = policy_of(
        (struct sp_peer_policy){.allow = SP_PEER_SELF | SP_PEER_ROOT | SP_PEER_UIDS | SP_PEER_GIDS,
                                .uids = &minus_one,
                                .uid_count = 1,
                                .gids = &minus_one,
                                .gid_count = 1});
    struct sp__policy *any = policy_allowing(SP_PEER_ANY);

    for (size_t i = 0; i < 2; i++) {
        struct sp__fault fault;
        struct sp_peer peer = {.uid = 7};

        cr_assert_eq(admit(fds[i], everything_but_any), SP_CAUSE_PEER_UNKNOWN);
        cr_assert_eq(admit(fds[i], any), SP_CAUSE_NONE);
        cr_assert_eq(sp__peer_admit_mode(&os.os, fds[i], 0777, &fault), SP_ERROR_UNTRUSTED);
        cr_assert_eq(fault.cause, SP_CAUSE_PEER_UNKNOWN);
        cr_assert_eq(sp__peer_get(&os.os, fds[i], &peer, &fault), SP_ERROR_UNTRUSTED);
        cr_assert_eq(fault.cause, SP_CAUSE_PEER_UNKNOWN);
        cr_assert_eq(peer.uid, 7, "nothing is written on failure");
    }
    sp__policy_free(&os.os, everything_but_any);
    sp__policy_free(&os.os, any);
}

/* Covers: PEER-05 */
Test(peer, ids_are_unsigned_and_32_bits_wide)
{
    static const uint32_t uids[] = {0xfffffffeu, 0x80000000u, 65536u + 1000u};
    struct sp__policy *thousand =
        policy_of((struct sp_peer_policy){.allow = SP_PEER_UIDS | SP_PEER_SELF | SP_PEER_ROOT,
                                          .uids = (uint32_t[]){1000},
                                          .uid_count = 1});
    struct answers answers;

    for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++) {
        struct sp__policy *exact = policy_of(
            (struct sp_peer_policy){.allow = SP_PEER_UIDS, .uids = &uids[i], .uid_count = 1});
        struct sp__fault fault;
        struct sp_peer peer;

        answer(&answers, (struct sp_os_cred){.pid = 1, .uid = uids[i], .gid = uids[i]});
        cr_assert_eq(admit_on(&answers.os, -1, thousand, NULL), SP_CAUSE_PEER_NOT_ALLOWED);
        cr_assert_eq(admit_on(&answers.os, -1, exact, NULL), SP_CAUSE_NONE);
        cr_assert_eq(sp__peer_get(&answers.os, -1, &peer, &fault), SP_OK);
        cr_assert_eq(peer.uid, uids[i]);
        cr_assert_eq(peer.gid, uids[i]);
        sp__policy_free(&os.os, exact);
    }
    sp__policy_free(&os.os, thousand);
}

/* A peer in a process namespace that we cannot see has pid 0 and a good uid. */
static int admit_parent_of_namespace(void *arg)
{
    struct sp__fault fault;
    struct sp_peer peer;
    int r = sp__peer_get(sp_os_linux(), *(int *)arg, &peer, &fault);

    return r == SP_OK && peer.pid == 0 && peer.uid == geteuid();
}

/* Only children of the one who calls unshare() are in the new namespace. */
static int admit_from_new_namespace(void *arg)
{
    MUST(unshare(CLONE_NEWPID) == 0);
    return as_child(admit_parent_of_namespace, arg);
}

/* Covers: PEER-02, PEER-03 */
Test(peer, a_pid_of_zero_alone_does_not_make_a_peer_unknown)
{
    int peer;
    int fd = connected_to(&peer);

    REQUIRE_ROOT();
    cr_assert(as_child(admit_from_new_namespace, &fd));
}

/* ---- users ---- */

struct client {
    const char *path;
    const char *own_name; /* to bind to before connecting, or NULL */
};

/* Connects and goes away; so does its process, before anybody accepts. */
static int connect_and_leave(void *arg)
{
    const struct client *client = arg;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (client->own_name != NULL) {
        strcpy(address.sun_path, client->own_name);
        MUST(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    }
    memset(address.sun_path, 0, sizeof(address.sun_path));
    strcpy(address.sun_path, client->path);
    MUST(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return 0;
}

/* A connection from a user whose process is gone. */
static int accepted_from(uid_t uid, const char *own_name)
{
    struct client client = {.path = path, .own_name = own_name};
    int server;
    int fd;

    MUST(chmod(dir.path, 0777) == 0);
    server = raw_listen(path, 4);
    MUST(server >= 0 && chmod(path, 0777) == 0);
    MUST(as_uid(uid, NOGROUP, NULL, 0, connect_and_leave, &client) == 0);
    fd = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    MUST(fd >= 0 && close(server) == 0 && unlink(path) == 0);
    return fd;
}

/* Covers: PEER-02 */
Test(peer, the_identity_is_that_of_connecting_whatever_happened_since)
{
    struct sp__policy *root = policy_allowing(SP_PEER_ROOT | SP_PEER_SELF);
    struct sp__policy *user = policy_of(
        (struct sp_peer_policy){.allow = SP_PEER_UIDS, .uids = (uint32_t[]){USER}, .uid_count = 1});
    int fd;

    REQUIRE_ROOT();
    fd = accepted_from(USER, NULL);
    cr_assert_eq(admit(fd, root), SP_CAUSE_PEER_NOT_ALLOWED);
    cr_assert_eq(admit(fd, user), SP_CAUSE_NONE);
    sp__policy_free(&os.os, root);
    sp__policy_free(&os.os, user);
}

/* Covers: PEER-01 */
Test(peer, what_a_client_calls_itself_does_not_matter)
{
    struct sp__policy *root = policy_allowing(SP_PEER_ROOT | SP_PEER_SELF);
    char name[TEMPDIR_JOINED_MAX];
    struct sp__fault fault;
    struct sp_peer peer;
    int fd;

    REQUIRE_ROOT();
    fd = accepted_from(USER, tempdir_join(&dir, ";uid=0;pid=1;", name));
    cr_assert_eq(admit(fd, root), SP_CAUSE_PEER_NOT_ALLOWED);
    cr_assert_eq(sp__peer_get(&os.os, fd, &peer, &fault), SP_OK);
    cr_assert_eq(peer.uid, USER);
    sp__policy_free(&os.os, root);
}

/* Covers: ABST-02 */
Test(peer, a_client_learns_who_is_serving)
{
    struct sp__policy *self = policy_allowing(SP_PEER_SELF);
    int server = raw_listen(path, 4);
    int fd = raw_connect(path);

    MUST(server >= 0 && fd >= 0);
    cr_assert_eq(admit(fd, self), SP_CAUSE_NONE);
    sp__policy_free(&os.os, self);
}

/* ---- groups ---- */

static struct sp__policy *group_policy(uint32_t gid)
{
    return policy_of((struct sp_peer_policy){
        .allow = SP_PEER_GIDS, .gids = (uint32_t[]){9999, gid}, .gid_count = 2});
}

/* Covers: PEER-06 */
Test(peer, every_supplementary_group_counts)
{
    static const size_t counts[] = {0, 1, 63, 64, 65, 512, 513, 65535, 65536};
    static gid_t groups[65536];

    REQUIRE_ROOT();
    for (size_t i = 0; i < 65536; i++)
        groups[i] = 100000 + (gid_t)i;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct sp__policy *last = group_policy(counts[i] > 0 ? groups[counts[i] - 1] : 1);
        struct sp__policy *primary = group_policy(getegid());
        struct sp__policy *none = group_policy(99999);
        int peer;
        int fd;

        MUST(setgroups(counts[i], groups) == 0);
        fd = connected_to(&peer);
        cr_assert_eq(admit(fd, last), counts[i] > 0 ? SP_CAUSE_NONE : SP_CAUSE_PEER_NOT_ALLOWED,
                     "%zu groups", counts[i]);
        cr_assert_eq(admit(fd, primary), SP_CAUSE_NONE);
        cr_assert_eq(admit(fd, none), SP_CAUSE_PEER_NOT_ALLOWED, "%zu groups", counts[i]);
        sp__policy_free(&os.os, last);
        sp__policy_free(&os.os, primary);
        sp__policy_free(&os.os, none);
        MUST(close(fd) == 0 && close(peer) == 0);
    }
}

/* Covers: PEER-06, EXHA-04 */
Test(peer, a_list_of_groups_has_a_bound)
{
    static uint32_t groups[SP_PEER_GROUPS_MAX + 1];
    struct sp__policy *wanted = group_policy(7);
    struct sp__fault fault;
    struct answers answers;

    groups[SP_PEER_GROUPS_MAX] = 7;
    answer(&answers, (struct sp_os_cred){.pid = 1, .uid = 1, .gid = 1});
    answers.groups = groups;
    answers.group_count = SP_PEER_GROUPS_MAX + 1;
    cr_assert_eq(admit_on(&answers.os, -1, wanted, NULL), SP_CAUSE_PEER_NOT_ALLOWED);
    cr_assert_lt(answers.group_calls, 10);
    groups[0] = 7;
    answers.group_count = SP_PEER_GROUPS_MAX;
    cr_assert_eq(admit_on(&answers.os, -1, wanted, NULL), SP_CAUSE_NONE);
    answers.groups_error = ENOPROTOOPT;
    cr_assert_eq(admit_on(&answers.os, -1, wanted, NULL), SP_ERROR_UNSUPPORTED,
                 "a system that cannot tell lets nobody in");
    answers.cred.uid = geteuid() + 1;
    cr_assert_eq(sp__peer_admit_mode(&answers.os, -1, 0777, &fault), SP_ERROR_UNSUPPORTED);
    sp__policy_free(&os.os, wanted);
}

/* ---- the owner of the directory ---- */

struct place {
    const char *what;
    uid_t above; /* owner and mode of the directory that holds the directory */
    mode_t above_mode;
    uid_t owner; /* of the directory of the socket */
    mode_t mode;
    int cause; /* when the peer is USER */
};

static const struct place places[] = {
    {"a daemon's own directory", 0, 0755, USER, 0755, SP_CAUSE_NONE},
    {"within another one of his", USER, 0700, USER, 0700, SP_CAUSE_NONE},
    {"within a sticky one", 0, 01777, USER, 0755, SP_CAUSE_NONE},
    {"one that his group may write", 0, 0755, USER, 0775, SP_CAUSE_DIRECTORY_WRITABLE},
    {"one that all may write", 0, 0755, USER, 0757, SP_CAUSE_DIRECTORY_WRITABLE},
    {"sticky is not enough for the last", 0, 0755, USER, 01777, SP_CAUSE_DIRECTORY_WRITABLE},
    {"sticky and his group's", 0, 0755, USER, 01775, SP_CAUSE_DIRECTORY_WRITABLE},
    {"root's", 0, 0755, 0, 0755, SP_CAUSE_PEER_NOT_ALLOWED},
    {"as /tmp", 0, 0755, 0, 01777, SP_CAUSE_PEER_NOT_ALLOWED},
    {"another user's", 0, 0755, NOBODY, 0755, SP_CAUSE_DIRECTORY_OWNER},
    {"within another user's", NOBODY, 0755, USER, 0755, SP_CAUSE_DIRECTORY_OWNER},
    {"within one that all may write", 0, 0777, USER, 0755, SP_CAUSE_DIRECTORY_WRITABLE},
};

static struct sp__name *name_of(const char *text)
{
    struct sp_address address;
    struct sp__name *name;

    MUST(sp_address_path(&address, text, SP_STRLEN, NULL) == SP_OK);
    name = sp__name_new(sp_os_linux(), &address, address.length);
    MUST(name != NULL);
    return name;
}

/* Covers: ABST-02, PEER-11 */
Test(peer, the_owner_of_the_directory_is_whom_a_client_expects)
{
    struct sp__policy *policy = policy_allowing(SP_PEER_DIRECTORY_OWNER);
    struct sp__name *name = name_of(tempdir_join(&dir, "a/b/s", path));
    struct snapshot before;
    struct snapshot after;
    struct answers answers;
    char above[TEMPDIR_JOINED_MAX];
    char last[TEMPDIR_JOINED_MAX];

    REQUIRE_ROOT();
    tempdir_join(&dir, "a", above);
    tempdir_join(&dir, "a/b", last);
    MUST(mkdir(above, 0700) == 0 && mkdir(last, 0700) == 0);
    answer(&answers, (struct sp_os_cred){.pid = 1, .uid = USER, .gid = 1});
    before = snapshot_descriptors();
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const struct place *place = &places[i];

        MUST(chown(above, place->above, 0) == 0 && chmod(above, place->above_mode) == 0);
        MUST(chown(last, place->owner, 0) == 0 && chmod(last, place->mode) == 0);
        cr_assert_eq(admit_on(&answers.os, -1, policy, name), place->cause, "%s", place->what);
    }
    after = snapshot_descriptors();
    cr_assert_str_eq(after.text, before.text);
    /* A directory that is gone, and no path at all, prove nothing. */
    MUST(rmdir(last) == 0 && chmod(above, 0755) == 0);
    cr_assert_eq(admit_on(&answers.os, -1, policy, name), SP_ERROR_SERVER_NOT_FOUND);
    cr_assert_eq(admit_on(&answers.os, -1, policy, NULL), SP_CAUSE_PEER_NOT_ALLOWED);
    sp__name_unref(sp_os_linux(), name);
    sp__policy_free(&os.os, policy);
}

/* ---- names without a file ---- */

/* Covers: ABST-01, PERM-13 */
Test(peer, access_to_an_abstract_name_is_that_of_a_file)
{
    static const uint32_t groups[] = {5, 1};
    struct {
        struct sp_os_cred cred;
        size_t groups;
        bool owner;
        bool member;
    } clients[] = {
        {{.pid = 1, .uid = geteuid(), .gid = 77}, 0, true, false},
        {{.pid = 1, .uid = geteuid() + 1, .gid = getegid()}, 0, false, true},
        {{.pid = 1, .uid = geteuid() + 1, .gid = 77}, 2, false, false},
        {{.pid = 1, .uid = geteuid() + 1, .gid = 77}, 0, false, false},
    };
    uint32_t with_ours[] = {5, getegid()};

    for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
        for (unsigned mode = 0; mode <= 0777; mode++) {
            struct answers answers;
            struct sp__fault fault;
            bool allowed;

            answer(&answers, clients[i].cred);
            answers.groups = i == 2 ? with_ours : groups;
            answers.group_count = clients[i].groups;
            /* root, whom no mode keeps out, then the first class that fits */
            if (clients[i].cred.uid == 0)
                allowed = true;
            else if (clients[i].owner)
                allowed = (mode & 0200) != 0;
            else if (clients[i].member || i == 2)
                allowed = (mode & 0020) != 0;
            else
                allowed = (mode & 0002) != 0;
            cr_assert_eq(sp__peer_admit_mode(&answers.os, -1, mode, &fault),
                         allowed ? SP_OK : SP_ERROR_UNTRUSTED, "client %zu, mode %o", i, mode);
            cr_assert(allowed || fault.cause == SP_CAUSE_PEER_NOT_ALLOWED);
            cr_assert(answers.group_calls == 0 || i >= 2, "groups are asked only when they count");
        }
    }
}

/* ---- how much is asked ---- */

Test(peer, as_little_as_possible_is_asked)
{
    struct sp__policy *any = policy_allowing(SP_PEER_ANY | SP_PEER_DIRECTORY_OWNER);
    struct sp__policy *self = policy_of(
        (struct sp_peer_policy){.allow = SP_PEER_SELF | SP_PEER_DIRECTORY_OWNER | SP_PEER_GIDS,
                                .gids = (uint32_t[]){1},
                                .gid_count = 1});
    struct sp__policy *primary = group_policy(getegid());
    int peer;
    int fd = connected_to(&peer);

    cr_assert_eq(admit(fd, any), SP_CAUSE_NONE);
    cr_assert_eq(os.total, 0);
    cr_assert_eq(admit(fd, self), SP_CAUSE_NONE);
    cr_assert_eq(os.total, 1);
    cr_assert_eq(os.calls[FAULTY_PEER_CRED], 1);
    cr_assert_eq(admit(fd, primary), SP_CAUSE_NONE);
    cr_assert_eq(os.total, 2);
    sp__policy_free(&os.os, any);
    sp__policy_free(&os.os, self);
    sp__policy_free(&os.os, primary);
}

/* ---- whatever fails, nobody gets in by it ---- */

/* Covers: PEER-08, SIGN-04 */
Test(peer, no_failure_lets_anybody_in)
{
    static const int errors[] = {EIO, EMFILE, ENOMEM, EACCES, ENOENT, EINTR};
    static gid_t many[100];
    struct sp__policy *policy = policy_of(
        (struct sp_peer_policy){.allow = SP_PEER_UIDS | SP_PEER_GIDS | SP_PEER_DIRECTORY_OWNER,
                                .uids = (uint32_t[]){9999},
                                .uid_count = 1,
                                .gids = (uint32_t[]){9999},
                                .gid_count = 1});
    struct sp__name *name = name_of(path);
    struct snapshot before;
    unsigned nth = 0;
    int peer;
    int fd;

    REQUIRE_ROOT();
    /* Enough groups that memory is needed for them; and in the end he is let in, as the owner of
     * the directory. */
    MUST(setgroups(100, many) == 0);
    fd = connected_to(&peer);
    before = snapshot_descriptors();
    do {
        nth++;
        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
            struct snapshot after;
            int cause;

            faulty_os_plan(&os, (struct faulty_plan){.nth = nth, .error = errors[i]});
            cause = admit_on(&os.os, fd, policy, name);
            if (os.failed == 0 || os.failed_member == FAULTY_CLOSE ||
                (errors[i] == EINTR && os.failed_member != FAULTY_ALLOC))
                cr_assert_eq(cause, SP_CAUSE_NONE, "call %u", nth);
            else
                cr_assert_neq(cause, SP_CAUSE_NONE, "call %u (%s)", nth,
                              faulty_member_name(os.failed_member));
            after = snapshot_descriptors();
            cr_assert_str_eq(after.text, before.text);
        }
    } while (os.failed > 0);
    cr_assert_gt(nth, 8);
    sp__name_unref(sp_os_linux(), name);
    sp__policy_free(&os.os, policy);
}
