/* SPDX-License-Identifier: MIT */
/*
 * A stage on the real kernel: see stage.h.
 *
 * Each process of the cast is a child that plays what it is sent until it is told to end. Between
 * two plays it closes what it has opened and forgets what it has set, so that a process serves for
 * many plays; one that has ended, or has given up root for good, is replaced.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "keeper.h"
#include "stage.h"

#include "sim/kernel.h"
#include "tests/support/must.h"
#include "tests/support/tempdir.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nothing here waits longer than a few milliseconds, so this is for ever. */
#define SECONDS_TO_ANSWER 60

struct worker {
    pid_t pid;     /* 0: takes no part */
    int channel;   /* -1: has ended as a step told it to; its number still counts */
    bool acted;    /* since the last reset */
    bool is_spent; /* cannot play again */
};

struct real {
    unsigned flags;
    struct tempdir directory;
    char home[TEMPDIR_JOINED_MAX]; /* as a process that has ended a play finds it */
    struct side side;              /* what each process begins with */
    struct cast_member cast[CAST_SIZE];
    struct worker workers[CAST_SIZE];
};

enum order { PLAY, LEAVE, COME_HOME };

/* What is sent. To PLAY there are steps and who takes part; the answer is always results. */
struct message {
    enum order order;
    struct cast_member cast[CAST_SIZE];
    char steps[STAGE_RESULTS_MAX];
};
#define MESSAGE_HEAD offsetof(struct message, steps)

static bool is_confined(const struct real *real)
{
    return (real->flags & STAGE_CONFINED) != 0 && geteuid() == 0;
}

/* ---- in the child ---- */

static void become(size_t who)
{
    uid_t id = cast_ids[who];

    if (geteuid() == 0)
        MUST(setgroups(0, NULL) == 0 && setresgid(id, id, id) == 0 && setresuid(id, id, id) == 0);
    /* A change of ids takes it away. What waits at its line ends without it; what would hang in a
     * step does not. */
    MUST(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
}

/* A process without a past: what it inherits from the tester and what a play has left must not
 * show in the next one. */
static void forget(struct side *side)
{
    struct rlimit limit;

    MUST(close_range(3, LINUX_CHANNEL - 1, 0) == 0 &&
         close_range(LINUX_CHANNEL + 1, UINT_MAX, 0) == 0);
    (void)umask(022);
    MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = SIM_DESCRIPTORS_MAX;
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    side->handle_count = side->remembered_count = 0;
}

/* Engines catch signals in ways that are no good here. */
static void forget_signals(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS,  SIGILL,  SIGFPE,  SIGABRT, SIGINT,
                                  SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, SIGXFSZ};

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        MUST(signal(signals[i], SIG_DFL) != SIG_ERR);
}

/* Does what it is told; false: to end. */
static bool obey(struct side *side, const char *home, const struct message *message,
                 char *ret_results)
{
    ret_results[0] = '\0';
    switch (message->order) {
    case LEAVE:
        forget(side);
        MUST(chdir("/") == 0);
        return true;
    case COME_HOME:
        MUST(chdir(home) == 0);
        return true;
    default:
        memcpy(side->cast, message->cast, sizeof(side->cast));
        return stage_run(side, message->steps, ret_results);
    }
}

static void answer(const char *results)
{
    MUST(send(LINUX_CHANNEL, results, strlen(results) + 1, 0) > 0);
}

_Noreturn static void work(struct side *side, const char *home)
{
    static struct message message;
    static char results[STAGE_RESULTS_MAX];
    bool goes_on = true;
    ssize_t n;

    while (goes_on && (n = recv(LINUX_CHANNEL, &message, sizeof(message) - 1, 0)) > 0) {
        MUST((size_t)n >= MESSAGE_HEAD);
        message.steps[(size_t)n - MESSAGE_HEAD] = '\0';
        goes_on = obey(side, home, &message, results);
        answer(results);
    }
    _exit(0);
}

/* ---- in the tester ---- */

static void await_answer(struct real *real, size_t who, const char *steps, char *ret_results)
{
    ssize_t n;

    /* An engine's alarm clock interrupts this, and with SO_RCVTIMEO no signal handler restarts it.
     */
    do
        n = recv(real->workers[who].channel, ret_results, STAGE_RESULTS_MAX, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return;
    (void)fprintf(stderr, "\"%s\" has %s at one of these steps:\n%s\n", cast_names[who],
                  n < 0 ? "not come back" : "ended", steps);
    abort();
}

static void start(struct real *real, size_t who)
{
    const struct timeval patience = {.tv_sec = SECONDS_TO_ANSWER};
    struct worker *worker = &real->workers[who];
    char nothing[STAGE_RESULTS_MAX];
    int ends[2];

    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    MUST(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0);
    *worker = (struct worker){.pid = fork(), .channel = ends[0]};
    MUST(worker->pid >= 0);
    if (worker->pid == 0) {
        forget_signals();
        MUST(dup2(ends[1], LINUX_CHANNEL) == LINUX_CHANNEL);
        forget(&real->side);
        MUST(chdir(real->directory.path) == 0);
        if (is_confined(real))
            MUST(chroot(".") == 0);
        MUST(chdir(&CAST_HOME[1]) == 0);
        become(who);
        answer("");
        work(&real->side, real->home);
    }
    (void)close(ends[1]);
    /* Only when it is at home may anything happen to that. */
    await_answer(real, who, "", nothing);
}

static void end(struct worker *worker)
{
    pid_t ended;

    if (worker->pid == 0 || worker->channel < 0)
        return;
    (void)close(worker->channel);
    worker->channel = -1;
    do { /* an engine's alarm may interrupt it */
        ended = waitpid(worker->pid, NULL, 0);
    } while (ended < 0 && errno == EINTR);
    MUST(ended == worker->pid);
}

static void send_order(struct real *real, size_t who, enum order order, const char *steps)
{
    static struct message message;
    size_t length = strlen(steps);

    MUST(length < sizeof(message.steps));
    message.order = order;
    memcpy(message.cast, real->cast, sizeof(message.cast));
    memcpy(message.steps, steps, length);
    /* If it has ended, the answer will not come. */
    (void)send(real->workers[who].channel, &message, MESSAGE_HEAD + length, MSG_NOSIGNAL);
}

/* ---- the directory ---- */

static void furnish(const struct real *real)
{
    char tmp[TEMPDIR_JOINED_MAX], work_directory[TEMPDIR_JOINED_MAX];

    (void)tempdir_join(&real->directory, "tmp", tmp);
    (void)tempdir_join(&real->directory, &CAST_HOME[1], work_directory);
    MUST(chmod(real->directory.path, 0755) == 0);
    MUST(mkdir(tmp, 0755) == 0 && chmod(tmp, 01777) == 0);
    MUST(mkdir(work_directory, 0755) == 0 && chmod(work_directory, 0755) == 0);
    if (geteuid() == 0) {
        MUST(chown(real->directory.path, 0, 0) == 0);
        MUST(chown(work_directory, cast_ids[CAST_ME], cast_ids[CAST_ME]) == 0);
    }
}

/* Whether or not the tester has standard descriptors, the workers have them: so the first one that
 * a step makes is 3, and no line to a worker is among what they inherit and keep. */
static void have_standard_descriptors(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        MUST(fd >= 0);
    } while (fd < 3);
    (void)close(fd);
}

/* ---- the stage ---- */

static bool takes_part(const struct real *real, size_t who)
{
    return who == CAST_ME || (real->flags & STAGE_OTHERS) != 0;
}

/* Those who are missing start, and everybody learns who is who. */
static void complete_cast(struct real *real)
{
    for (size_t i = 0; i < CAST_SIZE; i++) {
        bool is_tester = geteuid() != 0 && takes_part(real, i);

        if (takes_part(real, i) && (real->workers[i].pid == 0 || real->workers[i].channel < 0))
            start(real, i);
        real->cast[i] = (struct cast_member){
            .pid = real->workers[i].pid,
            .uid = is_tester ? getuid() : cast_ids[i],
            .gid = is_tester ? getgid() : cast_ids[i],
        };
    }
}

struct real *real_open(unsigned flags)
{
    struct real *real = calloc(1, sizeof(*real));
    char prefix[64];

    MUST(real != NULL);
    real->flags = flags;
    have_standard_descriptors();
    real->directory = tempdir_make();
    if ((flags & STAGE_KEPT) != 0)
        keeper_start(&real->directory);
    furnish(real);
    if (is_confined(real))
        (void)strcpy(real->home, CAST_HOME);
    else
        (void)tempdir_join(&real->directory, &CAST_HOME[1], real->home);
    real->side = (struct side){.os = sp_os_linux(), .beside = &beside_linux};
    /* The directory's name is unique, and so are its last letters with our number. */
    (void)snprintf(prefix, sizeof(prefix), "%s-%09d",
                   real->directory.path + strlen(real->directory.path) - 6, (int)getpid());
    memcpy(real->side.prefix, prefix, PREFIX_LENGTH);
    complete_cast(real);
    return real;
}

/* To all who take part, or to those who have acted. */
static void order_all(struct real *real, enum order order)
{
    char nothing[STAGE_RESULTS_MAX];
    bool is_sent[CAST_SIZE] = {false};

    for (size_t i = 0; i < CAST_SIZE; i++) {
        const struct worker *worker = &real->workers[i];

        is_sent[i] = worker->pid > 0 && worker->channel >= 0 && (order != LEAVE || worker->acted);
        if (is_sent[i])
            send_order(real, i, order, "");
    }
    for (size_t i = 0; i < CAST_SIZE; i++)
        if (is_sent[i])
            await_answer(real, i, "", nothing);
}

void real_reset(struct real *real)
{
    for (size_t i = 0; i < CAST_SIZE; i++)
        if (real->workers[i].is_spent)
            end(&real->workers[i]);
    /* Root may have closed it, and they leave through it. */
    MUST(chmod(real->directory.path, 0755) == 0);
    order_all(real, LEAVE);
    tempdir_empty(&real->directory);
    furnish(real);
    complete_cast(real);
    order_all(real, COME_HOME);
    for (size_t i = 0; i < CAST_SIZE; i++)
        real->workers[i].acted = false;
}

void real_close(struct real *real)
{
    for (size_t i = 0; i < CAST_SIZE; i++)
        end(&real->workers[i]);
    tempdir_remove(&real->directory);
    free(real);
}

void real_play(struct real *real, size_t who, const char *steps, char *ret_results)
{
    struct worker *worker = &real->workers[who];
    const char *last = strrchr(steps, '\n');

    MUST(worker->pid > 0 && worker->channel >= 0);
    worker->acted = true;
    send_order(real, who, PLAY, steps);
    await_answer(real, who, steps, ret_results);
    if (strncmp(steps, "ids ", 4) == 0 || strstr(steps, "\nids ") != NULL)
        worker->is_spent = true;
    if (strcmp(last != NULL ? last + 1 : steps, "exit") == 0)
        end(worker);
}
