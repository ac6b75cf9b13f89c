/* SPDX-License-Identifier: MIT */
/*
 * Faults: see faults.h.
 *
 * Tests: tests/unit/test_sim_faults.c; that the kernel itself gives no errno that is missing in the
 * table is part of tests/conformance
 */
#include "internal.h"

#include <string.h>

#define ERRNOS_MAX 16
#define MISTAKES_MAX 6

/* What a call can come to, other than by its errnos. */
enum {
    INTERRUPTED_AFTER = 1, /* took effect, and says EINTR */
    IO_ERROR_AFTER = 2,    /* took effect, and says EIO */
    SHORT = 4,
    FAILS = 8 /* without effect: EINTR and the errnos listed */
};

struct row {
    uint8_t ways;
    uint8_t errnos[ERRNOS_MAX];
    uint8_t mistakes[MISTAKES_MAX];
};

/* sunpath/os.h and, where it names none, the manual pages of the calls behind a member. EINTR is
 * not listed: every member that can fail can give it.
 *
 * The second list is what only a mistake of the caller can cause, or only what he did before: no
 * fault, because the kernel gives it when it is true and never otherwise. */
static const struct row rows[SIM_CALL_COUNT] = {
    [SIM_CALL_ALLOC] = {FAILS, {ENOMEM}, {0}},
    [SIM_CALL_SOCKET] = {FAILS,
                         {EMFILE, ENFILE, ENOMEM, ENOBUFS, EACCES, EPERM, EAFNOSUPPORT},
                         {0}},
    [SIM_CALL_BIND] = {FAILS,
                       {EADDRINUSE, EACCES, EPERM, ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EROFS,
                        ENOSPC, EDQUOT, EIO, ENOMEM},
                       {EBADF, ENOTSOCK, EINVAL}},
    [SIM_CALL_LISTEN] = {FAILS,
                         {EADDRINUSE, ENOBUFS, ENOMEM},
                         {EBADF, ENOTSOCK, EINVAL, EOPNOTSUPP}},
    [SIM_CALL_ACCEPT] = {FAILS,
                         {EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOMEM, ENOBUFS, EPERM, EPROTO,
                          EINVAL},
                         {EBADF, ENOTSOCK, EOPNOTSUPP}},
    [SIM_CALL_CONNECT] = {FAILS | INTERRUPTED_AFTER,
                          {EAGAIN, ECONNREFUSED, ENOENT, ENOTDIR, EACCES, EPERM, ELOOP, EPROTOTYPE,
                           ENOMEM, ENOBUFS, EIO},
                          {EBADF, ENOTSOCK, EISCONN, EINVAL, ENAMETOOLONG, EOPNOTSUPP}},
    [SIM_CALL_GETSOCKNAME] = {FAILS, {ENOBUFS}, {EBADF, ENOTSOCK}},
    [SIM_CALL_GETPEERNAME] = {FAILS, {ENOBUFS, ENOTCONN}, {EBADF, ENOTSOCK}},
    [SIM_CALL_SEND] = {FAILS | SHORT,
                       {EAGAIN, EPIPE, ECONNRESET, ENOTCONN, ENOBUFS, ENOMEM},
                       {EBADF, ENOTSOCK}},
    [SIM_CALL_RECV] = {FAILS | SHORT,
                       {EAGAIN, ECONNRESET, EINVAL, ENOTCONN, ENOMEM},
                       {EBADF, ENOTSOCK}},
    [SIM_CALL_CLOSE] = {IO_ERROR_AFTER | INTERRUPTED_AFTER, {0}, {EBADF}},
    [SIM_CALL_POLL] = {FAILS, {ENOMEM}, {EINVAL}},
    [SIM_CALL_SOCKINFO] = {FAILS, {ENOBUFS}, {EBADF, ENOTSOCK}},
    [SIM_CALL_SET_NONBLOCK] = {FAILS, {EPERM, EACCES}, {EBADF}},
    [SIM_CALL_SET_CLOEXEC] = {FAILS, {EPERM, EACCES}, {EBADF}},
    [SIM_CALL_PEER_CRED] = {FAILS, {ENOPROTOOPT, ENOBUFS}, {EBADF, ENOTSOCK}},
    [SIM_CALL_PEER_GROUPS] = {FAILS, {ENOPROTOOPT, ENODATA, ERANGE}, {EBADF, ENOTSOCK}},
    [SIM_CALL_PEER_PIDFD] = {FAILS,
                             {ENOPROTOOPT, ESRCH, EINVAL, ENODATA, EMFILE, ENFILE, ENOMEM},
                             {EBADF, ENOTSOCK}},
    [SIM_CALL_SET_SOCKET_MODE] = {FAILS, {EPERM, EIO, EROFS}, {EBADF}},
    [SIM_CALL_OPEN_DIR] = {FAILS,
                           {EACCES, ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EMFILE, ENFILE, ENOMEM,
                            EIO, ESTALE},
                           {EBADF}},
    [SIM_CALL_STAT_AT] = {FAILS,
                          {ENOENT, EACCES, ENAMETOOLONG, ENOMEM, EIO, EOVERFLOW, ESTALE},
                          {EBADF, ENOTDIR}},
    [SIM_CALL_STAT_FD] = {FAILS, {ENOMEM, EIO, EOVERFLOW, ESTALE}, {EBADF}},
    [SIM_CALL_READLINK_AT] = {FAILS,
                              {ENOENT, EINVAL, EACCES, EIO, ENOMEM, ESTALE},
                              {EBADF, ENOTDIR, ENAMETOOLONG}},
    [SIM_CALL_UNLINK_AT] = {FAILS,
                            {ENOENT, EACCES, EPERM, EBUSY, EIO, EISDIR, ENOMEM, EROFS, ESTALE},
                            {EBADF, ENOTDIR, ENAMETOOLONG}},
    [SIM_CALL_CHMOD_AT] = {FAILS,
                           {ESTALE, ENOENT, EPERM, EACCES, EROFS, EIO, EOPNOTSUPP, EMFILE, ENFILE,
                            ENOMEM},
                           {EBADF, ENOTDIR, ENAMETOOLONG}},
    [SIM_CALL_LOCK_AT] = {FAILS,
                          {EWOULDBLOCK, EEXIST, EACCES, EPERM, ENOENT, EROFS, ENOSPC, EDQUOT, EIO,
                           ENOLCK, EMFILE, ENFILE, ENOMEM, EOPNOTSUPP},
                          {EBADF, ENOTDIR, ENAMETOOLONG}},
};

/* The other choices of a member, after its errnos. */
static const struct {
    uint8_t way; /* 0: every member */
    struct sim_fault fault;
} others[] = {
    {FAILS, {SIM_FAULT_ERRNO, EINTR}},
    {INTERRUPTED_AFTER, {SIM_FAULT_AFTER, EINTR}},
    {IO_ERROR_AFTER, {SIM_FAULT_AFTER, EIO}},
    {SHORT, {SIM_FAULT_SHORT, 1}},
    {SHORT, {SIM_FAULT_SHORT, 7}},
    /* A moment; and longer than any time limit that is set by default. */
    {0, {SIM_FAULT_DELAY, UINT64_C(1000000)}},
    {0, {SIM_FAULT_DELAY, UINT64_C(60000000000)}},
};
#define OTHERS (sizeof(others) / sizeof(others[0]))

/* ---- the table ---- */

const char *sim_call_name(enum sim_call call)
{
    static const char *const names[] = {
#define X(upper, lower) #lower,
        SIM_CALLS(X)
#undef X
    };

    return call < SIM_CALL_COUNT ? names[call] : "any";
}

static unsigned count_errnos(const struct row *row)
{
    unsigned n = 0;

    while (n < ERRNOS_MAX && row->errnos[n] != 0)
        n++;
    return n;
}

/* alloc() fails in one way only: without memory. */
static bool has_other(enum sim_call call, size_t i)
{
    uint8_t way = others[i].way;

    if (call == SIM_CALL_ALLOC && way != 0)
        return false;
    return way == 0 || (rows[call].ways & way) != 0;
}

unsigned sim_fault_choices(enum sim_call call)
{
    unsigned n;

    if (call >= SIM_CALL_COUNT)
        return 0;
    n = count_errnos(&rows[call]);
    for (size_t i = 0; i < OTHERS; i++)
        n += has_other(call, i);
    return n;
}

struct sim_fault sim_fault_choice(enum sim_call call, uint64_t index)
{
    unsigned choices = sim_fault_choices(call);
    unsigned errnos;

    if (choices == 0)
        return (struct sim_fault){SIM_FAULT_NONE, 0};
    index %= choices;
    errnos = count_errnos(&rows[call]);
    if (index < errnos)
        return (struct sim_fault){SIM_FAULT_ERRNO, rows[call].errnos[index]};
    index -= errnos;
    for (size_t i = 0;; i++)
        if (has_other(call, i) && index-- == 0)
            return others[i].fault;
}

bool sim_fault_allows(enum sim_call call, struct sim_fault fault)
{
    if (call >= SIM_CALL_COUNT)
        return false;
    switch (fault.kind) {
    case SIM_FAULT_DELAY:
        return true;
    case SIM_FAULT_SHORT:
        return (rows[call].ways & SHORT) != 0 && fault.value > 0;
    case SIM_FAULT_CHOICE:
        return sim_fault_choices(call) > 0;
    case SIM_FAULT_ERRNO:
    case SIM_FAULT_AFTER:
        for (unsigned i = 0; i < sim_fault_choices(call); i++) {
            struct sim_fault choice = sim_fault_choice(call, i);

            if (choice.kind == fault.kind && choice.value == fault.value)
                return true;
        }
        return false;
    default:
        return false;
    }
}

bool sim_call_gives(enum sim_call call, int number)
{
    if (call >= SIM_CALL_COUNT)
        return false;
    for (unsigned i = 0; i < MISTAKES_MAX; i++)
        if (rows[call].mistakes[i] != 0 && rows[call].mistakes[i] == number)
            return true;
    return sim_fault_allows(call, (struct sim_fault){SIM_FAULT_ERRNO, (uint64_t)number}) ||
           sim_fault_allows(call, (struct sim_fault){SIM_FAULT_AFTER, (uint64_t)number});
}

const char *sim_errno_name(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
#define NAME(e) {e, #e}
        NAME(EACCES),     NAME(EADDRINUSE),  NAME(EAFNOSUPPORT), NAME(EAGAIN),
        NAME(EBADF),      NAME(EBUSY),       NAME(ECONNABORTED), NAME(ECONNREFUSED),
        NAME(ECONNRESET), NAME(EDQUOT),      NAME(EEXIST),       NAME(EINTR),
        NAME(EINVAL),     NAME(EIO),         NAME(EISCONN),      NAME(EISDIR),
        NAME(ELOOP),      NAME(EMFILE),      NAME(ENAMETOOLONG), NAME(ENFILE),
        NAME(ENOBUFS),    NAME(ENODATA),     NAME(ENOENT),       NAME(ENOLCK),
        NAME(ENOMEM),     NAME(ENOPROTOOPT), NAME(ENOSPC),       NAME(ENOTCONN),
        NAME(ENOTDIR),    NAME(ENOTEMPTY),   NAME(ENOTSOCK),     NAME(ENXIO),
        NAME(EOPNOTSUPP), NAME(EOVERFLOW),   NAME(EPERM),        NAME(EPIPE),
        NAME(EPROTO),     NAME(EPROTOTYPE),  NAME(ERANGE),       NAME(EROFS),
        NAME(ESRCH),      NAME(ESTALE),      NAME(EXDEV),
#undef NAME
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].number == number)
            return names[i].name;
    return NULL;
}

/* ---- plans ---- */

static bool used_up(const struct sim_rule_state *state)
{
    return state->rule.times != 0 && state->seen >= (uint64_t)state->rule.skip + state->rule.times;
}

int sim_fault_add(struct sim_actor *actor, const struct sim_rule *rule)
{
    struct sim_faults *faults = &actor->faults;
    bool allowed = false;
    unsigned kept = 0;

    for (unsigned call = 0; call < SIM_CALL_COUNT; call++)
        if (rule->call == SIM_CALL_ANY || rule->call == call)
            allowed = allowed || sim_fault_allows((enum sim_call)call, rule->fault);
    if (!allowed)
        return -EINVAL;
    for (unsigned i = 0; i < faults->rule_count; i++)
        if (!used_up(&faults->rules[i]))
            faults->rules[kept++] = faults->rules[i];
    faults->rule_count = kept;
    if (kept == SIM_RULES_MAX)
        return -ENOSPC;
    faults->rules[faults->rule_count++] = (struct sim_rule_state){.rule = *rule};
    return 0;
}

void sim_fault_tape(struct sim_actor *actor, const uint8_t *tape, size_t length)
{
    actor->faults.tape = tape;
    actor->faults.tape_length = tape != NULL ? length : 0;
}

void sim_fault_clear(struct sim_actor *actor)
{
    actor->faults.rule_count = 0;
    sim_fault_tape(actor, NULL, 0);
}

void sim__faults_reset(struct sim_actor *actor)
{
    sim_fault_clear(actor);
    actor->faults.hits = 0;
    actor->faults.last = SIM_CALL_COUNT;
}

uint64_t sim_fault_hits(const struct sim_actor *actor)
{
    return actor->faults.hits;
}

enum sim_call sim_fault_last(const struct sim_actor *actor)
{
    return actor->faults.last;
}

static bool strikes(struct sim_rule_state *state, enum sim_call call)
{
    const struct sim_rule *rule = &state->rule;

    if (rule->call != SIM_CALL_ANY && rule->call != call)
        return false;
    if (!sim_fault_allows(call, rule->fault) || used_up(state))
        return false;
    if (state->seen < UINT32_MAX)
        state->seen++;
    return state->seen > rule->skip;
}

static struct sim_fault planned(struct sim_faults *faults, enum sim_call call)
{
    struct sim_fault fault = {SIM_FAULT_NONE, 0};

    /* Every rule counts every call; the first that strikes decides. */
    for (unsigned i = 0; i < faults->rule_count; i++)
        if (strikes(&faults->rules[i], call) && fault.kind == SIM_FAULT_NONE)
            fault = faults->rules[i].rule.fault;
    if (fault.kind == SIM_FAULT_NONE && faults->tape_length > 0) {
        uint8_t byte = *faults->tape++;

        faults->tape_length--;
        if (byte >= SIM_TAPE_FAULT)
            fault = (struct sim_fault){SIM_FAULT_CHOICE, (uint64_t)byte - SIM_TAPE_FAULT};
    }
    if (fault.kind == SIM_FAULT_CHOICE)
        fault = sim_fault_choice(call, fault.value);
    return fault;
}

struct sim_fault sim__fault_next(struct sim_actor *actor, enum sim_call call)
{
    struct sim_faults *faults = &actor->faults;
    struct sim_fault fault = {SIM_FAULT_NONE, 0};

    if (faults->rule_count == 0 && faults->tape_length == 0)
        return fault;
    fault = planned(faults, call);
    if (fault.kind != SIM_FAULT_NONE) {
        faults->hits++;
        faults->last = call;
    }
    return fault;
}
