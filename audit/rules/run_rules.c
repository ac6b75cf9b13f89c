/* SPDX-License-Identifier: MIT */
/* What a watched program did wrong with its sockets: see run_rules.h. */
#include "audit/rules/run_rules.h"

#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 108       /* of sun_path */
#define FRESH_CALLS_MAX 4096 /* calls after which a connection is given up */
#define REMOVED_MAX 64       /* names that were removed and may be bound next */
#define WRITERS 0022u        /* who else may connect */

/* One that was bound, listens or was accepted. */
struct socket_state {
    uint64_t inode;
    size_t subject;
    bool accepted;
    bool listens;
    bool fresh; /* accepted, and neither read from nor asked who it is */
    bool asked;
    bool greeted;   /* a single byte was read from it */
    bool reachable; /* by others than the owner of the file and root */
    uint32_t mode;  /* when it began to listen */
    unsigned calls;
    unsigned copies; /* in processes that were forked while it was fresh */
};

struct removed {
    pid_t process;
    bool locked;
    size_t length;
    char path[PATH_MAX];
};

struct run {
    struct run_subject **subjects; /* the first is the program */
    size_t subjects_count;
    struct socket_state *sockets;
    size_t sockets_count;
    size_t fresh;
    size_t unjudged;
    uint32_t first_mask;
    uint32_t mask;
    pid_t mask_process;
    bool locked;
    struct removed removed[REMOVED_MAX];
    size_t removed_count;
};

static struct run_subject *add_subject(struct run *run, const char *name, size_t length,
                                       bool abstract)
{
    struct run_subject **more;
    struct run_subject *subject;

    for (size_t i = 1; i < run->subjects_count; i++)
        if (run->subjects[i]->abstract == abstract && run->subjects[i]->length == length &&
            memcmp(run->subjects[i]->name, name, length) == 0)
            return run->subjects[i];
    more = realloc(run->subjects, (run->subjects_count + 1) * sizeof(struct run_subject *));
    if (more == NULL)
        return NULL;
    run->subjects = more;
    subject = calloc(1, sizeof(*subject));
    if (subject == NULL)
        return NULL;
    subject->abstract = abstract;
    subject->length = length < sizeof(subject->name) ? length : sizeof(subject->name) - 1;
    (void)memcpy(subject->name, name, subject->length);
    if (run->subjects_count > 0)
        subject->owner = run->subjects[0]->owner;
    run->subjects[run->subjects_count++] = subject;
    return subject;
}

struct run *run_new(const char *program, uint32_t owner, uint32_t mask)
{
    struct run *run = calloc(1, sizeof(*run));
    struct run_subject *subject;

    if (run == NULL)
        return NULL;
    run->first_mask = run->mask = mask;
    subject = add_subject(run, program, strlen(program), false);
    if (subject == NULL) {
        run_free(run);
        return NULL;
    }
    subject->owner = owner;
    return run;
}

void run_free(struct run *run)
{
    if (run == NULL)
        return;
    for (size_t i = 0; i < run->subjects_count; i++)
        free(run->subjects[i]);
    free(run->subjects);
    free(run->sockets);
    free(run);
}

void run_set_program(struct run *run, const char *program)
{
    run->subjects[0]->length = strnlen(program, PATH_MAX - 1);
    (void)memcpy(run->subjects[0]->name, program, run->subjects[0]->length);
}

static struct socket_state *find(const struct run *run, uint64_t inode)
{
    for (size_t i = run->sockets_count; i > 0; i--)
        if (run->sockets[i - 1].inode == inode)
            return &run->sockets[i - 1];
    return NULL;
}

static void set_fresh(struct run *run, struct socket_state *socket, bool fresh)
{
    if (socket->fresh != fresh)
        run->fresh = fresh ? run->fresh + 1 : run->fresh - 1;
    socket->fresh = fresh;
}

static void forget(struct run *run, struct socket_state *socket)
{
    set_fresh(run, socket, false);
    *socket = run->sockets[--run->sockets_count];
}

/* A socket that is known by its inode; the number of one that is gone may come again. */
static struct socket_state *add_socket(struct run *run, uint64_t inode, size_t subject)
{
    struct socket_state *state = find(run, inode);
    struct socket_state *more;

    if (state != NULL)
        forget(run, state);
    more = realloc(run->sockets, (run->sockets_count + 1) * sizeof(*more));
    if (more == NULL)
        return NULL;
    run->sockets = more;
    state = &run->sockets[run->sockets_count++];
    *state = (struct socket_state){.inode = inode, .subject = subject};
    return state;
}

static struct fault_seen *see(struct run *run, size_t subject, enum fault fault,
                              const struct call *call)
{
    struct fault_seen *seen = &run->subjects[subject]->faults[fault];

    if (seen->times++ == 0)
        seen->process = call->process;
    return seen;
}

static size_t index_of(const struct run *run, const struct run_subject *subject)
{
    size_t i = 0;

    while (run->subjects[i] != subject)
        i++;
    return i;
}

/* Without "//", "/./" and a slash at the end; ".." is left, for it may go through a link. */
static size_t plain(char ret[PATH_MAX], const char *path, size_t length)
{
    size_t to = 0;

    for (size_t i = 0; i < length && to < PATH_MAX - 1;) {
        if (path[i] == '/' && (i + 1 == length || path[i + 1] == '/' ||
                               (path[i + 1] == '.' && (i + 2 == length || path[i + 2] == '/')))) {
            i += i + 1 < length && path[i + 1] == '.' ? 2 : 1;
            continue;
        }
        ret[to++] = path[i++];
    }
    return to;
}

static bool same_place(const char *a, size_t a_length, const char *b, size_t b_length)
{
    char x[PATH_MAX];
    char y[PATH_MAX];
    const size_t length = plain(x, a, a_length);

    return length == plain(y, b, b_length) && memcmp(x, y, length) == 0;
}

/* Another call named a file: is it the socket's, in other words, or the name that was cut off? */
static void compare_names(struct run *run, size_t index, const struct call *call)
{
    const struct run_subject *subject = run->subjects[index];
    const bool same =
        subject->length == call->length && memcmp(subject->name, call->path, call->length) == 0;

    if (subject->abstract || same)
        return;
    if (same_place(subject->name, subject->length, call->path, call->length))
        see(run, index, FAULT_SPELLING, call);
    else if (subject->length >= NAME_BYTES - 1 && call->length > subject->length &&
             memcmp(subject->name, call->path, subject->length) == 0)
        see(run, index, FAULT_TRUNCATED, call);
}

static void on_bind_name(struct run *run, size_t index, const struct call *call)
{
    struct call removed = *call;

    for (size_t i = 0; i < run->removed_count; i++) {
        const struct removed *name = &run->removed[i];

        if (same_place(name->path, name->length, call->path, call->length) && !name->locked)
            see(run, index, FAULT_UNLINK, call);
        (void)memcpy(removed.path, name->path, name->length);
        removed.length = name->length;
        compare_names(run, index, &removed);
    }
}

/* The usual fault with abstract names: the size of the structure for the length. */
static bool is_padded(const struct call *call)
{
    return call->abstract && call->bytes == NAME_BYTES && call->path[call->length - 1] == '\0';
}

static void look_at_address(struct run *run, size_t index, const struct call *call)
{
    if (is_padded(call))
        see(run, index, FAULT_PADDED, call);
    if (call->open)
        see(run, index, FAULT_OPEN_END, call);
}

/* A name that was only connected to is not ours to judge, but how it was given is. */
static bool on_connect(struct run *run, const struct call *call)
{
    const struct run_subject *subject;

    if (!is_padded(call) && !call->open)
        return true;
    subject = add_subject(run, call->path, call->length, call->abstract);
    if (subject == NULL)
        return false;
    look_at_address(run, index_of(run, subject), call);
    return true;
}

static bool on_bind(struct run *run, const struct call *call)
{
    const struct run_subject *subject = add_subject(run, call->path, call->length, call->abstract);
    size_t index;

    if (subject == NULL)
        return false;
    index = index_of(run, subject);
    look_at_address(run, index, call);
    if (!call->abstract)
        on_bind_name(run, index, call);
    return add_socket(run, call->socket, index) != NULL;
}

static void on_listen(struct run *run, const struct call *call)
{
    struct socket_state *socket = find(run, call->socket);

    if (socket == NULL || socket->listens)
        return;
    socket->listens = true;
    socket->mode = call->mode;
    socket->reachable = run->subjects[socket->subject]->abstract || (call->mode & WRITERS) != 0;
    if (call->keeps)
        see(run, socket->subject, FAULT_KEEPS, call);
}

static bool on_accept(struct run *run, const struct call *call)
{
    const struct socket_state *listener = find(run, call->listener);
    struct socket_state *socket;
    bool reachable;
    bool asked;

    if (listener == NULL)
        return true;
    reachable = listener->reachable;
    asked = listener->asked;
    socket = add_socket(run, call->socket, listener->subject);
    if (socket == NULL)
        return false;
    socket->accepted = true;
    socket->reachable = reachable;
    socket->asked = asked; /* SO_PASSCRED of the listener is that of its connections */
    set_fresh(run, socket, true);
    return true;
}

/* Also with fchown(): a socket's descriptor has an inode of its own, from which bind() makes the
 * file and which means nothing afterwards. */
static void on_fchmod(struct run *run, const struct call *call)
{
    const struct socket_state *socket = find(run, call->socket);

    if (socket != NULL && !socket->accepted && !run->subjects[socket->subject]->abstract)
        see(run, socket->subject, FAULT_NOT_THE_FILE, call);
}

static void on_chmod(struct run *run, const struct call *call)
{
    for (size_t i = 0; i < run->sockets_count; i++) {
        struct socket_state *socket = &run->sockets[i];
        const struct run_subject *subject = run->subjects[socket->subject];
        struct fault_seen *seen;

        if (socket->accepted || subject->abstract)
            continue;
        compare_names(run, socket->subject, call);
        if (!same_place(subject->name, subject->length, call->path, call->length))
            continue;
        if (socket->listens && call->kind == CALL_CHMOD &&
            (socket->mode & ~call->mode & WRITERS) != 0) {
            seen = see(run, socket->subject, FAULT_LATE_CHMOD, call);
            seen->before = socket->mode;
            seen->after = call->mode;
        } else {
            see(run, socket->subject, FAULT_CHMOD_BY_PATH, call);
        }
        if (call->kind == CALL_CHMOD)
            socket->reachable = socket->reachable || (call->mode & WRITERS) != 0;
    }
}

static void on_unlink(struct run *run, const struct call *call)
{
    struct removed *to = &run->removed[run->removed_count % REMOVED_MAX];

    for (size_t i = 0; i < run->sockets_count; i++)
        if (!run->sockets[i].accepted)
            compare_names(run, run->sockets[i].subject, call);
    if (run->removed_count == REMOVED_MAX) {
        (void)memmove(run->removed, run->removed + 1, sizeof(*to) * (REMOVED_MAX - 1));
        to = &run->removed[REMOVED_MAX - 1];
    } else {
        run->removed_count++;
    }
    to->process = call->process;
    to->locked = run->locked;
    to->length = call->length;
    (void)memcpy(to->path, call->path, call->length);
}

/* Bound under a name that nobody looks for, and moved to the one that counts: from here on that is
 * what it is called. */
static void on_rename(struct run *run, const struct call *call)
{
    for (size_t i = 0; i < run->sockets_count; i++) {
        struct run_subject *subject = run->subjects[run->sockets[i].subject];

        if (run->sockets[i].accepted || subject->abstract ||
            !same_place(subject->name, subject->length, call->former, call->former_length))
            continue;
        (void)memcpy(subject->name, call->path, call->length);
        subject->length = call->length;
        subject->name[subject->length] = '\0';
        /* Of two servers only one can make the link, whatever each had removed before. */
        if (call->linked)
            subject->faults[FAULT_UNLINK] = (struct fault_seen){.times = 0};
    }
}

static void on_read(struct run *run, const struct call *call)
{
    struct socket_state *socket = find(run, call->socket);

    if (socket == NULL || !socket->fresh)
        return;
    /* One byte alone is what credentials are sent with: what counts comes behind. */
    if (call->bytes == 1 && !socket->greeted) {
        socket->greeted = true;
        return;
    }
    if (socket->reachable && !socket->asked)
        see(run, socket->subject, FAULT_UNASKED, call);
    if (call->keeps)
        see(run, socket->subject, FAULT_KEEPS, call);
    set_fresh(run, socket, false);
}

bool run_call(struct run *run, const struct call *call)
{
    struct socket_state *socket = find(run, call->socket);

    switch (call->kind) {
    case CALL_BIND:
        return on_bind(run, call);
    case CALL_LISTEN:
        on_listen(run, call);
        break;
    case CALL_ACCEPT:
        return on_accept(run, call);
    case CALL_CONNECT:
        return on_connect(run, call);
    case CALL_CHMOD:
    case CALL_CHOWN:
        on_chmod(run, call);
        break;
    case CALL_FCHMOD:
        on_fchmod(run, call);
        break;
    case CALL_RENAME:
        on_rename(run, call);
        break;
    case CALL_UNLINK:
        on_unlink(run, call);
        break;
    case CALL_UMASK:
        run->mask = call->mode;
        run->mask_process = call->process;
        break;
    case CALL_LOCK:
        run->locked = true;
        break;
    case CALL_ASK:
        if (socket != NULL && socket->fresh && call->keeps)
            see(run, socket->subject, FAULT_KEEPS, call);
        if (socket != NULL) {
            socket->asked = true;
            set_fresh(run, socket, false);
        }
        break;
    case CALL_READ:
        on_read(run, call);
        break;
    case CALL_CLOSE:
        /* The server that forks for each connection closes its own end of it at once. */
        if (socket != NULL && socket->copies > 0)
            socket->copies--;
        else if (socket != NULL && socket->accepted)
            set_fresh(run, socket, false);
        break;
    case CALL_WRITE:
        see(run, 0, FAULT_SIGPIPE, call);
        break;
    case CALL_RECEIVE:
        see(run, 0, FAULT_RECEIVED, call);
        break;
    case CALL_EXEC:
        if (socket != NULL)
            see(run, socket->subject, FAULT_EXEC, call);
        break;
    }
    return true;
}

bool run_is_fresh(const struct run *run)
{
    return run->fresh > 0;
}

void run_tick(struct run *run)
{
    for (size_t i = 0; run->fresh > 0 && i < run->sockets_count; i++)
        if (run->sockets[i].fresh && ++run->sockets[i].calls == FRESH_CALLS_MAX) {
            set_fresh(run, &run->sockets[i], false);
            run->unjudged++;
        }
}

void run_forked(struct run *run)
{
    for (size_t i = 0; run->fresh > 0 && i < run->sockets_count; i++)
        run->sockets[i].copies += run->sockets[i].fresh;
}

bool run_knows_listener(const struct run *run, uint64_t socket)
{
    const struct socket_state *state = find(run, socket);

    return state != NULL && !state->accepted;
}

bool run_knows(const struct run *run, uint64_t socket)
{
    return find(run, socket) != NULL;
}

const char *run_path(const struct run *run, uint64_t socket)
{
    const struct socket_state *state = find(run, socket);
    const struct run_subject *subject;

    if (state == NULL || state->accepted)
        return NULL;
    subject = run->subjects[state->subject];
    return subject->abstract ? NULL : subject->name;
}

size_t run_unjudged(const struct run *run)
{
    return run->unjudged;
}

void run_end(struct run *run)
{
    const struct call last = {.process = run->mask_process};

    /* Only one that lets more be written than before is left to harm what is made later. */
    if ((run->first_mask & ~run->mask & WRITERS) == 0)
        return;
    for (size_t i = 0; i < run->sockets_count; i++) {
        struct fault_seen *seen;

        if (!run->sockets[i].listens)
            continue;
        seen = see(run, 0, FAULT_UMASK, &last);
        seen->before = run->first_mask;
        seen->after = run->mask;
        return;
    }
}

size_t run_subjects(const struct run *run)
{
    return run->subjects_count;
}

const struct run_subject *run_subject(const struct run *run, size_t index)
{
    return run->subjects[index];
}

/* A rule whose sentence needs nothing but who and how often. */
#define RUN_RULE(name, fault, sentence)                                                 \
    void name(const struct rule *rule, const struct place *place, struct findings *ret) \
    {                                                                                   \
        const struct fault_seen *seen = &place->run->faults[fault];                     \
        if (seen->times > 0)                                                            \
            finding_add(ret, rule, "process %d " sentence " (%zu times in all)",        \
                        (int)seen->process, seen->times);                               \
    }

RUN_RULE(run_rule_chmod_by_path, FAULT_CHMOD_BY_PATH,
         "changed the mode or the owner by path after bind")
RUN_RULE(run_rule_unlink, FAULT_UNLINK, "removed the name and bound it, and held no lock")
RUN_RULE(run_rule_spelling, FAULT_SPELLING, "named the file in other words in another call")
RUN_RULE(run_rule_truncated, FAULT_TRUNCATED, "named a longer path in another call")
RUN_RULE(run_rule_exec, FAULT_EXEC, "executed a program that has the socket open")
RUN_RULE(run_rule_keeps, FAULT_KEEPS, "has it, or a connection, without close-on-exec")
RUN_RULE(run_rule_unasked, FAULT_UNASKED, "read from a connection and had not asked who it is")
RUN_RULE(run_rule_sigpipe, FAULT_SIGPIPE, "sent with SIGPIPE deadly and without MSG_NOSIGNAL")
RUN_RULE(run_rule_padded, FAULT_PADDED, "gave an abstract name that is padded with zeros")
RUN_RULE(run_rule_open_end, FAULT_OPEN_END, "gave an address without a terminator")
RUN_RULE(run_rule_not_the_file, FAULT_NOT_THE_FILE,
         "changed mode or owner of the descriptor after bind, which leaves the file as it is")
RUN_RULE(run_rule_received, FAULT_RECEIVED, "received descriptors without MSG_CMSG_CLOEXEC")

void run_rule_late_chmod(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct fault_seen *seen = &place->run->faults[FAULT_LATE_CHMOD];

    if (seen->times > 0)
        finding_add(ret, rule, "process %d listened with mode %04o and set %04o only then",
                    (int)seen->process, seen->before & 07777, seen->after & 07777);
}

void run_rule_umask(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct fault_seen *seen = &place->run->faults[FAULT_UMASK];

    if (seen->times > 0)
        finding_add(ret, rule, "process %d changed the umask from %04o to %04o for good",
                    (int)seen->process, seen->before, seen->after);
}
