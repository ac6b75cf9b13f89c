/* SPDX-License-Identifier: MIT */
/*
 * The examples as a user runs them: every server, every client, by their command lines.
 *
 * EXAMPLES is the directory of the programs, LOOPS the loops that were built.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/tempdir.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct tempdir dir;
static char name[TEMPDIR_JOINED_MAX];

static void begin(void)
{
    dir = tempdir_make();
    tempdir_join(&dir, "echo", name);
}

static void end(void)
{
    tempdir_remove(&dir);
}

TestSuite(examples, .init = begin, .fini = end, .timeout = 120);

/* ---- running programs ---- */

/* The next of LOOPS after @loop, which is "" at the beginning and at the end. */
static bool next_loop(char loop[16])
{
    static const char loops[] = LOOPS;
    const char *at = loops;

    if (loop[0] != '\0') {
        at = strstr(loops, loop);
        MUST(at != NULL);
        at += strlen(loop) + 1;
    }
    loop[0] = '\0';
    return sscanf(at, "%15s", loop) == 1;
}

/* @output: where stdout goes, or -1. */
static pid_t start(const char *part, const char *loop, const char *text, int output)
{
    char program[4096];
    pid_t child = fork();

    MUST(child >= 0);
    if (child == 0) {
        (void)snprintf(program, sizeof(program), EXAMPLES "/%s_%s", part, loop);
        MUST(output < 0 || dup2(output, STDOUT_FILENO) >= 0);
        execl(program, program, name, text, (char *)NULL);
        _exit(127);
    }
    return child;
}

static int exit_status(pid_t child)
{
    int status;

    MUST(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static pid_t start_server(const char *loop)
{
    pid_t server = start("echo", loop, NULL, -1);
    int fd;

    for (int tries = 0; (fd = raw_connect(name)) < 0; tries++) {
        cr_assert_lt(tries, 500, "echo_%s does not listen", loop);
        usleep(10000);
    }
    close(fd);
    return server;
}

static long cpu_ms(const struct rusage *usage)
{
    return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000 +
           (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1000;
}

/* Ends as it should: status 0, and the socket file is gone. Returns its processor time in ms. */
static long stop_server(pid_t server, const char *loop, int number)
{
    struct rusage usage;
    struct stat node;
    int status;

    MUST(kill(server, number) == 0 && wait4(server, &status, 0, &usage) == server);
    cr_assert_eq(status, 0, "echo_%s ended with %#x", loop, (unsigned)status);
    cr_assert_neq(lstat(name, &node), 0, "echo_%s left its socket file", loop);
    return cpu_ms(&usage);
}

/* A text longer than any buffer on the way is read in one go. */
static char *long_text(size_t length)
{
    char *text = malloc(length + 1);

    MUST(text != NULL);
    for (size_t i = 0; i < length; i++)
        text[i] = (char)((i / 26 % 2 != 0 ? 'A' : 'a') + (int)(i % 26));
    text[length] = '\0';
    return text;
}

/* Runs a client and compares what it prints. */
static void talk(const char *loop, const char *text)
{
    size_t length = strlen(text), got = 0;
    char *heard = malloc(length + 1);
    int ends[2];
    pid_t client;
    ssize_t n;

    MUST(heard != NULL && pipe2(ends, O_CLOEXEC) == 0);
    client = start("client", loop, text, ends[1]);
    close(ends[1]);
    while ((n = read(ends[0], heard + got, length + 1 - got)) > 0)
        got += (size_t)n;
    close(ends[0]);
    cr_assert_eq(exit_status(client), 0, "client_%s failed", loop);
    cr_assert_eq(got, length);
    cr_assert_arr_eq(heard, text, length);
    free(heard);
}

/* ---- the tests ---- */

Test(examples, every_client_talks_to_every_server)
{
    char *text = long_text(120000);
    char server_loop[16] = "", client_loop[16] = "";
    int pairs = 0;

    while (next_loop(server_loop)) {
        pid_t server = start_server(server_loop);

        while (next_loop(client_loop)) {
            talk(client_loop, "hello");
            talk(client_loop, text);
            pairs++;
        }
        (void)stop_server(server, server_loop, pairs % 2 != 0 ? SIGINT : SIGTERM);
    }
    cr_assert_geq(pairs, 4);
    free(text);
}

Test(examples, many_clients_at_once)
{
    char loop[16] = "";

    while (next_loop(loop)) {
        pid_t server = start_server(loop), clients[20];
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        for (int i = 0; i < 20; i++)
            clients[i] = start("client", loop, "hello", null);
        for (int i = 0; i < 20; i++)
            cr_assert_eq(exit_status(clients[i]), 0, "client_%s %d", loop, i);
        (void)stop_server(server, loop, SIGTERM);
        close(null);
    }
}

/* Sends until nothing more is taken, and lets it lie: the server stops reading, and sleeps. Then
 * everything comes back, while more is sent. Others are served meanwhile. */
Test(examples, a_client_that_does_not_read)
{
    const size_t length = 8 << 20;
    char *text = long_text(length), *heard = malloc(length);
    char loop[16] = "";

    MUST(heard != NULL);
    while (next_loop(loop)) {
        pid_t server = start_server(loop);
        int fd = raw_connect(name), idle = raw_connect(name);
        size_t sent = 0, got = 0;
        ssize_t n;

        MUST(fd >= 0 && idle >= 0);
        for (int quiet = 0; quiet < 10;) {
            n = send(fd, text + sent, length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n > 0) {
                sent += (size_t)n;
                quiet = 0;
            } else {
                quiet++;
                usleep(20000);
            }
        }
        cr_assert_lt(sent, length, "echo_%s takes everything and gives nothing", loop);
        talk(loop, "hello");
        usleep(500000);
        while (got < length) {
            struct pollfd entry = {.fd = fd, .events = POLLIN};

            if (sent < length)
                entry.events = POLLIN | POLLOUT;
            MUST(poll(&entry, 1, 20000) == 1);
            n = send(fd, text + sent, length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            sent += n > 0 ? (size_t)n : 0;
            n = recv(fd, heard + got, length - got, MSG_DONTWAIT);
            got += n > 0 ? (size_t)n : 0;
            cr_assert_neq(n, 0, "echo_%s hung up", loop);
        }
        cr_assert_arr_eq(heard, text, length);
        close(fd);
        close(idle);
        cr_assert_lt(stop_server(server, loop, SIGTERM), 400, "echo_%s is busy waiting", loop);
    }
    free(text);
    free(heard);
}

/* The server's backlog is full for a while: the client waits on its timer, with its descriptor out
 * of the loop, and is served in the end. */
Test(examples, a_busy_server_is_waited_for)
{
    char loop[16] = "";

    while (next_loop(loop)) {
        int server = raw_listen(name, 0), filler = raw_connect(name), fd, status;
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        struct rusage usage;
        char bytes[5];
        pid_t client;

        MUST(server >= 0 && filler >= 0);
        client = start("client", loop, "hello", null);
        usleep(1000000);
        close(accept(server, NULL, NULL));
        fd = accept(server, NULL, NULL);
        cr_assert_eq(read(fd, bytes, 5), 5);
        cr_assert_eq(write(fd, bytes, 5), 5);
        MUST(wait4(client, &status, 0, &usage) == client);
        cr_assert_eq(status, 0, "client_%s", loop);
        cr_assert_lt(cpu_ms(&usage), 400, "client_%s is busy waiting", loop);
        close(fd);
        close(filler);
        close(server);
        close(null);
        MUST(unlink(name) == 0);
    }
}

/* Ends with clients still connected, and with one that has half a message. */
Test(examples, a_server_stops_with_clients_connected)
{
    char loop[16] = "";

    while (next_loop(loop)) {
        pid_t server = start_server(loop);
        int idle = raw_connect(name), talking = raw_connect(name);
        char byte;

        MUST(write(talking, "x", 1) == 1 && read(talking, &byte, 1) == 1);
        (void)stop_server(server, loop, SIGINT);
        cr_assert_eq(read(talking, &byte, 1), 0);
        close(idle);
        close(talking);
    }
}

static int run_quietly(const char *part, const char *loop, const char *text)
{
    int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int status;

    MUST(saved >= 0 && null >= 0 && dup2(null, STDERR_FILENO) >= 0);
    status = exit_status(start(part, loop, text, -1));
    MUST(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    close(null);
    return status;
}

Test(examples, failures_are_said)
{
    char loop[16] = "";

    while (next_loop(loop)) {
        pid_t server;

        cr_assert_eq(run_quietly("client", loop, "hello"), 1, "client_%s without a server", loop);
        cr_assert_eq(run_quietly("client", loop, NULL), 2);
        cr_assert_eq(run_quietly("echo", loop, "too many"), 2);
        server = start_server(loop);
        cr_assert_eq(run_quietly("echo", loop, NULL), 1, "echo_%s on a name in use", loop);
        talk(loop, "hello");
        (void)stop_server(server, loop, SIGTERM);
    }
}
