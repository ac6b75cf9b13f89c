/* SPDX-License-Identifier: MIT */
/*
 * Who may connect: modes, abstract names, names taken by somebody else first.
 *
 * The other user is nobody (65534), so most cases need root.
 */
#include "probe.h"

#include <functional>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace probe;

namespace
{

/* Runs @what as nobody and waits; false without root. The case's directory is opened to him. */
bool asNobody(const std::function<void()> &what)
{
    if (geteuid() != 0) {
        say("needs root");
        return false;
    }
    chmod(path("").c_str(), 01777);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (setgid(65534) || setuid(65534))
            _exit(1);
        what();
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, nullptr, 0);
    return true;
}

void modes()
{
    static const int options[] = {0, 1, 2, 4, 3, 7};

    for (mode_t mask : {0u, 022u, 077u, 0777u}) {
        umask(mask);
        std::string line;
        for (int option : options) {
            QLocalServer server;
            server.setSocketOptions(static_cast<QLocalServer::SocketOption>(option));
            server.listen("svc");
            line += " " + std::to_string(option) + ": " + what(path("svc")) + ";";
        }
        say("umask %04o:%s", mask, line.c_str());
    }
}

void no_options_umask_0()
{
    QLocalServer server;

    umask(0);
    server.listen("svc");
    if (!asNobody([] {
            QLocalSocket socket;
            socket.connectToServer(QString::fromStdString(path("svc")));
            say("nobody: %s", name(socket.state()));
        }))
        return;
}

void user_access()
{
    QLocalServer server;

    server.setSocketOptions(QLocalServer::UserAccessOption);
    server.listen("svc");
    if (!asNobody([] {
            QLocalSocket socket;
            socket.connectToServer(QString::fromStdString(path("svc")));
            say("nobody: %s %s", name(socket.state()), name(socket.error()));
        }))
        return;
}

void abstract_ignores_access()
{
    QLocalServer server;

    server.setSocketOptions(QLocalServer::UserAccessOption | QLocalServer::AbstractNamespaceOption);
    say("listen = %d", server.listen("qt-probe-access"));
    say("socketOptions %d", static_cast<int>(server.socketOptions()));
    if (!asNobody([] {
            int fd = rawConnectAbstract("qt-probe-access");
            say("nobody: %s", fd >= 0 ? "connected" : "refused");
        }))
        return;
}

void squatter()
{
    int ready[2], done[2];

    if (geteuid() != 0) {
        say("needs root");
        return;
    }
    chmod(path("").c_str(), 01777);
    if (pipe(ready) || pipe(done))
        return;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        char byte = 0;
        if (setgid(65534) || setuid(65534))
            _exit(1);
        int listener = rawListen(path("svc"));
        (void)!write(ready[1], &byte, 1);
        int peer = rawAccept(listener);
        say("nobody received %s", rawDrain(peer).c_str());
        fflush(stdout);
        (void)!read(done[0], &byte, 1);
        _exit(0);
    }
    char byte = 0;
    (void)!read(ready[0], &byte, 1);
    QLocalSocket socket;
    QLocalServer server;
    socket.connectToServer("svc");
    socket.write("password");
    socket.waitForBytesWritten(1000);
    say("client of root: %s", name(socket.state()));
    bool result = server.listen("svc");
    say("server of root: listen = %d %s", result, name(server.serverError()));
    pump(200);
    (void)!write(done[1], &byte, 1);
    waitpid(child, nullptr, 0);
}

void options_replaces_strangers_socket()
{
    QLocalServer server;

    if (!asNobody([] { ::close(rawListen(path("svc"))); }))
        return;
    server.setSocketOptions(QLocalServer::UserAccessOption);
    bool result = server.listen("svc");
    say("nobody's stale socket: listen with UserAccess = %d, now %s", result,
        what(path("svc")).c_str());
}

} // namespace

int main(int argc, char **argv)
{
#define CASE(function) {#function, function}
    return probe::main(argc, argv,
                       {CASE(modes), CASE(no_options_umask_0), CASE(user_access),
                        CASE(abstract_ignores_access), CASE(squatter),
                        CASE(options_replaces_strangers_socket)});
}
