/* SPDX-License-Identifier: MIT */
/*
 * 2,000 connections at once between two processes, every byte compared in both directions: with
 * random pieces, limits and kernel buffers; with descriptors that run out; with clients that are
 * killed.
 *
 * A connection carries 1 MiB each way. Builds with checks look at every object on every call, and
 * some are sanitized as well: they carry a quarter of that and say so. SUNPATH_MANY_BYTES
 * overrides both.
 */
#include "tests/integration/crowd.h"

#include "tests/support/must.h"
#include "tests/support/tempdir.h"
#include "tests/support/valgrind.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIENTS 2000u
#define VICTIMS 200u
#define FULL ((uint64_t)1024 * 1024)
#define SEED 0x5eed

struct fixture {
    struct tempdir dir;
    char path[TEMPDIR_JOINED_MAX];
    struct crowd_options options;
};

static uint64_t bytes_each_way(void)
{
    const char *text = getenv("SUNPATH_MANY_BYTES");
    uint64_t bytes = text != NULL ? strtoull(text, NULL, 10) : SP_CHECKS ? FULL / 4 : FULL;

    if (bytes < FULL)
        (void)fprintf(stderr, "reduced: %ju instead of %ju bytes each way\n", (uintmax_t)bytes,
                      (uintmax_t)FULL);
    return bytes;
}

static void set_up(struct fixture *fixture)
{
    fixture->dir = tempdir_make();
    (void)tempdir_join(&fixture->dir, "svc", fixture->path);
    fixture->options = (struct crowd_options){
        .path = fixture->path,
        .clients = CLIENTS,
        .bytes = bytes_each_way(),
        .seed = SEED,
    };
}

static pid_t start_server(const struct fixture *fixture, unsigned descriptors)
{
    int ready[2];
    char byte;
    pid_t pid;

    MUST(pipe(ready) == 0);
    pid = fork();
    MUST(pid >= 0);
    if (pid == 0)
        crowd_serve(&fixture->options, ready[1], descriptors);
    MUST(close(ready[1]) == 0 && read(ready[0], &byte, 1) == 1 && close(ready[0]) == 0);
    return pid;
}

static pid_t start_clients(const struct crowd_options *options, int busy_fd)
{
    pid_t pid = fork();

    MUST(pid >= 0);
    if (pid == 0)
        crowd_connect(options, busy_fd);
    return pid;
}

static void expect_success(pid_t pid, const char *who)
{
    int status;

    MUST(waitpid(pid, &status, 0) == pid);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the %s: status %#x", who,
              (unsigned)status);
}

/* Covers: BUFF-01, BUFF-02, BUFF-03, BUFF-13, EXHA-11 */
Test(many, every_byte_of_two_thousand_connections, .timeout = 280)
{
    struct fixture fixture;
    pid_t server, clients;

    set_up(&fixture);
    server = start_server(&fixture, 0);
    clients = start_clients(&fixture.options, -1);
    expect_success(clients, "clients");
    expect_success(server, "server");
    cr_assert_eq(access(fixture.path, F_OK), -1, "the socket file is gone");
    tempdir_remove(&fixture.dir);
}

/* Covers: EXHA-02, STAT-09 */
Test(many, descriptors_run_out_and_clients_are_killed, .timeout = 280)
{
    struct fixture fixture;
    struct crowd_options doomed;
    pid_t server, clients, victims;
    int busy[2];
    char byte;

    NOT_UNDER_VALGRIND(VALGRIND_LIMIT);
    set_up(&fixture);
    server = start_server(&fixture, 300);
    doomed = fixture.options;
    doomed.first = CROWD_DOOMED;
    doomed.clients = VICTIMS;
    MUST(pipe(busy) == 0);
    victims = start_clients(&doomed, busy[1]);
    clients = start_clients(&fixture.options, -1);
    MUST(read(busy[0], &byte, 1) == 1);
    MUST(kill(victims, SIGKILL) == 0 && waitpid(victims, NULL, 0) == victims);
    expect_success(clients, "clients");
    expect_success(server, "server");
    cr_assert_eq(access(fixture.path, F_OK), -1, "the socket file is gone");
    tempdir_remove(&fixture.dir);
}
