/* SPDX-License-Identifier: MIT */
/*
 * Inputs that another program makes up: see trials.h.
 *
 * Each is played in a child, because a failure ends the process it happens in. What the child says
 * goes to a file in memory and not to a pipe: nobody has to read while it runs, and a process that
 * it leaves behind cannot keep the end from coming.
 *
 * Tests: fuzz/engine/check_replay, tests/cli/test_triage.py
 */
#define _GNU_SOURCE
#include "fuzz/engine/trials.h"

#include "fuzz/engine/play.h"
#include "fuzz/engine/target.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Longest input that is taken; engines' limits are a few thousand bytes. */
#define INPUT_MAX (16u << 20)
/* What a child may print: a program is repeated in it, and a report has some thousand bytes. A
 * target that never stops printing must not fill the memory. */
#define REPORT_MAX (16u << 20)

struct request {
    unsigned seconds; /* 0: say the steps */
    size_t length;
    uint8_t *bytes;
};

static bool complain(const char *what)
{
    fprintf(stderr, "replay --trials: %s\n", what);
    return false;
}

/* False: it makes no sense, and that was said. */
static bool read_request(const char *line, struct request *ret)
{
    unsigned long length;

    ret->seconds = 0;
    if (sscanf(line, "play %u %lu", &ret->seconds, &length) == 2
            ? ret->seconds == 0
            : sscanf(line, "steps %lu", &length) != 1)
        return complain("not a request");
    if (length > INPUT_MAX)
        return complain("too long an input");
    ret->length = length;
    ret->bytes = malloc(length + 1); /* never no bytes, so that NULL is an error */
    if (ret->bytes == NULL)
        return complain("out of memory");
    if (fread(ret->bytes, 1, length, stdin) == length)
        return true;
    free(ret->bytes);
    return complain("a request is cut short");
}

/* Sends the file's bytes, and empties it. */
static bool answer(const char *status, int report)
{
    off_t length = lseek(report, 0, SEEK_END);
    off_t sent = 0;
    char block[4096];

    if (length < 0)
        return complain("no report");
    printf("%s %lld\n", status, (long long)length);
    while (sent < length) {
        ssize_t count = pread(report, block, sizeof(block), sent);

        if (count <= 0)
            return complain("no report");
        (void)fwrite(block, 1, (size_t)count, stdout);
        sent += count;
    }
    (void)fflush(stdout);
    return ftruncate(report, 0) == 0 && lseek(report, 0, SEEK_SET) == 0;
}

static _Noreturn void child(const struct request *request, int report)
{
    struct rlimit limit = {REPORT_MAX, REPORT_MAX};

    /* Standard input is shared with the parent: exit() would put back what is read ahead of it. */
    (void)close(STDIN_FILENO);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setrlimit(RLIMIT_FSIZE, &limit) < 0 ||
        dup2(report, STDOUT_FILENO) < 0 || dup2(report, STDERR_FILENO) < 0)
        abort();
    (void)alarm(request->seconds);
    (void)play_input(request->bytes, request->length, PLAY_RUNS);
    (void)alarm(0);
    exit(0); /* not _exit(): the leak check is made at exit */
}

static bool play(const struct request *request, int report)
{
    char said[64] = "passed";
    int status = 0;
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    if (pid == 0)
        child(request, report);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return complain("no child process");
    if (WIFSIGNALED(status))
        (void)snprintf(said, sizeof(said), "signal-%s", sigabbrev_np(WTERMSIG(status)));
    else if (status != 0)
        (void)snprintf(said, sizeof(said), "exit-%d", WEXITSTATUS(status));
    return answer(said, report);
}

static bool say_steps(const struct request *request, int report)
{
    struct step_cursor cursor;
    struct step step;
    const uint8_t *at = request->bytes;

    if (fuzz_language == NULL)
        return answer("steps", report);
    cursor = step_cursor_over(fuzz_language, request->bytes, request->length);
    while (step_next(&cursor, &step)) {
        (void)dprintf(report, "%td %s\n", at - request->bytes,
                      fuzz_language->kinds[step.kind].pattern);
        at = cursor.at;
    }
    return answer("steps", report);
}

bool trials(void)
{
    char line[64];
    int report = memfd_create("report", MFD_CLOEXEC);
    bool is_good = report >= 0;

    while (is_good && fgets(line, sizeof(line), stdin) != NULL) {
        struct request request;

        is_good = read_request(line, &request);
        if (!is_good)
            break;
        is_good = request.seconds > 0 ? play(&request, report) : say_steps(&request, report);
        free(request.bytes);
    }
    if (report >= 0)
        (void)close(report);
    return is_good && !ferror(stdin);
}
