/* SPDX-License-Identifier: MIT */
/*
 * Processes that play inputs: see workers.h.
 *
 * What parent and children tell each other stands in memory that they share: the next input, at
 * which input and step each child is, and what came of those that ended well. A child that is
 * killed cannot say anything any more; what it wrote there stays.
 *
 * Memory is watched from outside, a few times a second: a limit of the kernel's (RLIMIT_AS) would
 * also count what a sanitizer only reserves.
 *
 * Tests: fuzz/engine/check_replay
 */
#define _GNU_SOURCE
#include "fuzz/engine/workers.h"

#include "fuzz/engine/play.h"
#include "fuzz/engine/target.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How often memory is looked at. */
#define LOOK_NS 50000000
/* What is kept of what a process prints. A target that never stops must not fill the memory. */
#define SAID_MAX ((size_t)1 << 20)

struct place {
    size_t input; /* the count of inputs: behind the last */
    size_t step;
};

struct passed {
    bool has_passed;
    uint64_t digest;
    uint64_t ns;
};

struct shared {
    _Atomic size_t next;
    struct place places[WORKERS_MAX];
    struct passed passed[]; /* one for each input */
};

struct worker {
    pid_t pid; /* 0: none */
    int said;  /* a file in memory; -1: none */
    bool is_too_large;
};

struct crew {
    const struct workers *order;
    struct shared *shared;
    struct result *results;
    struct worker workers[WORKERS_MAX];
    unsigned alive;
    sigset_t unblocked; /* what a child begins with */
};

uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t play_timed(const struct input *input, unsigned long runs)
{
    uint64_t first = 0;

    for (unsigned long played = 0; played < runs;) {
        unsigned long some = runs - played < PLAY_RUNS ? runs - played : PLAY_RUNS;
        uint64_t digest;

        (void)alarm(PLAY_SECONDS);
        digest = play_input(input->bytes, input->length, some);
        if (played == 0)
            first = digest;
        FUZZ_CHECK(digest == first, "played again, the input does something else");
        played += some;
    }
    return first;
}

/* ---- a child ---- */

static _Noreturn void work(const struct crew *crew, unsigned number)
{
    const struct inputs *inputs = crew->order->inputs;
    struct shared *shared = crew->shared;
    struct place *place = &shared->places[number];
    struct rlimit limit = {SAID_MAX, SAID_MAX};
    int said = crew->workers[number].said;

    (void)sigprocmask(SIG_SETMASK, &crew->unblocked, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || (said >= 0 && dup2(said, STDERR_FILENO) < 0) ||
        (said >= 0 && (dup2(said, STDOUT_FILENO) < 0 || setrlimit(RLIMIT_FSIZE, &limit) < 0)))
        abort();
    fuzz_watch.step = &place->step;
    while ((place->input = atomic_fetch_add(&shared->next, 1)) < inputs->count) {
        struct passed *passed = &shared->passed[place->input];
        uint64_t begin = now_ns();

        place->step = FUZZ_NO_STEP;
        passed->digest = play_timed(&inputs->list[place->input], crew->order->runs);
        passed->ns = now_ns() - begin;
        passed->has_passed = true;
    }
    place->input = inputs->count;
    place->step = FUZZ_NO_STEP;
    (void)alarm(0);
    exit(0); /* not _exit(): the leak check and the coverage file are made at exit */
}

/* ---- the parent ---- */

static void start(struct crew *crew, unsigned number)
{
    struct worker *worker = &crew->workers[number];

    *worker = (struct worker){.said = -1};
    crew->shared->places[number] = (struct place){crew->order->inputs->count, FUZZ_NO_STEP};
    if (crew->order->is_terse) {
        worker->said = memfd_create("said", MFD_CLOEXEC);
        if (worker->said < 0) {
            perror("replay: no memory for what a process says");
            return;
        }
    }
    (void)fflush(NULL);
    worker->pid = fork();
    if (worker->pid == 0)
        work(crew, number);
    if (worker->pid < 0) {
        perror("replay: no child process");
        worker->pid = 0;
        if (worker->said >= 0)
            (void)close(worker->said);
        return;
    }
    crew->alive++;
}

/* What a child printed, and the end of the file it is in. */
static char *take_said(int file)
{
    off_t length = file >= 0 ? lseek(file, 0, SEEK_END) : 0;
    char *text = NULL;
    size_t got = 0;

    if (length > 0) {
        text = need(malloc((size_t)length + 1));
        while (got < (size_t)length) {
            ssize_t count = pread(file, text + got, (size_t)length - got, (off_t)got);

            if (count <= 0)
                break;
            got += (size_t)count;
        }
        text[got] = '\0';
    }
    if (file >= 0)
        (void)close(file);
    return text;
}

static enum verdict verdict_of(const struct worker *worker, int status)
{
    if (worker->is_too_large)
        return VERDICT_TOO_LARGE;
    if (!WIFSIGNALED(status))
        return VERDICT_ENDED;
    return WTERMSIG(status) == SIGALRM ? VERDICT_ENDLESS : VERDICT_KILLED;
}

/* A child has ended. */
static void bury(struct crew *crew, unsigned number, int status)
{
    struct worker *worker = &crew->workers[number];
    struct place place = crew->shared->places[number];
    size_t count = crew->order->inputs->count;
    char *said = take_said(worker->said);
    struct result *result = &crew->results[place.input < count ? place.input : count];

    worker->pid = 0;
    crew->alive--;
    /* A child that ends itself with 0 in the middle of an input has failed it all the same. */
    if ((status == 0 && place.input >= count) || result->verdict != VERDICT_NOT_PLAYED) {
        free(said);
    } else {
        *result = (struct result){
            .verdict = verdict_of(worker, status),
            .status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
            .step = place.step,
            .said = said,
        };
    }
    /* One that ended before it took an input would do so again. */
    if (place.input < count && atomic_load(&crew->shared->next) < count)
        start(crew, number);
}

static void look_at_memory(struct crew *crew, unsigned number)
{
    struct worker *worker = &crew->workers[number];
    unsigned long pages = 0;
    char path[64];
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)worker->pid);
    file = fopen(path, "re");
    if (file == NULL)
        return;
    if (fscanf(file, "%*u %lu", &pages) == 1 &&
        pages > crew->order->memory / (size_t)sysconf(_SC_PAGESIZE)) {
        worker->is_too_large = true;
        (void)kill(worker->pid, SIGKILL);
    }
    (void)fclose(file);
}

/* Until all have ended. */
static void attend(struct crew *crew)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    sigset_t ended;

    (void)sigemptyset(&ended);
    (void)sigaddset(&ended, SIGCHLD);
    while (crew->alive > 0) {
        bool is_due = sigtimedwait(&ended, NULL, &pause) < 0;

        for (unsigned i = 0; i < crew->order->jobs; i++) {
            int status = 0;

            if (crew->workers[i].pid == 0)
                continue;
            if (waitpid(crew->workers[i].pid, &status, WNOHANG) == crew->workers[i].pid)
                bury(crew, i, status);
            else if (is_due)
                look_at_memory(crew, i);
        }
    }
}

static void collect(struct crew *crew)
{
    for (size_t i = 0; i < crew->order->inputs->count; i++) {
        const struct passed *passed = &crew->shared->passed[i];
        struct result *result = &crew->results[i];

        if (result->verdict != VERDICT_NOT_PLAYED || !passed->has_passed)
            continue;
        *result = (struct result){
            .verdict = VERDICT_PASSED,
            .step = FUZZ_NO_STEP,
            .digest = passed->digest,
            .ns = passed->ns,
        };
    }
}

struct result *workers_play(const struct workers *workers)
{
    size_t count = workers->inputs->count;
    size_t size = sizeof(struct shared) + count * sizeof(struct passed);
    struct crew crew = {.order = workers};
    sigset_t blocked;

    crew.shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (crew.shared == MAP_FAILED)
        crew.shared = need(NULL);
    crew.results = need(calloc(count + 1, sizeof(*crew.results)));
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &blocked, &crew.unblocked);
    for (unsigned i = 0; i < workers->jobs; i++)
        start(&crew, i);
    attend(&crew);
    (void)sigprocmask(SIG_SETMASK, &crew.unblocked, NULL);
    collect(&crew);
    (void)munmap(crew.shared, size);
    return crew.results;
}

void workers_free(struct result *results, size_t count)
{
    for (size_t i = 0; i <= count; i++)
        free(results[i].said);
    free(results);
}
