/* SPDX-License-Identifier: MIT */
/*
 * Steps: one line of text, one operation, one line of text as its result.
 *
 *     c = socket                       ok
 *     connect c there                  ECONNREFUSED
 *     send c 'hello'                   5
 *     poll c                           OUT
 *     stat there                       socket 0755 me me
 *
 * The same text means the same on both kernels; nothing in a result depends on the machine: ids are
 * names of the cast, inode numbers are compared and not shown, and descriptors are shown only by
 * `number`. README.md lists the operations.
 */
#ifndef SIM_BESIDE_STEP_H
#define SIM_BESIDE_STEP_H

#include "machine.h"

#define STEP_MAX 1024     /* length of a step, and of a result */
#define TOKENS_MAX 72     /* words of a step */
#define TOKEN_BYTES 32768 /* bytes of all its words, repeats written out */

/**
 * beside_run() - do what @step says, write what came of it
 *
 * A step that cannot be understood ends the process with a message: that is a mistake of whoever
 * wrote it.
 */
void beside_run(struct side *side, const char *step, char ret_result[STEP_MAX]);

/* ---- for the operations ---- */

struct token {
    const char *bytes; /* NUL-terminated as well */
    size_t length;
    bool quoted;
};

struct beside_step {
    struct side *side;
    const char *text;
    const char *name;               /* of the handle to be made, or NULL */
    const char *second;             /* of another one */
    struct token words[TOKENS_MAX]; /* words[0] is the operation */
    size_t count;
    char *result;
    size_t length;
};

typedef void operation(struct beside_step *step);
struct operation_row {
    const char *name;
    operation *run;
    int least, most; /* arguments */
};
/* Each ends with a row without a name. */
extern const struct operation_row socket_operations[];
extern const struct operation_row byte_operations[];
extern const struct operation_row poll_operations[];
extern const struct operation_row question_operations[];
extern const struct operation_row process_operations[];
extern const struct operation_row file_operations[];

/* The kernel of this side. */
static inline const struct sp_os *beside_os(const struct beside_step *step)
{
    return step->side->os;
}

/** beside_split() - into words; the name left of '=' too */
void beside_split(struct beside_step *step, char bytes[TOKEN_BYTES]);
/** beside_mistake() - this is no step */
_Noreturn void beside_mistake(const struct beside_step *step, const char *why);

__attribute__((format(printf, 2, 3))) void beside_print(struct beside_step *step,
                                                        const char *format, ...);
/* The errno's name; or, for what is not negative, nothing and true. */
bool beside_ok(struct beside_step *step, int64_t result);
/* The errno's name, or "ok". */
void beside_done(struct beside_step *step, int64_t result);
/* The errno's name, or the number. */
void beside_number(struct beside_step *step, int64_t result);
/* The errno's name, or "ok" and the name left of '=' stands for the descriptor. */
void beside_made(struct beside_step *step, int result);
void beside_print_bytes(struct beside_step *step, const void *bytes, size_t length);
void beside_print_stat(struct beside_step *step, const struct sp_os_stat *stat);
/* "me", or the number if nobody of the cast has it. */
void beside_print_id(struct beside_step *step, uint32_t id, bool group);

int beside_fd(const struct beside_step *step, size_t word);
struct handle *beside_handle(const struct beside_step *step, size_t word);
void beside_name_handle(struct beside_step *step, const char *name, int fd);
const char *beside_text(const struct beside_step *step, size_t word);
/* Decimal, or octal with a leading 0. */
uint32_t beside_value(const struct beside_step *step, size_t word);
bool beside_is(const struct beside_step *step, size_t word, const char *text);
/* sun_path of the word: '@' at its beginning stands for an abstract name. */
size_t beside_sun_path(const struct beside_step *step, size_t word, char ret_name[256]);

#endif
