/* SPDX-License-Identifier: MIT */
/*
 * What is read below /proc: links of descriptors, fdinfo, uid_map, mounts.
 *
 * Each is parsed as it stands, for what must not happen; and built from the bytes, for what must.
 */
#include "audit/facts/mounts.h"
#include "audit/facts/proc_text.h"
#include "fuzz/engine/digest.h"
#include "fuzz/engine/guard.h"
#include "fuzz/engine/target.h"
#include "fuzz/targets/audit_facts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PIECES_MAX 8

static uint32_t number_of(const uint8_t *bytes, size_t length)
{
    uint32_t number = 0;

    for (size_t i = 0; i < length && i < sizeof(number); i++)
        number = number << 8 | bytes[i];
    return number;
}

static void check_link(const uint8_t *bytes, size_t length)
{
    char text[64];
    uint32_t number;
    int written;

    if (proc_text_socket(&number, guard_copy(GUARD_TEXT, bytes, length), length)) {
        written = snprintf(text, sizeof(text), "socket:[%u]", number);
        FUZZ_CHECK((size_t)written == length && memcmp(text, bytes, length) == 0,
                   "socket %u is not what stands there", number);
        fuzz_note(number);
    }
    if (number_of(bytes, length) == 0)
        return; /* no socket has this number */
    written = snprintf(text, sizeof(text), "socket:[%u]x", number_of(bytes, length));
    FUZZ_CHECK(proc_text_socket(&number, text, (size_t)written - 1) &&
                   number == number_of(bytes, length),
               "the link of a socket is not understood");
    FUZZ_CHECK(!proc_text_socket(&number, text, (size_t)written) &&
                   !proc_text_socket(&number, text, (size_t)written - 2),
               "another link is taken for that of a socket");
}

static void check_fdinfo(const uint8_t *bytes, size_t length)
{
    char text[64 + GUARD_MAX];
    const uint32_t flags = number_of(bytes, length);
    const bool kept = proc_text_survives_exec(guard_copy(GUARD_TEXT, bytes, length), length);
    size_t front = (size_t)snprintf(text, sizeof(text), "pos:\t0\n");

    (void)memcpy(text + front, bytes, length);
    FUZZ_CHECK(proc_text_survives_exec(text, front + length) == kept,
               "another line before it changes the flags");
    front +=
        (size_t)snprintf(text + front, sizeof(text) - front, "flags:\t0%o\nmnt_id:\t9\n", flags);
    (void)memcpy(text + front, bytes, length);
    FUZZ_CHECK(proc_text_survives_exec(text, front + length) == ((flags & O_CLOEXEC) == 0),
               "flags 0%o: close-on-exec is misread", flags);
    fuzz_note(kept);
}

/* Pieces of the kernel's form that together are all users; the one that @without names is left out.
 */
static size_t map_in_pieces(char text[PIECES_MAX * 64], const uint8_t *bytes, size_t count,
                            size_t without)
{
    uint32_t first = 0;
    size_t length = 0;

    for (size_t i = 0; i <= count; i++) {
        const uint32_t most = UINT32_MAX - first;
        const uint32_t many = i == count ? most : (uint32_t)((uint64_t)most * bytes[i] / 256);

        if (i != without)
            length += (size_t)snprintf(text + length, 64, "%10u %10u %10u\n", first, first, many);
        first += many;
    }
    return length;
}

static void check_uid_map(const uint8_t *bytes, size_t length)
{
    char text[PIECES_MAX * 64];
    const size_t count = length < PIECES_MAX ? length : PIECES_MAX - 1;

    fuzz_note(proc_text_maps_all(guard_copy(GUARD_TEXT, bytes, length), length));
    FUZZ_CHECK(proc_text_maps_all(text, map_in_pieces(text, bytes, count, SIZE_MAX)),
               "a map of all users in %zu pieces is not whole", count + 1);
    /* The last piece is never empty: the others round down. */
    FUZZ_CHECK(!proc_text_maps_all(text, map_in_pieces(text, bytes, count, count)),
               "a map without its last piece is whole");
}

static bool hidden_by(char *text, size_t length)
{
    FILE *mounts = fmemopen(text, length, "r");
    const bool hidden = mounts != NULL && mounts_hide_processes(mounts);

    if (mounts != NULL)
        (void)fclose(mounts);
    return hidden;
}

static void check_mounts(const uint8_t *bytes, size_t length)
{
    static const struct {
        const char *line;
        bool hidden;
    } last[] = {{"\nproc /proc proc rw,hidepid=invisible 0 0\n", true},
                {"\nproc /proc proc rw,hidepid=2 0 0\n", true},
                {"\nproc /proc proc rw,hidepid=off 0 0\n", false},
                {"\nproc /proc proc rw 0 0\n", false}};
    char text[GUARD_MAX + 64];

    /* The kernel writes no NUL; behind one, libc takes the rest of the file for the same line. */
    for (size_t i = 0; i < length; i++)
        text[i] = bytes[i] == '\0' ? ' ' : (char)bytes[i];
    if (length > 0)
        fuzz_note(hidden_by(text, length));
    for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++) {
        (void)memcpy(text + length, last[i].line, strlen(last[i].line));
        FUZZ_CHECK(hidden_by(text, length + strlen(last[i].line)) == last[i].hidden,
                   "what is mounted last does not count:%s", last[i].line);
    }
}

void audit_facts_proc(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return;
    switch (bytes[0]) {
    case 'l':
        check_link(bytes + 1, length - 1);
        break;
    case 'i':
        check_fdinfo(bytes + 1, length - 1);
        break;
    case 'u':
        check_uid_map(bytes + 1, length - 1);
        break;
    case 'm':
        check_mounts(bytes + 1, length - 1);
        break;
    default:
        break;
    }
}
