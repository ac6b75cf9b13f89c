/* SPDX-License-Identifier: MIT */
/*
 * The seam on Linux, sockets: each member of core/os/linux_socket.c against its contract in
 * sunpath/os.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/support/as_uid.h"
#include "tests/support/must.h"
#include "tests/support/snapshot.h"
#include "tests/support/tempdir.h"

#include <sunpath/limits.h>
#include <sunpath/os.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static const struct sp_os *os;
static struct tempdir dir;

static void set_up(void)
{
    os = sp_os_linux();
    dir = tempdir_make();
}

static void tear_down(void)
{
    tempdir_remove(&dir);
}

TestSuite(linux_socket, .init = set_up, .fini = tear_down);

/* Valgrind wants all memory that a system call may write to exist, and closes what it thinks is one
 * descriptor too many, with the connection in it. */
static bool under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");

    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

static int64_t send_text(int fd, const char *text)
{
    struct sp_os_iov piece = {.bytes = text, .length = strlen(text)};

    return os->send(os->ctx, fd, &piece, 1);
}

/* A listening socket at "DIR/leaf". */
static int listen_at(const char *leaf, int backlog)
{
    char path[TEMPDIR_JOINED_MAX];
    int fd = os->socket(os->ctx);

    tempdir_join(&dir, leaf, path);
    MUST(fd >= 0 && os->bind(os->ctx, fd, path, strlen(path)) == 0);
    MUST(os->listen(os->ctx, fd, backlog) == 0);
    return fd;
}

static int connect_at(int fd, const char *leaf)
{
    char path[TEMPDIR_JOINED_MAX];

    tempdir_join(&dir, leaf, path);
    return os->connect(os->ctx, fd, path, strlen(path));
}

static void assert_born_right(int fd)
{
    cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    cr_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

/* Covers: FDLT-01, FDLT-02, FDLT-17 */
Test(linux_socket, descriptors_are_close_on_exec_and_non_blocking_from_birth)
{
    int server = listen_at("s", 4);
    int client = os->socket(os->ctx);
    int accepted;

    assert_born_right(server);
    assert_born_right(client);
    cr_assert_eq(os->accept(os->ctx, server), -EAGAIN, "an empty queue must not block");
    cr_assert_eq(connect_at(client, "s"), 0);
    accepted = os->accept(os->ctx, server);
    cr_assert_geq(accepted, 0);
    assert_born_right(accepted);
}

/* ---- names ---- */

/* Covers: ALEN-01, ALEN-02, ABST-05 */
Test(linux_socket, an_abstract_name_has_exactly_its_length)
{
    /* Very short names are shared with everybody in the network namespace: only in one of our own.
     */
    size_t shortest = geteuid() == 0 && unshare(CLONE_NEWNET) == 0 ? 2 : 16;

    for (size_t length = shortest; length <= 1 + SP_ABSTRACT_MAX; length++) {
        unsigned char name[32 + SP_ABSTRACT_MAX];
        unsigned char back[SP_OS_SOCKADDR_MAX];
        int fd = os->socket(os->ctx);

        memset(name, 'a', sizeof(name));
        (void)snprintf((char *)name + 1, 16, "%d", getpid());
        /* NULs inside and at the end, to be kept. */
        name[0] = '\0';
        name[length - 1] = '\0';
        cr_assert_eq(os->bind(os->ctx, fd, name, length), 0, "length %zu", length);
        cr_assert_eq(os->getsockname(os->ctx, fd, back, sizeof(back)), (int)(2 + length));
        cr_assert_arr_eq(back + 2, name, length);
        cr_assert_eq(os->close(os->ctx, fd), 0);
    }
}

/* Covers: ALEN-02, ALEN-04 */
Test(linux_socket, a_path_of_every_length_is_bound_whole)
{
    for (size_t length = strlen(dir.path) + 2; length <= SP_PATH_MAX; length++) {
        unsigned char back[SP_OS_SOCKADDR_MAX];
        char path[SP_PATH_MAX + 1];
        int fd = os->socket(os->ctx);
        int reported;

        memset(path, 'x', length);
        memcpy(path, dir.path, strlen(dir.path));
        path[strlen(dir.path)] = '/';
        path[length] = '\0';
        cr_assert_eq(os->bind(os->ctx, fd, path, length), 0, "length %zu", length);
        reported = os->getsockname(os->ctx, fd, back, sizeof(back));
        /* The kernel counts a terminator, for which 108 bytes leave no room: 111. */
        cr_assert_eq(reported, (int)(2 + length + 1));
        cr_assert_arr_eq(back + 2, path, length);
        cr_assert_eq(access(path, F_OK), 0);
        cr_assert_eq(os->close(os->ctx, fd), 0);
    }
}

/* Covers: ALEN-09 */
Test(linux_socket, an_address_is_never_written_past_the_room_for_it)
{
    unsigned char back[SP_OS_SOCKADDR_MAX];
    int server = listen_at("name", 1);
    int whole = os->getsockname(os->ctx, server, back, sizeof(back));

    for (size_t room = 0; room <= (size_t)whole + 2; room++) {
        memset(back, 0xee, sizeof(back));
        cr_assert_eq(os->getsockname(os->ctx, server, back, room), whole,
                     "the length is that of the address, not of the room");
        cr_assert_eq(back[room < (size_t)whole ? room : (size_t)whole], 0xee);
    }
}

/* Covers: ABST-06, PATH-01 */
Test(linux_socket, no_name_and_one_that_is_too_long_never_reach_the_kernel)
{
    char path[SP_PATH_MAX + 1];
    int fd = os->socket(os->ctx);
    unsigned char back[SP_OS_SOCKADDR_MAX];

    memset(path, 'x', sizeof(path));
    path[0] = '/';
    /* The kernel would choose an abstract name of its own for this. */
    cr_assert_eq(os->bind(os->ctx, fd, "", 0), -EINVAL);
    cr_assert_eq(os->connect(os->ctx, fd, "", 0), -EINVAL);
    cr_assert_eq(os->bind(os->ctx, fd, path, sizeof(path)), -ENAMETOOLONG);
    cr_assert_eq(os->connect(os->ctx, fd, path, sizeof(path)), -ENAMETOOLONG);
    cr_assert_eq(os->getsockname(os->ctx, fd, back, sizeof(back)), 2, "still unbound");
}

/* Covers: STAT-08, STAT-15 */
Test(linux_socket, an_error_is_that_of_its_call_whatever_errno_was)
{
    static const int sentinels[] = {0, EAGAIN, EACCES, EINTR};
    char decoy[TEMPDIR_JOINED_MAX];
    int stale = listen_at("stale", 1);

    MUST(os->close(os->ctx, stale) == 0);
    tempdir_file(&dir, "file", "");
    tempdir_join(&dir, "file", decoy);
    for (size_t i = 0; i < sizeof(sentinels) / sizeof(sentinels[0]); i++) {
        int fd = os->socket(os->ctx);

        errno = sentinels[i];
        cr_assert_eq(connect_at(fd, "missing"), -ENOENT);
        errno = sentinels[i];
        cr_assert_eq(connect_at(fd, "stale"), -ECONNREFUSED);
        errno = sentinels[i];
        cr_assert_eq(connect_at(fd, "file"), -ECONNREFUSED);
        errno = sentinels[i];
        cr_assert_eq(connect_at(fd, "file/below"), -ENOTDIR);
        errno = sentinels[i];
        cr_assert_eq(os->bind(os->ctx, fd, decoy, strlen(decoy)), -EADDRINUSE);
        errno = sentinels[i];
        cr_assert_eq(send_text(fd, "x"), -ENOTCONN);
        errno = sentinels[i];
        cr_assert_eq(os->close(os->ctx, fd), 0);
        errno = sentinels[i];
        cr_assert_eq(os->close(os->ctx, 1 << 20), -EBADF);
    }
}

Test(linux_socket, a_full_backlog_is_told_apart_from_refusal)
{
    int server = listen_at("full", 1);
    int fds[3];

    for (int i = 0; i < 3; i++)
        fds[i] = os->socket(os->ctx);
    cr_assert_eq(connect_at(fds[0], "full"), 0);
    cr_assert_eq(connect_at(fds[1], "full"), 0, "listen(n) admits n + 1");
    cr_assert_eq(connect_at(fds[2], "full"), -EAGAIN);
    (void)os->close(os->ctx, server);
    cr_assert_eq(connect_at(fds[2], "full"), -ECONNREFUSED);
}

/* ---- sending and receiving ---- */

/* Covers: SIGN-01, SIGN-02 */
Test(linux_socket, writing_to_a_peer_that_has_gone_raises_no_signal)
{
    struct sp_os_iov two[] = {{"a", 1}, {"b", 1}};
    struct sigaction before;
    struct sigaction after;
    int pair[2];

    MUST(signal(SIGPIPE, SIG_DFL) != SIG_ERR && sigaction(SIGPIPE, NULL, &before) == 0);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    (void)close(pair[1]);
    cr_assert_eq(send_text(pair[0], "x"), -EPIPE);
    cr_assert_eq(os->send(os->ctx, pair[0], two, 2), -EPIPE);
    MUST(sigaction(SIGPIPE, NULL, &after) == 0);
    cr_assert_eq((void *)after.sa_handler, (void *)before.sa_handler);
}

/* Covers: TIME-05 */
Test(linux_socket, nothing_blocks_even_on_a_blocking_descriptor)
{
    static const char block[65536];
    struct sp_os_iov pieces[2] = {{block, sizeof(block)}, {block, sizeof(block)}};
    char byte;
    int pair[2];
    int64_t r;

    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    cr_assert_eq(os->recv(os->ctx, pair[0], &byte, 1, 0), -EAGAIN);
    cr_assert_eq(os->recv(os->ctx, pair[0], &byte, 1, SP_OS_PEEK), -EAGAIN);
    while ((r = os->send(os->ctx, pair[0], pieces, 2)) > 0)
        ;
    cr_assert_eq(r, -EAGAIN);
    cr_assert_eq(os->send(os->ctx, pair[0], pieces, 1), -EAGAIN);
}

/* Covers: BUFF-01 */
Test(linux_socket, pieces_arrive_in_order_and_peeked_bytes_stay)
{
    struct sp_os_iov pieces[SP_OS_IOV_MAX];
    char text[SP_OS_IOV_MAX];
    char got[SP_OS_IOV_MAX + 1];
    int pair[2];

    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    for (size_t i = 0; i < SP_OS_IOV_MAX; i++) {
        text[i] = (char)('0' + i);
        pieces[i] = (struct sp_os_iov){&text[i], 1};
    }
    cr_assert_eq(os->send(os->ctx, pair[0], pieces, SP_OS_IOV_MAX), SP_OS_IOV_MAX);
    cr_assert_eq(os->recv(os->ctx, pair[1], got, sizeof(got), SP_OS_PEEK), SP_OS_IOV_MAX);
    cr_assert_eq(os->recv(os->ctx, pair[1], got, sizeof(got), 0), SP_OS_IOV_MAX);
    cr_assert_arr_eq(got, text, SP_OS_IOV_MAX);
    (void)close(pair[0]);
    cr_assert_eq(os->recv(os->ctx, pair[1], got, sizeof(got), 0), 0);
}

/* Sends one byte with @count descriptors, all of them @fd. */
static void send_descriptors(int socket, int fd, size_t count)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(64 * sizeof(int))];
    } control;
    struct iovec piece = {.iov_base = "d", .iov_len = 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control};
    struct cmsghdr *header;

    MUST(count <= 64);
    memset(&control, 0, sizeof(control));
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    for (size_t i = 0; i < count; i++)
        memcpy(CMSG_DATA(header) + i * sizeof(int), &fd, sizeof(int));
    MUST(sendmsg(socket, &message, 0) == 1);
}

/* Covers: FDLT-07, FDLT-08 */
Test(linux_socket, descriptors_that_nobody_asked_for_do_not_stay)
{
    struct snapshot before;
    struct snapshot after;
    char byte;
    int pair[2];

    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    before = snapshot_descriptors();
    for (size_t count = 1; count <= 64; count *= 4) {
        send_descriptors(pair[0], 0, count);
        cr_assert_eq(os->recv(os->ctx, pair[1], &byte, 1, SP_OS_PEEK), 1);
        cr_assert_eq(os->recv(os->ctx, pair[1], &byte, 1, 0), 1);
    }
    after = snapshot_descriptors();
    cr_assert_str_eq(after.text, before.text);
}

/* ---- readiness ---- */

Test(linux_socket, poll_reports_each_descriptor_and_skips_negative_ones)
{
    struct sp_os_pollfd fds[3] = {{.fd = -1, .want = SP_OS_POLLIN, .got = 77}};
    int pair[2];

    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    MUST(write(pair[0], "x", 1) == 1);
    fds[1] = (struct sp_os_pollfd){.fd = pair[1], .want = SP_OS_POLLIN | SP_OS_POLLRDHUP};
    fds[2] = (struct sp_os_pollfd){.fd = pair[0], .want = SP_OS_POLLIN | SP_OS_POLLOUT};
    cr_assert_eq(os->poll(os->ctx, fds, 3, SP_NEVER), 2);
    cr_assert_eq(fds[0].got, 0);
    cr_assert_eq(fds[1].got, SP_OS_POLLIN);
    cr_assert_eq(fds[2].got, SP_OS_POLLOUT);
    (void)close(pair[0]);
    cr_assert_eq(os->poll(os->ctx, &fds[1], 1, SP_NEVER), 1);
    cr_assert_eq(fds[1].got, SP_OS_POLLIN | SP_OS_POLLRDHUP | SP_OS_POLLHUP);
    (void)close(pair[1]);
    cr_assert_eq(os->poll(os->ctx, &fds[1], 1, SP_NEVER), 1);
    cr_assert_eq(fds[1].got, SP_OS_POLLNVAL);
}

/* Covers: TIME-12 */
Test(linux_socket, poll_keeps_a_deadline_of_the_monotonic_clock)
{
    struct sp_os_pollfd many[SP_OS_POLL_MAX + 1];
    uint64_t deadline;
    int pair[2];

    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    for (size_t i = 0; i < SP_OS_POLL_MAX + 1; i++)
        many[i] = (struct sp_os_pollfd){.fd = pair[0], .want = SP_OS_POLLIN, .got = 77};
    cr_assert_eq(os->poll(os->ctx, many, SP_OS_POLL_MAX + 1, 1), -EINVAL);
    cr_assert_eq(many[0].got, 77, "nothing is written on failure");
    cr_assert_eq(os->poll(os->ctx, many, SP_OS_POLL_MAX, 1), 0, "the past: one look");
    cr_assert_eq(many[SP_OS_POLL_MAX - 1].got, 0);
    cr_assert_eq(os->poll(os->ctx, NULL, 0, 1), 0);
    deadline = os->now_ns(os->ctx) + 20 * 1000 * 1000;
    cr_assert_eq(os->poll(os->ctx, many, 1, deadline), 0);
    cr_assert_geq(os->now_ns(os->ctx), deadline, "0 means that the deadline has passed");
}

static void ignore_signal(int number)
{
    (void)number;
}

/* Covers: SIGN-04 */
Test(linux_socket, a_signal_ends_poll_with_eintr)
{
    struct sigaction action = {.sa_handler = ignore_signal};
    /* Again and again: the first may come before poll() has begun. */
    struct timeval soon = {.tv_usec = 10000};
    struct itimerval ticking = {.it_value = soon, .it_interval = soon};
    struct itimerval off = {.it_value = {.tv_usec = 0}};
    struct sp_os_pollfd fd = {.fd = -1};

    MUST(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &ticking, NULL) == 0);
    cr_assert_eq(os->poll(os->ctx, &fd, 1, SP_NEVER), -EINTR);
    MUST(setitimer(ITIMER_REAL, &off, NULL) == 0);
}

/* ---- what a descriptor is ---- */

static void assert_info(int fd, struct sp_os_sockinfo expected)
{
    struct sp_os_sockinfo info;

    memset(&info, 0xee, sizeof(info));
    cr_assert_eq(os->sockinfo(os->ctx, fd, &info), 0);
    cr_assert_arr_eq(&info, &expected, sizeof(info));
}

/* Covers: STAT-04 */
Test(linux_socket, sockinfo_tells_what_a_descriptor_is)
{
    struct sp_os_sockinfo info;
    int server = listen_at("s", 1);
    int client = os->socket(os->ctx);
    int datagram = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int pair[2];
    int ends[2];

    MUST(datagram >= 0 && tcp >= 0 && pipe(ends) == 0);
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    assert_info(client, (struct sp_os_sockinfo){.is_unix = 1, .is_stream = 1});
    assert_info(server, (struct sp_os_sockinfo){
                            .is_unix = 1, .is_stream = 1, .is_listening = 1, .is_bound = 1});
    MUST(connect_at(client, "s") == 0);
    assert_info(client, (struct sp_os_sockinfo){.is_unix = 1, .is_stream = 1, .is_connected = 1});
    assert_info(
        os->accept(os->ctx, server),
        (struct sp_os_sockinfo){.is_unix = 1, .is_stream = 1, .is_connected = 1, .is_bound = 1});
    assert_info(datagram, (struct sp_os_sockinfo){.is_unix = 1});
    assert_info(pair[0], (struct sp_os_sockinfo){.is_unix = 1, .is_connected = 1});
    /* The kernel gives even an unbound one an address of full length. */
    assert_info(tcp, (struct sp_os_sockinfo){.is_stream = 1, .is_bound = 1});
    cr_assert_eq(os->sockinfo(os->ctx, ends[0], &info), -ENOTSOCK);
    cr_assert_eq(os->sockinfo(os->ctx, -1, &info), -EBADF);
    cr_assert_eq(os->sockinfo(os->ctx, 1 << 20, &info), -EBADF);
}

Test(linux_socket, flags_can_be_set_afterwards)
{
    int ends[2];

    MUST(pipe(ends) == 0);
    for (int round = 0; round < 2; round++) {
        cr_assert_eq(os->set_nonblock(os->ctx, ends[0]), 0);
        cr_assert_eq(os->set_cloexec(os->ctx, ends[0]), 0);
        assert_born_right(ends[0]);
    }
    cr_assert_eq(os->set_nonblock(os->ctx, -1), -EBADF);
    cr_assert_eq(os->set_cloexec(os->ctx, -1), -EBADF);
}

/* ---- who the peer is ---- */

/* Covers: PEER-03, PEER-05 */
Test(linux_socket, a_socket_without_a_peer_has_no_user)
{
    struct sp_os_cred cred = {0};
    struct sp_os_cred unset = {.pid = 7};
    uint32_t group;
    int pidfd;
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fds[] = {os->socket(os->ctx), tcp};

    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(os->peer_cred(os->ctx, fds[i], &cred), 0);
        cr_assert_eq(cred.pid, 0);
        cr_assert_eq(cred.uid, UINT32_MAX);
        cr_assert_eq(cred.gid, UINT32_MAX);
        cr_assert_eq(os->peer_groups(os->ctx, fds[i], &group, 1), -ENODATA);
        pidfd = os->peer_pidfd(os->ctx, fds[i]);
        cr_assert(pidfd == -ENODATA || pidfd == -ENOPROTOOPT);
    }
    cr_assert_eq(os->peer_cred(os->ctx, -1, &unset), -EBADF);
    cr_assert_eq(unset.pid, 7, "nothing is written on failure");
}

Test(linux_socket, both_ends_know_each_other)
{
    int server = listen_at("s", 1);
    int client = os->socket(os->ctx);
    int ends[2] = {client, -1};

    MUST(connect_at(client, "s") == 0);
    ends[1] = os->accept(os->ctx, server);
    for (size_t i = 0; i < 2; i++) {
        struct sp_os_cred cred;
        int pidfd = os->peer_pidfd(os->ctx, ends[i]);

        cr_assert_eq(os->peer_cred(os->ctx, ends[i], &cred), 0);
        cr_assert_eq(cred.uid, os->euid(os->ctx));
        cr_assert_eq(cred.gid, os->egid(os->ctx));
        cr_assert_eq(cred.pid, getpid());
        if (pidfd == -ENOPROTOOPT)
            continue;
        cr_assert_geq(pidfd, 0);
        cr_assert(fcntl(pidfd, F_GETFD) & FD_CLOEXEC);
    }
}

/* Covers: PEER-06 */
Test(linux_socket, supplementary_groups_come_whole_or_not_at_all)
{
    static const gid_t mine[] = {11, 22, 33};
    uint32_t groups[3] = {7, 7, 7};
    int pair[2];

    REQUIRE_ROOT();
    MUST(setgroups(3, mine) == 0);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    cr_assert_eq(os->peer_groups(os->ctx, pair[0], groups, 2), -ERANGE);
    cr_assert_eq(groups[0], 7, "nothing is written on failure");
    cr_assert_eq(os->peer_groups(os->ctx, pair[0], groups, 3), 3);
    cr_assert_eq(groups[0], 11);
    cr_assert_eq(groups[1], 22);
    cr_assert_eq(groups[2], 33);
    /* Of the moment of connecting, not of now. */
    MUST(setgroups(0, NULL) == 0);
    cr_assert_eq(os->peer_groups(os->ctx, pair[0], groups, 3), 3);
    if (!under_valgrind())
        cr_assert_eq(os->peer_groups(os->ctx, pair[0], groups, SIZE_MAX), 3,
                     "no overflow in the size");
}

/* Covers: PERM-03 */
Test(linux_socket, the_mode_of_the_socket_becomes_that_of_the_file)
{
    char path[TEMPDIR_JOINED_MAX];
    struct stat node;
    int fd = os->socket(os->ctx);
    mode_t mask = umask(0007);

    tempdir_join(&dir, "m", path);
    cr_assert_eq(os->set_socket_mode(os->ctx, fd, 0626), 0);
    cr_assert_eq(os->bind(os->ctx, fd, path, strlen(path)), 0);
    MUST(stat(path, &node) == 0);
    cr_assert_eq(node.st_mode, S_IFSOCK | 0620);
    /* Afterwards it no longer reaches the file. */
    cr_assert_eq(os->set_socket_mode(os->ctx, fd, 0777), 0);
    MUST(stat(path, &node) == 0);
    cr_assert_eq(node.st_mode, S_IFSOCK | 0620);
    cr_assert_eq(umask(mask), 0007, "the umask is nobody's business here");
}

/* ---- when nothing is left ---- */

Test(linux_socket, a_full_descriptor_table_is_an_error_like_any_other)
{
    struct rlimit before;
    struct rlimit limit;
    int server = listen_at("s", 1);
    int client = os->socket(os->ctx);
    int last = -1;
    int fd;

    MUST(connect_at(client, "s") == 0 && getrlimit(RLIMIT_NOFILE, &before) == 0);
    limit = (struct rlimit){.rlim_cur = 64, .rlim_max = before.rlim_max};
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while ((fd = os->socket(os->ctx)) >= 0)
        last = fd;
    cr_assert_eq(fd, -EMFILE);
    cr_assert_eq(os->accept(os->ctx, server), -EMFILE);
    cr_assert_eq(os->open_dir(os->ctx, SP_OS_ROOT, ""), -EMFILE);
    cr_assert_eq(os->close(os->ctx, last), 0);
    if (!under_valgrind())
        cr_assert_geq(os->accept(os->ctx, server), 0, "the connection has waited");
    MUST(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

/* ---- and what is not a socket ---- */

Test(linux_socket, clock_memory_and_environment)
{
    uint64_t earlier = os->now_ns(os->ctx);
    void *memory = os->alloc(os->ctx, 100);

    cr_assert_eq(os->version, SP_OS_VERSION);
    cr_assert_neq(earlier, 0);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = os->now_ns(os->ctx);

        cr_assert(now >= earlier && now != SP_NEVER);
        earlier = now;
    }
    cr_assert_not_null(memory);
    os->release(os->ctx, memory, 100);
    MUST(setenv("SUNPATH_TEST_VARIABLE", "value", 1) == 0);
    cr_assert_str_eq(os->environment(os->ctx, "SUNPATH_TEST_VARIABLE"), "value");
    cr_assert_null(os->environment(os->ctx, "SUNPATH_TEST_NO_VARIABLE"));
}
