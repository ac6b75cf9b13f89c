/* SPDX-License-Identifier: MIT */
/*
 * Descriptors handed in: wrong kinds, closed ones, listening ones, addresses of every length; and
 * which descriptors a round of use leaves behind.
 */
#include "probe.h"

#include <cstddef>
#include <fcntl.h>
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace probe;

namespace
{

/* Adopts, lets the loop run, and says what the object thinks. */
void adopt(const char *kind, int fd)
{
    QLocalSocket socket;

    bool result = socket.setSocketDescriptor(fd);
    say("%s: setSocketDescriptor = %d, %s open=%d valid=%d", kind, result, name(socket.state()),
        socket.isOpen(), socket.isValid());
    Meter meter;
    pump(300);
    say("%s: later %s, %s", kind, name(socket.state()), meter.load());
    socket.disconnect();
    socket.abort();
}

void closed_descriptor()
{
    QLocalSocket socket;
    int listener = rawListen(path("svc"));

    say("setSocketDescriptor(777) = %d", socket.setSocketDescriptor(777));
    show("then", socket);
    socket.abort();
    show("after abort", socket);
    socket.close();
    show("after close", socket);
    socket.connectToServer("svc");
    show("after connectToServer", socket);
    ::close(listener);
}

void minus_one()
{
    QLocalSocket socket;

    say("setSocketDescriptor(-1) = %d", socket.setSocketDescriptor(-1));
    show("then", socket);
    socket.abort();
    show("after abort", socket);
}

void regular_file()
{
    writeFile(path("file"));
    adopt("regular file", open(path("file").c_str(), O_RDONLY | O_CLOEXEC));
}

void pipe_at_end()
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return;
    ::close(ends[1]);
    adopt("pipe at its end", ends[0]);
}

void pipe_waits_for_ever()
{
    QLocalSocket socket;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return;
    ::close(ends[1]);
    socket.setSocketDescriptor(ends[0]);
    socket.write("12345");
    say("waitForBytesWritten(200):");
    say("= %d", socket.waitForBytesWritten(200));
}

void datagram()
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
        return;
    adopt("datagram", pair[0]);
}

void seqpacket_at_end()
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return;
    ::close(pair[1]);
    adopt("seqpacket at its end", pair[0]);
}

void seqpacket_message_cut()
{
    QLocalSocket socket;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return;
    socket.setSocketDescriptor(pair[0]);
    (void)!send(pair[1], "", 0, 0);
    rawSend(pair[1], "12345");
    pump(100);
    say("an empty message, then 5 bytes: %s avail=%lld", name(socket.state()),
        static_cast<long long>(socket.bytesAvailable()));
}

void listening()
{
    adopt("listening socket", rawListen(path("svc")));
}

void tcp()
{
    adopt("TCP, not connected", ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

void not_connected()
{
    adopt("unix stream, not connected", ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

void unconnected_is_not_used()
{
    QLocalSocket socket;
    int listener = rawListen(path("svc"));
    int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int before = openDescriptors();

    say("setSocketDescriptor = %d", socket.setSocketDescriptor(fd, QLocalSocket::UnconnectedState));
    socket.connectToServer("svc");
    say("connectToServer: %s, uses the adopted descriptor = %d", name(socket.state()),
        socket.socketDescriptor() == fd);
    socket.abort();
    say("after abort: descriptors less than before: %d", before - openDescriptors());
    ::close(listener);
}

void two_objects_one_descriptor()
{
    auto first = std::make_unique<QLocalSocket>();
    QLocalSocket second;
    int pair[2];

    rawPair(pair);
    first->setSocketDescriptor(pair[0]);
    say("a second object takes it = %d", second.setSocketDescriptor(pair[0]));
    first->abort();
    int stranger = open("/dev/null", O_RDONLY | O_CLOEXEC);
    say("a stranger's file got the number = %d", stranger == pair[0]);
    second.abort();
    say("the stranger's descriptor is open = %d", fcntl(stranger, F_GETFD) >= 0);
}

void flags()
{
    QLocalSocket socket;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        return;
    socket.setSocketDescriptor(pair[0]);
    say("adopted: close-on-exec %d non-blocking %d", fcntl(pair[0], F_GETFD) & FD_CLOEXEC,
        (fcntl(pair[0], F_GETFL) & O_NONBLOCK) != 0);
    ::close(pair[1]);
}

/* ---- listening ones ---- */

void listenOn(const char *kind, int fd)
{
    QLocalServer server;
    int before = openDescriptors();

    bool result = server.listen(static_cast<qintptr>(fd));
    say("listen(%s) = %d, isListening %d, fd %s, name \"%s\"", kind, result, server.isListening(),
        server.socketDescriptor() >= 0 ? "yes" : "no", text(server.serverName()).c_str());
    Meter meter;
    pump(200);
    say("%s: then isListening %d, %s", kind, server.isListening(), meter.load());
    server.close();
    say("%s: after close isListening %d, descriptors less than before: %d", kind,
        server.isListening(), before - openDescriptors());
}

void listen_minus_one()
{
    listenOn("-1", -1);
}

void listen_closed()
{
    listenOn("777", 777);
}

void listen_regular_file()
{
    writeFile(path("file"));
    listenOn("a regular file", open(path("file").c_str(), O_RDONLY | O_CLOEXEC));
}

void listen_not_listening()
{
    listenOn("a socket that does not listen", ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

void listen_connected()
{
    int pair[2];

    rawPair(pair);
    listenOn("a connected socket", pair[0]);
}

/* The address of a TCP socket is read as a name: its first two bytes are the port. */
void listen_tcp()
{
    int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {};

    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons('a' << 8 | 'b');
    if (bind(fd, reinterpret_cast<struct sockaddr *>(&address), sizeof(address)) ||
        ::listen(fd, 1)) {
        say("the port is taken");
        return;
    }
    listenOn("a TCP socket", fd);
}

void listen_name_not_utf8()
{
    listenOn("a name that is not UTF-8", rawListen(path("svc\xff\xfe")));
}

void listen_twice()
{
    QLocalServer server;
    int first = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int second = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    say("listen = %d", server.listen(static_cast<qintptr>(first)));
    say("listen again = %d", server.listen(static_cast<qintptr>(second)));
}

void listen_unnamed_leaks()
{
    int before = openDescriptors();

    for (int i = 0; i < 20; i++) {
        QLocalServer server;
        server.listen(static_cast<qintptr>(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
        server.close();
    }
    say("20 times: descriptors more than before: %d", openDescriptors() - before);
}

void listen_close_removes_callers_path()
{
    int fd = rawListen(path("svc"));
    int owner = dup(fd);
    {
        QLocalServer server;
        server.listen(static_cast<qintptr>(fd));
        server.close();
    }
    say("handed over and closed; the owner's duplicate is open; svc is %s",
        what(path("svc")).c_str());
    ::close(owner);
}

void listen_abstract_descriptor()
{
    QLocalServer server;
    int fd = rawListenAbstract("qt-probe-fd");

    say("listen = %d", server.listen(static_cast<qintptr>(fd)));
    show("abstract descriptor", server);
    say("socketOptions %d", static_cast<int>(server.socketOptions()));
}

/* ---- addresses ---- */

std::string pathOf(size_t length)
{
    return path(std::string(length - path("").size(), 'n'));
}

void compare(const char *who, const QString &reported, const std::string &real)
{
    say("%s of %zu bytes: reported exactly = %d, with %lld characters", who, real.size(),
        reported == QString::fromStdString(real), static_cast<long long>(reported.size()));
}

/* Leaves letters on the stack below the caller: the byte that is read past the array is theirs. */
__attribute__((noinline)) void plantStack()
{
    volatile char bytes[65536];

    for (volatile char &byte : bytes)
        byte = 'A';
}

/* A path of 108 bytes has no terminator, and the kernel says that the address has 111 bytes: one
 * more than the structure. */
void peer_name_lengths()
{
    int listener = rawListen(path("svc"));

    for (size_t length : {106u, 107u, 108u}) {
        QLocalSocket socket;
        int peer = rawConnectAs(pathOf(length), path("svc"));
        int fd = rawAccept(listener);
        plantStack();
        socket.setSocketDescriptor(fd);
        compare("peer", socket.fullServerName(), pathOf(length));
        ::close(peer);
    }
    ::close(listener);
}

void peer_relative_path()
{
    int listener = rawListen(path("svc"));
    struct sockaddr_un self = {};

    if (chdir(path("").c_str()))
        return;
    self.sun_family = AF_UNIX;
    memcpy(self.sun_path, "rel", 3);
    int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)!bind(client, reinterpret_cast<struct sockaddr *>(&self),
                offsetof(struct sockaddr_un, sun_path) + 3);
    struct sockaddr_un there = {};
    std::string svc = path("svc");
    there.sun_family = AF_UNIX;
    memcpy(there.sun_path, svc.data(), svc.size());
    (void)!connect(client, reinterpret_cast<struct sockaddr *>(&there), sizeof(there));
    QLocalSocket socket;
    socket.setSocketDescriptor(rawAccept(listener));
    show("peer bound to a relative path", socket);
    ::close(client);
    ::close(listener);
}

/* ---- what a round leaves ---- */

void round_trip_leaks()
{
    int listener = rawListen(path("svc"), 64);
    int before = openDescriptors();

    for (int i = 0; i < 20; i++) {
        QLocalSocket socket;
        socket.connectToServer("svc");
        int peer = rawAccept(listener);
        socket.write("12345");
        if (i % 2)
            socket.abort();
        else
            socket.disconnectFromServer();
        pump(1);
        ::close(peer);
        socket.connectToServer("nobody");
    }
    say("20 rounds: descriptors more than before: %d", openDescriptors() - before);
    ::close(listener);
}

void server_rounds_leak()
{
    int before = openDescriptors();

    for (int i = 0; i < 20; i++) {
        QLocalServer server;
        server.listen("svc");
        int client = rawConnect(path("svc"));
        server.waitForNewConnection(100);
        if (i % 2)
            delete server.nextPendingConnection();
        server.close();
        ::close(client);
    }
    say("20 rounds: descriptors more than before: %d", openDescriptors() - before);
}

void backlog_wait_reconnect_leaks()
{
    int fillers[8];
    int busy = rawListen(path("busy"), 0);
    int filled = rawFill(path("busy"), fillers, 8);
    int before = openDescriptors();
    {
        QLocalSocket socket;
        for (int i = 0; i < 20; i++) {
            socket.connectToServer("busy");
            socket.waitForReadyRead(1);
        }
    }
    say("20 rounds of full backlog and waitForReadyRead: descriptors more than before: %d",
        openDescriptors() - before);
    for (int i = 0; i < filled; i++)
        ::close(fillers[i]);
    ::close(busy);
}

void connecting_slot_moves_leaks()
{
    int svc = rawListen(path("svc"), 64);
    int fillers[8];
    int busy = rawListen(path("busy"), 0);
    int filled = rawFill(path("busy"), fillers, 8);
    int before = openDescriptors();
    {
        QLocalSocket socket;
        bool inside = false;
        QObject::connect(&socket, &QLocalSocket::stateChanged,
                         [&](QLocalSocket::LocalSocketState state) {
                             if (state != QLocalSocket::ConnectingState || inside)
                                 return;
                             inside = true;
                             socket.abort();
                             socket.connectToServer("busy");
                             inside = false;
                         });
        for (int i = 0; i < 20; i++) {
            socket.connectToServer("svc");
            socket.abort();
        }
    }
    say("20 rounds of moving to a busy server in stateChanged(Connecting): descriptors more than "
        "before: %d",
        openDescriptors() - before);
    ::close(svc);
    for (int i = 0; i < filled; i++)
        ::close(fillers[i]);
    ::close(busy);
}

void failed_adoption_keeps_descriptor()
{
    int before = openDescriptors();

    for (int i = 0; i < 20; i++) {
        QLocalSocket socket;
        writeFile(path("file"));
        if (!socket.setSocketDescriptor(open(path("file").c_str(), O_RDONLY | O_CLOEXEC)))
            say("refused");
        socket.abort();
    }
    say("20 regular files: descriptors more than before: %d", openDescriptors() - before);
}

} // namespace

int main(int argc, char **argv)
{
#define CASE(function) {#function, function}
    return probe::main(argc, argv,
                       {CASE(closed_descriptor),
                        CASE(minus_one),
                        CASE(regular_file),
                        CASE(pipe_at_end),
                        CASE(pipe_waits_for_ever),
                        CASE(datagram),
                        CASE(seqpacket_at_end),
                        CASE(seqpacket_message_cut),
                        CASE(listening),
                        CASE(tcp),
                        CASE(not_connected),
                        CASE(unconnected_is_not_used),
                        CASE(two_objects_one_descriptor),
                        CASE(flags),
                        CASE(listen_minus_one),
                        CASE(listen_closed),
                        CASE(listen_regular_file),
                        CASE(listen_not_listening),
                        CASE(listen_connected),
                        CASE(listen_tcp),
                        CASE(listen_name_not_utf8),
                        CASE(listen_twice),
                        CASE(listen_unnamed_leaks),
                        CASE(listen_close_removes_callers_path),
                        CASE(listen_abstract_descriptor),
                        CASE(peer_name_lengths),
                        CASE(peer_relative_path),
                        CASE(round_trip_leaks),
                        CASE(server_rounds_leak),
                        CASE(backlog_wait_reconnect_leaks),
                        CASE(connecting_slot_moves_leaks),
                        CASE(failed_adoption_keeps_descriptor)});
}
