/* SPDX-License-Identifier: MIT */
/*
 * The client that connects, sends a byte, waits for it, and closes, by hand.
 */
#include "raw/raw.h"

static struct {
    int poller;
    const char *path;
    uint64_t limit;
    bool asks;
    struct connection connection;
    char buffer[BENCH_BUFFER];
} client;

static void begin(void)
{
    client.connection.fd = raw_connect(client.path);
    if (client.asks && !raw_trusts(client.connection.fd))
        bench_fail("somebody else is serving");
    if (raw_send(client.connection.fd, "", 1) != 1)
        bench_fail("a byte was not taken at once");
    poller_set(client.poller, EPOLL_CTL_ADD, client.connection.fd, EPOLLIN, &client.connection);
}

static void finish(void)
{
    ssize_t n = raw_recv(client.connection.fd, client.buffer, sizeof(client.buffer));

    if (n == 0)
        bench_fail("the server has closed the connection");
    if (n < 0)
        return;
    (void)close(client.connection.fd);
    bench_count++;
    if (bench_count == client.limit)
        bench_say("done");
    else
        begin();
}

static void run(const struct options *options, bool asks)
{
    client.asks = asks;
    client.poller = poller_open();
    client.path = options->path;
    client.limit = options->limit;
    bench_say("ready");
    begin();
    for (;;) {
        struct epoll_event events[POLLER_BATCH];
        int n = poller_wait(client.poller, events, -1);

        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL)
                (void)bench_command();
            else
                finish();
        }
    }
}

void bench_churn(const struct options *options)
{
    run(options, false);
}

void bench_churn_asking(const struct options *options)
{
    run(options, true);
}
