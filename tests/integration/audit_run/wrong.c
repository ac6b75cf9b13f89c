/* SPDX-License-Identifier: MIT */
/*
 * A small server that does one thing wrong, or nothing, for tests of sunpath audit run.
 *
 * Usage: wrong CASE DIRECTORY. It is its own client. Each case is one branch from what a good
 * server does. Tests: tests/integration/test_audit_run.py
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "calls_32.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CUT 107 /* bytes of a path that an address holds with its terminator */

static const char *which;
static char renamed[sizeof(((struct sockaddr_un *)NULL)->sun_path)]; /* what clients look for */
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_length = sizeof(address);

static int is(const char *name)
{
    return strcmp(which, name) == 0;
}

static int must(int result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(99);
    }
    return result;
}

static void set_name(const char *directory)
{
    int written = snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", directory);

    if (written < 0 || (size_t)written >= sizeof(address.sun_path))
        exit(98);
    if (is("cut") || is("uncut") || is("open")) {
        const size_t length = is("open") ? CUT + 1 : is("cut") ? CUT : CUT - 1;

        (void)memset(address.sun_path + written, 't', length - (size_t)written);
    }
    if (is("renamed") || is("renamed-late") || is("linked-late")) {
        (void)memcpy(renamed, address.sun_path, sizeof(renamed));
        (void)strcat(address.sun_path, ".new");
    }
    if (is("padded") || is("abstract")) {
        (void)memmove(address.sun_path + 1, address.sun_path, (size_t)written);
        address.sun_path[0] = '\0';
        if (is("abstract"))
            address_length =
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)written);
    }
}

static void remove_first(const char *directory)
{
    char lock[256];

    if (is("locked")) {
        (void)snprintf(lock, sizeof(lock), "%s/lock", directory);
        must(flock(must(open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600), "open"), LOCK_EX), "flock");
    }
    if (is("lock-file") || is("new-file")) {
        (void)snprintf(lock, sizeof(lock), "%s/%s", directory,
                       is("lock-file") ? "socket.lock" : "socket.new");
        must(open(lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600), "open");
    }
    if (is("locked") || is("unlink") || is("linked-late") || is("lock-file") || is("new-file"))
        (void)unlink(address.sun_path);
}

/* What is done to the file between bind() and listen(). */
static void adjust(int listener)
{
    if (is("early"))
        must(chmod(address.sun_path, 0600), "chmod");
    if (is("owned"))
        must(chown(address.sun_path, getuid(), getgid()), "chown");
    if (is("descriptor"))
        must(fchmod(listener, 0600), "fchmod");
}

/* And after listen(). */
static void adjust_late(void)
{
    if (is("renamed") || is("renamed-late") || is("linked-late")) {
        if (is("linked-late")) {
            must(link(address.sun_path, renamed), "link");
            must(unlink(address.sun_path), "unlink");
        } else {
            must(rename(address.sun_path, renamed), "rename");
        }
        (void)memcpy(address.sun_path, renamed, sizeof(renamed));
    }
    if (is("opened"))
        must(chmod(address.sun_path, 0666), "chmod");
    if (is("late") || is("renamed-late") || is("linked-late"))
        must(chmod(address.sun_path, 0600), "chmod");
}

static int serve_name(void)
{
    const int type = SOCK_STREAM | (is("keeps") || is("exec") ? 0 : SOCK_CLOEXEC);
    const bool wide = is("late") || is("umask") || is("unasked") || is("forked") ||
                      is("forked-unasked") || is("renamed-late") || is("linked-late") ||
                      is("greeted") || is("greeted-unasked");
    const int listener = must(socket(AF_UNIX, type, 0), "socket");
    const mode_t before = umask(wide ? 0 : 0177);

    if (is("descriptor-first"))
        must(fchmod(listener, 0600), "fchmod");
    must(bind(listener, (struct sockaddr *)&address, address_length), "bind");
    if (!is("umask"))
        (void)umask(before);
    adjust(listener);
    must(listen(listener, 5), "listen");
    adjust_late();
    return listener;
}

/* A server in calls of i386; its clients are as always. */
static int serve_name_32(void)
{
    const bool folded = is("late-socketcall");
    const mode_t before = umask(0);
    const int listener = must(socket_32(folded), "socket");

    must(bind_32(listener, &address, address_length, folded), "bind");
    (void)umask(before);
    must(listen_32(listener, 5, folded), "listen");
    must(chmod_32(address.sun_path, 0600), "chmod");
    must(fcntl(listener, F_SETFD, FD_CLOEXEC), "fcntl");
    return listener;
}

/* Two calls with other words for the file, or with more of them than were bound. */
static void remove_last(const char *directory)
{
    char other[512];

    if (is("spelled"))
        (void)snprintf(other, sizeof(other), "%s/./socket", directory);
    else if (is("cut") || is("uncut"))
        (void)snprintf(other, sizeof(other), "%s-and-more", address.sun_path);
    else
        return;
    (void)unlink(other);
}

static void read_first(int connection)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);
    char bytes[16];

    /* As D-Bus does: a byte for the credentials, and then they are asked for. */
    if (is("greeted") || is("greeted-unasked"))
        must((int)read(connection, bytes, 1), "read");
    else if (!is("unasked") && !is("forked-unasked") && !is("opened"))
        must(getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length), "getsockopt");
    if (is("greeted"))
        must((int)getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length), "getsockopt");
    must((int)read(connection, bytes, sizeof(bytes)), "read");
    must((int)send(connection, bytes, 1, is("sigpipe") ? 0 : MSG_NOSIGNAL), "send");
}

static void pass_descriptor(int client)
{
    char byte = 'x';
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control = {.bytes = {0}};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    (void)memcpy(CMSG_DATA(header), &client, sizeof(client));
    must((int)sendmsg(client, &message, MSG_NOSIGNAL), "sendmsg");
}

static void receive_descriptor(int connection)
{
    char byte;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    char control[CMSG_SPACE(sizeof(int))];
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    struct ucred peer;
    socklen_t length = sizeof(peer);

    must(getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length), "getsockopt");
    must((int)recvmsg(connection, &message, is("receives") ? 0 : MSG_CMSG_CLOEXEC), "recvmsg");
}

static void *in_thread(void *arg)
{
    read_first(*(int *)arg);
    return NULL;
}

/* A process for the connection, which reads when the server has closed its own copy. */
static void read_in_child(int connection)
{
    int closed[2];
    char byte;
    pid_t child;

    must(pipe2(closed, O_CLOEXEC), "pipe2");
    child = must(fork(), "fork");
    if (child == 0) {
        must((int)close(closed[1]), "close");
        must((int)read(closed[0], &byte, 1), "read");
        read_first(connection);
        _exit(0);
    }
    must(close(connection), "close");
    must(close(closed[1]), "close");
    must(waitpid(child, NULL, 0), "waitpid");
}

static void serve(int listener)
{
    const int client = must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    int connection;
    pthread_t thread;

    must(connect(client, (struct sockaddr *)&address, address_length), "connect");
    if (is("receives") || is("receives-closing"))
        pass_descriptor(client);
    else
        must((int)send(client, "xy", 2, MSG_NOSIGNAL), "send");
    connection = must(accept4(listener, NULL, NULL, SOCK_CLOEXEC), "accept4");
    if (is("thread")) {
        must(-pthread_create(&thread, NULL, in_thread, &connection), "pthread_create");
        (void)pthread_join(thread, NULL);
    } else if (is("receives") || is("receives-closing")) {
        receive_descriptor(connection);
    } else if (is("forked") || is("forked-unasked")) {
        read_in_child(connection);
    } else {
        read_first(connection);
    }
}

static void on_signal(int number)
{
    _exit(40 + number);
}

static void in_child(int listener)
{
    const pid_t child = must(fork(), "fork");
    int status;

    if (child == 0) {
        serve(listener);
        _exit(0);
    }
    must(waitpid(child, &status, 0), "waitpid");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        exit(97);
}

static void execute(void)
{
    const pid_t child = must(fork(), "fork");

    if (child == 0) {
        (void)execl("/bin/true", "true", (char *)NULL);
        _exit(96);
    }
    must(waitpid(child, NULL, 0), "waitpid");
}

/* A child that stops itself is seen stopped, and goes on. */
static void stop_and_go(void)
{
    const pid_t child = must(fork(), "fork");
    int status;

    if (child == 0) {
        (void)raise(SIGSTOP);
        _exit(5);
    }
    must(waitpid(child, &status, WUNTRACED), "waitpid");
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP)
        exit(95);
    must(kill(child, SIGCONT), "kill");
    must(waitpid(child, &status, 0), "waitpid");
    exit(WIFEXITED(status) && WEXITSTATUS(status) == 5 ? 0 : 94);
}

int main(int argc, char **argv)
{
    int listener;

    if (argc != 3)
        return 93;
    which = argv[1];
    if (is("status"))
        return 23;
    if (is("has-32"))
        return has_32() ? 0 : 1;
    if (is("killed"))
        (void)kill(getpid(), SIGKILL);
    if (is("handler")) {
        (void)signal(SIGTERM, on_signal);
        (void)kill(getpid(), SIGTERM);
    }
    if (is("stop"))
        stop_and_go();
    set_name(argv[2]);
    remove_first(argv[2]);
    listener = is("late-32") || is("late-socketcall") ? serve_name_32() : serve_name();
    if (is("child"))
        in_child(listener);
    else
        serve(listener);
    if (is("exec") || is("noexec"))
        execute();
    remove_last(argv[2]);
    return 0;
}
