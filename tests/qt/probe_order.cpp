/* SPDX-License-Identifier: MIT */
/*
 * The order of signals, and what the object says of itself inside each, for every way in which a
 * QLocalSocket connects, fails to connect and ends.
 */
#include "probe.h"

#include <memory>

#include <unistd.h>

using namespace probe;

namespace
{

/* A listening peer at "svc" and a watched socket connected to it. */
struct Connected {
    QLocalSocket socket;
    int listener = -1;
    int peer = -1;

    explicit Connected(bool watched = true, QIODevice::OpenMode mode = QIODevice::ReadWrite)
    {
        listener = rawListen(path("svc"));
        socket.connectToServer("svc", mode);
        peer = rawAccept(listener);
        pump();
        if (watched)
            watch(socket);
    }
    ~Connected()
    {
        socket.disconnect();
        if (peer >= 0)
            ::close(peer);
        ::close(listener);
    }
    /* Leaves bytes in the socket's own queue: the peer does not read, and the kernel is full. */
    void fill()
    {
        socket.write(QByteArray(8 << 20, 'w'));
        pump();
    }
    void peerCloses()
    {
        ::close(peer);
        peer = -1;
    }
};

/* A watched socket that waits for room in a full backlog. */
struct Connecting {
    QLocalSocket socket;
    int listener = -1;
    int fillers[8];
    int filled = 0;

    Connecting()
    {
        listener = rawListen(path("svc"), 0);
        filled = rawFill(path("svc"), fillers, 8);
        watch(socket);
        socket.connectToServer("svc");
        show("after connectToServer", socket);
    }
    ~Connecting()
    {
        socket.disconnect();
        ::close(listener);
        for (int i = 0; i < filled; i++)
            ::close(fillers[i]);
    }
};

void connect_success()
{
    int listener = rawListen(path("svc"));
    QLocalSocket socket;

    watch(socket);
    show("fresh", socket);
    socket.connectToServer("svc");
    show("after connectToServer", socket);
    pump();
    show("after the event loop", socket);
    socket.disconnect();
    ::close(listener);
}

void connect_absolute()
{
    int listener = rawListen(path("svc"));
    QLocalSocket socket;

    watch(socket);
    socket.connectToServer(QString::fromStdString(path("svc")));
    show("after connectToServer", socket);
    socket.disconnect();
    ::close(listener);
}

void connect_missing()
{
    QLocalSocket socket;

    watch(socket);
    socket.connectToServer("nobody");
    show("after connectToServer", socket);
    pump();
    show("after the event loop", socket);
}

void connect_refused()
{
    QLocalSocket socket;

    ::close(rawListen(path("stale")));
    watch(socket);
    socket.connectToServer("stale");
    show("after connectToServer", socket);
}

void connect_empty_name()
{
    QLocalSocket socket;

    watch(socket);
    socket.connectToServer("");
    show("after connectToServer(\"\")", socket);
    socket.connectToServer();
    show("after connectToServer()", socket);
}

void connect_too_long()
{
    QLocalSocket socket;

    watch(socket);
    socket.connectToServer("/" + QString(200, 'n'));
    show("after connectToServer", socket);
}

void connect_while_connected()
{
    Connected c;

    c.socket.connectToServer("other");
    show("after connectToServer", c.socket);
    c.socket.setServerName("renamed");
    show("after setServerName", c.socket);
}

void connect_while_connecting()
{
    Connecting c;

    c.socket.connectToServer("other");
    show("after connectToServer", c.socket);
}

void connect_while_closing()
{
    Connected c;
    int other = rawListen(path("other"));

    c.fill();
    c.socket.disconnectFromServer();
    show("closing", c.socket);
    c.socket.connectToServer("other");
    show("after connectToServer", c.socket);
    say("peer of the first connection: %s", rawDrain(c.peer).c_str());
    ::close(other);
}

void connect_after_failure()
{
    QLocalSocket socket;
    int listener = rawListen(path("svc"));

    socket.connectToServer("nobody");
    watch(socket);
    socket.connectToServer("svc");
    show("after the second connectToServer", socket);
    socket.disconnect();
    ::close(listener);
}

void disconnect_idle()
{
    Connected c;

    c.socket.disconnectFromServer();
    show("after disconnectFromServer", c.socket);
    pump();
    show("after the event loop", c.socket);
}

void disconnect_with_unread()
{
    Connected c(false);

    rawSend(c.peer, "12345");
    pump();
    watch(c.socket);
    c.socket.disconnectFromServer();
    show("after disconnectFromServer", c.socket);
    say("read: \"%s\"", text(c.socket.readAll()).c_str());
}

void disconnect_with_pending()
{
    Connected c(false);
    size_t got = 0;

    watch(c.socket);
    c.socket.write("last words");
    show("after write", c.socket);
    c.socket.disconnectFromServer();
    show("after disconnectFromServer", c.socket);
    pump();
    show("after the event loop", c.socket);
    say("peer got %s", rawDrain(c.peer, &got).c_str());
}

void disconnect_with_much_pending()
{
    Connected c(false);
    size_t got = 0, all = 0;

    c.fill();
    watch(c.socket);
    c.socket.disconnectFromServer();
    say("closing: state=%s open=%d valid=%d pending=%s", name(c.socket.state()), c.socket.isOpen(),
        c.socket.isValid(), c.socket.bytesToWrite() ? "some" : "none");
    c.socket.disconnect();
    QObject::connect(&c.socket, &QLocalSocket::stateChanged,
                     [](QLocalSocket::LocalSocketState s) { say("<stateChanged %s>", name(s)); });
    QObject::connect(&c.socket, &QLocalSocket::disconnected, [] { say("<disconnected>"); });
    QObject::connect(&c.socket, &QIODevice::readChannelFinished,
                     [] { say("<readChannelFinished>"); });
    while (c.socket.state() != QLocalSocket::UnconnectedState) {
        rawDrain(c.peer, &got);
        all += got;
        pump(5);
    }
    rawDrain(c.peer, &got);
    say("peer got %zu bytes of %d", all + got, 8 << 20);
    show("at the end", c.socket);
}

void disconnect_unconnected()
{
    QLocalSocket socket;

    watch(socket);
    socket.disconnectFromServer();
    show("after disconnectFromServer", socket);
}

void disconnect_connecting()
{
    Connecting c;

    c.socket.disconnectFromServer();
    show("after disconnectFromServer", c.socket);
    ::close(rawAccept(c.listener));
    pump(150);
    show("after room in the backlog", c.socket);
}

void disconnect_closing()
{
    Connected c;

    c.fill();
    c.socket.disconnectFromServer();
    c.socket.disconnectFromServer();
    show("after the second disconnectFromServer", c.socket);
}

void close_connected()
{
    Connected c;

    c.socket.close();
    show("after close", c.socket);
}

void close_connected_unread()
{
    Connected c(false);

    rawSend(c.peer, "12345");
    pump();
    watch(c.socket);
    c.socket.close();
    show("after close", c.socket);
    say("read: \"%s\"", text(c.socket.readAll()).c_str());
}

void close_connected_pending()
{
    Connected c;

    c.socket.write("last words");
    c.socket.close();
    show("after close", c.socket);
    pump();
    show("after the event loop", c.socket);
    say("peer got %s", rawDrain(c.peer).c_str());
}

void close_connected_much_pending()
{
    Connected c(false);

    c.fill();
    watch(c.socket);
    c.socket.close();
    say("after close: state=%s open=%d valid=%d fd=%s pending=%s", name(c.socket.state()),
        c.socket.isOpen(), c.socket.isValid(), c.socket.socketDescriptor() >= 0 ? "yes" : "no",
        c.socket.bytesToWrite() ? "some" : "none");
}

void close_connecting()
{
    Connecting c;

    c.socket.close();
    show("after close", c.socket);
    ::close(rawAccept(c.listener));
    pump(150);
    show("after room in the backlog", c.socket);
}

void close_closing()
{
    Connected c;

    c.fill();
    c.socket.disconnectFromServer();
    c.socket.close();
    show("after close", c.socket);
}

void close_unconnected()
{
    QLocalSocket socket;

    watch(socket);
    socket.close();
    show("after close", socket);
}

void close_after_disconnect()
{
    Connected c(false);

    rawSend(c.peer, "12345");
    pump();
    c.peerCloses();
    pump();
    watch(c.socket);
    show("peer has closed", c.socket);
    c.socket.close();
    show("after close", c.socket);
}

void abort_connected()
{
    Connected c;

    c.socket.abort();
    show("after abort", c.socket);
}

void abort_connected_pending_unread()
{
    Connected c(false);

    rawSend(c.peer, "12345");
    pump();
    watch(c.socket);
    c.socket.write("lost");
    c.socket.abort();
    show("after abort", c.socket);
    say("peer got %s", rawDrain(c.peer).c_str());
}

void abort_connecting()
{
    Connecting c;

    c.socket.abort();
    show("after abort", c.socket);
}

void abort_closing()
{
    Connected c;

    c.fill();
    c.socket.disconnectFromServer();
    c.socket.abort();
    show("after abort", c.socket);
}

void abort_unconnected()
{
    QLocalSocket socket;

    watch(socket);
    socket.abort();
    show("after abort", socket);
}

void abort_after_disconnect_unread()
{
    Connected c(false);

    rawSend(c.peer, "12345");
    pump();
    c.peerCloses();
    pump();
    watch(c.socket);
    show("peer has closed", c.socket);
    c.socket.abort();
    show("after abort", c.socket);
}

void peer_closes()
{
    Connected c;

    c.peerCloses();
    pump();
    show("after the event loop", c.socket);
}

void peer_closes_unread_arrived()
{
    Connected c;

    rawSend(c.peer, "12345");
    pump();
    c.peerCloses();
    pump();
    show("after the event loop", c.socket);
    say("read: \"%s\"", text(c.socket.readAll()).c_str());
    show("after readAll", c.socket);
}

void peer_sends_and_closes()
{
    Connected c;

    rawSend(c.peer, "12345");
    c.peerCloses();
    pump();
    show("after the event loop", c.socket);
}

void peer_closes_with_our_bytes_unread()
{
    Connected c;

    c.socket.write("unread");
    pump();
    c.peerCloses();
    pump();
    show("after the event loop", c.socket);
}

void peer_closes_with_queue()
{
    Connected c(false);

    c.fill();
    watch(c.socket);
    c.peerCloses();
    pump();
    show("after the event loop", c.socket);
}

void peer_closes_while_closing()
{
    Connected c(false);

    c.fill();
    watch(c.socket);
    c.socket.disconnectFromServer();
    c.peerCloses();
    pump();
    show("after the event loop", c.socket);
}

void write_after_peer_close()
{
    Connected c;

    c.peerCloses();
    say("write: %lld", static_cast<long long>(c.socket.write("12345")));
    show("after write", c.socket);
    say("flush: %d", c.socket.flush());
    show("after flush", c.socket);
    say("write: %lld", static_cast<long long>(c.socket.write("12345")));
    pump();
    show("after the event loop", c.socket);
}

void write_after_noticed_peer_close()
{
    Connected c(false);

    c.peerCloses();
    pump();
    watch(c.socket);
    say("write: %lld", static_cast<long long>(c.socket.write("12345")));
    show("after write", c.socket);
}

void bytes_arrive()
{
    Connected c;

    rawSend(c.peer, "12345");
    pump();
    rawSend(c.peer, "678");
    pump();
    say("read(2): \"%s\"", text(c.socket.read(2)).c_str());
    pump();
    show("after the event loop", c.socket);
}

void bytes_leave()
{
    Connected c;

    say("write: %lld", static_cast<long long>(c.socket.write("12345")));
    say("write: %lld", static_cast<long long>(c.socket.write("678")));
    show("before the event loop", c.socket);
    pump();
    say("write: %lld", static_cast<long long>(c.socket.write("9")));
    say("flush: %d", c.socket.flush());
    show("after flush", c.socket);
}

void adopt_connected()
{
    QLocalSocket socket;
    int pair[2];

    rawPair(pair);
    watch(socket);
    say("setSocketDescriptor: %d", socket.setSocketDescriptor(pair[0]));
    show("after setSocketDescriptor", socket);
    pump();
    show("after the event loop", socket);
    socket.disconnect();
    ::close(pair[1]);
}

void adopt_connected_with_data()
{
    QLocalSocket socket;
    int pair[2];

    rawPair(pair);
    rawSend(pair[1], "12345");
    ::close(pair[1]);
    watch(socket);
    say("setSocketDescriptor: %d", socket.setSocketDescriptor(pair[0]));
    pump();
    show("after the event loop", socket);
}

void adopt_as(QLocalSocket::LocalSocketState state)
{
    QLocalSocket socket;
    int pair[2];

    rawPair(pair);
    watch(socket);
    say("setSocketDescriptor: %d", socket.setSocketDescriptor(pair[0], state));
    show("after setSocketDescriptor", socket);
    rawSend(pair[1], "12345");
    pump();
    say("after data and the event loop: state=%s open=%d valid=%d", name(socket.state()),
        socket.isOpen(), socket.isValid());
    socket.disconnect();
    ::close(pair[1]);
}

void adopt_as_unconnected()
{
    adopt_as(QLocalSocket::UnconnectedState);
}

void adopt_as_connecting()
{
    adopt_as(QLocalSocket::ConnectingState);
}

void adopt_as_closing()
{
    adopt_as(QLocalSocket::ClosingState);
}

void adopt_twice()
{
    QLocalSocket socket;
    int pair[2], other[2];

    rawPair(pair);
    rawPair(other);
    socket.setSocketDescriptor(pair[0]);
    watch(socket);
    say("setSocketDescriptor: %d", socket.setSocketDescriptor(other[0]));
    show("after setSocketDescriptor", socket);
    say("first peer: %s", rawDrain(pair[1]).c_str());
    say("second peer: %s", rawDrain(other[1]).c_str());
    socket.disconnect();
    ::close(pair[1]);
    ::close(other[1]);
}

void server_side()
{
    QLocalServer server;

    watch(server);
    server.listen("svc");
    int client = rawConnect(path("svc"));
    rawSend(client, "early");
    show("before the event loop", server);
    pump();
    show("after the event loop", server);
    std::unique_ptr<QLocalSocket> socket(server.nextPendingConnection());
    show("nextPendingConnection", *socket);
    watch(*socket);
    pump();
    show("after the event loop", *socket);
    ::close(client);
    pump();
    show("after the client closed", *socket);
    socket->disconnect();
}

void server_side_client_gone()
{
    QLocalServer server;

    server.listen("svc");
    int client = rawConnect(path("svc"));
    rawSend(client, "early");
    ::close(client);
    pump();
    std::unique_ptr<QLocalSocket> socket(server.nextPendingConnection());
    show("nextPendingConnection", *socket);
    watch(*socket);
    pump();
    show("after the event loop", *socket);
    say("read: \"%s\"", text(socket->readAll()).c_str());
    socket->disconnect();
}

void reuse_after_peer_close()
{
    Connected c(false);

    rawSend(c.peer, "old");
    pump();
    c.peerCloses();
    pump();
    watch(c.socket);
    show("peer has closed, data unread", c.socket);
    c.socket.connectToServer("svc");
    show("after connectToServer", c.socket);
    int second = rawAccept(c.listener);
    rawSend(second, "new");
    pump();
    say("read: \"%s\"", text(c.socket.readAll()).c_str());
    ::close(second);
}

void destructor()
{
    auto c = std::make_unique<Connected>(false);
    {
        QLocalSocket socket;
        QLocalSocket *s = &socket;

        QObject::connect(s, &QLocalSocket::stateChanged, [](QLocalSocket::LocalSocketState state) {
            say("<stateChanged %s>", name(state));
        });
        QObject::connect(s, &QLocalSocket::disconnected, [] { say("<disconnected>"); });
        QObject::connect(s, &QIODevice::aboutToClose, [] { say("<aboutToClose>"); });
        QObject::connect(s, &QIODevice::readChannelFinished, [] { say("<readChannelFinished>"); });
        socket.connectToServer("svc");
        say("connected; now the destructor");
    }
}

} // namespace

int main(int argc, char **argv)
{
#define CASE(function) {#function, function}
    return probe::main(argc, argv,
                       {CASE(connect_success),
                        CASE(connect_absolute),
                        CASE(connect_missing),
                        CASE(connect_refused),
                        CASE(connect_empty_name),
                        CASE(connect_too_long),
                        CASE(connect_while_connected),
                        CASE(connect_while_connecting),
                        CASE(connect_while_closing),
                        CASE(connect_after_failure),
                        CASE(disconnect_idle),
                        CASE(disconnect_with_unread),
                        CASE(disconnect_with_pending),
                        CASE(disconnect_with_much_pending),
                        CASE(disconnect_unconnected),
                        CASE(disconnect_connecting),
                        CASE(disconnect_closing),
                        CASE(close_connected),
                        CASE(close_connected_unread),
                        CASE(close_connected_pending),
                        CASE(close_connected_much_pending),
                        CASE(close_connecting),
                        CASE(close_closing),
                        CASE(close_unconnected),
                        CASE(close_after_disconnect),
                        CASE(abort_connected),
                        CASE(abort_connected_pending_unread),
                        CASE(abort_connecting),
                        CASE(abort_closing),
                        CASE(abort_unconnected),
                        CASE(abort_after_disconnect_unread),
                        CASE(peer_closes),
                        CASE(peer_closes_unread_arrived),
                        CASE(peer_sends_and_closes),
                        CASE(peer_closes_with_our_bytes_unread),
                        CASE(peer_closes_with_queue),
                        CASE(peer_closes_while_closing),
                        CASE(write_after_peer_close),
                        CASE(write_after_noticed_peer_close),
                        CASE(bytes_arrive),
                        CASE(bytes_leave),
                        CASE(adopt_connected),
                        CASE(adopt_connected_with_data),
                        CASE(adopt_as_unconnected),
                        CASE(adopt_as_connecting),
                        CASE(adopt_as_closing),
                        CASE(adopt_twice),
                        CASE(server_side),
                        CASE(server_side_client_gone),
                        CASE(reuse_after_peer_close),
                        CASE(destructor)});
}
