/* SPDX-License-Identifier: MIT */
/*
 * The simulated kernel against the real one.
 *
 * Under test:   sim/ (and, beside it, core/os)
 * Not covered:  faults, the clock, waiting, memory; what sim/README.md lists as not as on Linux
 * Input:        steps, listed in fidelity_steps.h; every byte string is valid. Up to three
 *               processes, as root three users
 * Oracle:       after every step both kernels have given the same result: errno, length, bytes,
 *               mode, owner, name; then the same readiness of all the process's descriptors, or the
 *               same names in its directory and the same names for one node. At the end everything
 *               that can be asked of each descriptor and each file.
 *
 * The only target that does something on the machine, and is as slow as that: below a fresh
 * directory of its own, which a process outside keeps and removes. Only root can confine the
 * processes to it and make them three users: others play steps of `me`, and of these only those
 * that cannot leave the directory. A kernel that is not the measured one plays no steps that send,
 * one without fchmodat2() none that change modes through a handle, and valgrind's no limits. All of
 * that is said on standard error.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz/engine/digest.h"
#include "fuzz/engine/target.h"
#include "fuzz/program/steps_text.h"
#include "fuzz/targets/fidelity_steps.h"
#include "sim/beside/stage.h"
#include "sim/kernel.h"
#include "tests/support/fchmodat2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Steps of an input that are played; more are ignored, so that one run stays short. */
#define STEPS_MAX 40
#define WORD_MAX 64
/* What is asked at the end, per process; see close_look(). */
#define LOOK_MAX 120
#define LINES_MAX (STEPS_MAX * 5 + CAST_SIZE * LOOK_MAX)
#define FIRST_HANDLE 'p'
#define HANDLES 8

struct line {
    size_t who;
    size_t step;   /* of the input, from 1 */
    uint32_t text; /* in the texts */
    uint32_t result;
};

struct process {
    bool acted;
    bool gave_up_root;
    bool made[HANDLES];
};

/* The machine, found out once. */
static struct {
    struct stage *simulated, *real;
    bool is_root;     /* may confine, and be three users */
    bool is_measured; /* the kernel is the one that sim/ describes */
    bool has_fchmodat2;
    bool has_limits; /* of descriptors, compared before anything else is looked at */
} machine;

/* One input: what was played on the simulated kernel, with what it came to. */
static struct {
    struct process processes[CAST_SIZE];
    size_t who;
    size_t step;
    unsigned seen; /* flags of the steps that were played */
    bool is_over;
    size_t count;
    struct line lines[LINES_MAX];
    uint32_t used;
    char texts[LINES_MAX * 256];
} run;

/* ---- the simulated kernel, step by step ---- */

static uint32_t keep(const char *text)
{
    uint32_t at = run.used;
    size_t size = strlen(text) + 1;

    FUZZ_CHECK(at + size <= sizeof(run.texts), "LINES_MAX is too small for \"%s\"", text);
    memcpy(run.texts + at, text, size);
    run.used += (uint32_t)size;
    return at;
}

static struct sim *world(void)
{
    return stage_sim(machine.simulated);
}

/* Plays a line and keeps it; the result, or NULL when the world is too small for what follows. */
static const char *play_line(const char *text)
{
    const char *result = stage_play(machine.simulated, run.who, text);

    if (sim_full(world()) > 0) {
        run.is_over = true;
        return NULL;
    }
    FUZZ_CHECK(run.count < LINES_MAX, "LINES_MAX is too small");
    run.lines[run.count++] =
        (struct line){run.who, run.step, .text = keep(text), .result = keep(result)};
    fuzz_note_bytes(result, strlen(result));
    return result;
}

static bool has_failed(const char *result)
{
    return result == NULL || result[0] == 'E';
}

/* What `info` says: a stream socket of AF_UNIX. */
static bool is_ours(const char *info)
{
    return strncmp(info, "unix stream", 11) == 0;
}

/* Whether the step must not be done with this descriptor. */
static bool is_excluded(unsigned flags, const char *handle)
{
    char text[WORD_MAX];
    const char *info;

    if ((flags & FIDELITY_NODE) != 0) {
        (void)snprintf(text, sizeof(text), "stat_fd %s", handle);
        return strcmp(stage_play(machine.simulated, run.who, text), "ENOTDIR") == 0;
    }
    (void)snprintf(text, sizeof(text), "info %s", handle);
    info = stage_play(machine.simulated, run.who, text);
    if (has_failed(info)) /* no socket at all */
        return (flags & FIDELITY_NO_FILE) != 0;
    return (flags & FIDELITY_NO_OTHER) != 0 && !is_ours(info);
}

/* ---- a step of the input as a line ---- */

#define WORDS_MAX 8

struct words {
    size_t count;
    size_t made; /* so many of them are names of what the step makes */
    char list[WORDS_MAX][WORD_MAX];
};

static bool is_handle(const char *word)
{
    return word[0] >= FIRST_HANDLE && word[0] < FIRST_HANDLE + HANDLES && word[1] == '\0';
}

static bool *made(const char *handle)
{
    return &run.processes[run.who].made[handle[0] - FIRST_HANDLE];
}

/* n*255 is {n*255} for sim/beside, @x*91 is @{x*91}, and n*3:b is {n*3}b. */
static void expand(const char *word, size_t length, char ret_word[WORD_MAX])
{
    const char *star = memchr(word, '*', length);
    size_t lead = star != NULL && (word[0] == '\'' || word[0] == '@');
    size_t end = star != NULL ? (size_t)(star - word) + 1 : length;

    if (star != NULL)
        end += strspn(star + 1, "0123456789");
    if (star == NULL)
        (void)snprintf(ret_word, WORD_MAX, "%.*s", (int)length, word);
    else
        (void)snprintf(ret_word, WORD_MAX, "%.*s{%.*s}%.*s", (int)lead, word, (int)(end - lead),
                       word + lead, (int)(length - end - (word[end] == ':')),
                       word + end + (word[end] == ':'));
}

/* An octal number is written 700 in a program, and 0700 in a step of sim/beside. It comes last. */
static void mark_octal(const struct step *step, struct words *words)
{
    static const char field[] = "{octal}";
    const char *pattern = fuzz_language->kinds[step->kind].pattern;
    size_t length = strlen(pattern);
    char *word = words->list[words->count - 1];

    if (length < sizeof(field) || strcmp(pattern + length - (sizeof(field) - 1), field) != 0)
        return;
    memmove(word + 1, word, strlen(word) + 1);
    word[0] = '0';
}

static void split(const struct step *step, struct words *ret)
{
    char text[STEP_TEXT_MAX + 1];
    const char *at = text;

    text[step_print(fuzz_language, step, text)] = '\0';
    ret->count = ret->made = 0;
    while (*at != '\0') {
        size_t length = strcspn(at, " ");

        FUZZ_CHECK(ret->count < WORDS_MAX && length < WORD_MAX - 2, "too much for a line: %s",
                   text);
        expand(at, length, ret->list[ret->count++]);
        if (length == 1 && *at == '=')
            ret->made = ret->count - 1;
        at += length + (at[length] == ' ');
    }
    mark_octal(step, ret);
}

static void join(const struct words *words, char ret_text[STAGE_TEXT_MAX])
{
    char *to = ret_text;

    for (size_t i = 0; i < words->count; i++) {
        if (i > 0)
            *to++ = ' ';
        to = stpcpy(to, words->list[i]);
    }
}

/* Whether a word can lead out of the directory, by itself or as part of a link. */
static bool leads_out(const char *word)
{
    return word[0] == '/' || strstr(word, "..") != NULL;
}

/* Whether everything that the step needs is there, and nothing that it must not have. */
static bool can_be_played(unsigned flags, const struct words *words)
{
    const struct process *process = &run.processes[run.who];

    if (run.who != CAST_ME && !machine.is_root)
        return false;
    if ((flags & FIDELITY_OF_ROOT) != 0 && (run.who != CAST_ROOT || process->gave_up_root))
        return false;
    if ((flags & FIDELITY_MEASURED) != 0 && !machine.is_measured)
        return false;
    if ((flags & FIDELITY_CAST) != 0 && !machine.is_root)
        return false;
    if ((flags & FIDELITY_CHMOD) != 0 && !machine.has_fchmodat2)
        return false;
    if ((flags & FIDELITY_LIMITS) != 0 && !machine.has_limits)
        return false;
    if ((flags & (run.seen & FIDELITY_FIRSTS) << 1) != 0)
        return false;
    if ((flags & FIDELITY_AMOUNT) != 0 && strcmp(words->list[words->count - 1], "0") == 0)
        return false;
    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->list[i];

        if (leads_out(word) && !machine.is_root)
            return false;
        if (i >= words->made && is_handle(word) && (!*made(word) || is_excluded(flags, word)))
            return false;
    }
    return true;
}

/* ---- what is looked at ---- */

static void look(const char *text)
{
    if (!run.is_over)
        (void)play_line(text);
}

static void look_at_sockets(void)
{
    look("ready");
}

/* The names in the directory, and which of these names are one node. */
static void look_at_files(void)
{
    look("list .");
    look("nodes there b d l d/a d/b d/d d/d/a ./{n*255} /tmp/x /tmp .");
}

/* Types, permission bits, owners. */
static void look_at_modes(void)
{
    static const char *const paths[] = {"there", "b", "d", "l", "d/a", "d/b", "d/d", "/tmp/x", "."};
    char text[WORD_MAX];

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        (void)snprintf(text, sizeof(text), "lstat %s", paths[i]);
        look(text);
    }
}

/* ---- the steps ---- */

static void play_step(const struct step *step)
{
    unsigned flags = fidelity_flags[step->kind];
    char text[STAGE_TEXT_MAX];
    struct words words;

    split(step, &words);
    if (!can_be_played(flags, &words))
        return;
    run.processes[run.who].acted = true;
    join(&words, text);
    if (!has_failed(play_line(text)))
        for (size_t i = 0; i < words.made; i++)
            *made(words.list[i]) = true;
    run.seen |= flags;
    if ((flags & FIDELITY_OF_ROOT) != 0)
        run.processes[run.who].gave_up_root = true;
    if ((flags & FIDELITY_SOCKETS) != 0)
        look_at_sockets();
    if ((flags & FIDELITY_FILES) != 0)
        look_at_files();
}

/* The steps that are there, each by the process that is named in front of it, or by `me`. */
static void play(struct step_cursor *cursor)
{
    static struct step step;

    for (run.step = 1; run.step <= STEPS_MAX && !run.is_over && step_next(cursor, &step);
         run.step++) {
        run.who = CAST_ME;
        while (step_is_prefix(fuzz_language, &step)) {
            run.who = step_field(&step, 0, 1) % CAST_SIZE;
            if (!step_next(cursor, &step))
                return;
        }
        fuzz_at(run.step - 1);
        play_step(&step);
    }
}

/* ---- at the end ---- */

static void ask(const char *question, const char *handle)
{
    char text[WORD_MAX];

    (void)snprintf(text, sizeof(text), "%s %s", question, handle);
    look(text);
}

static void ask_about(const char *handle)
{
    static const char *const questions[] = {"info", "sockname", "peername", "cred", "flags"};

    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        ask(questions[i], handle);
    if (machine.is_measured && !is_excluded(FIDELITY_NO_FILE, handle)) {
        ask("unsent", handle);
        if ((run.seen & FIDELITY_URGENT) == 0)
            ask("unread", handle);
    }
}

/* Everything that can be asked of what a process has; and then, because it changes them, what its
 * sockets have still to say. */
static void close_look(size_t who)
{
    char handles[HANDLES][2];
    size_t count = 0;

    run.who = who;
    for (char c = FIRST_HANDLE; c < FIRST_HANDLE + HANDLES; c++) {
        char *handle = handles[count];

        handle[0] = c;
        handle[1] = '\0';
        count += *made(handle) && !is_excluded(FIDELITY_NO_OTHER, handle);
    }
    look_at_files();
    look_at_modes();
    look_at_sockets();
    for (size_t i = 0; i < count; i++)
        ask_about(handles[i]);
    for (size_t i = 0; i < count; i++) {
        ask("error", handles[i]);
        ask("recv", handles[i]);
    }
    look_at_sockets();
}

/*
 * Sockets that are sent over each other until nobody holds them: the real kernel collects them when
 * it finds the time, and whoever was connected to one sees it go then. Such a program has no one
 * outcome. They stay in the simulated world when every process has ended.
 */
static bool leaves_garbage(void)
{
    struct sim_census census;

    for (size_t i = 0; i < CAST_SIZE; i++)
        sim_actor_exit(sim_actor(world(), (unsigned)i));
    sim_census(sim_actor(world(), 0), &census);
    return census.sockets > 0;
}

/* ---- the real kernel, in one go ---- */

static void report(size_t wrong, const char *real, size_t length)
{
    (void)fprintf(stderr, "\n");
    for (size_t i = 0; i < wrong; i++)
        (void)fprintf(stderr, "%s: %-40s -> %s\n", cast_names[run.lines[i].who],
                      run.texts + run.lines[i].text, run.texts + run.lines[i].result);
    FUZZ_CHECK(false, "step %zu: \"%s: %s\" gives\n    simulated: %s\n    real:      %.*s",
               run.lines[wrong].step, cast_names[run.lines[wrong].who],
               run.texts + run.lines[wrong].text, run.texts + run.lines[wrong].result, (int)length,
               real);
}

/* Plays lines @first to @end on the real kernel and compares. */
static void play_real(size_t first, size_t end)
{
    static char text[STAGE_STEPS_MAX * STAGE_TEXT_MAX];
    const char *results;
    char *to = text;

    for (size_t i = first; i < end; i++) {
        if (i > first)
            *to++ = '\n';
        to = stpcpy(to, run.texts + run.lines[i].text);
    }
    results = stage_play(machine.real, run.lines[first].who, text);
    for (size_t i = first; i < end; i++) {
        const char *expected = run.texts + run.lines[i].result;
        size_t length = strcspn(results, "\n");

        if (strlen(expected) != length || memcmp(expected, results, length) != 0)
            report(i, results, length);
        results += length + (results[length] == '\n');
    }
}

static void compare(void)
{
    for (size_t first = 0, end; first < run.count; first = end) {
        for (end = first + 1; end < run.count && end - first < STAGE_STEPS_MAX; end++)
            if (run.lines[end].who != run.lines[first].who)
                break;
        play_real(first, end);
    }
    stage_reset(machine.real);
}

/* ---- the machine ---- */

static bool is_measured_kernel(void)
{
    struct utsname name;
    unsigned major = 0, minor = 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int bytes = 0;
    socklen_t length = sizeof(bytes);
    struct sim_options options;
    bool fits;

    sim_options_default(&options);
    fits = fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &length) == 0 &&
           (uint32_t)bytes == options.send_buffer;
    if (fd >= 0)
        (void)close(fd);
    return fits && sysconf(_SC_PAGESIZE) == 4096 && uname(&name) == 0 &&
           sscanf(name.release, "%u.%u", &major, &minor) == 2 && 1000 * major + minor >= 6018;
}

/* Since Linux 6.6, and not under valgrind. */
static bool has_fchmodat2(void)
{
    return syscall(LINUX_FCHMODAT2, -1, "", 0, AT_EMPTY_PATH) < 0 && errno != ENOSYS;
}

/* Valgrind's kernel compares when the call has been made, and its error comes first. */
static bool has_limits(void)
{
    struct rlimit usual, none;
    bool refuses_first;

    if (getrlimit(RLIMIT_NOFILE, &usual) < 0)
        return false;
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = usual.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &none) < 0)
        return false;
    refuses_first = open("/nothing/is/here", O_PATH | O_CLOEXEC) < 0 && errno == EMFILE;
    (void)setrlimit(RLIMIT_NOFILE, &usual);
    return refuses_first;
}

static void open_machine(void)
{
    unsigned flags = STAGE_CONFINED | STAGE_KEPT;

    machine.is_root = geteuid() == 0;
    machine.is_measured = is_measured_kernel();
    machine.has_fchmodat2 = has_fchmodat2();
    machine.has_limits = has_limits();
    if (machine.is_root)
        flags |= STAGE_OTHERS;
    else
        (void)fprintf(stderr, "fuzz_fidelity: not root: one user, no paths that can lead out\n");
    if (!machine.is_measured)
        (void)fprintf(stderr, "fuzz_fidelity: sim/ describes Linux 6.18 with pages of 4096 bytes "
                              "and the usual buffers; this is another one: nothing is sent\n");
    if (!machine.has_fchmodat2)
        (void)fprintf(stderr,
                      "fuzz_fidelity: there is no fchmodat2() here: chmod_as is left out\n");
    if (!machine.has_limits)
        (void)fprintf(stderr, "fuzz_fidelity: limits of descriptors are not Linux's here: limit is "
                              "left out\n");
    machine.simulated = stage_open(KERNEL_SIMULATED, flags);
    machine.real = stage_open(KERNEL_REAL, flags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct step_cursor cursor = step_cursor_over(fuzz_language, data, size);

    if (machine.real == NULL)
        open_machine();
    stage_reset(machine.simulated);
    memset(run.processes, 0, sizeof(run.processes));
    run.is_over = false;
    run.seen = 0;
    run.count = run.used = 0;
    play(&cursor);
    fuzz_at(run.step - 1);
    for (size_t i = 0; i < CAST_SIZE && !run.is_over; i++)
        if (run.processes[i].acted)
            close_look(i);
    if (!leaves_garbage())
        compare();
    return 0;
}
