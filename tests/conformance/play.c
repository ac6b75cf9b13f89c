/* SPDX-License-Identifier: MIT */
/*
 * Playing steps: see play.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "play.h"

#include "sim/actor.h"
#include "tests/support/must.h"
#include "tests/support/tempdir.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define ME_ID 12345
#define OTHER_ID 12346
/* The line to the parent: far from the descriptors that a row sees. */
#define CHANNEL 500

struct worker {
    pid_t pid;
    int channel;
};

struct stage {
    enum kernel kernel;
    struct side sides[CAST_SIZE]; /* simulated: all; real: a pattern for the workers */
    struct sim *sim;
    struct worker workers[CAST_SIZE];
    struct tempdir directory;
};

/* ---- the simulated kernel ---- */

static void open_simulated(struct stage *stage, unsigned flags)
{
    static const uint32_t ids[CAST_SIZE] = {ME_ID, OTHER_ID, 0};
    struct cast_member cast[CAST_SIZE];
    struct sim_actor *actors[CAST_SIZE];
    struct sim_options options;

    stage->sim = sim_new();
    MUST(stage->sim != NULL);
    sim_options_default(&options);
    options.proc = (flags & STAGE_CONFINED) == 0;
    sim_reset(stage->sim, &options);
    for (size_t i = 0; i < CAST_SIZE; i++) {
        actors[i] = sim_actor_new(stage->sim, ids[i], ids[i]);
        cast[i] = (struct cast_member){sim_actor_pid(actors[i]), ids[i], ids[i]};
    }
    MUST(sim_mkdir(actors[CAST_ROOT], "/tmp", 0755) == 0);
    MUST(sim_chmod(actors[CAST_ROOT], "/tmp", 01777) == 0);
    MUST(sim_mkdir(actors[CAST_ROOT], "/tmp/work", 0755) == 0);
    MUST(sim_chown(actors[CAST_ROOT], "/tmp/work", ME_ID, ME_ID) == 0);
    for (size_t i = 0; i < CAST_SIZE; i++) {
        struct side *side = &stage->sides[i];

        *side = (struct side){.os = sim_os(actors[i]), .beside = &beside_sim, .who = actors[i]};
        memcpy(side->cast, cast, sizeof(cast));
        memset(side->prefix, '-', PREFIX_LENGTH);
        MUST(sim_chdir(actors[i], "/tmp/work") == 0);
        /* Where the real processes have their standard descriptors. */
        for (int fd = 0; fd < 3; fd++)
            MUST(sim_open(actors[i], "/", true) == fd);
    }
}

/* ---- the real kernel ---- */

static void become(size_t who)
{
    static const uid_t ids[CAST_SIZE] = {ME_ID, OTHER_ID, 0};

    if (geteuid() != 0)
        return;
    MUST(setgroups(0, NULL) == 0 && setresgid(ids[who], ids[who], ids[who]) == 0 &&
         setresuid(ids[who], ids[who], ids[who]) == 0);
}

_Noreturn static void work(struct side *side, size_t who)
{
    char step[STEP_MAX], result[STEP_MAX];
    ssize_t n;

    become(who);
    (void)umask(022);
    /* The first message says who is who. */
    MUST(recv(CHANNEL, side->cast, sizeof(side->cast), 0) == (ssize_t)sizeof(side->cast));
    while ((n = recv(CHANNEL, step, sizeof(step) - 1, 0)) > 0) {
        step[n] = '\0';
        step_run(side, step, result);
        MUST(send(CHANNEL, result, strlen(result) + 1, 0) > 0);
    }
    _exit(0);
}

static void enter_directory(const struct stage *stage, unsigned flags)
{
    MUST(chdir(stage->directory.path) == 0);
    if ((flags & STAGE_CONFINED) != 0 && geteuid() == 0)
        MUST(chroot(".") == 0);
    MUST(chdir("tmp/work") == 0);
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

static void start_worker(struct stage *stage, size_t who, unsigned flags)
{
    struct worker *worker = &stage->workers[who];
    int ends[2];

    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    worker->pid = fork();
    MUST(worker->pid >= 0);
    if (worker->pid == 0) {
        MUST(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
        MUST(dup2(ends[1], CHANNEL) == CHANNEL);
        MUST(close_range(3, CHANNEL - 1, 0) == 0 && close_range(CHANNEL + 1, UINT_MAX, 0) == 0);
        enter_directory(stage, flags);
        work(&stage->sides[who], who);
    }
    (void)close(ends[1]);
    worker->channel = ends[0];
}

static void make_directory(struct stage *stage)
{
    char tmp[TEMPDIR_JOINED_MAX], work[TEMPDIR_JOINED_MAX];

    stage->directory = tempdir_make();
    (void)tempdir_join(&stage->directory, "tmp", tmp);
    (void)tempdir_join(&stage->directory, "tmp/work", work);
    MUST(chmod(stage->directory.path, 0755) == 0);
    MUST(mkdir(tmp, 0755) == 0 && chmod(tmp, 01777) == 0);
    MUST(mkdir(work, 0755) == 0 && chmod(work, 0755) == 0);
    if (geteuid() == 0)
        MUST(chown(work, ME_ID, ME_ID) == 0);
}

static void open_real(struct stage *stage, unsigned flags)
{
    static const uint32_t ids[CAST_SIZE] = {ME_ID, OTHER_ID, 0};
    struct cast_member cast[CAST_SIZE] = {0};
    char prefix[64];

    have_standard_descriptors();
    make_directory(stage);
    /* The directory's name is unique, and so are its last letters with our number. */
    (void)snprintf(prefix, sizeof(prefix), "%s-%09d",
                   stage->directory.path + strlen(stage->directory.path) - 6, (int)getpid());
    for (size_t i = 0; i < CAST_SIZE; i++) {
        stage->sides[i] = (struct side){.os = sp_os_linux(), .beside = &beside_linux};
        memcpy(stage->sides[i].prefix, prefix, PREFIX_LENGTH);
        cast[i] = geteuid() == 0 ? (struct cast_member){0, ids[i], ids[i]}
                                 : (struct cast_member){0, getuid(), getgid()};
        if (i != CAST_ME && (flags & STAGE_OTHERS) == 0) {
            cast[i].uid = cast[i].gid = ids[i];
            continue;
        }
        start_worker(stage, i, flags);
        cast[i].pid = stage->workers[i].pid;
    }
    for (size_t i = 0; i < CAST_SIZE; i++)
        if (stage->workers[i].pid > 0)
            MUST(send(stage->workers[i].channel, cast, sizeof(cast), 0) == (ssize_t)sizeof(cast));
}

static void end_worker(struct worker *worker)
{
    if (worker->pid == 0)
        return;
    (void)close(worker->channel);
    MUST(waitpid(worker->pid, NULL, 0) == worker->pid);
    worker->pid = 0;
}

static void ask_worker(struct worker *worker, const char *step, char ret_result[STEP_MAX])
{
    ssize_t n;

    MUST(worker->pid > 0);
    MUST(send(worker->channel, step, strlen(step), MSG_NOSIGNAL) > 0);
    n = recv(worker->channel, ret_result, STEP_MAX, 0);
    if (n > 0)
        return;
    /* It has ended, as told, or because a step could not be understood. */
    MUST(strcmp(step, "exit") == 0);
    end_worker(worker);
    (void)strcpy(ret_result, "ok");
}

/* ---- both ---- */

struct stage *stage_open(enum kernel kernel, unsigned flags)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    MUST(stage != NULL);
    stage->kernel = kernel;
    if (kernel == KERNEL_SIMULATED)
        open_simulated(stage, flags);
    else
        open_real(stage, flags);
    return stage;
}

struct sim *stage_sim(struct stage *stage)
{
    return stage->sim;
}

static size_t who_acts(const char **step)
{
    for (size_t i = 0; i < CAST_SIZE; i++) {
        size_t length = strlen(cast_names[i]);

        if (strncmp(*step, cast_names[i], length) == 0 && (*step)[length] == ':') {
            *step += length + 1;
            *step += strspn(*step, " ");
            return i;
        }
    }
    return CAST_ME;
}

void stage_step(struct stage *stage, const char *step, char ret_result[STEP_MAX])
{
    size_t who = who_acts(&step);

    if (stage->kernel == KERNEL_SIMULATED)
        step_run(&stage->sides[who], step, ret_result);
    else
        ask_worker(&stage->workers[who], step, ret_result);
}

void stage_close(struct stage *stage)
{
    if (stage->kernel == KERNEL_REAL) {
        for (size_t i = 0; i < CAST_SIZE; i++)
            end_worker(&stage->workers[i]);
        tempdir_remove(&stage->directory);
    }
    sim_free(stage->sim);
    free(stage);
}

bool row_needs_root(const struct row *row)
{
    for (size_t i = 0; row->steps[i] != NULL; i++) {
        const char *step = row->steps[i];

        if (who_acts(&step) != CAST_ME)
            return true;
    }
    return false;
}

static unsigned kernel_version(void)
{
    struct utsname name;
    unsigned major = 0, minor = 0;

    if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
        return 0;
    return 1000 * major + minor;
}

const char *protected_hardlinks(void)
{
    FILE *setting = fopen("/proc/sys/fs/protected_hardlinks", "re");
    int value = setting != NULL ? fgetc(setting) : EOF;

    if (setting != NULL)
        (void)fclose(setting);
    return value == '1' ? NULL : "fs.protected_hardlinks is off";
}

const char *row_unfit(const struct row *row, enum kernel kernel)
{
    if (kernel == KERNEL_SIMULATED)
        return NULL;
    if (kernel_version() < row->since)
        return "the kernel is older than what the row describes";
    if (geteuid() != 0 && row_needs_root(row))
        return "needs root, to act as other users";
    return row->unfit != NULL ? row->unfit() : NULL;
}

const char *row_split(const char *line, char ret_step[STEP_MAX])
{
    const char *arrow = strstr(line, "->");
    size_t length = arrow != NULL ? (size_t)(arrow - line) : strlen(line);

    MUST(length < STEP_MAX);
    while (length > 0 && line[length - 1] == ' ')
        length--;
    memcpy(ret_step, line, length);
    ret_step[length] = '\0';
    return arrow != NULL ? arrow + 2 + strspn(arrow + 2, " ") : NULL;
}
