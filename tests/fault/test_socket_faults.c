/* SPDX-License-Identifier: MIT */
/*
 * A whole life of a client in which each call of the seam fails in turn: once, and from there on
 * until the system recovers. Whatever fails:
 *   - every object is valid, and no call returns what its contract does not list
 *   - no byte is lost without being counted, none arrives twice
 *   - nothing is left open or allocated
 *   - once things work again the same object lives the same life without a flaw
 * An interruption is not even a failure: the life is then the same to the letter.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tests/support/faulty_os.h"
#include "tests/support/must.h"
#include "tests/support/raw.h"
#include "tests/support/snapshot.h"
#include "tests/support/tempdir.h"
#include "tests/support/told.h"

#include <sunpath/sunpath.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#define LARGE 6000
#define WAIT_MS 500

/* The real kernel with a heap that is counted. */
static struct heap {
    struct sp_os os;
    size_t bytes;
} heap;

static struct faulty_os faulty;
static struct tempdir dir;
static struct snapshot descriptors;
static int server; /* listening, non-blocking */

/* What happened, as text; two lives are the same when their texts are. */
static struct {
    char text[16384];
    size_t length;
} trace;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *format, ...)
{
    size_t room = sizeof(trace.text) - trace.length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(trace.text + trace.length, room, format, arguments);
    va_end(arguments);
    MUST(length >= 0 && (size_t)length < room);
    trace.length += (size_t)length;
}

static void *heap_alloc(void *ctx, size_t size)
{
    (void)ctx;
    heap.bytes += size;
    return malloc(size);
}

static void heap_release(void *ctx, void *memory, size_t size)
{
    (void)ctx;
    MUST(heap.bytes >= size);
    heap.bytes -= size;
    free(memory);
}

static void begin(void)
{
    char path[TEMPDIR_JOINED_MAX];

    /* Linux's members do not look at ctx. */
    heap.os = *sp_os_linux();
    heap.os.alloc = heap_alloc;
    heap.os.release = heap_release;
    faulty_os_init(&faulty, &heap.os);
    dir = tempdir_make();
    server = raw_listen(tempdir_join(&dir, "svc", path), 100);
    MUST(server >= 0 && fcntl(server, F_SETFL, O_NONBLOCK) == 0);
    /* Whichever of the two is chosen when looking at them fails. */
    MUST(setenv("XDG_RUNTIME_DIR", dir.path, 1) == 0 && setenv("TMPDIR", dir.path, 1) == 0);
    descriptors = snapshot_descriptors();
}

static void end(void)
{
    (void)close(server);
    tempdir_remove(&dir);
}

TestSuite(socket_faults, .init = begin, .fini = end);

/* ---- one life ---- */

static struct sp_socket *client;
static int peer; /* the other end, or -1 */
static uint8_t bytes[2 * LARGE];
static uint64_t accepted, arrived;

/* What a call may say when the system fails it. */
static bool is_failure(int64_t result)
{
    switch (result) {
    case SP_ERROR_RESOURCE:
    case SP_ERROR_OPERATION:
    case SP_ERROR_PEER_CLOSED:
    case SP_ERROR_TIMEOUT:
    case SP_ERROR_LIMIT:
    case SP_ERROR_UNKNOWN:
    case SP_ERROR_ACCESS:
    case SP_ERROR_UNTRUSTED:
    case SP_ERROR_UNSUPPORTED:
    case SP_ERROR_CONNECTION_REFUSED:
    case SP_ERROR_SERVER_NOT_FOUND:
        return true;
    default:
        return false;
    }
}

static int64_t noted(const char *call, int64_t result)
{
    note("%s=%lld\n", call, (long long)result);
    cr_assert(result >= 0 || is_failure(result), "%s gave %lld", call, (long long)result);
    cr_assert(sp_socket_validate(client), "after %s", call);
    return result;
}

#define NOTED(call) noted(#call, call)

static void note_events(void)
{
    struct told told = told_by(client);

    note("%s\n", told.text);
    cr_assert_leq(told.count[SP_EVENT_DISCONNECTED], told.count[SP_EVENT_CONNECTED] + 1);
}

/* What arrived at the other end; it never waits. */
static void take_at_peer(void)
{
    static uint8_t got[65536];
    ssize_t n;

    while (peer >= 0 && (n = recv(peer, got, sizeof(got), MSG_DONTWAIT)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            MUST(got[i] == (uint8_t)((arrived + (uint64_t)i) % 251));
        arrived += (uint64_t)n;
    }
}

static void write_pattern(size_t length)
{
    int64_t n;

    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)((accepted + i) % 251);
    n = NOTED(sp_socket_write(client, bytes, length));
    accepted += n > 0 ? (uint64_t)n : 0;
}

static void say(const char *text)
{
    if (peer >= 0)
        (void)send(peer, text, strlen(text), MSG_NOSIGNAL);
}

static void open_connection(void)
{
    const struct sp_peer_policy policy = {.allow = SP_PEER_SELF | SP_PEER_DIRECTORY_OWNER};

    accepted = arrived = 0;
    (void)NOTED(sp_socket_set_peer_policy(client, &policy));
    (void)NOTED(sp_socket_set_connect_timeout(client, 1000));
    (void)NOTED(sp_socket_connect(client, "svc", SP_STRLEN, SP_READ_WRITE));
    (void)NOTED(sp_socket_wait_connected(client, WAIT_MS));
    peer = accept4(server, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    note_events();
}

static void converse(void)
{
    struct sp_address address;
    struct sp_peer who;
    int64_t pidfd;

    (void)NOTED(sp_socket_peer_address(client, &address));
    (void)NOTED(sp_socket_peer(client, &who));
    pidfd = sp_socket_peer_pidfd(client);
    note("pidfd %d\n", pidfd >= 0);
    if (pidfd >= 0)
        (void)close((int)pidfd);
    write_pattern(5);
    write_pattern(LARGE);
    (void)NOTED(sp_socket_flush(client));
    note_events();
    take_at_peer();
    say("a line\nand half");
    (void)NOTED(sp_socket_wait_ready_read(client, WAIT_MS));
    (void)NOTED(sp_socket_start_transaction(client));
    (void)NOTED(sp_socket_read_line(client, bytes, 100));
    (void)NOTED(sp_socket_rollback_transaction(client));
    (void)NOTED(sp_socket_peek(client, bytes, 3));
    (void)NOTED(sp_socket_skip(client, 7));
    (void)NOTED(sp_socket_unget_char(client, '\n'));
    (void)NOTED(sp_socket_read(client, bytes, sizeof(bytes)));
    say("more");
    sp_socket_process(client, SP_IO_DATA);
    (void)NOTED(sp_socket_read(client, bytes, sizeof(bytes)));
    note_events();
    write_pattern(300);
}

static void close_connection(void)
{
    sp_socket_disconnect(client);
    if (sp_socket_state(client) != SP_STATE_UNCONNECTED)
        (void)NOTED(sp_socket_wait_disconnected(client, WAIT_MS));
    note_events();
    cr_assert_eq(sp_socket_state(client), SP_STATE_UNCONNECTED);
    take_at_peer();
    cr_assert_eq(accepted, arrived + sp_socket_bytes_lost(client), "%llu accepted, %llu arrived",
                 (unsigned long long)accepted, (unsigned long long)arrived);
    if (peer >= 0)
        (void)close(peer);
    peer = -1;
}

static void adopt_one(void)
{
    int ends[2];

    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    if (NOTED(sp_socket_adopt(client, ends[0], SP_STATE_CONNECTED, SP_READ_WRITE)) < 0)
        (void)close(ends[0]);
    sp_socket_close(client);
    (void)close(ends[1]);
    note_events();
}

/* The client of the last life, if it could be made. */
static void live(struct sp_context *context)
{
    client = NULL;
    if (sp_socket_new(&client, context) < 0)
        return;
    open_connection();
    converse();
    close_connection();
    adopt_one();
}

/* Nothing fails any more: the same object, the whole life once more. */
static void live_again(void)
{
    faulty_os_plan(&faulty, (struct faulty_plan){.nth = 0});
    sp_socket_abort(client);
    (void)told_by(client);
    open_connection();
    cr_assert_eq(sp_socket_state(client), SP_STATE_CONNECTED);
    converse();
    close_connection();
    cr_assert_eq(arrived, 5 + LARGE + 300);
    cr_assert_eq(sp_socket_error(client), SP_OK);
}

/* Returns whether a call failed. */
static bool one_life(struct faulty_plan plan)
{
    struct sp_context *context = NULL;
    struct snapshot after;
    bool failed;

    trace.length = 0;
    trace.text[0] = '\0';
    faulty_os_plan(&faulty, plan);
    if (sp_context_new(&context, &faulty.os, NULL) == SP_OK)
        live(context);
    failed = faulty.failed > 0;
    if (client != NULL) {
        if (plan.nth != 0 && plan.error != EINTR)
            live_again();
        sp_socket_free(client);
        client = NULL;
    }
    sp_context_free(context);
    cr_assert_eq(heap.bytes, 0, "%zu bytes were not given back", heap.bytes);
    after = snapshot_descriptors();
    cr_assert_str_eq(after.text, descriptors.text, "descriptors");
    return failed;
}

/* ---- every call in turn ---- */

/* Returns how many calls a life has. */
static unsigned sweep(int error, bool from_there_on, enum faulty_member member)
{
    unsigned nth = 1;

    while (one_life((struct faulty_plan){
        .nth = nth, .error = error, .from_there_on = from_there_on, .member = member}))
        nth++;
    return nth - 1;
}

/* Covers: STAT-05, STAT-19, FDLT-05, FDLT-20, BUFF-02 */
Test(socket_faults, one_call_fails, .timeout = 300)
{
    static const int errors[] = {EIO, ENOMEM, EMFILE, EAGAIN, ECONNRESET, EPIPE, ENOBUFS};

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        cr_assert_gt(sweep(errors[i], false, FAULTY_ANY), 30, "hardly any calls were made");
}

/* Covers: FDLT-05, FDLT-20, EXHA-02 */
Test(socket_faults, everything_fails_from_some_call_on, .timeout = 300)
{
    static const int errors[] = {EIO, EMFILE, ENOENT};

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        cr_assert_gt(sweep(errors[i], true, FAULTY_ANY), 30);
}

/* Memory alone, so that it fails everywhere where there is none. */
/* Covers: FDLT-20 */
Test(socket_faults, memory_runs_out)
{
    cr_assert_gt(sweep(ENOMEM, false, FAULTY_ALLOC), 6);
    cr_assert_gt(sweep(ENOMEM, true, FAULTY_ALLOC), 6);
}

/* Covers: SIGN-04, SIGN-05 */
Test(socket_faults, an_interruption_of_any_call_is_nothing)
{
    static char expected[sizeof(trace.text)];

    /* The base directory is then chosen as well as ever. */
    MUST(unsetenv("TMPDIR") == 0);
    (void)one_life((struct faulty_plan){.nth = 0});
    strcpy(expected, trace.text);
    /* The life that the others are compared with is a good one. */
    cr_assert_not_null(strstr(expected, "state:connecting state:connected connected"));
    cr_assert_not_null(strstr(expected, "sp_socket_wait_ready_read(client, WAIT_MS)=0"));
    cr_assert_not_null(strstr(expected, "state:unconnected read-finished disconnected"));
    cr_assert_null(strstr(expected, "error"), "%s", expected);
    /* alloc() and close() have no interruptions to pass on. */
    for (int member = FAULTY_SOCKET; member < FAULTY_MEMBERS; member++) {
        unsigned nth = 1;

        while (member != FAULTY_CLOSE &&
               one_life((struct faulty_plan){
                   .nth = nth, .error = EINTR, .member = (enum faulty_member)member})) {
            cr_assert_str_eq(trace.text, expected, "%s, call %u",
                             faulty_member_name((enum faulty_member)member), nth);
            nth++;
        }
    }
}
