/* SPDX-License-Identifier: MIT */
/* ---- what is printed ---- */

static const char *const *program; /* its steps */
static int was_skipped, was_wrong;
static long long last;

static void changes(void);

static void step(int number)
{
    changes();
    printf("%3d  %s\n", number, program[number]);
    fflush(stdout);
}

static void did(long long result)
{
    last = result;
    if (result == NOTHING) {
        printf("       there is nothing to do it with\n");
    } else if (result == SKIPPED) {
        printf("       SKIPPED: cannot be done here\n");
        was_skipped = 1;
    } else if (result < 0 && result >= -15) {
        printf("       %s\n", sp_error_name((int)result));
    } else {
        printf("       %lld\n", result);
    }
}

/* What a system call of a program beside the library came to. */
static void called(long long result)
{
    if (result < 0 && result > SKIPPED) {
        printf("       %s\n", strerror(errno));
        last = -errno;
    } else {
        did(result);
    }
}

static void expect(int holds)
{
    printf("       %s\n", holds ? "holds" : "DOES NOT HOLD");
    if (!holds && !was_skipped)
        was_wrong = 1;
}
