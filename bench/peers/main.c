/* SPDX-License-Identifier: MIT */
/*
 * One process of a benchmark. Usage: bench_NAME ROLE PATH CONNECTIONS SIZE LIMIT
 * Started by bench/run, which also says what the arguments mean.
 */
#include "control.h"
#include "roles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
    const char *name;
    void (*run)(const struct options *options);
} roles[] = {
    {"echo", bench_echo},     {"sink", bench_sink},   {"pingpong", bench_pingpong},
    {"stream", bench_stream}, {"churn", bench_churn}, {"churn-asking", bench_churn_asking},
    {"idle", bench_idle},
};

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        bench_fail("not a number");
    return value;
}

/* As many descriptors as the roles need. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        bench_die("getrlimit");
    if (limit.rlim_max < BENCH_DESCRIPTORS)
        bench_fail("the hard limit of open files (ulimit -Hn) is too low");
    limit.rlim_cur = BENCH_DESCRIPTORS;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        bench_die("setrlimit");
}

int main(int argc, char **argv)
{
    struct options options;

    if (argc != 6)
        bench_fail("usage: bench_NAME ROLE PATH CONNECTIONS SIZE LIMIT");
    options.path = argv[2];
    options.connections = (unsigned)number(argv[3]);
    options.size = (size_t)number(argv[4]);
    options.limit = number(argv[5]);
    if (options.connections >= BENCH_DESCRIPTORS || options.size > BENCH_BUFFER)
        bench_fail("too many connections or too large a message");
    raise_descriptor_limit();
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(argv[1], roles[i].name) == 0)
            roles[i].run(&options);
    }
    bench_fail("no such role");
}
