/* SPDX-License-Identifier: MIT */
/*
 * Accepting: running out of descriptors, a listening descriptor shared with somebody else, the list
 * of pending connections.
 */
#include "probe.h"

#include <QSocketNotifier>
#include <QTimer>

#include <memory>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace probe;

namespace
{

const int clients_max = 64;

/* Clients that connect and stay; made before descriptors run short. */
struct Clients {
    int fds[clients_max];
    int count = 0;

    void connect(int how_many)
    {
        for (int i = 0; i < how_many; i++)
            fds[count++] = rawConnect(path("svc"));
    }
    void leave()
    {
        while (count)
            ::close(fds[--count]);
    }
};

void emfile_ends_service()
{
    QLocalServer server;
    Clients clients;

    watch(server);
    server.listen("svc");
    clients.connect(6);
    limitDescriptors(3);
    pump(200);
    show("after the flood", server);
    say("svc is %s", what(path("svc")).c_str());
}

void emfile_then_take()
{
    QLocalServer server;
    Clients clients;

    server.listen("svc");
    clients.connect(6);
    limitDescriptors(3);
    pump(200);
    say("listening %d pending %d", server.isListening(), server.hasPendingConnections());
    say("nextPendingConnection:");
    QLocalSocket *socket = server.nextPendingConnection();
    say("= %s", socket ? "a socket" : "null");
}

/* An application that takes connections now and then. */
void emfile_taken_by_timer()
{
    QLocalServer server;
    Clients clients;
    QTimer timer;
    int taken = 0;

    server.listen("svc");
    clients.connect(20);
    limitDescriptors(10);
    QObject::connect(&timer, &QTimer::timeout, [&] {
        while (server.hasPendingConnections())
            if (server.nextPendingConnection())
                taken++;
    });
    timer.start(50);
    pump(500);
    say("taken %d, listening %d", taken, server.isListening());
}

void emfile_in_wait()
{
    QLocalServer server;
    Clients clients;

    server.listen("svc");
    clients.connect(1);
    limitDescriptors(0);
    bool timed_out = false;
    bool result = server.waitForNewConnection(100, &timed_out);
    say("waitForNewConnection = %d timedOut %d", result, timed_out);
    show("then", server);
    say("svc is %s", what(path("svc")).c_str());
}

void shared_loser_ends_service()
{
    QLocalServer first, second;
    int fd = rawListen(path("svc"));
    Clients clients;

    first.listen(static_cast<qintptr>(fd));
    second.listen(static_cast<qintptr>(dup(fd)));
    clients.connect(1);
    pump(200);
    int listening = first.isListening() + second.isListening();
    say("two objects on one queue, one connection: %d still listen, %d has it", listening,
        first.hasPendingConnections() + second.hasPendingConnections());
    QLocalServer &loser = first.isListening() ? second : first;
    say("the loser: %s \"%s\", svc is %s", name(loser.serverError()),
        text(loser.errorString()).c_str(), what(path("svc")).c_str());
}

/* Somebody else (a forked worker) takes the connection between poll() and accept(). */
void shared_blocks_for_ever()
{
    QLocalServer server;
    Clients clients;

    server.listen("svc");
    int shared = dup(static_cast<int>(server.socketDescriptor()));
    say("the listening descriptor is non-blocking = %d",
        (fcntl(shared, F_GETFL) & O_NONBLOCK) != 0);
    /* Both notifiers fire in one round of the loop; whichever goes second finds nothing. */
    QSocketNotifier thief(shared, QSocketNotifier::Read);
    QObject::connect(&thief, &QSocketNotifier::activated,
                     [&] { ::close(accept4(shared, nullptr, nullptr, SOCK_CLOEXEC)); });
    clients.connect(1);
    pump(300);
    say("the loop still runs");
}

void pending_dead_clients()
{
    QLocalServer server;
    Clients clients;
    int dead = 0, got = 0;

    server.listen("svc");
    clients.connect(40);
    clients.leave();
    pump(300);
    while (QLocalSocket *socket = server.nextPendingConnection()) {
        got++;
        dead += socket->state() == QLocalSocket::UnconnectedState;
        if (got == 32)
            break;
    }
    say("40 clients came and went: the first %d taken, %d of them already dead", got, dead);
}

void pending_flooding_client()
{
    QLocalServer server;

    server.listen("svc");
    int client = rawConnect(path("svc"));
    pump();
    size_t sent = 0;
    for (int i = 0; i < 64; i++) {
        sent += rawSend(client, 1 << 20);
        pump(2);
    }
    say("nobody has taken the connection: more than 8 MiB read for it = %d", sent > 8 << 20);
    ::close(client);
}

void pending_with_limit_one()
{
    QLocalServer server;
    Clients clients;

    server.setMaxPendingConnections(1);
    server.listen("svc");
    clients.connect(5);
    pump(200);
    int got = 0;
    while (QLocalSocket *socket = server.nextPendingConnection()) {
        socket->setParent(nullptr);
        got++;
    }
    say("limit 1: %d were pending", got);
}

void accepted_descriptor_flags()
{
    QLocalServer server;
    Clients clients;

    server.listen("svc");
    clients.connect(1);
    pump();
    QLocalSocket *socket = server.nextPendingConnection();
    int fd = static_cast<int>(socket->socketDescriptor());
    int listener = static_cast<int>(server.socketDescriptor());
    say("accepted: close-on-exec %d non-blocking %d", fcntl(fd, F_GETFD) & FD_CLOEXEC,
        (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    say("listening: close-on-exec %d non-blocking %d", fcntl(listener, F_GETFD) & FD_CLOEXEC,
        (fcntl(listener, F_GETFL) & O_NONBLOCK) != 0);
}

void name_of_bound_client()
{
    QLocalServer server;

    server.listen("svc");
    int client = rawConnectAs("qt-probe.example.trusted", path("svc"));
    pump();
    QLocalSocket *taken = server.nextPendingConnection();
    show("taken", *taken);
    ::close(client);
}

void high_descriptors()
{
    QLocalServer server;
    int first = dup(0), last = first;
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    while (last >= 0 && last < 1500)
        last = dup(0);
    if (last < 1500) {
        say("not enough descriptors on this machine");
        return;
    }
    say("listen = %d", server.listen("svc"));
    QLocalSocket socket;
    socket.connectToServer("svc");
    bool came = server.waitForNewConnection(1000);
    QLocalSocket *peer = server.nextPendingConnection();
    say("connected %d, came %d, descriptor above 1024 = %d",
        socket.state() == QLocalSocket::ConnectedState, came, socket.socketDescriptor() > 1024);
    peer->write("12345");
    say("waitForBytesWritten = %d", peer->waitForBytesWritten(1000));
    say("waitForReadyRead = %d", socket.waitForReadyRead(1000));
    peer->close();
    say("waitForDisconnected = %d", socket.waitForDisconnected(1000));
}

} // namespace

int main(int argc, char **argv)
{
#define CASE(function) {#function, function}
    return probe::main(
        argc, argv,
        {CASE(emfile_ends_service), CASE(emfile_then_take), CASE(emfile_taken_by_timer),
         CASE(emfile_in_wait), CASE(shared_loser_ends_service), CASE(shared_blocks_for_ever),
         CASE(pending_dead_clients), CASE(pending_flooding_client), CASE(pending_with_limit_one),
         CASE(accepted_descriptor_flags), CASE(name_of_bound_client), CASE(high_descriptors)});
}
