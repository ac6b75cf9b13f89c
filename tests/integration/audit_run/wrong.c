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
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *which;
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
    if (is("locked") || is("unlink"))
        (void)unlink(address.sun_path);
}

static int serve_name(void)
{
    const int type = SOCK_STREAM | (is("keeps") || is("exec") ? 0 : SOCK_CLOEXEC);
    const int listener = must(socket(AF_UNIX, type, 0), "socket");
    const mode_t before = umask(is("late") || is("umask") || is("unasked") ? 0 : 0177);

    must(bind(listener, (struct sockaddr *)&address, address_length), "bind");
    if (!is("umask"))
        (void)umask(before);
    if (is("early"))
        must(chmod(address.sun_path, 0600), "chmod");
    must(listen(listener, 5), "listen");
    if (is("late"))
        must(chmod(address.sun_path, 0600), "chmod");
    return listener;
}

static void read_first(int connection)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);
    char byte;

    if (!is("unasked"))
        must(getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length), "getsockopt");
    must((int)read(connection, &byte, 1), "read");
    must((int)send(connection, &byte, 1, is("sigpipe") ? 0 : MSG_NOSIGNAL), "send");
}

static void *in_thread(void *arg)
{
    read_first(*(int *)arg);
    return NULL;
}

static void serve(int listener)
{
    const int client = must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    int connection;
    pthread_t thread;

    must(connect(client, (struct sockaddr *)&address, address_length), "connect");
    must((int)send(client, "x", 1, MSG_NOSIGNAL), "send");
    connection = must(accept4(listener, NULL, NULL, SOCK_CLOEXEC), "accept4");
    if (is("thread")) {
        must(-pthread_create(&thread, NULL, in_thread, &connection), "pthread_create");
        (void)pthread_join(thread, NULL);
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
    listener = serve_name();
    if (is("child"))
        in_child(listener);
    else
        serve(listener);
    if (is("exec") || is("noexec"))
        execute();
    return 0;
}
