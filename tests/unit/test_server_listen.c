/* SPDX-License-Identifier: MIT */
/*
 * The server: listening, taking over a descriptor, closing; abstract names and failures. Socket
 * files: tests/integration/test_server_path.c.
 */
#include "tests/unit/server_world.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define FAMILY 2 /* bytes before the name */

static struct world world;

static void begin(void)
{
    world_begin(&world);
}

static void end(void)
{
    world_end(&world);
}

TestSuite(server_listen, .init = begin, .fini = end);

static void expect_detail(enum sp_error error, enum sp_operation operation, enum sp_cause cause,
                          int os_errno)
{
    struct sp_error_detail detail;

    sp_server_error_detail(world.server, &detail);
    cr_assert_eq(detail.error, error, "%s", sp_error_name(detail.error));
    cr_assert_eq(detail.operation, operation, "%s", sp_operation_string(detail.operation));
    cr_assert_eq(detail.cause, cause, "%s", sp_cause_string(detail.cause));
    cr_assert_eq(detail.os_errno, os_errno);
}

static void expect_closed(void)
{
    cr_assert_not(sp_server_is_listening(world.server));
    cr_assert_eq(sp_server_fd(world.server), -1);
    cr_assert_eq(sp_server_interest(world.server), 0);
    cr_assert_str_empty(sp_server_name(world.server, NULL));
}

static struct sp_address abstract(const char *name, size_t length)
{
    struct sp_address address;

    cr_assert_eq(sp_address_abstract(&address, name, length, NULL), SP_OK);
    return address;
}

/* ---- abstract names ---- */

/* The name reaches the kernel whole: every length, NULs inside, no tail. */
/* Covers: ALEN-01, ALEN-02, ABST-05 */
Test(server_listen, binds_an_abstract_name_of_exactly_its_bytes)
{
    for (size_t length = 1; length <= SP_ABSTRACT_MAX; length++) {
        char name[SP_ABSTRACT_MAX];
        struct sp_address address, got;
        size_t got_length;

        for (size_t i = 0; i < length; i++)
            name[i] = i % 3 == 1 ? '\0' : (char)('a' + i % 26);
        address = abstract(name, length);
        cr_assert_eq(sp_server_listen_address(world.server, &address), SP_OK);
        cr_assert_eq(world.bound_length, 1 + length);
        cr_assert_eq(world.bound[0], 0);
        cr_assert_arr_eq(world.bound + 1, name, length);
        cr_assert_arr_eq(sp_server_name(world.server, &got_length), name, length);
        cr_assert_eq(got_length, length);
        sp_server_address(world.server, &got);
        cr_assert(sp_address_equal(&got, &address));
        sp_server_close(world.server);
        expect_closed();
    }
}

/* Covers: EXHA-08 */
Test(server_listen, passes_the_backlog_on)
{
    static const int backlogs[] = {0, 1, 50, SP_BACKLOG_DEFAULT, 65535};

    world_listen(&world);
    cr_assert_eq(world.backlog, SP_BACKLOG_DEFAULT);
    sp_server_close(world.server);
    for (size_t i = 0; i < sizeof(backlogs) / sizeof(backlogs[0]); i++) {
        cr_assert_eq(sp_server_set_backlog(world.server, backlogs[i]), SP_OK);
        world_listen(&world);
        cr_assert_eq(world.backlog, backlogs[i]);
        sp_server_close(world.server);
    }
}

/* The umask cannot change the mode of a name that has none: said, not done otherwise. */
/* Covers: ABST-08 */
Test(server_listen, an_abstract_name_has_no_umask)
{
    struct sp_address address = abstract("x", 1);

    cr_assert_eq(sp_server_set_access(world.server, SP_ACCESS_UMASK), SP_OK);
    cr_assert_eq(sp_server_listen_address(world.server, &address), SP_ERROR_UNSUPPORTED);
    expect_detail(SP_ERROR_UNSUPPORTED, SP_OPERATION_MODE, SP_CAUSE_NONE, 0);
    expect_closed();
}

/* ---- names ---- */

Test(server_listen, refuses_what_is_no_name)
{
    char path[140] = "/";
    static const struct {
        const char *name;
        size_t length;
        enum sp_cause cause;
    } rows[] = {
        {"", 0, SP_CAUSE_NAME_EMPTY},           {"", SP_STRLEN, SP_CAUSE_NAME_EMPTY},
        {"a\0b", 3, SP_CAUSE_NAME_HAS_NUL},     {"a/b", 3, SP_CAUSE_NAME_HAS_SLASH},
        {"../up", 5, SP_CAUSE_NAME_HAS_SLASH},  {"/", 1, SP_CAUSE_NAME_IS_DIRECTORY},
        {"/a/", 3, SP_CAUSE_NAME_IS_DIRECTORY}, {"..", 2, SP_CAUSE_NAME_IS_DIRECTORY},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(sp_server_listen(world.server, rows[i].name, rows[i].length),
                     SP_ERROR_SERVER_NOT_FOUND);
        expect_detail(SP_ERROR_SERVER_NOT_FOUND, SP_OPERATION_NAME, rows[i].cause, 0);
        expect_closed();
    }
    /* 108 bytes are a path, but not one that a server may use. */
    memset(path + 1, 'a', sizeof(path) - 2);
    cr_assert_eq(sp_server_listen(world.server, path, SP_PATH_MAX), SP_ERROR_SERVER_NOT_FOUND);
    expect_detail(SP_ERROR_SERVER_NOT_FOUND, SP_OPERATION_NAME, SP_CAUSE_NAME_TOO_LONG, 0);
    cr_assert_eq(world_open_count(&world), 0);
}

/* An address comes from the constructors or from a decoder, or was filled by hand. */
Test(server_listen, refuses_what_is_no_address)
{
    static const struct {
        struct sp_address address;
        enum sp_cause cause;
    } rows[] = {
        {{.space = SP_NAMESPACE_UNNAMED}, SP_CAUSE_NAME_EMPTY},
        {{.space = SP_NAMESPACE_ABSTRACT}, SP_CAUSE_NAME_EMPTY},
        {{.space = SP_NAMESPACE_PATH}, SP_CAUSE_NAME_EMPTY},
        {{.space = (enum sp_namespace)7, .length = 1}, SP_CAUSE_NAME_EMPTY},
        {{.space = SP_NAMESPACE_PATH, .length = 3, .bytes = "a/b"}, SP_CAUSE_NAME_NOT_ABSOLUTE},
        {{.space = SP_NAMESPACE_PATH, .length = 3, .bytes = "/\0b"}, SP_CAUSE_NAME_HAS_NUL},
        {{.space = SP_NAMESPACE_PATH, .length = 108, .bytes = "/"}, SP_CAUSE_NAME_TOO_LONG},
        {{.space = SP_NAMESPACE_PATH, .length = 255, .bytes = "/"}, SP_CAUSE_NAME_TOO_LONG},
        {{.space = SP_NAMESPACE_ABSTRACT, .length = 108, .bytes = "a"}, SP_CAUSE_NAME_TOO_LONG},
        {{.space = SP_NAMESPACE_ABSTRACT, .length = 255, .bytes = "a"}, SP_CAUSE_NAME_TOO_LONG},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(sp_server_listen_address(world.server, &rows[i].address),
                     SP_ERROR_SERVER_NOT_FOUND, "row %zu", i);
        expect_detail(SP_ERROR_SERVER_NOT_FOUND, SP_OPERATION_NAME, rows[i].cause, 0);
        expect_closed();
    }
    cr_assert_eq(world.bytes > 0, true);
}

/* ---- a listen that fails ---- */

/* Each call of a listen fails in turn: nothing is left open or allocated, the error is of its
 * cause, and the next listen works. An errno of an earlier failure does not show in a later one; Qt
 * gave whatever errno was, and "no error" as an error. */
/* Covers: STAT-08, QT-B9, QT-B10 */
Test(server_listen, a_failure_leaves_nothing)
{
    static const struct {
        int after;
        enum sp_operation operation;
    } steps[] = {{0, SP_OPERATION_SOCKET}, {1, SP_OPERATION_BIND}, {2, SP_OPERATION_LISTEN}};
    static const struct {
        int os_errno;
        enum sp_error error;
    } errors[] = {
        {EMFILE, SP_ERROR_RESOURCE},
        {EACCES, SP_ERROR_ACCESS},
        {EIO, SP_ERROR_UNKNOWN},
    };
    struct sp_address address = abstract("x", 1);
    size_t before = world.bytes;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        for (size_t k = 0; k < sizeof(errors) / sizeof(errors[0]); k++) {
            world.fail_next = errors[k].os_errno;
            world.fail_after = steps[i].after;
            errno = EAGAIN; /* what Qt would have reported */
            cr_assert_eq(sp_server_listen_address(world.server, &address), errors[k].error);
            expect_detail(errors[k].error, steps[i].operation, SP_CAUSE_OS, errors[k].os_errno);
            expect_closed();
            cr_assert_eq(world_open_count(&world), 0);
            cr_assert_eq(world.bytes, before);
        }
        cr_assert_eq(sp_server_listen_address(world.server, &address), SP_OK);
        expect_detail(SP_OK, SP_OPERATION_NONE, SP_CAUSE_NONE, 0);
        sp_server_close(world.server);
    }
    world.fail_next = EADDRINUSE;
    world.fail_after = 1;
    cr_assert_eq(sp_server_listen_address(world.server, &address), SP_ERROR_ADDRESS_IN_USE);
}

/* Covers: FDLT-20 */
Test(server_listen, needs_memory_for_the_name)
{
    struct sp_address address = abstract("x", 1);
    int fd = world_open(&world, WORLD_SOCKET);

    world.no_memory = true;
    cr_assert_eq(sp_server_listen_address(world.server, &address), SP_ERROR_RESOURCE);
    expect_detail(SP_ERROR_RESOURCE, SP_OPERATION_ALLOCATE, SP_CAUSE_NO_MEMORY, 0);
    cr_assert_eq(world_open_count(&world), 1);

    world.info = (struct sp_os_sockinfo){.is_unix = 1, .is_stream = 1, .is_listening = 1};
    world.sockaddr[0] = 1;
    world.sockaddr[FAMILY] = '/';
    world.sockaddr_length = FAMILY + 2;
    cr_assert_eq(sp_server_adopt(world.server, fd), SP_ERROR_RESOURCE);
    cr_assert_eq(world_open_count(&world), 1, "closed what is the caller's");
    world.os.close(&world, fd);
}

/* Covers: SIGN-04 */
Test(server_listen, an_interruption_is_no_failure)
{
    struct sp_address address = abstract("x", 1);

    for (int after = 0; after < 3; after++) {
        world.fail_next = EINTR;
        world.fail_after = after;
        cr_assert_eq(sp_server_listen_address(world.server, &address), SP_OK);
        cr_assert_eq(world.fail_next, 0);
        sp_server_close(world.server);
    }
}

Test(server_listen, only_once_at_a_time)
{
    struct sp_address address = abstract("other", 5);

    world_listen(&world);
    cr_assert_eq(sp_server_listen_address(world.server, &address), SP_ERROR_OPERATION);
    expect_detail(SP_ERROR_OPERATION, SP_OPERATION_LISTEN, SP_CAUSE_STATE, 0);
    cr_assert_eq(sp_server_listen(world.server, "other", 5), SP_ERROR_OPERATION);
    cr_assert_eq(sp_server_adopt(world.server, 0), SP_ERROR_OPERATION);
    expect_detail(SP_ERROR_OPERATION, SP_OPERATION_ADOPT, SP_CAUSE_STATE, 0);
    cr_assert_str_eq(sp_server_name(world.server, NULL), WORLD_NAME);
    cr_assert_eq(world_open_count(&world), 1);
}

/* ---- taking over a descriptor ---- */

static int adoptable(const char *name, size_t length)
{
    world.info =
        (struct sp_os_sockinfo){.is_unix = 1, .is_stream = 1, .is_listening = 1, .is_bound = 1};
    memset(world.sockaddr, 0, sizeof(world.sockaddr));
    world.sockaddr[0] = 1;
    memcpy(world.sockaddr + FAMILY, name, length);
    world.sockaddr_length = (int)(FAMILY + length);
    return world_open(&world, WORLD_SOCKET);
}

Test(server_listen, adopts_a_listening_descriptor)
{
    int fd = adoptable("/run/x", 7);
    struct sp_address address;

    cr_assert_eq(sp_server_adopt(world.server, fd), SP_OK);
    cr_assert(sp_server_is_listening(world.server));
    cr_assert_eq(sp_server_descriptor(world.server), fd);
    cr_assert_str_eq(sp_server_name(world.server, NULL), "/run/x");
    sp_server_address(world.server, &address);
    cr_assert_eq(address.space, SP_NAMESPACE_PATH);
    cr_assert(world.cloexec && world.nonblock);
    world_connect(&world, WORLD_ALIVE, 1);
    world_turns(&world, 100);
    cr_assert_eq(world_take_all(&world), 1);
    cr_assert_eq(world.creds, 0, "the mode of the file has decided");
}

/* Qt returns true for any number, listens to nothing, and loses the descriptor. */
/* Covers: QT-I3 */
Test(server_listen, adopts_nothing_else)
{
    static const struct {
        struct sp_os_sockinfo info;
        enum sp_cause cause;
    } rows[] = {
        {{.is_stream = 1, .is_listening = 1}, SP_CAUSE_WRONG_FAMILY},
        {{.is_unix = 1, .is_listening = 1}, SP_CAUSE_WRONG_TYPE},
        {{.is_unix = 1, .is_stream = 1}, SP_CAUSE_NOT_LISTENING},
        {{.is_unix = 1, .is_stream = 1, .is_bound = 1}, SP_CAUSE_NOT_LISTENING},
        {{.is_unix = 1, .is_stream = 1, .is_connected = 1}, SP_CAUSE_NOT_LISTENING},
    };
    int fd = adoptable("/run/x", 7);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        world.info = rows[i].info;
        cr_assert_eq(sp_server_adopt(world.server, fd), SP_ERROR_UNSUPPORTED);
        expect_detail(SP_ERROR_UNSUPPORTED, SP_OPERATION_ADOPT, rows[i].cause, 0);
        expect_closed();
    }
    for (int bad = -2; bad < 0; bad++) {
        cr_assert_eq(sp_server_adopt(world.server, bad), SP_ERROR_UNSUPPORTED);
        expect_detail(SP_ERROR_UNSUPPORTED, SP_OPERATION_ADOPT, SP_CAUSE_BAD_DESCRIPTOR, 0);
    }
    cr_assert_eq(sp_server_adopt(world.server, 99), SP_ERROR_UNSUPPORTED);
    expect_detail(SP_ERROR_UNSUPPORTED, SP_OPERATION_ADOPT, SP_CAUSE_BAD_DESCRIPTOR, 0);
    world.fail_next = ENOTSOCK;
    cr_assert_eq(sp_server_adopt(world.server, fd), SP_ERROR_UNSUPPORTED);
    expect_detail(SP_ERROR_UNSUPPORTED, SP_OPERATION_ADOPT, SP_CAUSE_WRONG_FAMILY, 0);
    cr_assert(!world.cloexec && !world.nonblock, "changed what it did not take");
    cr_assert_eq(world.closes, 0);
    world.os.close(&world, fd);
}

/* Each call of an adoption fails in turn: the descriptor is still the caller's. */
Test(server_listen, a_failed_adoption_takes_nothing)
{
    int fd = adoptable("/run/x", 7);
    size_t before = world.bytes;

    for (int after = 0; after < 4; after++) {
        world.fail_next = ENOBUFS;
        world.fail_after = after;
        cr_assert_eq(sp_server_adopt(world.server, fd), SP_ERROR_RESOURCE);
        expect_detail(SP_ERROR_RESOURCE, SP_OPERATION_ADOPT, SP_CAUSE_OS, ENOBUFS);
        expect_closed();
        cr_assert_eq(world.closes, 0);
        cr_assert_eq(world.bytes, before);
    }
    cr_assert_eq(sp_server_adopt(world.server, fd), SP_OK);
}

/* Every length that the kernel can return, and some that it cannot: 111 for 108 bytes without a
 * terminator is one more than the address has room for. Qt reads the byte behind. */
/* Covers: ALEN-04, ALEN-05, ALEN-06, QT-I1 */
Test(server_listen, adopts_whatever_the_name_is)
{
    for (int length = 0; length <= SP_OS_SOCKADDR_MAX + 3; length++) {
        int fd = adoptable("", 0);
        struct sp_address address;
        size_t name_length;

        memset(world.sockaddr + FAMILY, 'a', sizeof(world.sockaddr) - FAMILY);
        world.sockaddr[FAMILY] = '/';
        world.sockaddr_length = length;
        cr_assert_eq(sp_server_adopt(world.server, fd), SP_OK, "length %d", length);
        (void)sp_server_name(world.server, &name_length);
        sp_server_address(world.server, &address);
        cr_assert_eq(name_length, address.length);
        if (length <= FAMILY)
            cr_assert_eq(name_length, 0);
        else if (length <= FAMILY + SP_PATH_MAX)
            cr_assert_eq(name_length, (size_t)length - FAMILY, "length %d", length);
        else
            cr_assert_eq(name_length, 0, "a name of %zu bytes from length %d", name_length, length);
        sp_server_close(world.server);
        expect_closed();
    }
}

/* What was asked for holds, whoever made the socket: on an abstract name nobody else checks it. */
/* Covers: ABST-01, ABST-08 */
Test(server_listen, guards_an_adopted_abstract_name)
{
    int fd = adoptable("\0name", 5);
    size_t length;

    cr_assert_eq(sp_server_adopt(world.server, fd), SP_OK);
    cr_assert_arr_eq(sp_server_name(world.server, &length), "name", 4);
    cr_assert_eq(length, 4);
    world_connect_as(&world, 7);
    world_connect(&world, WORLD_ALIVE, 1);
    world_turns(&world, 100);
    cr_assert_eq(sp_server_refused(world.server), 1);
    cr_assert_eq(world_take_all(&world), 1);
    sp_server_close(world.server);

    fd = adoptable("\0name", 5);
    cr_assert_eq(sp_server_set_access(world.server, SP_ACCESS_UMASK), SP_OK);
    cr_assert_eq(sp_server_adopt(world.server, fd), SP_ERROR_UNSUPPORTED);
    expect_detail(SP_ERROR_UNSUPPORTED, SP_OPERATION_MODE, SP_CAUSE_NONE, 0);
    world.os.close(&world, fd);
}

/* ---- closing ---- */

/* Covers: FDLT-05 */
Test(server_listen, closes_everything_once)
{
    world_listen(&world);
    world_connect(&world, WORLD_ALIVE, 12);
    world_turns(&world, 100);
    sp_server_close(world.server);
    expect_closed();
    cr_assert_eq(world.closes, 13);
    sp_server_close(world.server);
    cr_assert_eq(world.closes, 13);
}

/* Open and close, over and over, with whatever was going on: as new each time. */
Test(server_listen, begins_anew_after_close)
{
    for (int round = 0; round < 50; round++) {
        world_listen(&world);
        cr_assert_eq(sp_server_interest(world.server), SP_IO_READ);
        cr_assert_eq(sp_server_deadline(world.server), SP_NEVER);
        cr_assert_eq(sp_server_error(world.server), SP_OK);
        world_connect(&world, WORLD_ALIVE, (unsigned)round);
        world.accept_always = round % 3 == 0 ? EMFILE : 0;
        world_turns(&world, 100);
        sp_server_close(world.server);
        cr_assert_eq(world_open_count(&world), 0);
        world.queue_count = 0;
        world.accept_always = 0;
    }
}
