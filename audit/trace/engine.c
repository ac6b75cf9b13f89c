/* SPDX-License-Identifier: MIT */
/* Watches a program and what it starts: see engine.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/trace/engine.h"

#include "audit/trace/decode.h"
#include "audit/trace/tracee.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS                                                                               \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
     PTRACE_O_TRACEEXEC)
#define SYSCALL_STOP (SIGTRAP | 0x80)

struct task {
    pid_t id;
    pid_t process;
    struct entered entered;
};

struct engine {
    struct decoder decoder;
    struct task *tasks;
    size_t count;
    pid_t program;
    bool filtered;
    bool named; /* what it runs is known */
    struct watching *told;
};

static volatile sig_atomic_t asked_to_end;
static volatile sig_atomic_t forward_to;

/* A request to end is the program's to answer; one that was attached to is left alone. */
static void on_signal(int number)
{
    if (forward_to > 0)
        (void)kill((pid_t)forward_to, number);
    else
        asked_to_end = 1;
}

static struct task *task_of(struct engine *engine, pid_t id)
{
    struct task *more;

    for (size_t i = 0; i < engine->count; i++)
        if (engine->tasks[i].id == id)
            return &engine->tasks[i];
    more = realloc(engine->tasks, (engine->count + 1) * sizeof(*more));
    if (more == NULL)
        return NULL;
    engine->tasks = more;
    more += engine->count++;
    *more = (struct task){.id = id, .process = tracee_group(id)};
    return more;
}

static void forget(struct engine *engine, pid_t id)
{
    for (size_t i = 0; i < engine->count; i++)
        if (engine->tasks[i].id == id) {
            engine->tasks[i] = engine->tasks[--engine->count];
            return;
        }
}

/* A task that is gone meanwhile says so through wait(). */
static void resume(const struct engine *engine, const struct task *task, int number)
{
    const bool all =
        !engine->filtered || task->entered.wants_result || run_is_fresh(engine->decoder.run);

    (void)ptrace(all ? PTRACE_SYSCALL : PTRACE_CONT, task->id, NULL, (long)number);
}

/* The arguments that a program on i386 left in memory. */
static void unfold(struct task *task, uint64_t number)
{
    uint32_t arguments[6] = {0};

    task->entered.watched = watched_of_socketcall(number);
    if (!tracee_read(task->id, task->entered.arguments[1], arguments, sizeof(arguments)) &&
        !tracee_read(task->id, task->entered.arguments[1], arguments, 3 * sizeof(arguments[0])))
        task->entered.watched = WATCHED_NONE;
    for (size_t i = 0; i < 6; i++)
        task->entered.arguments[i] = arguments[i];
}

static void enter(struct engine *engine, struct task *task, bool is_32, uint64_t number,
                  const uint64_t *arguments)
{
    for (size_t i = 0; i < 6; i++)
        task->entered.arguments[i] = arguments[i];
    task->entered.is_32 = is_32;
    task->entered.watched = watched_of(is_32, number);
    if (is_32 && number == SOCKETCALL_NUMBER)
        unfold(task, arguments[0]);
    decode_entry(&engine->decoder, task->id, task->process, &task->entered);
}

static void on_syscall(struct engine *engine, struct task *task)
{
    struct __ptrace_syscall_info info;
    bool is_32;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, task->id, sizeof(info), &info) <= 0)
        return;
    is_32 = info.arch == AUDIT_ARCH_I386;
    switch (info.op) {
    case PTRACE_SYSCALL_INFO_SECCOMP:
        enter(engine, task, is_32, info.seccomp.nr, (const uint64_t *)info.seccomp.args);
        break;
    case PTRACE_SYSCALL_INFO_ENTRY:
        /* What the filter knows comes once more, as its stop. */
        if (engine->filtered && !(is_32 && info.entry.nr == SOCKETCALL_NUMBER) &&
            watched_of(is_32, info.entry.nr) < WATCHED_FIRST_FRESH) {
            task->entered.wants_result = false;
        } else if (!(engine->filtered && is_32 && info.entry.nr == SOCKETCALL_NUMBER)) {
            enter(engine, task, is_32, info.entry.nr, (const uint64_t *)info.entry.args);
        }
        if (engine->filtered)
            run_tick(engine->decoder.run);
        break;
    case PTRACE_SYSCALL_INFO_EXIT:
        if (task->entered.wants_result)
            decode_result(&engine->decoder, task->id, task->process, &task->entered,
                          info.exit.rval);
        task->entered.wants_result = false;
        break;
    default:
        break;
    }
}

/* After exec only one thread is left, under the number of the process. */
static void on_exec(struct engine *engine, pid_t process)
{
    for (size_t i = engine->count; i > 0; i--)
        if (engine->tasks[i - 1].process == process && engine->tasks[i - 1].id != process)
            forget(engine, engine->tasks[i - 1].id);
    if (process == engine->program && !engine->named) {
        char program[PATH_MAX];

        tracee_program(process, program);
        run_set_program(engine->decoder.run, program);
        engine->named = true;
    }
    decode_exec(&engine->decoder, process);
}

static void on_stop(struct engine *engine, pid_t id, int status)
{
    const int event = status >> 16;
    const int number = WSTOPSIG(status);
    struct task *task;

    if (event == PTRACE_EVENT_EXEC)
        on_exec(engine, id);
    task = task_of(engine, id);
    if (task == NULL) {
        engine->decoder.failed = true;
        (void)ptrace(PTRACE_DETACH, id, NULL, NULL);
        return;
    }
    if (event == PTRACE_EVENT_STOP && number != SIGTRAP) {
        /* Stopped as by job control: stays so until SIGCONT. */
        (void)ptrace(PTRACE_LISTEN, id, NULL, NULL);
        return;
    }
    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK)
        run_forked(engine->decoder.run);
    if (event == PTRACE_EVENT_SECCOMP || (event == 0 && number == SYSCALL_STOP))
        on_syscall(engine, task);
    resume(engine, task, event == 0 && number != SYSCALL_STOP ? number : 0);
}

static void loop(struct engine *engine)
{
    while (engine->count > 0 && !asked_to_end) {
        int status;
        const pid_t id = waitpid(-1, &status, __WALL);

        if (id < 0 && errno == EINTR)
            continue;
        if (id < 0)
            break;
        if (WIFSTOPPED(status)) {
            on_stop(engine, id, status);
            continue;
        }
        forget(engine, id);
        if (id == engine->program) {
            engine->told->program = status;
            engine->told->ended = true;
            forward_to = 0;
            asked_to_end = 0;
        }
    }
}

static bool begin(struct engine *engine, struct watching *ret, pid_t process)
{
    char program[PATH_MAX];

    tracee_program(process, program);
    *ret = (struct watching){.run = run_new(program, (uint32_t)getuid(), tracee_umask(process))};
    engine->told = ret;
    engine->program = process;
    engine->decoder.run = ret->run;
    return ret->run != NULL && task_of(engine, process) != NULL;
}

static void end(struct engine *engine)
{
    run_end(engine->decoder.run);
    engine->told->uring = engine->decoder.uring;
    engine->told->incomplete = engine->decoder.failed || run_unjudged(engine->decoder.run) > 0;
    free(engine->tasks);
}

static void catch (void (*handler)(int))
{
    const struct sigaction action = {.sa_handler = handler};

    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    (void)sigaction(SIGALRM, &action, NULL);
}

/* The child: waits until it is watched, then becomes the program. */
static void become(char **command, const int go[2], const int failed[2])
{
    char byte;
    int error;

    (void)close(go[1]);
    (void)close(failed[0]);
    error = read(go[0], &byte, 1) == 1 ? -watched_load() : EINTR;
    (void)close(go[0]);
    if (error == 0) {
        (void)execvp(command[0], command);
        error = errno;
    }
    (void)!write(failed[1], &error, sizeof(error));
    _exit(127);
}

static int run_child(struct engine *engine, struct watching *ret, pid_t child, const int go[2],
                     const int failed[2])
{
    int error = 0;

    /* A filter without its tracer fails the calls: the program may not outlive us. */
    if (ptrace(PTRACE_SEIZE, child, NULL,
               (long)(OPTIONS | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL)) != 0) {
        error = -errno;
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        return error;
    }
    if (!begin(engine, ret, child))
        return -ENOMEM;
    engine->filtered = true;
    forward_to = child;
    catch (on_signal);
    /* From the terminal they reach the program as well, which decides. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGQUIT, SIG_IGN);
    (void)!write(go[1], "", 1);
    (void)close(go[1]);
    (void)close(failed[1]);
    loop(engine);
    if (read(failed[0], &error, sizeof(error)) != (ssize_t)sizeof(error))
        error = 0;
    end(engine);
    return -error;
}

int engine_run(struct watching *ret, char **command)
{
    struct engine engine = {.count = 0};
    int go[2];
    int failed[2];
    pid_t child;
    int result;

    *ret = (struct watching){.run = NULL};
    if (pipe2(go, O_CLOEXEC) != 0)
        return -errno;
    if (pipe2(failed, O_CLOEXEC) != 0) {
        result = -errno;
        (void)close(go[0]);
        (void)close(go[1]);
        return result;
    }
    (void)fflush(NULL);
    child = fork();
    if (child == 0)
        become(command, go, failed);
    (void)close(go[0]);
    result = child < 0 ? -errno : run_child(&engine, ret, child, go, failed);
    (void)close(failed[0]);
    return result;
}

static int seize_threads(struct engine *engine, pid_t process)
{
    char name[32];
    const struct dirent *entry;
    DIR *directory;

    (void)snprintf(name, sizeof(name), "/proc/%d/task", (int)process);
    directory = opendir(name);
    if (directory == NULL)
        return -ESRCH;
    while ((entry = readdir(directory)) != NULL) {
        const pid_t id = (pid_t)atoi(entry->d_name);

        if (id <= 0)
            continue;
        if (ptrace(PTRACE_SEIZE, id, NULL, (long)OPTIONS) != 0) {
            const int error = errno;

            (void)closedir(directory);
            return -error;
        }
        if (task_of(engine, id) == NULL)
            engine->decoder.failed = true;
        (void)ptrace(PTRACE_INTERRUPT, id, NULL, NULL);
    }
    (void)closedir(directory);
    return 0;
}

/* Only a stopped task can be let go. */
static void detach(struct engine *engine)
{
    for (size_t i = 0; i < engine->count; i++)
        (void)ptrace(PTRACE_INTERRUPT, engine->tasks[i].id, NULL, NULL);
    while (engine->count > 0) {
        int status;
        const pid_t id = waitpid(-1, &status, __WALL);
        int number = 0;

        if (id < 0 && errno == EINTR)
            continue;
        if (id < 0)
            break;
        if (WIFSTOPPED(status) && status >> 16 == 0 && WSTOPSIG(status) != SYSCALL_STOP)
            number = WSTOPSIG(status);
        if (WIFSTOPPED(status))
            (void)ptrace(PTRACE_DETACH, id, NULL, (long)number);
        forget(engine, id);
    }
}

int engine_attach(struct watching *ret, pid_t process, unsigned seconds)
{
    struct engine engine = {.count = 0};
    const struct sigaction action = {.sa_handler = on_signal};
    int result;

    if (!begin(&engine, ret, process))
        return -ENOMEM;
    result = seize_threads(&engine, process);
    if (result == 0) {
        catch (on_signal);
        (void)sigaction(SIGINT, &action, NULL);
        (void)alarm(seconds);
        loop(&engine);
        detach(&engine);
    }
    end(&engine);
    return result;
}
