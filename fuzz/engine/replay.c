/* SPDX-License-Identifier: MIT */
/*
 * The driver without an engine: plays the inputs it is given, once and for all.
 *
 *   replay [--show | --c | --digest | --claims | --here | --times N] PATH...
 *   replay --trials
 *
 * A PATH is an input, or a directory whose files, at any depth, are inputs. The empty input is
 * always played too. Each input is played three times (play.h). With --trials, inputs come from
 * another program (trials.h).
 *
 *   --show    prints the inputs in their text form and plays none
 *   --c       prints one input as a C file that needs nothing but the library, and plays none
 *   --digest  prints each input's digest as well, in front of its name
 *   --claims  also checks what a program claims of itself ("expect ...")
 *   --here    plays in this process, for a debugger; the first failure ends it
 *   --times   plays each input so often
 *
 * Exit status: 0 every input passed; 1 at least one failed, and standard error names it; 2 wrong
 * usage; 3 something could not be read, or a directory held no input. Failure outranks 3: what
 * could be read was played. Nothing that was not played counts as passed.
 *
 * Inputs are played in a child process, because a failure ends the process it happens in. When the
 * child ends early, the next one goes on behind the input that ended it.
 */
#define _GNU_SOURCE
#include "fuzz/engine/play.h"
#include "fuzz/engine/target.h"
#include "fuzz/engine/trials.h"
#include "fuzz/program/emit_c.h"
#include "fuzz/program/operation.h"
#include "fuzz/program/steps_text.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PASSED = 0, FAILED = 1, USAGE = 2, UNREADABLE = 3 };

struct input {
    char *name;
    uint8_t *bytes;
    size_t length;
};

struct inputs {
    struct input *list;
    size_t count;
    bool is_incomplete; /* something was named that cannot be played */
    bool shows_digests;
    unsigned long runs;
};

static void *need(void *memory)
{
    if (memory == NULL) {
        fputs("replay: out of memory\n", stderr);
        exit(UNREADABLE);
    }
    return memory;
}

static void add_input(struct inputs *inputs, const char *name, uint8_t *bytes, size_t length)
{
    inputs->list = need(reallocarray(inputs->list, inputs->count + 1, sizeof(*inputs->list)));
    inputs->list[inputs->count++] = (struct input){need(strdup(name)), bytes, length};
}

static void complain(struct inputs *inputs, const char *path, const char *why)
{
    fprintf(stderr, "replay: %s: %s\n", path, why);
    inputs->is_incomplete = true;
}

static void add_file(struct inputs *inputs, const char *path)
{
    FILE *file = fopen(path, "rbe");
    uint8_t *bytes = NULL;
    size_t length = 0;
    size_t got;

    if (file == NULL) {
        complain(inputs, path, strerror(errno));
        return;
    }
    do {
        bytes = need(realloc(bytes, length + 4096));
        got = fread(bytes + length, 1, 4096, file);
        length += got;
    } while (got > 0);
    if (ferror(file)) {
        complain(inputs, path, "cannot be read");
        free(bytes);
    } else {
        add_input(inputs, path, bytes, length);
    }
    (void)fclose(file);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void add_path(struct inputs *inputs, const char *path)
{
    struct stat status;
    struct dirent **entries = NULL;
    int count;

    if (stat(path, &status) < 0) {
        complain(inputs, path, strerror(errno));
        return;
    }
    if (!S_ISDIR(status.st_mode)) {
        add_file(inputs, path);
        return;
    }

    count = scandir(path, &entries, is_visible, alphasort);
    if (count < 0) {
        complain(inputs, path, strerror(errno));
        return;
    }
    if (count == 0)
        complain(inputs, path, "an empty directory");
    for (int i = 0; i < count; i++) {
        char *below = NULL;

        if (asprintf(&below, "%s/%s", path, entries[i]->d_name) < 0)
            below = NULL;
        add_path(inputs, need(below));
        free(below);
        free(entries[i]);
    }
    free(entries);
}

static void free_inputs(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++) {
        free(inputs->list[i].name);
        free(inputs->list[i].bytes);
    }
    free(inputs->list);
}

static void show(const struct input *input, FILE *out)
{
    if (fuzz_language == NULL)
        fprintf(out, "# %zu bytes\n", input->length);
    else
        steps_print(fuzz_language, input->bytes, input->length, out);
}

/* Plays from *next on; @next always says which input is being played. */
static void play_all(const struct inputs *inputs, volatile size_t *next)
{
    for (; *next < inputs->count; (*next)++) {
        const struct input *input = &inputs->list[*next];
        uint64_t digest;

        (void)alarm(PLAY_SECONDS);
        digest = play_input(input->bytes, input->length, inputs->runs);
        if (inputs->shows_digests) {
            printf("%016" PRIx64 " %s\n", digest, input->name);
            (void)fflush(stdout); /* the next one may end the process */
        }
    }
    (void)alarm(0);
}

static void report(const struct inputs *inputs, size_t which, int status)
{
    const char *name = "at the end, after all inputs";

    if (which < inputs->count)
        name = inputs->list[which].name;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        fprintf(stderr, "FAILED %s: no end after %d seconds\n", name, PLAY_SECONDS);
    else if (WIFSIGNALED(status))
        fprintf(stderr, "FAILED %s: killed by SIG%s\n", name, sigabbrev_np(WTERMSIG(status)));
    else
        fprintf(stderr, "FAILED %s: ended the process with status %d\n", name, WEXITSTATUS(status));
    if (which < inputs->count)
        show(&inputs->list[which], stderr);
}

/* Returns how many failed. */
static size_t play_in_children(const struct inputs *inputs)
{
    size_t *next =
        mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    size_t failed = 0;

    if (next == MAP_FAILED)
        next = need(NULL);
    for (*next = 0; *next < inputs->count; (*next)++) {
        int status = 0;
        pid_t child;

        (void)fflush(NULL);
        child = fork();
        if (child == 0) {
            play_all(inputs, next);
            exit(PASSED); /* not _exit(): the leak check and the coverage file are made at exit */
        }
        if (child < 0 || waitpid(child, &status, 0) != child) {
            perror("replay: no child process");
            exit(UNREADABLE);
        }
        if (status != 0) {
            report(inputs, *next, status);
            failed++;
        }
    }
    (void)munmap(next, sizeof(*next));
    return failed;
}

static int show_in_c(const struct inputs *inputs)
{
    const struct input *input = inputs->list;
    size_t length;
    char *text;

    if (inputs->count != 1 || fuzz_language == NULL || !operation_can_read(fuzz_language)) {
        fputs("replay: --c wants one input, of a target whose inputs are operations\n", stderr);
        return USAGE;
    }
    length = emit_c(fuzz_language, input->bytes, input->length, NULL, 0);
    text = need(malloc(length + 1));
    (void)emit_c(fuzz_language, input->bytes, input->length, text, length + 1);
    fputs(emit_c_prelude, stdout);
    fputs(text, stdout);
    free(text);
    return PASSED;
}

static int usage(void)
{
    fputs("usage: replay [--show | --c | --digest | --claims | --here | --times N] PATH...\n"
          "       replay --trials\n",
          stderr);
    return USAGE;
}

int main(int argc, char **argv)
{
    struct inputs inputs = {.runs = PLAY_RUNS};
    bool shows = false;
    bool shows_in_c = false;
    bool plays_here = false;
    size_t failed = 0;
    int status = PASSED;
    int first = 1;

    if (argc == 2 && strcmp(argv[1], "--trials") == 0)
        return trials() ? PASSED : UNREADABLE;
    if (argc > 1 && strncmp(argv[1], "--", 2) == 0) {
        shows = strcmp(argv[1], "--show") == 0;
        shows_in_c = strcmp(argv[1], "--c") == 0;
        plays_here = strcmp(argv[1], "--here") == 0;
        inputs.shows_digests = strcmp(argv[1], "--digest") == 0;
        fuzz_claims = strcmp(argv[1], "--claims") == 0;
        first = 2;
        if (strcmp(argv[1], "--times") == 0 && argc > 2) {
            char *end;

            inputs.runs = strtoul(argv[2], &end, 10);
            if (*end != '\0' || inputs.runs == 0)
                return usage();
            first = 3;
        } else if (!shows && !shows_in_c && !plays_here && !inputs.shows_digests && !fuzz_claims) {
            return usage();
        }
    }
    if (first >= argc)
        return usage();
    for (int i = first; i < argc; i++)
        add_path(&inputs, argv[i]);

    if (shows) {
        for (size_t i = 0; i < inputs.count; i++) {
            printf("# %s\n", inputs.list[i].name);
            show(&inputs.list[i], stdout);
        }
    } else if (shows_in_c) {
        status = show_in_c(&inputs);
    } else {
        size_t next = 0;

        add_input(&inputs, "(the empty input)", NULL, 0);
        if (plays_here)
            play_all(&inputs, &next);
        else
            failed = play_in_children(&inputs);
        printf("%zu inputs, %lu runs each: %zu failed\n", inputs.count, inputs.runs, failed);
    }

    free_inputs(&inputs);
    if (failed > 0)
        return FAILED;
    return inputs.is_incomplete ? UNREADABLE : status;
}
