/* SPDX-License-Identifier: MIT */
/*
 * The client that writes as fast as its peer reads, by hand.
 */
#include "raw/raw.h"

/* Writes between two looks at standard input. */
#define WRITES_PER_TURN 256

static struct {
    size_t size;    /* of a write */
    size_t written; /* of the write that the kernel took only in part */
    char message[BENCH_BUFFER];
} client;

static void write_on(int fd)
{
    for (unsigned i = 0; i < WRITES_PER_TURN; i++) {
        size_t left = client.size - client.written;
        ssize_t n = raw_send(fd, client.message + client.written, left);

        if (n < 0)
            bench_fail("the server has closed the connection");
        client.written = (size_t)n == left ? 0 : client.written + (size_t)n;
        if ((size_t)n < left)
            return;
    }
}

void bench_stream(const struct options *options)
{
    int poller = poller_open();
    int fd = raw_connect_patiently(options->path);

    client.size = options->size;
    /* There is always something to write, so writability stays of interest. */
    poller_set(poller, EPOLL_CTL_ADD, fd, EPOLLOUT, &client);
    bench_say("ready");
    for (;;) {
        struct epoll_event events[POLLER_BATCH];
        int n = poller_wait(poller, events, -1);

        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL)
                (void)bench_command();
            else
                write_on(fd);
        }
    }
}
