/* SPDX-License-Identifier: MIT */
/* Doing something as another user: see as_uid.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/support/as_uid.h"

#include "tests/support/must.h"

#include <grp.h>
#include <stdbool.h>
#include <sys/wait.h>

struct identity {
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t count;
};

void become(uid_t uid, gid_t gid, const gid_t *groups, size_t count)
{
    MUST(setgroups(count, groups) == 0);
    MUST(setresgid(gid, gid, gid) == 0);
    MUST(setresuid(uid, uid, uid) == 0);
}

static int run(const struct identity *who, int (*work)(void *arg), void *arg)
{
    int result = 0;
    int ends[2];
    int status;
    ssize_t got;
    pid_t pid;

    MUST(pipe(ends) == 0);
    MUST((pid = fork()) >= 0);
    if (pid == 0) {
        (void)close(ends[0]);
        if (who != NULL)
            become(who->uid, who->gid, who->groups, who->count);
        result = work(arg);
        MUST(write(ends[1], &result, sizeof(result)) == (ssize_t)sizeof(result));
        /* Not exit(): what the parent would do at its end is not ours to do. */
        _exit(0);
    }
    (void)close(ends[1]);
    got = read(ends[0], &result, sizeof(result));
    (void)close(ends[0]);
    MUST(waitpid(pid, &status, 0) == pid);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == 0 && got == (ssize_t)sizeof(result));
    return result;
}

int as_child(int (*work)(void *arg), void *arg)
{
    return run(NULL, work, arg);
}

int as_uid(uid_t uid, gid_t gid, const gid_t *groups, size_t count, int (*work)(void *arg),
           void *arg)
{
    const struct identity who = {.uid = uid, .gid = gid, .groups = groups, .count = count};

    return run(&who, work, arg);
}

int as_nobody(int (*work)(void *arg), void *arg)
{
    return as_uid(NOBODY, NOGROUP, NULL, 0, work, arg);
}
