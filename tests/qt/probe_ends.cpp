/* SPDX-License-Identifier: MIT */
/*
 * The end of a connection and what a peer can do: half-close, flooding, not reading, out-of-band
 * bytes, descriptors sent along.
 */
#include "probe.h"

#include <QElapsedTimer>

#include <memory>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace probe;

namespace
{

struct Pair {
    QLocalSocket socket;
    int listener = rawListen(path("svc"));
    int peer = -1;

    Pair()
    {
        socket.connectToServer("svc");
        peer = rawAccept(listener);
        pump();
    }
    ~Pair()
    {
        socket.disconnect();
        ::close(peer);
        ::close(listener);
    }
};

void half_close()
{
    Pair pair;
    size_t got = 0, all = 0;

    pair.socket.write(QByteArray(3 << 20, 'w'));
    ::shutdown(pair.peer, SHUT_WR);
    watch(pair.socket);
    pump(100);
    for (int i = 0; i < 20; i++) {
        rawDrain(pair.peer, &got);
        all += got;
        pump(5);
    }
    say("the peer shut its sending side and reads on: it gets %s of 3145728",
        count(static_cast<qint64>(all)).c_str());
}

void peer_shuts_reading()
{
    Pair pair;

    ::shutdown(pair.peer, SHUT_RD);
    watch(pair.socket);
    say("write = %lld", static_cast<long long>(pair.socket.write("12345")));
    pump();
    show("then", pair.socket);
}

void closing_is_unbounded()
{
    Pair pair;

    pair.socket.write(QByteArray(8 << 20, 'w'));
    pump();
    pair.socket.disconnectFromServer();
    pump(3000);
    say("peer does not read, 3 s later: %s", name(pair.socket.state()));
}

void write_is_unbounded()
{
    Pair pair;

    for (int i = 0; i < 64; i++)
        pair.socket.write(QByteArray(1 << 20, 'w'));
    pump();
    say("64 MiB accepted for a peer that does not read = %d",
        pair.socket.bytesToWrite() > 63 << 20);
}

void read_is_unbounded()
{
    Pair pair;
    size_t sent = 0;

    for (int i = 0; i < 256; i++) {
        sent += rawSend(pair.peer, 1 << 20);
        pump(1);
    }
    say("more than 16 MiB read ahead for an application that does not read = %d",
        pair.socket.bytesAvailable() > 16 << 20);
}

void delete_discards()
{
    int listener = rawListen(path("svc"));
    auto socket = std::make_unique<QLocalSocket>();

    socket->connectToServer("svc");
    int peer = rawAccept(listener);
    socket->write("last words");
    socket.reset();
    say("written, deleted: the peer gets %s", rawDrain(peer).c_str());
}

void graceful_close_flushes()
{
    Pair pair;
    size_t got = 0, all = 0;

    pair.socket.write(QByteArray(4 << 20, 'w'));
    pair.socket.close();
    for (int i = 0; i < 2000 && all < 4 << 20; i++) {
        rawDrain(pair.peer, &got);
        all += got;
        pump(1);
    }
    say("written, closed: the peer gets %zu of %d", all, 4 << 20);
}

void data_while_closing_is_lost()
{
    Pair pair;
    size_t got = 0, all = 0;
    int ready = 0;

    pair.socket.write(QByteArray(4 << 20, 'w'));
    pump();
    pair.socket.disconnectFromServer();
    rawSend(pair.peer, "answer");
    QObject::connect(&pair.socket, &QIODevice::readyRead, [&] { ready++; });
    for (int i = 0; i < 2000 && pair.socket.state() == QLocalSocket::ClosingState; i++) {
        rawDrain(pair.peer, &got);
        all += got;
        pump(1);
    }
    say("an answer that came while closing: readyRead %d, avail=%lld", ready,
        static_cast<long long>(pair.socket.bytesAvailable()));
}

void peer_closes_with_our_queue()
{
    Pair pair;
    int errors = 0;

    pair.socket.write(QByteArray(8 << 20, 'w'));
    QObject::connect(&pair.socket, &QLocalSocket::errorOccurred, [&] { errors++; });
    pump();
    ::shutdown(pair.peer, SHUT_RDWR);
    pump();
    say("8 MiB queued, the peer goes: %d error signal, %s, bytesToWrite %lld", errors,
        name(pair.socket.error()), static_cast<long long>(pair.socket.bytesToWrite()));
}

void out_of_band()
{
    Pair pair;

    watch(pair.socket);
    Meter meter;
    say("sent = %zd", send(pair.peer, "!", 1, MSG_OOB));
    pump(500);
    say("%s", meter.load());
    show("after an out-of-band byte", pair.socket);
    rawSend(pair.peer, "12345");
    pump();
    say("readAll = \"%s\"", text(pair.socket.readAll()).c_str());
}

void out_of_band_amid_data()
{
    Pair pair;
    QByteArray all;

    QObject::connect(&pair.socket, &QIODevice::readyRead, [&] { all += pair.socket.readAll(); });
    rawSend(pair.peer, "abc");
    (void)!send(pair.peer, "!", 1, MSG_OOB);
    rawSend(pair.peer, "def");
    pump(200);
    say("abc, out-of-band !, def: \"%s\", %s", text(all).c_str(), name(pair.socket.state()));
}

void out_of_band_at_server()
{
    QLocalServer server;
    int ready = 0;

    server.listen("svc");
    int client = rawConnect(path("svc"));
    (void)!send(client, "!", 1, MSG_OOB);
    Meter meter;
    pump(500);
    QLocalSocket *socket = server.nextPendingConnection();
    say("taken: %s; %s", name(socket->state()), meter.load());
    QObject::connect(socket, &QIODevice::readyRead, [&] { ready++; });
    rawSend(client, "12345");
    pump();
    say("readyRead %d, \"%s\"", ready, text(socket->readAll()).c_str());
    ::close(client);
}

void out_of_band_and_wait()
{
    Pair pair;

    (void)!send(pair.peer, "!", 1, MSG_OOB);
    Meter meter;
    bool result = pair.socket.waitForReadyRead(500);
    say("waitForReadyRead(500) = %d, %s, %s", result,
        meter.wall() > 0.4 ? "waited" : "before its time", meter.load());
    show("then", pair.socket);
}

/* Descriptors that nobody asked for. */
void descriptors_sent_along()
{
    Pair pair;
    int before = openDescriptors();

    for (int i = 0; i < 20; i++) {
        char byte = 'f';
        union {
            char bytes[CMSG_SPACE(sizeof(int))];
            struct cmsghdr align;
        } control = {};
        struct iovec data = {&byte, 1};
        struct msghdr message = {};
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &pair.listener, sizeof(int));
        if (sendmsg(pair.peer, &message, MSG_NOSIGNAL) < 0)
            say("sendmsg failed");
    }
    pump(100);
    say("20 descriptors sent: avail=%lld, descriptors more than before: %d",
        static_cast<long long>(pair.socket.bytesAvailable()), openDescriptors() - before);
}

void flood_starves_nobody()
{
    Pair pair;
    QElapsedTimer timer;
    int ticks = 0;

    timer.start();
    while (timer.elapsed() < 300) {
        rawSend(pair.peer, 1 << 20);
        pump(5);
        ticks++;
    }
    say("a timer keeps firing under a flood = %d", ticks > 10);
}

void sigpipe()
{
    Pair pair;

    ::shutdown(pair.peer, SHUT_RDWR);
    pair.socket.write("12345");
    pair.socket.flush();
    pump();
    say("no SIGPIPE; %s", name(pair.socket.error()));
}

void unread_then_peer_reads()
{
    Pair pair;

    rawSend(pair.peer, "never read");
    pair.socket.write("answer");
    pair.socket.flush();
    pair.socket.abort();
    say("abort with bytes unread: the peer gets %s", rawDrain(pair.peer).c_str());
}

} // namespace

int main(int argc, char **argv)
{
#define CASE(function) {#function, function}
    return probe::main(argc, argv,
                       {CASE(half_close), CASE(peer_shuts_reading), CASE(closing_is_unbounded),
                        CASE(write_is_unbounded), CASE(read_is_unbounded), CASE(delete_discards),
                        CASE(graceful_close_flushes), CASE(data_while_closing_is_lost),
                        CASE(peer_closes_with_our_queue), CASE(out_of_band),
                        CASE(out_of_band_amid_data), CASE(out_of_band_at_server),
                        CASE(out_of_band_and_wait), CASE(descriptors_sent_along),
                        CASE(flood_starves_nobody), CASE(sigpipe), CASE(unread_then_peer_reads)});
}
