/* SPDX-License-Identifier: MIT */
/*
 * Inputs from files and directories: see inputs.h.
 *
 * Tests: fuzz/engine/check_replay
 */
#define _GNU_SOURCE
#include "fuzz/engine/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void *need(void *memory)
{
    if (memory == NULL) {
        fputs("replay: out of memory\n", stderr);
        exit(3);
    }
    return memory;
}

/* Grows by doubling: a corpus has some ten thousand inputs. */
static void *room_for_one(void *list, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return list;
    return need(reallocarray(list, count > 0 ? 2 * count : 1, size));
}

void inputs_add(struct inputs *inputs, const char *name, uint8_t *bytes, size_t length)
{
    inputs->list = room_for_one(inputs->list, inputs->count, sizeof(*inputs->list));
    inputs->list[inputs->count++] = (struct input){need(strdup(name)), bytes, length};
}

static void complain(struct inputs *inputs, const char *path, const char *why)
{
    inputs->complaints =
        room_for_one(inputs->complaints, inputs->complaint_count, sizeof(*inputs->complaints));
    inputs->complaints[inputs->complaint_count++] =
        (struct complaint){need(strdup(path)), need(strdup(why))};
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
        inputs_add(inputs, path, bytes, length);
    }
    (void)fclose(file);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

void inputs_add_path(struct inputs *inputs, const char *path)
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
        inputs_add_path(inputs, need(below));
        free(below);
        free(entries[i]);
    }
    free(entries);
}

void inputs_free(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++) {
        free(inputs->list[i].name);
        free(inputs->list[i].bytes);
    }
    for (size_t i = 0; i < inputs->complaint_count; i++) {
        free(inputs->complaints[i].name);
        free(inputs->complaints[i].why);
    }
    free(inputs->list);
    free(inputs->complaints);
}
