/* SPDX-License-Identifier: MIT */
/*
 * Connecting to a server whose backlog is full: the processor time it costs, how it ends, and what
 * the other calls do meanwhile.
 */
#include "probe.h"

#include <memory>

#include <sys/socket.h>
#include <unistd.h>

using namespace probe;

namespace
{

/* A server that admits one connection, which somebody else has taken. */
struct Busy {
    int listener;
    int fillers[8];
    int filled;

    explicit Busy(const char *entry = "svc")
    {
        listener = rawListen(path(entry), 0);
        filled = rawFill(path(entry), fillers, 8);
    }
    ~Busy()
    {
        ::close(listener);
        for (int i = 0; i < filled; i++)
            ::close(fillers[i]);
    }
    void makeRoom()
    {
        ::close(rawAccept(listener));
    }
};

void event_loop_busy()
{
    Busy busy;
    QLocalSocket socket;

    watch(socket);
    Meter meter;
    socket.connectToServer("svc");
    pump(1500);
    say("event loop: %s", meter.load());
    show("then", socket);
}

void wait_connected_busy()
{
    Busy busy;
    QLocalSocket socket;

    socket.connectToServer("svc");
    Meter meter;
    bool result = socket.waitForConnected(1000);
    say("waitForConnected(1000) = %d: %s", result, meter.load());
    show("then", socket);
}

/* The limit is fixed at 30 seconds. */
void limit_is_silent()
{
    Busy busy;
    QLocalSocket socket;

    watch(socket);
    socket.connectToServer("svc");
    int before = openDescriptors();
    pump(31000);
    show("after 31 s", socket);
    say("descriptors: %d", openDescriptors() - before);
    busy.makeRoom();
    pump(300);
    show("room in the backlog", socket);
    socket.connectToServer("svc");
    show("after connectToServer", socket);
    socket.close();
    show("after close", socket);
    socket.abort();
    show("after abort", socket);
}

void limit_then_wait()
{
    Busy busy;
    QLocalSocket socket;

    socket.connectToServer("svc");
    pump(31000);
    say("past the limit; waitForConnected(-1):");
    say("= %d", socket.waitForConnected(-1));
}

void room_later()
{
    Busy busy;
    QLocalSocket socket;

    socket.connectToServer("svc", QIODevice::ReadOnly);
    busy.makeRoom();
    pumpUntil([&] { return socket.state() != QLocalSocket::ConnectingState; });
    show("room in the backlog", socket);
    say("asked for ReadOnly: readable %d writable %d", socket.isReadable(), socket.isWritable());
}

void server_dies()
{
    auto busy = std::make_unique<Busy>();
    QLocalSocket socket;

    watch(socket);
    socket.connectToServer("svc");
    busy.reset();
    pump(200);
    show("server gone", socket);
}

void file_removed()
{
    Busy busy;
    QLocalSocket socket;

    watch(socket);
    socket.connectToServer("svc");
    ::unlink(path("svc").c_str());
    pump(200);
    show("file removed", socket);
}

void close_then_connect()
{
    Busy busy;
    int other = rawListen(path("other"));
    QLocalSocket socket;

    socket.connectToServer("svc");
    socket.close();
    show("after close", socket);
    socket.connectToServer("other");
    show("connectToServer(other)", socket);
    socket.abort();
    socket.connectToServer("other");
    show("after abort and connect", socket);
    ::close(other);
}

void disconnect_then_connected()
{
    Busy busy;
    QLocalSocket socket;

    socket.connectToServer("svc");
    socket.disconnectFromServer();
    busy.makeRoom();
    pump(200);
    show("disconnectFromServer, then room", socket);
}

void wait_ready_read_lies()
{
    Busy busy;
    QLocalSocket socket;

    socket.connectToServer("svc");
    watch(socket);
    socket.waitForReadyRead(50);
    show("after waitForReadyRead", socket);
    busy.makeRoom();
    pump(200);
    show("room in the backlog", socket);
}

void wait_disconnected_lies()
{
    Busy busy;
    QLocalSocket socket;

    socket.connectToServer("svc");
    watch(socket);
    socket.waitForDisconnected(50);
    show("after waitForDisconnected", socket);
    busy.makeRoom();
    pump(200);
    show("room in the backlog", socket);
}

void wait_then_connect_elsewhere()
{
    Busy busy;
    int other = rawListen(path("other"));
    QLocalSocket socket;
    int before = openDescriptors();

    socket.connectToServer("svc");
    socket.waitForReadyRead(50);
    socket.connectToServer("other");
    show("connectToServer(other)", socket);
    int peer = rawAccept(other);
    busy.makeRoom();
    pump(200);
    show("room at the first", socket);
    socket.write("for other");
    pump();
    say("other got %s", rawDrain(peer).c_str());
    ::close(peer);
    socket.abort();
    say("descriptors more than before: %d", openDescriptors() - before);
    ::close(other);
}

void set_name_meanwhile()
{
    Busy busy;
    QLocalSocket socket;

    socket.connectToServer("svc");
    socket.setServerName("other");
    show("after setServerName", socket);
    socket.setSocketOptions(QLocalSocket::AbstractNamespaceOption);
    say("socketOptions %d", static_cast<int>(socket.socketOptions()));
    busy.makeRoom();
    pump(200);
    show("room in the backlog", socket);
}

void adopt_meanwhile()
{
    Busy busy;
    QLocalSocket socket;
    int pair[2];
    int before = openDescriptors();

    rawPair(pair);
    socket.connectToServer("svc");
    watch(socket);
    say("setSocketDescriptor = %d", socket.setSocketDescriptor(pair[0]));
    show("then", socket);
    busy.makeRoom();
    pump(200);
    show("room in the backlog", socket);
    socket.write("12345");
    pump();
    say("the adopted descriptor's peer got %s", rawDrain(pair[1]).c_str());
    socket.abort();
    ::close(pair[1]);
    pump();
    say("descriptors more than before: %d", openDescriptors() - before);
}

void destructor_meanwhile()
{
    Busy busy;
    int before = openDescriptors();
    {
        QLocalSocket socket;
        socket.connectToServer("svc");
    }
    pump();
    say("descriptors more than before: %d", openDescriptors() - before);
}

void several_share_the_loop()
{
    Busy busy;
    QLocalSocket sockets[4];
    int pair[2];
    QLocalSocket other;

    rawPair(pair);
    other.setSocketDescriptor(pair[0]);
    for (QLocalSocket &socket : sockets)
        socket.connectToServer("svc");
    Meter meter;
    rawSend(pair[1], "12345");
    pump(500);
    say("another socket of the same loop still reads: avail=%lld; %s",
        static_cast<long long>(other.bytesAvailable()), meter.load());
    ::close(pair[1]);
}

void abort_meanwhile_is_quiet()
{
    Busy busy;
    QLocalSocket socket;

    socket.connectToServer("svc");
    watch(socket);
    socket.abort();
    Meter meter;
    pump(500);
    say("after abort: %s", meter.load());
}

} // namespace

int main(int argc, char **argv)
{
#define CASE(function) {#function, function}
#define SLOW(function) {#function, function, 40}
    return probe::main(argc, argv,
                       {CASE(event_loop_busy), CASE(wait_connected_busy), SLOW(limit_is_silent),
                        SLOW(limit_then_wait), CASE(room_later), CASE(server_dies),
                        CASE(file_removed), CASE(close_then_connect),
                        CASE(disconnect_then_connected), CASE(wait_ready_read_lies),
                        CASE(wait_disconnected_lies), CASE(wait_then_connect_elsewhere),
                        CASE(set_name_meanwhile), CASE(adopt_meanwhile), CASE(destructor_meanwhile),
                        CASE(several_share_the_loop), CASE(abort_meanwhile_is_quiet)});
}
