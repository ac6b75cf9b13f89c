/* SPDX-License-Identifier: MIT */
/*
 * The room in which a program about a subject takes place: a fresh directory on the machine, and
 * the descriptors of this process.
 *
 * There are few names, and every string stands for one of them, so nothing that a program does can
 * leave the directory, whatever links it makes.
 */
#ifndef FUZZ_SUBJECT_ROOM_H
#define FUZZ_SUBJECT_ROOM_H

#include "fuzz/program/operation.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* By number: a b c d e d/a d/b e/a e/b */
#define ROOM_NAMES 9
#define ROOM_PATH_MAX 108 /* sizeof(sun_path) */

/* What has a name; links are not followed. */
struct room_node {
    bool exists;
    bool is_socket;
    dev_t device;
    ino_t inode;
};

struct room_view {
    struct room_node nodes[ROOM_NAMES];
    char stray[64]; /* something that has another name; empty: nothing has */
};

/** room_open() - a fresh directory, and the descriptors that are open now are foreign */
void room_open(void);
/** room_close() - it goes, with all it holds */
void room_close(void);

unsigned room_name(struct operation_text text);
/** room_path() - absolute; valid until the next room_open() */
const char *room_path(unsigned name);
/** room_text() - the name as a program has it */
const char *room_text(unsigned name);

/** room_before(), room_after() - what is there in front of a call of the subject, and behind it.
 * What the subject changed in front of that shows, too, unless room_touched() said that others did.
 */
struct room_view room_before(void);
struct room_view room_after(void);
void room_touched(void);
bool room_is_same(const struct room_node *a, const struct room_node *b);

/** room_lend() - a descriptor of the harness: from here on foreign, or not any more */
void room_lend(int fd, bool is_foreign);
/** room_descriptors() - how many are open and not foreign */
unsigned room_descriptors(void);
/** room_lost() - one that is foreign and not open any more; -1 */
int room_lost(void);

#endif
