/* SPDX-License-Identifier: MIT */
/*
 * Calls from inside slots: connecting again, closing, deleting, nested event loops.
 *
 * A recursion is stopped by the probe once it is deep enough to show that nothing else would.
 */
#include "probe.h"

#include <memory>

#include <sys/socket.h>
#include <unistd.h>

using namespace probe;

namespace
{

const int deep = 200;

/* Two servers made of system calls, a socket connected to the first. */
struct Scene {
    QLocalSocket *socket = new QLocalSocket;
    int svc = rawListen(path("svc"));
    int other = rawListen(path("other"));
    int peer = -1;
    int second = -1;

    void connect()
    {
        socket->connectToServer("svc");
        peer = rawAccept(svc);
        pump();
    }
    void peerCloses()
    {
        ::close(peer);
        peer = -1;
    }
};

/* ---- connecting again ---- */

/* The usual automatic reconnect: connect and write in the slot, write again later. */
void reconnectIn(const char *signal, Scene &scene, bool &once)
{
    QLocalSocket *socket = scene.socket;

    if (once)
        return;
    once = true;
    say("%s: connect again, write", signal);
    socket->connectToServer("other");
    socket->write("hello");
    say("state=%s bytesToWrite=%lld", name(socket->state()),
        static_cast<long long>(socket->bytesToWrite()));
}

void afterReconnect(Scene &scene)
{
    pump();
    show("after the slot", *scene.socket);
    scene.second = rawAccept(scene.other);
    say("the new server got %s", rawDrain(scene.second).c_str());
    say("write:");
    say("= %lld", static_cast<long long>(scene.socket->write("later")));
    pump();
    say("the new server got %s", rawDrain(scene.second).c_str());
}

void disconnected_reconnect()
{
    Scene scene;
    bool once = false;

    scene.connect();
    QObject::connect(scene.socket, &QLocalSocket::disconnected,
                     [&] { reconnectIn("disconnected", scene, once); });
    scene.peerCloses();
    pump();
    afterReconnect(scene);
}

void disconnected_reconnect_own_close()
{
    Scene scene;
    bool once = false;

    scene.connect();
    QObject::connect(scene.socket, &QLocalSocket::disconnected,
                     [&] { reconnectIn("disconnected", scene, once); });
    scene.socket->disconnectFromServer();
    afterReconnect(scene);
}

void state_unconnected_reconnect()
{
    Scene scene;
    bool once = false;

    scene.connect();
    QObject::connect(scene.socket, &QLocalSocket::stateChanged,
                     [&](QLocalSocket::LocalSocketState state) {
                         if (state == QLocalSocket::UnconnectedState)
                             reconnectIn("stateChanged Unconnected", scene, once);
                     });
    scene.peerCloses();
    pump();
    afterReconnect(scene);
}

void read_finished_reconnect()
{
    Scene scene;
    bool once = false;

    scene.connect();
    QObject::connect(scene.socket, &QIODevice::readChannelFinished,
                     [&] { reconnectIn("readChannelFinished", scene, once); });
    scene.peerCloses();
    pump();
    afterReconnect(scene);
}

void about_to_close_reconnect()
{
    Scene scene;
    bool once = false;

    scene.connect();
    QObject::connect(scene.socket, &QIODevice::aboutToClose,
                     [&] { reconnectIn("aboutToClose", scene, once); });
    scene.socket->close();
    pump();
    show("after the slot", *scene.socket);
}

void error_retry_recurses()
{
    Scene scene;
    int depth = 0, deepest = 0;

    QObject::connect(scene.socket, &QLocalSocket::errorOccurred, [&] {
        if (++depth > deepest)
            deepest = depth;
        if (depth < deep)
            scene.socket->connectToServer("nobody");
        depth--;
    });
    scene.socket->connectToServer("nobody");
    say("retry in errorOccurred: at least %d levels deep = %d", deep, deepest >= deep);
}

void error_abort_then_reconnect()
{
    Scene scene;
    bool once = false;
    int before = openDescriptors();

    QObject::connect(scene.socket, &QLocalSocket::errorOccurred, [&] {
        if (once)
            return;
        once = true;
        scene.socket->abort();
        scene.socket->connectToServer("other");
        show("inside the slot", *scene.socket);
    });
    scene.socket->connectToServer("nobody");
    show("after the slot", *scene.socket);
    scene.socket->close();
    scene.socket->abort();
    pump();
    show("after close and abort", *scene.socket);
    scene.second = rawAccept(scene.other);
    say("the new server sees: %s", rawDrain(scene.second).c_str());
    say("descriptors more than before, less the server's: %d", openDescriptors() - before - 1);
}

void peer_closed_abort_then_reconnect()
{
    Scene scene;
    bool once = false;

    scene.connect();
    QObject::connect(scene.socket, &QLocalSocket::errorOccurred, [&] {
        if (once)
            return;
        once = true;
        scene.socket->abort();
        scene.socket->connectToServer("other");
        show("inside the slot", *scene.socket);
    });
    scene.peerCloses();
    pump();
    show("after the slot", *scene.socket);
}

void connected_reconnect_to_busy()
{
    Scene scene;
    int fillers[8];
    int busy = rawListen(path("busy"), 0);
    int filled = rawFill(path("busy"), fillers, 8);
    bool once = false;
    int before = openDescriptors();

    QObject::connect(scene.socket, &QLocalSocket::connected, [&] {
        if (once)
            return;
        once = true;
        scene.socket->abort();
        scene.socket->connectToServer("busy");
        show("inside the slot", *scene.socket);
    });
    QObject::connect(scene.socket, &QLocalSocket::errorOccurred,
                     [&] { show("<errorOccurred>", *scene.socket); });
    scene.socket->connectToServer("svc");
    pump();
    show("after the slot", *scene.socket);
    delete scene.socket;
    say("descriptors more than before: %d", openDescriptors() - before);
    for (int i = 0; i < filled; i++)
        ::close(fillers[i]);
    ::close(busy);
}

/* ---- closing ---- */

enum End { ABORT, CLOSE, DISCONNECT };

void endIn(QLocalSocket::LocalSocketState when, End end)
{
    Scene scene;
    bool once = false;

    QObject::connect(scene.socket, &QLocalSocket::stateChanged,
                     [&](QLocalSocket::LocalSocketState state) {
                         if (state != when || once)
                             return;
                         once = true;
                         say("in stateChanged %s", name(state));
                         if (end == ABORT)
                             scene.socket->abort();
                         else if (end == CLOSE)
                             scene.socket->close();
                         else
                             scene.socket->disconnectFromServer();
                     });
    QObject::connect(scene.socket, &QLocalSocket::errorOccurred,
                     [&] { show("<errorOccurred>", *scene.socket); });
    scene.socket->connectToServer("svc");
    show("after connectToServer", *scene.socket);
}

void connecting_abort()
{
    endIn(QLocalSocket::ConnectingState, ABORT);
}

void connecting_close()
{
    endIn(QLocalSocket::ConnectingState, CLOSE);
}

void state_connected_abort()
{
    endIn(QLocalSocket::ConnectedState, ABORT);
}

void state_connected_close()
{
    endIn(QLocalSocket::ConnectedState, CLOSE);
}

void state_connected_disconnect()
{
    endIn(QLocalSocket::ConnectedState, DISCONNECT);
}

void connected_abort()
{
    Scene scene;

    QObject::connect(scene.socket, &QLocalSocket::connected, [&] { scene.socket->abort(); });
    scene.socket->connectToServer("svc");
    show("then", *scene.socket);
}

void connected_close()
{
    Scene scene;

    QObject::connect(scene.socket, &QLocalSocket::connected, [&] { scene.socket->close(); });
    scene.socket->connectToServer("svc");
    show("then", *scene.socket);
}

void ready_read_abort()
{
    Scene scene;

    scene.connect();
    QObject::connect(scene.socket, &QIODevice::readyRead, [&] { scene.socket->abort(); });
    rawSend(scene.peer, "12345");
    pump();
    show("then", *scene.socket);
}

void about_to_close_close()
{
    Scene scene;
    int depth = 0, deepest = 0;

    scene.connect();
    QObject::connect(scene.socket, &QIODevice::aboutToClose, [&] {
        if (++depth > deepest)
            deepest = depth;
        if (depth < deep)
            scene.socket->close();
        depth--;
    });
    scene.socket->close();
    say("close in aboutToClose: at least %d levels deep = %d", deep, deepest >= deep);
}

void about_to_close_abort()
{
    Scene scene;
    int depth = 0, deepest = 0;

    scene.connect();
    QObject::connect(scene.socket, &QIODevice::aboutToClose, [&] {
        if (++depth > deepest)
            deepest = depth;
        if (depth < deep)
            scene.socket->abort();
        depth--;
    });
    scene.socket->close();
    say("abort in aboutToClose: at least %d levels deep = %d", deep, deepest >= deep);
}

void bytes_written_close()
{
    Scene scene;

    scene.connect();
    QObject::connect(scene.socket, &QIODevice::bytesWritten, [&] { scene.socket->close(); });
    scene.socket->write("12345");
    scene.socket->flush();
    pump();
    show("then", *scene.socket);
}

void closing_connect()
{
    Scene scene;
    bool once = false;

    scene.connect();
    QObject::connect(scene.socket, &QLocalSocket::stateChanged,
                     [&](QLocalSocket::LocalSocketState state) {
                         if (state == QLocalSocket::ClosingState)
                             reconnectIn("stateChanged Closing", scene, once);
                     });
    scene.socket->disconnectFromServer();
    pump();
    show("after the slot", *scene.socket);
}

/* ---- deleting ---- */

void disconnected_delete()
{
    Scene scene;

    scene.connect();
    QObject::connect(scene.socket, &QLocalSocket::disconnected, [&] { delete scene.socket; });
    scene.peerCloses();
    pump();
    say("alive");
}

void error_delete()
{
    Scene scene;

    QObject::connect(scene.socket, &QLocalSocket::errorOccurred, [&] { delete scene.socket; });
    scene.socket->connectToServer("nobody");
    say("alive");
}

void about_to_close_delete()
{
    Scene scene;

    scene.connect();
    QObject::connect(scene.socket, &QIODevice::aboutToClose, [&] { delete scene.socket; });
    scene.socket->close();
    say("alive");
}

void error_delete_later()
{
    Scene scene;

    QObject::connect(scene.socket, &QLocalSocket::errorOccurred, scene.socket,
                     &QObject::deleteLater);
    scene.socket->connectToServer("nobody");
    pump();
    say("alive");
}

void destructor_runs_reconnect()
{
    Scene scene;
    bool once = false;

    scene.connect();
    QObject::connect(scene.socket, &QLocalSocket::disconnected, [&] {
        if (once)
            return;
        once = true;
        say("the slot runs in the destructor: state=%s", name(scene.socket->state()));
        scene.socket->connectToServer("other");
    });
    delete scene.socket;
    scene.second = rawAccept(scene.other);
    say("the other server sees: %s", rawDrain(scene.second).c_str());
}

/* ---- waiting and nested loops ---- */

void nested_loop_in_error()
{
    Scene scene;
    int fillers[8];
    int busy = rawListen(path("busy"), 0);
    int filled = rawFill(path("busy"), fillers, 8);
    int errors = 0;

    QObject::connect(scene.socket, &QLocalSocket::errorOccurred, [&] {
        if (++errors < 20)
            pump(20);
    });
    scene.socket->connectToServer("busy");
    pump();
    for (int i = 0; i < filled; i++)
        ::close(fillers[i]);
    ::close(busy);
    pump(100);
    say("one failure, nested event loop in the slot: more than 10 signals = %d", errors > 10);
}

void nested_loop_in_ready_read()
{
    Scene scene;
    int depth = 0, deepest = 0, signals_seen = 0;

    scene.connect();
    QObject::connect(scene.socket, &QIODevice::readyRead, [&] {
        signals_seen++;
        deepest = std::max(deepest, ++depth);
        if (signals_seen == 1) {
            rawSend(scene.peer, "67890");
            pump();
        }
        depth--;
    });
    rawSend(scene.peer, "12345");
    pump();
    say("data arrives during a nested loop: %d signals, depth %d, avail=%lld", signals_seen,
        deepest, static_cast<long long>(scene.socket->bytesAvailable()));
}

void nested_loop_in_disconnected()
{
    Scene scene;
    int signals_seen = 0;

    scene.connect();
    QObject::connect(scene.socket, &QLocalSocket::disconnected, [&] {
        signals_seen++;
        pump();
    });
    scene.peerCloses();
    pump(100);
    say("nested event loop in disconnected: %d signals", signals_seen);
    show("then", *scene.socket);
}

void nested_loop_in_peer_closed()
{
    Scene scene;
    int signals_seen = 0;

    scene.connect();
    QObject::connect(scene.socket, &QLocalSocket::errorOccurred, [&] {
        if (++signals_seen < 20)
            pump(20);
    });
    scene.peerCloses();
    pump(600);
    say("nested event loop in errorOccurred(PeerClosed): %s", signals_seen == 1 ? "1 signal"
                                                              : signals_seen > 10
                                                                  ? "more than 10 signals"
                                                                  : "a few");
}

void wait_in_ready_read()
{
    Scene scene;
    int signals_seen = 0;

    scene.connect();
    QObject::connect(scene.socket, &QIODevice::readyRead, [&] {
        if (++signals_seen > 1)
            return;
        rawSend(scene.peer, "67890");
        say("waitForReadyRead in readyRead = %d", scene.socket->waitForReadyRead(100));
        say("avail=%lld", static_cast<long long>(scene.socket->bytesAvailable()));
    });
    rawSend(scene.peer, "12345");
    pump();
    say("%d signals", signals_seen);
}

void wait_in_disconnected()
{
    Scene scene;

    scene.connect();
    QObject::connect(scene.socket, &QLocalSocket::disconnected, [&] {
        say("waitForDisconnected in disconnected = %d", scene.socket->waitForDisconnected(100));
    });
    scene.peerCloses();
    pump();
}

void wait_deletes()
{
    Scene scene;

    scene.connect();
    QObject::connect(scene.socket, &QIODevice::readyRead, [&] { delete scene.socket; });
    rawSend(scene.peer, "12345");
    say("waitForReadyRead whose slot deletes:");
    bool result = scene.socket->waitForReadyRead(100);
    say("= %d", result);
}

void write_in_bytes_written()
{
    Scene scene;
    int depth = 0, deepest = 0, count = 0;

    scene.connect();
    QObject::connect(scene.socket, &QIODevice::bytesWritten, [&] {
        deepest = std::max(deepest, ++depth);
        if (++count < 50) {
            scene.socket->write("x");
            scene.socket->flush();
        }
        depth--;
    });
    scene.socket->write("x");
    scene.socket->flush();
    pump();
    say("write and flush in bytesWritten: %d signals, depth %d; peer got %s", count, deepest,
        rawDrain(scene.peer).c_str());
}

/* ---- the server's slot ---- */

void new_connection_close()
{
    QLocalServer server;

    QObject::connect(&server, &QLocalServer::newConnection, [&] { server.close(); });
    server.listen("svc");
    int client = rawConnect(path("svc"));
    pump();
    show("then", server);
    ::close(client);
}

void new_connection_delete()
{
    auto *server = new QLocalServer;

    QObject::connect(server, &QLocalServer::newConnection, [&] { delete server; });
    server->listen("svc");
    int clients[3];
    for (int &client : clients)
        client = rawConnect(path("svc"));
    pump();
    say("alive; a client sees: %s", rawDrain(clients[0]).c_str());
}

void new_connection_listen_again()
{
    QLocalServer server;

    QObject::connect(&server, &QLocalServer::newConnection, [&] {
        server.close();
        server.listen("svc");
    });
    server.listen("svc");
    int client = rawConnect(path("svc"));
    pump();
    show("then", server);
    ::close(client);
}

} // namespace

int main(int argc, char **argv)
{
#define CASE(function) {#function, function}
    return probe::main(argc, argv,
                       {CASE(disconnected_reconnect),
                        CASE(disconnected_reconnect_own_close),
                        CASE(state_unconnected_reconnect),
                        CASE(read_finished_reconnect),
                        CASE(about_to_close_reconnect),
                        CASE(error_retry_recurses),
                        CASE(error_abort_then_reconnect),
                        CASE(peer_closed_abort_then_reconnect),
                        CASE(connected_reconnect_to_busy),
                        CASE(connecting_abort),
                        CASE(connecting_close),
                        CASE(state_connected_abort),
                        CASE(state_connected_close),
                        CASE(state_connected_disconnect),
                        CASE(connected_abort),
                        CASE(connected_close),
                        CASE(ready_read_abort),
                        CASE(about_to_close_close),
                        CASE(about_to_close_abort),
                        CASE(bytes_written_close),
                        CASE(closing_connect),
                        CASE(disconnected_delete),
                        CASE(error_delete),
                        CASE(about_to_close_delete),
                        CASE(error_delete_later),
                        CASE(destructor_runs_reconnect),
                        CASE(nested_loop_in_error),
                        CASE(nested_loop_in_ready_read),
                        CASE(nested_loop_in_disconnected),
                        CASE(nested_loop_in_peer_closed),
                        CASE(wait_in_ready_read),
                        CASE(wait_in_disconnected),
                        CASE(wait_deletes),
                        CASE(write_in_bytes_written),
                        CASE(new_connection_close),
                        CASE(new_connection_delete),
                        CASE(new_connection_listen_again)});
}
