/* SPDX-License-Identifier: MIT */
/*
 * QLocalServer: what each call returns, and which names it reports.
 */
#include "probe.h"

#include <memory>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

using namespace probe;

namespace
{

void fresh()
{
    QLocalServer server;

    show("fresh", server);
    say("maxPendingConnections=%d listenBacklogSize=%d socketOptions=%d",
        server.maxPendingConnections(), server.listenBacklogSize(),
        static_cast<int>(server.socketOptions()));
    say("nextPendingConnection = %s", server.nextPendingConnection() ? "a socket" : "null");
    server.close();
    show("after close", server);
}

void listen_short()
{
    QLocalServer server;

    say("listen = %d", server.listen("svc"));
    show("then", server);
    say("file: %s", what(path("svc")).c_str());
    server.close();
    show("after close", server);
    say("file: %s", what(path("svc")).c_str());
}

void listen_absolute()
{
    QLocalServer server;

    say("listen = %d", server.listen(QString::fromStdString(path("svc"))));
    show("then", server);
}

void listen_abstract()
{
    QLocalServer server;

    server.setSocketOptions(QLocalServer::AbstractNamespaceOption);
    say("listen = %d", server.listen("qt-probe-svc"));
    show("then", server);
    QLocalSocket socket;
    socket.setSocketOptions(QLocalSocket::AbstractNamespaceOption);
    socket.connectToServer("qt-probe-svc");
    show("client", socket);
    socket.abort();
    socket.connectToServer("qt-probe-none");
    show("client of nobody", socket);
}

void listen_twice()
{
    QLocalServer server;

    server.listen("svc");
    say("listen again = %d", server.listen("other"));
    show("then", server);
    say("files: svc %s, other %s", what(path("svc")).c_str(), what(path("other")).c_str());
}

void listen_again_after_close()
{
    QLocalServer server;

    server.listen("svc");
    server.close();
    say("listen = %d", server.listen("svc"));
    show("then", server);
}

void listen_live_name()
{
    QLocalServer first, second;

    first.listen("svc");
    say("second listen = %d", second.listen("svc"));
    show("second", second);
    say("file: %s", what(path("svc")).c_str());
}

void listen_stale_name()
{
    QLocalServer server;

    ::close(rawListen(path("svc")));
    say("listen = %d", server.listen("svc"));
    show("then", server);
    say("removeServer = %d", QLocalServer::removeServer("svc"));
    say("listen = %d", server.listen("svc"));
    show("then", server);
}

void listen_regular_file()
{
    QLocalServer server;

    writeFile(path("svc"));
    say("listen = %d", server.listen("svc"));
    show("then", server);
    say("file: %s", what(path("svc")).c_str());
}

void listen_bad_names()
{
    for (const char *bad : {"", "no/such/folder", "/", ".", ".."}) {
        QLocalServer server;
        bool result = server.listen(QString(bad));
        say("listen(\"%s\") = %d %s \"%s\"", bad, result, name(server.serverError()),
            text(server.errorString()).c_str());
    }
}

void options_after_listen()
{
    QLocalServer server;

    server.listen("svc");
    server.setSocketOptions(QLocalServer::WorldAccessOption);
    say("socketOptions=%d file: %s", static_cast<int>(server.socketOptions()),
        what(path("svc")).c_str());
    server.setListenBacklogSize(3);
    say("listenBacklogSize=%d", server.listenBacklogSize());
    for (int size : {0, -1, 1000000}) {
        server.setListenBacklogSize(size);
        say("setListenBacklogSize(%d): %d", size, server.listenBacklogSize());
    }
    for (int size : {0, -1, 1000000}) {
        server.setMaxPendingConnections(size);
        say("setMaxPendingConnections(%d): %d", size, server.maxPendingConnections());
    }
}

void pending_after_close()
{
    QLocalServer server;

    server.listen("svc");
    int client = rawConnect(path("svc"));
    pump();
    show("one connection", server);
    server.close();
    show("after close", server);
    say("nextPendingConnection = %s", server.nextPendingConnection() ? "a socket" : "null");
    say("client: %s", rawDrain(client).c_str());
    ::close(client);
}

void taken_after_close()
{
    QLocalServer server;

    server.listen("svc");
    int client = rawConnect(path("svc"));
    pump();
    QLocalSocket *socket = server.nextPendingConnection();
    say("parent is the server = %d", socket->parent() == &server);
    server.close();
    show("taken before close", *socket);
    ::close(client);
}

void socket_outlives_server()
{
    auto server = std::make_unique<QLocalServer>();
    bool gone = false;

    server->listen("svc");
    int client = rawConnect(path("svc"));
    pump();
    QObject::connect(server->nextPendingConnection(), &QObject::destroyed, [&] { gone = true; });
    server.reset();
    say("server deleted: taken socket deleted too = %d", gone);
    say("client: %s", rawDrain(client).c_str());
    ::close(client);
}

void max_pending(int limit, int clients)
{
    QLocalServer server;
    int fds[64], got = 0, signals_seen = 0;

    QObject::connect(&server, &QLocalServer::newConnection, [&] { signals_seen++; });
    server.setMaxPendingConnections(limit);
    server.listen("svc");
    for (int i = 0; i < clients; i++)
        fds[i] = rawConnect(path("svc"));
    pump(200);
    int announced = signals_seen;
    while (QLocalSocket *socket = server.nextPendingConnection()) {
        got++;
        socket->setParent(nullptr);
    }
    say("limit %d, %d clients: newConnection %d, taken at once %d", limit, clients, announced, got);
    pump(200);
    int later = 0;
    while (server.nextPendingConnection())
        later++;
    say("later: newConnection %d more, taken %d more", signals_seen - announced, later);
    for (int i = 0; i < clients; i++)
        ::close(fds[i]);
}

void max_pending_1()
{
    max_pending(1, 10);
}

void max_pending_3()
{
    max_pending(3, 10);
}

void max_pending_0()
{
    max_pending(0, 10);
}

void max_pending_30()
{
    max_pending(30, 40);
}

void wait_new(QLocalServer &server, int ms, const char *scene)
{
    bool timed_out = false;
    Meter meter;
    bool result = server.waitForNewConnection(ms, &timed_out);

    say("%s: waitForNewConnection(%d) = %d timedOut=%d, %s; pending=%d error=%s \"%s\"", scene, ms,
        result, timed_out, ms > 0 && meter.wall() > ms / 2000.0 ? "waited" : "at once",
        server.hasPendingConnections(), name(server.serverError()),
        text(server.errorString()).c_str());
}

void wait_not_listening()
{
    QLocalServer server;

    wait_new(server, 0, "not listening");
    wait_new(server, 60, "not listening");
    wait_new(server, -1, "not listening");
}

void wait_nobody()
{
    QLocalServer server;

    server.listen("svc");
    wait_new(server, 0, "nobody");
    wait_new(server, 60, "nobody");
}

void wait_in_backlog()
{
    QLocalServer server;

    server.listen("svc");
    int client = rawConnect(path("svc"));
    wait_new(server, 0, "in the backlog");
    wait_new(server, 60, "pending already, no other");
    int other = rawConnect(path("svc"));
    wait_new(server, -1, "pending already, another in the backlog");
    ::close(client);
    ::close(other);
}

void wait_null_flag()
{
    QLocalServer server;

    server.listen("svc");
    say("waitForNewConnection(0, nullptr) = %d", server.waitForNewConnection(0, nullptr));
}

void wait_later()
{
    QLocalServer server;
    int client = -1;

    server.listen("svc");
    std::thread other([&] {
        usleep(100000);
        client = rawConnect(path("svc"));
    });
    wait_new(server, -1, "a client comes");
    other.join();
    ::close(client);
}

void wait_above_limit()
{
    QLocalServer server;
    int fds[5];

    server.setMaxPendingConnections(1);
    server.listen("svc");
    for (int &fd : fds)
        fd = rawConnect(path("svc"));
    for (int i = 0; i < 5; i++)
        wait_new(server, 0, "limit 1");
    int got = 0;
    while (server.nextPendingConnection())
        got++;
    say("accepted %d", got);
    for (int fd : fds)
        ::close(fd);
}

void remove_results()
{
    writeFile(path("file"));
    ::close(rawListen(path("stale")));
    int live = rawListen(path("live"));
    say("missing: %d", QLocalServer::removeServer("missing"));
    for (const char *victim : {"stale", "live", "file", ""}) {
        bool result = QLocalServer::removeServer(victim);
        say("\"%s\": %d, now %s", victim, result, what(path(victim)).c_str());
    }
    ::close(live);
}

void backlog_size()
{
    QLocalServer server;
    int fds[16];

    say("default %d", server.listenBacklogSize());
    server.setListenBacklogSize(2);
    server.listen("svc");
    int made = rawFill(path("svc"), fds, 16);
    say("size 2 admits %d before accept", made);
    for (int i = 0; i < made; i++)
        ::close(fds[i]);
}

void listen_descriptor()
{
    QLocalServer server;
    int fd = rawListen(path("svc"));

    say("listen(fd) = %d", server.listen(static_cast<qintptr>(fd)));
    show("then", server);
    int client = rawConnect(path("svc"));
    pump();
    show("a client", server);
    server.close();
    say("after close: file %s", what(path("svc")).c_str());
    ::close(client);
}

struct Override : QLocalServer {
    int count = 0;

  protected:
    void incomingConnection(quintptr descriptor) override
    {
        count++;
        ::close(static_cast<int>(descriptor));
    }
};

void incoming_override()
{
    Override server;
    int announced = 0;

    QObject::connect(&server, &QLocalServer::newConnection, [&] { announced++; });
    server.listen("svc");
    int client = rawConnect(path("svc"));
    pump();
    say("incomingConnection %d, newConnection %d, hasPendingConnections %d", server.count,
        announced, server.hasPendingConnections());
    ::close(client);
}

void sees_file_removed()
{
    QLocalServer server;

    server.listen("svc");
    ::unlink(path("svc").c_str());
    pump();
    show("file removed by somebody", server);
    say("listening on a name nobody can reach; close:");
    server.close();
    show("then", server);
}

} // namespace

int main(int argc, char **argv)
{
#define CASE(function) {#function, function}
    return probe::main(argc, argv,
                       {CASE(fresh),
                        CASE(listen_short),
                        CASE(listen_absolute),
                        CASE(listen_abstract),
                        CASE(listen_twice),
                        CASE(listen_again_after_close),
                        CASE(listen_live_name),
                        CASE(listen_stale_name),
                        CASE(listen_regular_file),
                        CASE(listen_bad_names),
                        CASE(options_after_listen),
                        CASE(pending_after_close),
                        CASE(taken_after_close),
                        CASE(socket_outlives_server),
                        CASE(max_pending_0),
                        CASE(max_pending_1),
                        CASE(max_pending_3),
                        CASE(max_pending_30),
                        CASE(wait_not_listening),
                        CASE(wait_nobody),
                        CASE(wait_in_backlog),
                        CASE(wait_null_flag),
                        CASE(wait_later),
                        CASE(wait_above_limit),
                        CASE(remove_results),
                        CASE(backlog_size),
                        CASE(listen_descriptor),
                        CASE(incoming_override),
                        CASE(sees_file_removed)});
}
