/* SPDX-License-Identifier: MIT */
/*
 * Very many connections in one process: see crowd.h.
 */
#include "tests/integration/crowd.h"

#include "tests/support/must.h"

#include <sunpath/sunpath.h>

#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAMS_MAX 4096
#define DESCRIPTORS (STREAMS_MAX + 64)
#define PIECE_MAX 8192
#define BATCH 256
#define HEADER 4u
/* What streams carry: one long text, of which each begins elsewhere. Longer than what most carry,
 * so that bytes of another place are other bytes; a prime, so that starts do not repeat. */
#define TEXT_LENGTH 1048583u
#define UNKNOWN UINT32_MAX

enum direction { TO_SERVER, TO_CLIENT };

struct stream {
    struct sp_socket *socket; /* NULL: free */
    uint32_t number;          /* UNKNOWN until the header has come */
    unsigned watched;         /* enum sp_io */
    bool connected;
    uint64_t sent;
    uint64_t received;
};

static struct {
    const struct crowd_options *options;
    struct sp_context *context;
    struct sp_server *server; /* NULL in a client */
    unsigned server_watched;
    int poller;
    int busy_fd;
    uint32_t whole; /* streams that came through */
    uint32_t live;
    uint64_t random;
    struct stream streams[STREAMS_MAX];
    uint8_t buffer[PIECE_MAX];
    uint8_t text[TEXT_LENGTH + PIECE_MAX]; /* behind its end it begins anew */
} crowd;

#define REQUIRE(condition, stream)       \
    do {                                 \
        if (!(condition))                \
            give_up(#condition, stream); \
    } while (0)

static _Noreturn void give_up(const char *what, const struct stream *stream)
{
    struct sp_error_detail detail = {0};

    if (stream != NULL && stream->socket != NULL)
        sp_socket_error_detail(stream->socket, &detail);
    (void)fprintf(
        stderr,
        "%s, seed %#jx: not so: %s; connection %u, sent %ju, received %ju, state %s, "
        "last failure: %s, %s (errno %d)\n",
        crowd.server != NULL ? "server" : "client", (uintmax_t)crowd.options->seed, what,
        stream != NULL ? stream->number : UNKNOWN, (uintmax_t)(stream != NULL ? stream->sent : 0),
        (uintmax_t)(stream != NULL ? stream->received : 0),
        stream != NULL && stream->socket != NULL ? sp_state_name(sp_socket_state(stream->socket))
                                                 : "none",
        sp_error_string(detail.error), sp_cause_string(detail.cause), detail.os_errno);
    _exit(1);
}

static uint32_t random_below(uint32_t bound)
{
    crowd.random ^= crowd.random << 13;
    crowd.random ^= crowd.random >> 7;
    crowd.random ^= crowd.random << 17;
    return (uint32_t)(crowd.random >> 32) % bound;
}

/* ---- what a stream consists of ---- */

static void make_text(void)
{
    for (size_t i = 0; i < TEXT_LENGTH; i++)
        crowd.text[i] = (uint8_t)random_below(256);
    memcpy(crowd.text + TEXT_LENGTH, crowd.text, PIECE_MAX);
}

/* @length bytes of a stream from @position on. They may stand in crowd.buffer. */
static const uint8_t *bytes_at(uint32_t number, enum direction direction, uint64_t position,
                               size_t length)
{
    uint64_t start = (uint64_t)number * 7919 + (uint64_t)direction * 524287;
    uint64_t header = direction == TO_SERVER ? HEADER : 0;
    size_t i = 0;

    if (position >= header)
        return crowd.text + (start + position - header) % TEXT_LENGTH;
    for (; i < length && position + i < header; i++)
        crowd.buffer[i] = (uint8_t)(number >> (8 * (position + i)));
    memcpy(crowd.buffer + i, crowd.text + start % TEXT_LENGTH, length - i);
    return crowd.buffer;
}

static enum direction ours(void)
{
    return crowd.server != NULL ? TO_CLIENT : TO_SERVER;
}

static uint64_t length_of(enum direction direction)
{
    return crowd.options->bytes + (direction == TO_SERVER ? HEADER : 0);
}

static bool all_sent(const struct stream *stream)
{
    return stream->sent == length_of(ours());
}

static bool all_received(const struct stream *stream)
{
    return stream->received == length_of(ours() == TO_SERVER ? TO_CLIENT : TO_SERVER);
}

/* ---- moving bytes ---- */

static void write_pieces(struct stream *stream)
{
    while (stream->connected && stream->number != UNKNOWN && !all_sent(stream)) {
        uint64_t left = length_of(ours()) - stream->sent;
        size_t length = 1 + random_below(PIECE_MAX);
        ptrdiff_t n;

        if (length > left)
            length = (size_t)left;
        n = sp_socket_write(stream->socket, bytes_at(stream->number, ours(), stream->sent, length),
                            length);
        /* No room now; or the peer is dying, of which an event will tell. */
        if (n == SP_ERROR_LIMIT || n == SP_ERROR_PEER_CLOSED || n == SP_ERROR_OPERATION)
            return;
        REQUIRE(n > 0 && (size_t)n <= length, stream);
        stream->sent += (uint64_t)n;
    }
}

/* The first bytes a server gets say from whom. Returns false while they have not all come. */
static bool read_header(struct stream *stream)
{
    uint8_t header[HEADER];

    if (stream->number != UNKNOWN)
        return true;
    if (sp_socket_peek(stream->socket, header, HEADER) != HEADER)
        return false;
    stream->number = (uint32_t)header[0] | (uint32_t)header[1] << 8 | (uint32_t)header[2] << 16 |
                     (uint32_t)header[3] << 24;
    return true;
}

static void read_pieces(struct stream *stream)
{
    enum direction direction = ours() == TO_SERVER ? TO_CLIENT : TO_SERVER;
    uint8_t piece[PIECE_MAX];

    while (read_header(stream)) {
        ptrdiff_t n = sp_socket_read(stream->socket, piece, 1 + random_below(sizeof(piece)));

        if (n <= 0)
            break;
        REQUIRE(memcmp(piece, bytes_at(stream->number, direction, stream->received, (size_t)n),
                       (size_t)n) == 0,
                stream);
        stream->received += (uint64_t)n;
        REQUIRE(stream->received <= length_of(direction), stream);
    }
    if (stream->received > 0 && crowd.busy_fd >= 0) {
        MUST(write(crowd.busy_fd, "b", 1) == 1);
        crowd.busy_fd = -1;
    }
}

/* ---- the life of a stream ---- */

static void shrink_buffers(struct stream *stream)
{
    int fd = sp_socket_descriptor(stream->socket);
    int size = 2048 + (int)random_below(30000);

    MUST(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == 0);
    sp_socket_set_write_limit(stream->socket, 1 + random_below(65536));
    sp_socket_set_read_limit(stream->socket, HEADER + random_below(65536));
}

static void watch(struct stream *stream)
{
    unsigned interest = sp_socket_interest(stream->socket);
    struct epoll_event event = {.events = sp_io_to_poll(interest), .data.ptr = stream};

    if (interest == stream->watched)
        return;
    MUST(epoll_ctl(crowd.poller,
                   stream->watched == 0 ? EPOLL_CTL_ADD
                   : interest == 0      ? EPOLL_CTL_DEL
                                        : EPOLL_CTL_MOD,
                   sp_socket_fd(stream->socket), &event) == 0);
    stream->watched = interest;
}

static void ended(struct stream *stream)
{
    bool doomed = stream->number >= CROWD_DOOMED; /* one that nobody knows as well */

    read_pieces(stream);
    REQUIRE(doomed || (all_sent(stream) && all_received(stream)), stream);
    REQUIRE(doomed || sp_socket_bytes_lost(stream->socket) == 0, stream);
    crowd.whole += doomed ? 0 : 1;
    crowd.live--;
    sp_socket_free(stream->socket);
    *stream = (struct stream){.number = UNKNOWN};
}

static void handle(struct stream *stream)
{
    struct sp_event event;

    while (sp_socket_next_event(stream->socket, &event)) {
        switch (event.kind) {
        case SP_EVENT_CONNECTED:
            stream->connected = true;
            stream->watched = 0;
            shrink_buffers(stream);
            write_pieces(stream);
            break;
        case SP_EVENT_READY_READ:
            read_pieces(stream);
            write_pieces(stream);
            break;
        case SP_EVENT_BYTES_WRITTEN:
            write_pieces(stream);
            break;
        case SP_EVENT_DISCONNECTED:
            ended(stream);
            return;
        case SP_EVENT_ERROR:
            /* Before it is connected there is nothing that may go wrong. */
            REQUIRE(stream->connected, stream);
            break;
        default:
            break;
        }
        if (crowd.server == NULL && stream->connected && all_sent(stream) && all_received(stream))
            sp_socket_disconnect(stream->socket);
    }
    watch(stream);
}

static struct stream *free_stream(void)
{
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        if (crowd.streams[i].socket == NULL)
            return &crowd.streams[i];
    }
    give_up("room for another stream", NULL);
}

/* ---- the loop ---- */

static void welcome(void)
{
    struct sp_socket *socket;

    while (sp_server_take(crowd.server, &socket) == SP_OK) {
        struct stream *stream = free_stream();

        *stream = (struct stream){.socket = socket, .number = UNKNOWN, .connected = true};
        crowd.live++;
        shrink_buffers(stream);
        handle(stream);
    }
}

static void serve(unsigned ready)
{
    struct sp_event event;
    unsigned interest;

    sp_server_process(crowd.server, ready);
    while (sp_server_next_event(crowd.server, &event)) {
        if (event.kind == SP_EVENT_NEW_CONNECTION)
            welcome();
        else
            REQUIRE(event.kind == SP_EVENT_ERROR && event.error == SP_ERROR_RESOURCE, NULL);
    }
    interest = sp_server_interest(crowd.server);
    if (interest != crowd.server_watched) {
        struct epoll_event watched = {.events = sp_io_to_poll(interest), .data.ptr = NULL};

        MUST(epoll_ctl(crowd.poller, interest == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_ADD,
                       sp_server_fd(crowd.server), &watched) == 0);
        crowd.server_watched = interest;
    }
}

static uint64_t now_ns(void)
{
    const struct sp_os *os = sp_os_linux();

    return os->now_ns(os->ctx);
}

/* Whose time has come. Returns how many milliseconds until the next one's comes, -1 for never. */
static int run_timers(void)
{
    uint64_t now = now_ns();
    uint64_t next = SP_NEVER;

    if (crowd.server != NULL) {
        if (sp_server_deadline(crowd.server) <= now)
            serve(0);
        next = sp_server_deadline(crowd.server);
    }
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        struct stream *stream = &crowd.streams[i];

        if (stream->socket != NULL && sp_socket_deadline(stream->socket) <= now) {
            sp_socket_process(stream->socket, 0);
            handle(stream);
        }
        if (stream->socket != NULL && sp_socket_deadline(stream->socket) < next)
            next = sp_socket_deadline(stream->socket);
    }
    return sp_io_timeout_ms(next, now);
}

static void turn(void)
{
    struct epoll_event events[BATCH];
    int n = epoll_wait(crowd.poller, events, BATCH, run_timers());

    MUST(n >= 0);
    for (int i = 0; i < n; i++) {
        struct stream *stream = events[i].data.ptr;
        unsigned ready = sp_io_from_poll(events[i].events);

        if (stream == NULL) {
            serve(ready);
        } else {
            sp_socket_process(stream->socket, ready);
            handle(stream);
        }
    }
}

/* ---- the two roles ---- */

static void limit_descriptors(unsigned most)
{
    struct rlimit limit;

    MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void begin(const struct crowd_options *options, int busy_fd)
{
    limit_descriptors(DESCRIPTORS);
    crowd.options = options;
    crowd.random = options->seed * 2 + 1;
    make_text();
    crowd.busy_fd = busy_fd;
    crowd.poller = epoll_create1(EPOLL_CLOEXEC);
    MUST(crowd.poller >= 0 && sp_context_new(&crowd.context, NULL, "/tmp") == SP_OK);
    for (size_t i = 0; i < STREAMS_MAX; i++)
        crowd.streams[i].number = UNKNOWN;
}

void crowd_serve(const struct crowd_options *options, int ready_fd, unsigned descriptors)
{
    begin(options, -1);
    MUST(sp_server_new(&crowd.server, crowd.context) == SP_OK);
    MUST(sp_server_listen(crowd.server, options->path, SP_STRLEN) == SP_OK);
    serve(0);
    MUST(write(ready_fd, "r", 1) == 1);
    if (descriptors != 0)
        limit_descriptors(descriptors);
    while (crowd.whole < options->clients || crowd.live > 0)
        turn();
    sp_server_free(crowd.server);
    sp_context_free(crowd.context);
    exit(0);
}

static void start_client(uint32_t number)
{
    struct stream *stream = free_stream();
    struct sp_socket *socket;

    MUST(sp_socket_new(&socket, crowd.context) == SP_OK);
    MUST(sp_socket_set_connect_timeout(socket, -1) == SP_OK);
    *stream = (struct stream){.socket = socket, .number = number};
    crowd.live++;
    REQUIRE(sp_socket_connect(socket, crowd.options->path, SP_STRLEN, SP_READ_WRITE) == SP_OK,
            stream);
    handle(stream);
}

void crowd_connect(const struct crowd_options *options, int busy_fd)
{
    begin(options, busy_fd);
    for (uint32_t i = 0; i < options->clients; i++)
        start_client(options->first + i);
    while (crowd.live > 0)
        turn();
    REQUIRE(options->first >= CROWD_DOOMED || crowd.whole == options->clients, NULL);
    sp_context_free(crowd.context);
    exit(0);
}
