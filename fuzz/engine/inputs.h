/* SPDX-License-Identifier: MIT */
/* Inputs that a driver was given: read once, before the first is played. */
#ifndef FUZZ_INPUTS_H
#define FUZZ_INPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    char *name;
    uint8_t *bytes;
    size_t length;
};

/* Something that was named and cannot be played. */
struct complaint {
    char *name;
    char *why;
};

struct inputs {
    struct input *list;
    size_t count;
    struct complaint *complaints;
    size_t complaint_count;
};

/** inputs_add() - takes @bytes, which free() can free */
void inputs_add(struct inputs *inputs, const char *name, uint8_t *bytes, size_t length);
/** inputs_add_path() - a file, or all files below a directory; what cannot be read, and a directory
 * with nothing in it, is a complaint */
void inputs_add_path(struct inputs *inputs, const char *path);
void inputs_free(struct inputs *inputs);

/** need() - @memory, or the end of the process if it is NULL: a driver cannot do without */
void *need(void *memory);

#endif
