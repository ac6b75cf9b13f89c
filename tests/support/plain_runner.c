/* SPDX-License-Identifier: MIT */
/*
 * Runs Criterion's tests without Criterion's library.
 *
 * The memory sanitizer must have compiled every byte that a process runs, and valgrind should spend
 * its time on our code; libcriterion, with what it stands on, is not ours to recompile. And it
 * starts the program anew for each test, which for a short test is most of the time. So some builds
 * and some tests (see ../CMakeLists.txt) are compiled against Criterion's headers and linked with
 * this file, which has the few functions that the headers' macros call.
 *
 * Kept: one process per test, fixtures, parameters, expected signal and exit status, skipping, the
 * TAP file of --tap=FILE. Not kept: other options, theories, redirected output, and timeouts,
 * because everything takes longer there: ctest has one for the program.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* What Criterion's macros put in these sections; the linker names the ends. */
extern struct criterion_test *__start_cr_tst[];
extern struct criterion_test *__stop_cr_tst[];
extern struct criterion_suite *__start_cr_sts[] __attribute__((weak));
extern struct criterion_suite *__stop_cr_sts[] __attribute__((weak));

struct criterion_options criterion_options;

/* What a test process tells its parent beside its exit status. */
struct report {
    int asserts_failed;
    int skipped;
    char why[256];
};

static struct report *report;
static const struct criterion_test *current_test;
static const struct criterion_test_extra_data *current_suite;
static void *current_parameter;
static jmp_buf end_of_test;
static bool ended; /* a test whose fixture failed or skipped is not run */

/* ---- what the macros call ---- */

void criterion_internal_test_setup(void)
{
    if (setjmp(end_of_test)) {
        ended = true;
        return;
    }
    if (current_suite && current_suite->init)
        current_suite->init();
    if (current_test->data->init)
        current_test->data->init();
}

void criterion_internal_test_main(void (*test)(void))
{
    if (ended || setjmp(end_of_test))
        return;
    if (current_test->data->kind_ == CR_TEST_PARAMETERIZED)
        ((void (*)(void *))test)(current_parameter);
    else
        test();
}

void criterion_internal_test_teardown(void)
{
    /* An assertion that fails here ends this function: that of the test has returned. */
    if (setjmp(end_of_test))
        return;
    if (current_test->data->fini)
        current_test->data->fini();
    if (current_suite && current_suite->fini)
        current_suite->fini();
}

void criterion_abort_test(void)
{
    longjmp(end_of_test, 1);
}

void criterion_continue_test(void)
{
}

void criterion_skip_test(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(report->why, sizeof(report->why), format, args);
    va_end(args);
    report->skipped = 1;
    criterion_abort_test();
}

void criterion_test_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    report->asserts_failed++;
    exit(EXIT_FAILURE);
}

void criterion_send_assert(struct criterion_assert_stats *stats)
{
    if (stats->passed)
        return;
    report->asserts_failed++;
    fprintf(stderr, "%s:%u: %s\n", stats->file, stats->line, stats->message);
}

void cri_asserts_passed_incr(void)
{
}

/* The place is printed with it, so the condition can be read there. */
char *cr_translate_assert_msg(int index, ...)
{
    (void)index;
    return strdup("the assertion does not hold");
}

int cr_asprintf(char **text, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vasprintf(text, format, args);
    va_end(args);
    return length;
}

void cr_asprintf_free(char *text)
{
    free(text);
}

void cr_log(enum criterion_severity severity, const char *format, ...)
{
    va_list args;

    (void)severity;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void *cr_malloc(size_t size)
{
    return malloc(size);
}

void cr_free(void *memory)
{
    free(memory);
}

/* ---- running ---- */

static const struct criterion_test_extra_data *suite_of(const struct criterion_test *test)
{
    for (struct criterion_suite **suite = __start_cr_sts; suite < __stop_cr_sts; suite++)
        if (strcmp((*suite)->name, test->category) == 0)
            return (*suite)->data;
    return NULL;
}

static FILE *open_tap(int argc, char **argv)
{
    static const char option[] = "--tap=";
    FILE *tap;

    if (argc != 2 || strncmp(argv[1], option, strlen(option)) != 0)
        return stdout;
    tap = fopen(argv[1] + strlen(option), "w");
    if (!tap) {
        perror(argv[1]);
        exit(EXIT_FAILURE);
    }
    return tap;
}

/* One test in one process. Return: true unless it failed. */
static bool run_process(const struct criterion_test *test, FILE *tap)
{
    const struct criterion_test_extra_data *data = test->data;
    int status = 0;
    bool passed;
    pid_t pid;

    *report = (struct report){0};
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        fclose(tap == stdout ? stdin : tap);
        test->test();
        exit(report->asserts_failed ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (data->signal)
        passed = WIFSIGNALED(status) && WTERMSIG(status) == data->signal;
    else
        passed = pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == data->exit_code;
    passed = passed && !report->asserts_failed;

    if (report->skipped)
        fprintf(tap, "ok - %s::%s # SKIP %s\n", test->category, test->name, report->why);
    else
        fprintf(tap, "%sok - %s::%s\n", passed ? "" : "not ", test->category, test->name);
    if (!passed)
        fprintf(stderr, "FAILED: %s::%s, wait status %#x\n", test->category, test->name,
                (unsigned)status);
    return passed;
}

/* A test once, or once per parameter. Return: processes run; adds to @ret_failed. */
static unsigned run_test(const struct criterion_test *test, FILE *tap, unsigned *ret_failed)
{
    static char no_parameter;
    struct criterion_test_params parameters = {.params = &no_parameter, .length = 1};

    current_test = test;
    current_suite = suite_of(test);
    if (test->data->disabled || (current_suite && current_suite->disabled)) {
        fprintf(tap, "ok - %s::%s # SKIP disabled\n", test->category, test->name);
        return 1;
    }
    if (test->data->kind_ == CR_TEST_PARAMETERIZED)
        parameters = test->data->param_();
    for (size_t i = 0; i < parameters.length; i++) {
        current_parameter = (char *)parameters.params + i * parameters.size;
        *ret_failed += !run_process(test, tap);
    }
    if (parameters.cleanup)
        parameters.cleanup(&parameters);
    return (unsigned)parameters.length;
}

int main(int argc, char **argv)
{
    unsigned run = 0, failed = 0;
    FILE *tap = open_tap(argc, argv);

    report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED) {
        perror("mmap");
        return EXIT_FAILURE;
    }
    for (struct criterion_test **test = __start_cr_tst; test < __stop_cr_tst; test++)
        run += run_test(*test, tap, &failed);
    fprintf(tap, "1..%u\n", run);
    fclose(tap);
    printf("%u tests, %u failed\n", run, failed);
    return run && !failed ? EXIT_SUCCESS : EXIT_FAILURE;
}
