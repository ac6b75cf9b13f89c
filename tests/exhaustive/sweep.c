/* SPDX-License-Identifier: MIT */
/*
 * Every seed with every fault: the 1st, 2nd, 3rd ... call that the library makes at its seam fails
 * in every way that the table of sim/faults.c allows, once and from there on.
 *
 *   sweep INPUT|FOLDER...
 *
 * An input is played as the fuzz target would, first without, to learn which calls a process of the
 * library makes; then once for each of them and each of its faults, twice; and all of that for the
 * client's and for the server's process. What must hold is the target's matter. Prints how many
 * runs there were. Exit status: 0 all hold; 2 wrong usage; 3
 * unreadable; a failure ends the process as it does in the fuzz target, and says which fault it
 * was.
 */
#define _GNU_SOURCE
#include "fuzz/engine/target.h"
#include "fuzz/world/world.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_MAX 65536

static struct world_sweep sweep;
static const char *current;
static unsigned long long runs;

/* A run ends the process when something is wrong: this says which one it was. */
static void report(int signal_number)
{
    char line[512];
    enum sim_call call = (enum sim_call)sweep.calls[sweep.rule.skip];
    struct sim_fault fault = sim_fault_choice(call, sweep.rule.fault.value);
    const char *name = fault.kind == SIM_FAULT_ERRNO || fault.kind == SIM_FAULT_AFTER
                           ? sim_errno_name((int)fault.value)
                           : "";
    int length = snprintf(line, sizeof(line), "sweep: %s: call %u of the %s, %s, kind %d %s%s\n",
                          current, sweep.rule.skip,
                          sweep.side == WORLD_CLIENT ? "client" : "server", sim_call_name(call),
                          (int)fault.kind, name, sweep.rule.times == 0 ? ", from there on" : "");

    if (length > 0)
        (void)!write(STDERR_FILENO, line, (size_t)length);
    (void)signal(signal_number, SIG_DFL);
}

static void play(const uint8_t *bytes, size_t length)
{
    runs++;
    (void)LLVMFuzzerTestOneInput(bytes, length);
}

static void sweep_side(enum world_side_number side, const uint8_t *bytes, size_t length)
{
    sweep.side = side;
    sweep.plans = false;
    sweep.count = 0;
    play(bytes, length);
    sweep.plans = true;
    for (uint32_t n = 0; n < sweep.count; n++) {
        enum sim_call call = (enum sim_call)sweep.calls[n];

        for (unsigned k = 0; k < sim_fault_choices(call); k++)
            for (uint32_t times = 0; times < 2; times++) {
                sweep.rule = (struct sim_rule){SIM_CALL_ANY, n, times, {SIM_FAULT_CHOICE, k}};
                play(bytes, length);
            }
    }
}

static void sweep_input(const uint8_t *bytes, size_t length)
{
    for (int side = 0; side < WORLD_SIDES; side++)
        sweep_side((enum world_side_number)side, bytes, length);
}

static void sweep_file(const char *path)
{
    static uint8_t bytes[INPUT_MAX];
    FILE *file = fopen(path, "rbe");
    size_t length;

    if (file == NULL) {
        perror(path);
        exit(3);
    }
    length = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    current = path;
    sweep_input(bytes, length);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void sweep_path(const char *path)
{
    struct dirent **entries = NULL;
    struct stat status;
    int count;

    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        sweep_file(path);
        return;
    }
    count = scandir(path, &entries, is_visible, alphasort);
    if (count < 0) {
        perror(path);
        exit(3);
    }
    for (int i = 0; i < count; i++) {
        char *below = NULL;

        if (asprintf(&below, "%s/%s", path, entries[i]->d_name) < 0)
            exit(3);
        sweep_path(below);
        free(below);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: sweep INPUT|FOLDER...\n", stderr);
        return 2;
    }
    (void)signal(SIGABRT, report);
    world_get()->sweep = &sweep;
    for (int i = 1; i < argc; i++)
        sweep_path(argv[i]);
    printf("%llu runs, each with another fault: all hold\n", runs);
    return 0;
}
