/* SPDX-License-Identifier: MIT */
/* A bound on how long an audit may take: see watch.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int trouble(const char *what)
{
    (void)fprintf(stderr, "sunpath audit: %s\n", what);
    return -1;
}

/* The child's end closes with it, also when it was killed: no signal handler is needed. */
static int wait_for(pid_t pid, int end, unsigned seconds)
{
    struct pollfd ended = {.fd = end, .events = POLLIN};
    int status;

    if (poll(&ended, 1, (int)seconds * 1000) == 0) {
        (void)kill(pid, SIGKILL);
        return trouble("not done in time (--timeout)");
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return trouble("the audit cannot be waited for");
    if (!WIFEXITED(status))
        return trouble("the audit was killed");
    return WEXITSTATUS(status);
}

int watch_run(int (*work)(void *arg), void *arg, unsigned seconds)
{
    int ends[2];
    int result;
    pid_t pid;

    if (pipe(ends) != 0)
        return trouble(strerror(errno));
    (void)fflush(NULL);
    pid = fork();
    if (pid < 0) {
        result = trouble(strerror(errno));
    } else if (pid == 0) {
        (void)close(ends[0]);
        exit(work(arg));
    } else {
        (void)close(ends[1]);
        ends[1] = -1;
        result = wait_for(pid, ends[0], seconds);
    }
    (void)close(ends[0]);
    if (ends[1] >= 0)
        (void)close(ends[1]);
    return result;
}
