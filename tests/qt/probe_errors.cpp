/* SPDX-License-Identifier: MIT */
/*
 * Which error follows from which cause, and what is left of it afterwards.
 */
#include "probe.h"

#include <cerrno>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace probe;

namespace
{

void connectTo(const char *what_it_is, const QString &name_of_it)
{
    QLocalSocket socket;

    socket.connectToServer(name_of_it);
    say("connect to %s: %s \"%s\"", what_it_is, name(socket.error()),
        text(socket.errorString()).c_str());
}

void connect_causes()
{
    writeFile(path("file"));
    mkdir(path("folder").c_str(), 0700);
    (void)!symlink("loop", path("loop").c_str());
    (void)!symlink("nowhere", path("dangling").c_str());
    ::close(rawListen(path("stale")));

    connectTo("nothing", "nobody");
    connectTo("a stale socket", "stale");
    connectTo("a regular file", "file");
    connectTo("a directory", "folder");
    connectTo("a name through a file", "file/x");
    connectTo("a link loop", "loop");
    connectTo("a dangling link", "dangling");
}

void connect_wrong_type()
{
    int pair = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct {
        unsigned short family;
        char bytes[108];
    } address = {AF_UNIX, ""};
    std::string there = path("dgram");

    memcpy(address.bytes, there.data(), there.size());
    (void)!bind(pair, reinterpret_cast<struct sockaddr *>(&address), sizeof(address));
    connectTo("a datagram socket", "dgram");
    ::close(pair);
}

void connect_no_permission()
{
    if (geteuid() != 0) {
        say("needs root");
        return;
    }
    int listener = rawListen(path("svc"));
    chmod(path("svc").c_str(), 0);
    chmod(path("").c_str(), 0711);
    if (setgid(65534) || setuid(65534))
        return;
    connectTo("a socket of mode 0", QString::fromStdString(path("svc")));
    ::close(listener);
}

void connect_no_descriptors()
{
    int listener = rawListen(path("svc"));

    limitDescriptors(0);
    QLocalSocket socket;
    watch(socket);
    socket.connectToServer("svc");
    show("no descriptors left", socket);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    socket.connectToServer("svc");
    show("some again", socket);
    socket.disconnect();
    ::close(listener);
}

void listenAt(const char *what_it_is, const QString &name_of_it)
{
    QLocalServer server;

    bool result = server.listen(name_of_it);
    say("listen at %s = %d: %s \"%s\"", what_it_is, result, name(server.serverError()),
        text(server.errorString()).c_str());
}

void listen_causes()
{
    writeFile(path("file"));
    mkdir(path("folder").c_str(), 0700);
    (void)!symlink("loop", path("loop").c_str());

    listenAt("a name through a file", "file/x");
    listenAt("a missing directory", "missing/x");
    listenAt("a directory", "folder");
    listenAt("a link loop", "loop");
    listenAt("below a link loop", "loop/x");
}

void listen_no_permission()
{
    if (geteuid() != 0) {
        say("needs root");
        return;
    }
    mkdir(path("closed").c_str(), 0500);
    chmod(path("").c_str(), 0711);
    if (setgid(65534) || setuid(65534))
        return;
    listenAt("a directory we may not write", QString::fromStdString(path("closed/x")));
    QLocalServer server;
    server.setSocketOptions(QLocalServer::UserAccessOption);
    bool result = server.listen(QString::fromStdString(path("closed/x")));
    say("with UserAccess = %d: %s \"%s\"", result, name(server.serverError()),
        text(server.errorString()).c_str());
}

void operation_error_is_not_kept()
{
    int listener = rawListen(path("svc"));
    QLocalSocket socket;

    socket.connectToServer("svc");
    QObject::connect(&socket, &QLocalSocket::errorOccurred,
                     [&](QLocalSocket::LocalSocketError error) {
                         say("errorOccurred(%s), error() = %s", name(error), name(socket.error()));
                     });
    socket.connectToServer("other");
    ::close(listener);
}

void valid_when_disconnected()
{
    int listener = rawListen(path("svc"));
    QLocalSocket socket;

    socket.connectToServer("svc");
    ::close(rawAccept(listener));
    pump();
    show("peer has closed", socket);
    ::close(listener);
}

void timeout_is_signalled()
{
    int listener = rawListen(path("svc"));
    QLocalSocket socket;

    socket.connectToServer("svc");
    watch(socket);
    say("waitForReadyRead(10) = %d", socket.waitForReadyRead(10));
    show("then", socket);
    socket.disconnect();
    ::close(listener);
}

void error_is_kept()
{
    int listener = rawListen(path("svc"));
    QLocalSocket socket;

    socket.connectToServer("nobody");
    say("failed: %s", name(socket.error()));
    socket.abort();
    say("after abort: %s", name(socket.error()));
    socket.close();
    say("after close: %s", name(socket.error()));
    socket.connectToServer("svc");
    say("after a success: %s", name(socket.error()));
    socket.waitForReadyRead(0);
    say("after a wait that timed out: %s", name(socket.error()));
    rawSend(rawAccept(listener), "12345");
    bool result = socket.waitForReadyRead(1000);
    say("after a wait that succeeded (%d): %s", result, name(socket.error()));
    ::close(listener);
}

void name_lifetime()
{
    int listener = rawListen(path("svc"));
    QLocalSocket socket;

    QObject::connect(&socket, &QLocalSocket::disconnected, [&] {
        say("inside disconnected: serverName \"%s\"", text(socket.serverName()).c_str());
    });
    socket.connectToServer("svc");
    socket.disconnectFromServer();
    socket.connectToServer();
    show("connectToServer() without a name", socket);
    ::close(listener);
}

void write_resets_error()
{
    int listener = rawListen(path("svc"));
    QLocalSocket socket;

    socket.connectToServer("svc");
    ::close(rawAccept(listener));
    pump();
    say("peer has closed: %s", name(socket.error()));
    socket.write("x");
    say("after a write: %s", name(socket.error()));
    ::close(listener);
}

} // namespace

int main(int argc, char **argv)
{
#define CASE(function) {#function, function}
    return probe::main(argc, argv,
                       {CASE(connect_causes), CASE(connect_wrong_type), CASE(connect_no_permission),
                        CASE(connect_no_descriptors), CASE(listen_causes),
                        CASE(listen_no_permission), CASE(operation_error_is_not_kept),
                        CASE(valid_when_disconnected), CASE(timeout_is_signalled),
                        CASE(error_is_kept), CASE(name_lifetime), CASE(write_resets_error)});
}
