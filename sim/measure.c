/* SPDX-License-Identifier: MIT */
/*
 * What a world costs: its size, its reset, and how many calls at a seam it answers in a second.
 *
 * Usage: sim_measure
 *
 * One program is a server and a client that meet, say something, and part: about 40 calls.
 * "Touched" is the memory that one program wrote to, in pages.
 */
#include "sim/actor.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define ROUNDS 200000
#define MESSAGES 8

static double now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void exchange(const struct sp_os *os, int from, int to)
{
    uint8_t bytes[100] = {1};
    const struct sp_os_iov iov = {bytes, sizeof(bytes)};
    struct sp_os_pollfd entry = {.fd = to, .want = SP_OS_POLLIN};

    (void)os->send(os->ctx, from, &iov, 1);
    (void)os->poll(os->ctx, &entry, 1, 1);
    (void)os->recv(os->ctx, to, bytes, sizeof(bytes), 0);
}

static uint64_t play(struct sim *sim)
{
    struct sim_actor *root = sim_actor_new(sim, 0, 0);
    struct sim_actor *actor = sim_actor_new(sim, 1000, 1000);
    const struct sp_os *os = sim_os(actor);
    int listener, client, server, dir;
    struct sp_os_stat stat;

    (void)sim_mkdir(root, "/run", 0755);
    (void)sim_chown(root, "/run", 1000, 1000);
    dir = os->open_dir(os->ctx, SP_OS_ROOT, "");
    (void)os->stat_at(os->ctx, dir, "run", &stat);
    listener = os->socket(os->ctx);
    (void)os->bind(os->ctx, listener, "/run/a", 6);
    (void)os->listen(os->ctx, listener, 5);
    client = os->socket(os->ctx);
    (void)os->connect(os->ctx, client, "/run/a", 6);
    server = os->accept(os->ctx, listener);
    for (int i = 0; i < MESSAGES; i++)
        exchange(os, i % 2 != 0 ? client : server, i % 2 != 0 ? server : client);
    (void)os->close(os->ctx, client);
    (void)os->close(os->ctx, server);
    (void)os->close(os->ctx, listener);
    (void)sim_unlink(actor, "/run/a");
    return sim_calls(actor, SIM_CALL_ANY);
}

static long faults(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

int main(void)
{
    long before = faults(), touched;
    struct sim *sim = sim_new();
    uint64_t calls = 0;
    double start, reset, played;

    if (sim == NULL)
        return 1;
    (void)play(sim);
    touched = faults() - before;
    start = now();
    for (int i = 0; i < ROUNDS; i++)
        sim_reset(sim, NULL);
    reset = now() - start;
    start = now();
    for (int i = 0; i < ROUNDS; i++) {
        sim_reset(sim, NULL);
        calls += play(sim);
    }
    played = now() - start;
    (void)printf("tables %zu bytes; touched by one program: %ld pages\n", sim_size(), touched);
    (void)printf("reset %.0f ns\n", reset * 1e9 / ROUNDS);
    (void)printf("program of %d calls: %.0f ns, %.1f million calls/s\n", (int)(calls / ROUNDS),
                 played * 1e9 / ROUNDS, (double)calls / played / 1e6);
    sim_free(sim);
    return 0;
}
