/* SPDX-License-Identifier: MIT */
/*
 * Names: NUL and other bytes, lengths, the environment; and what listen(), close() and
 * removeServer() do to files that they did not make.
 */
#include "probe.h"

#include <memory>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace probe;

namespace
{

QString withNul(const char *before, const char *after)
{
    return QString(before) + QChar(0) + QString(after);
}

QString absolute(const std::string &entry)
{
    return QString::fromStdString(path(entry));
}

/* ---- bytes in names ---- */

void nul_client_reaches_prefix()
{
    int listener = rawListen(path("good"));
    QLocalSocket socket;

    socket.connectToServer(withNul("good", "evil"));
    show("connect good\\0evil", socket);
    ::close(listener);
}

void nul_server_binds_prefix()
{
    QLocalServer server;
    QString bad = withNul("good", "evil");

    say("listen = %d", server.listen(bad));
    say("good is %s", what(path("good")).c_str());
    server.close();
    say("after close: good is %s", what(path("good")).c_str());
    bool removed = QLocalServer::removeServer(bad);
    say("removeServer = %d, good is %s", removed, what(path("good")).c_str());
    say("listen = %d", server.listen(bad));
    say("%s", name(server.serverError()));
}

void nul_two_names_one_socket()
{
    QLocalServer server;
    QLocalSocket socket;

    server.listen("good");
    socket.connectToServer(withNul("good", "other"));
    pump();
    show("client of good\\0other", socket);
    say("server of good has a connection = %d", server.hasPendingConnections());
}

void nul_rename_replaces_file()
{
    QLocalServer server;

    writeFile(path("good"));
    server.setSocketOptions(QLocalServer::UserAccessOption);
    say("listen = %d", server.listen(withNul("good", "evil")));
    say("good is %s", what(path("good")).c_str());
}

void nul_first()
{
    QLocalServer server;
    QLocalSocket socket;

    say("listen(\\0evil) = %d", server.listen(withNul("", "evil")));
    show("server", server);
    socket.connectToServer(withNul("", "evil"));
    show("client", socket);
}

void nul_in_removed_name()
{
    writeFile(path("good"));
    bool removed = QLocalServer::removeServer(withNul("good", "evil"));
    say("removeServer = %d, good is %s", removed, what(path("good")).c_str());
}

void nul_in_set_name()
{
    QLocalSocket socket;

    socket.setServerName(withNul("good", "evil"));
    show("setServerName", socket);
}

void surrogates_collapse()
{
    QLocalServer server;
    QLocalSocket socket;

    say("listen(U+D800) = %d", server.listen(QString(QChar(0xd800))));
    say("fullServerName %s", text(server.fullServerName()).c_str());
    socket.connectToServer(QString(QChar(0xdc01)));
    show("client of U+DC01", socket);
}

void abstract_keeps_nul()
{
    QLocalServer whole, prefix;

    for (QLocalServer *server : {&whole, &prefix})
        server->setSocketOptions(QLocalServer::AbstractNamespaceOption);
    say("listen(good\\0evil) = %d", whole.listen(withNul("qt-probe-good", "evil")));
    say("listen(good) = %d", prefix.listen("qt-probe-good"));
    show("good\\0evil", whole);
}

void abstract_not_utf8()
{
    int listener = rawListenAbstract("qt-probe-\xff\xfe");
    QLocalSocket socket;

    socket.setSocketOptions(QLocalSocket::AbstractNamespaceOption);
    socket.connectToServer(QString::fromLocal8Bit("qt-probe-\xff\xfe"));
    show("client of ...\\xff\\xfe", socket);
    ::close(listener);
}

void abstract_at_sign()
{
    QLocalServer server;
    QLocalSocket socket;

    say("listen(\"@svc\") = %d", server.listen("@svc"));
    say("@svc is %s", what(path("@svc")).c_str());
    socket.connectToServer("@svc");
    show("client", socket);
}

void abstract_padded()
{
    std::string padded("qt-probe-pad", 12);
    padded.resize(107, '\0');
    int listener = rawListenAbstract(padded);
    QLocalSocket socket;

    socket.setSocketOptions(QLocalSocket::AbstractNamespaceOption);
    socket.connectToServer("qt-probe-pad");
    show("client of a padded name", socket);
    ::close(listener);
}

void abstract_remove_touches_file()
{
    QLocalServer server;

    server.setSocketOptions(QLocalServer::AbstractNamespaceOption);
    server.listen("qt-probe-rm");
    writeFile(path("qt-probe-rm"));
    bool removed = QLocalServer::removeServer("qt-probe-rm");
    say("removeServer = %d, file of that name in $TMPDIR: %s", removed,
        what(path("qt-probe-rm")).c_str());
}

void abstract_empty()
{
    QLocalServer server;
    QLocalSocket socket;

    server.setSocketOptions(QLocalServer::AbstractNamespaceOption);
    say("listen(\"\") = %d", server.listen(""));
    show("server", server);
    socket.setSocketOptions(QLocalSocket::AbstractNamespaceOption);
    socket.connectToServer("");
    show("client", socket);
}

void newline_in_name()
{
    QLocalServer server;

    say("listen(\"a\\nb\") = %d", server.listen("a\nb"));
    show("server", server);
}

/* ---- lengths ---- */

void length_limits()
{
    for (size_t length : {105u, 106u, 107u, 108u}) {
        std::string entry(length - path("").size(), 'n');
        QLocalServer server;
        bool listens = server.listen(absolute(entry));
        say("path of %zu bytes: listen = %d %s", length, listens, name(server.serverError()));
        server.close();
        if (length > 107)
            continue;
        int listener = rawListen(path(entry));
        QLocalSocket socket;
        socket.connectToServer(absolute(entry));
        say("path of %zu bytes: connect to a C server = %s", length, name(socket.state()));
        ::close(listener);
    }
    for (size_t length : {105u, 106u, 107u}) {
        std::string bytes(length, 'n');
        QLocalServer server;
        server.setSocketOptions(QLocalServer::AbstractNamespaceOption);
        bool listens = server.listen(QString::fromStdString(bytes));
        say("abstract name of %zu bytes: listen = %d %s", length, listens,
            name(server.serverError()));
        server.close();
        int listener = rawListenAbstract(bytes);
        QLocalSocket socket;
        socket.setSocketOptions(QLocalSocket::AbstractNamespaceOption);
        socket.connectToServer(QString::fromStdString(bytes));
        say("abstract name of %zu bytes: connect to a C server = %s", length, name(socket.state()));
        ::close(listener);
    }
}

void length_error_is_stale_errno()
{
    static const struct {
        const char *name;
        int number;
    } before[] = {{"EAGAIN", EAGAIN}, {"EACCES", EACCES}, {"EADDRINUSE", EADDRINUSE}, {"0", 0}};

    for (const auto &row : before) {
        QLocalServer server;
        errno = row.number;
        bool result = server.listen("/" + QString(200, 'n'));
        say("errno was %s: listen = %d %s \"%s\"", row.name, result, name(server.serverError()),
            text(server.errorString()).c_str());
    }
}

/* ---- the environment ---- */

void tmpdir_changes()
{
    QLocalServer server;
    QLocalSocket socket;

    mkdir(path("other").c_str(), 0700);
    server.listen("svc");
    setenv("TMPDIR", path("other").c_str(), 1);
    say("TMPDIR changed: fullServerName %s", text(server.fullServerName()).c_str());
    socket.connectToServer("svc");
    show("client", socket);
    writeFile(path("other/svc"));
    server.close();
    say("after close: svc %s, other/svc %s", what(path("svc")).c_str(),
        what(path("other/svc")).c_str());
}

void tmpdir_relative()
{
    QLocalServer server;

    mkdir(path("here").c_str(), 0700);
    mkdir(path("here/rel").c_str(), 0700);
    mkdir(path("there").c_str(), 0700);
    mkdir(path("there/rel").c_str(), 0700);
    writeFile(path("there/rel/svc"));
    if (chdir(path("here").c_str()))
        return;
    setenv("TMPDIR", "rel", 1);
    say("listen = %d", server.listen("svc"));
    say("fullServerName %s", text(server.fullServerName()).c_str());
    if (chdir(path("there").c_str()))
        return;
    server.close();
    say("closed in another directory: here/rel/svc %s, there/rel/svc %s",
        what(path("here/rel/svc")).c_str(), what(path("there/rel/svc")).c_str());
}

void dots_leave_the_base()
{
    QLocalServer server;
    QString up = "../" + QString::fromStdString(path("up")).section('/', -1);

    setenv("TMPDIR", path("base").c_str(), 1);
    mkdir(path("base").c_str(), 0700);
    mkdir(path("base/sub").c_str(), 0700);
    say("listen(\"../up\") = %d", server.listen(up));
    say("fullServerName %s, up is %s", text(server.fullServerName()).c_str(),
        what(path("up")).c_str());
    server.close();
    say("listen(\"sub/x\") = %d", server.listen("sub/x"));
    say("base/sub/x is %s", what(path("base/sub/x")).c_str());
    writeFile(path("outside"));
    bool removed = QLocalServer::removeServer("../outside");
    say("removeServer(\"../outside\") = %d, outside is %s", removed, what(path("outside")).c_str());
}

void slashes()
{
    for (const char *odd : {"sub//svc", "./svc", "svc/"}) {
        QLocalServer server;
        QLocalSocket socket;
        mkdir(path("sub").c_str(), 0700);
        bool result = server.listen(QString(odd));
        say("listen(\"%s\") = %d full \"%s\"", odd, result, text(server.fullServerName()).c_str());
        socket.connectToServer(QString(odd));
        show("client", socket);
    }
}

/* ---- files of others ---- */

void failed_listen_removes_file()
{
    std::string folder = path(std::string(60, 'd'));
    std::string entry = std::string(60, 'd') + "/" + std::string(60, 'f');
    QLocalServer server;

    mkdir(folder.c_str(), 0700);
    writeFile(path(entry));
    say("before: %s", what(path(entry)).c_str());
    say("listen = %d", server.listen(absolute(entry)));
    say("after: %s", what(path(entry)).c_str());
}

void out_of_descriptors_removes_live_socket()
{
    int listener = rawListen(path("svc"));

    writeFile(path("file"));
    limitDescriptors(0);
    for (const char *victim : {"svc", "file"}) {
        QLocalServer server;
        bool result = server.listen(victim);
        say("listen(%s) = %d %s \"%s\", now %s", victim, result, name(server.serverError()),
            text(server.errorString()).c_str(), what(path(victim)).c_str());
    }
    ::close(listener);
}

/* An access option makes a directory beside the socket and binds FOLDER/XXXXXX/s in it. */
std::string longFolder(size_t length)
{
    std::string folder(length - path("").size(), 'd');

    mkdir(path(folder).c_str(), 0700);
    return folder;
}

void too_long_for_the_option_removes_live_socket()
{
    std::string entry = longFolder(100) + "/s";
    int listener = rawListen(path(entry));
    QLocalServer server;

    server.setSocketOptions(QLocalServer::WorldAccessOption);
    say("path of %zu bytes: %s", path(entry).size(), what(path(entry)).c_str());
    bool result = server.listen(absolute(entry));
    say("listen with WorldAccess = %d %s, now %s", result, name(server.serverError()),
        what(path(entry)).c_str());
    server.setSocketOptions(QLocalServer::NoOptions);
    say("listen without = %d", server.listen(absolute(entry)));
    ::close(listener);
}

void option_in_missing_directory()
{
    QLocalServer server;

    server.setSocketOptions(QLocalServer::UserAccessOption);
    say("listen = %d", server.listen("missing/svc"));
    say("%s \"%s\"", name(server.serverError()), text(server.errorString()).c_str());
}

void option_replaces(const char *kind)
{
    QLocalServer server;

    say("svc was %s", what(path("svc")).c_str());
    server.setSocketOptions(QLocalServer::UserAccessOption);
    bool result = server.listen("svc");
    say("%s: listen with UserAccess = %d %s, svc is %s", kind, result, name(server.serverError()),
        what(path("svc")).c_str());
}

void option_replaces_live_server()
{
    QLocalServer first, second;
    QLocalSocket client;

    first.listen("svc");
    second.setSocketOptions(QLocalServer::UserAccessOption);
    bool result = second.listen("svc");
    say("second listen with UserAccess = %d %s", result, name(second.serverError()));
    client.connectToServer("svc");
    pump();
    say("client lands at first %d, second %d; first isListening %d", first.hasPendingConnections(),
        second.hasPendingConnections(), first.isListening());
    first.close();
    say("first closes: svc is %s, second isListening %d", what(path("svc")).c_str(),
        second.isListening());
}

void option_replaces_file()
{
    writeFile(path("svc"));
    option_replaces("regular file");
}

void option_replaces_fifo()
{
    mkfifo(path("svc").c_str(), 0600);
    option_replaces("fifo");
}

void option_replaces_link()
{
    writeFile(path("target"));
    (void)!symlink(path("target").c_str(), path("svc").c_str());
    option_replaces("link");
    say("its target: %s", what(path("target")).c_str());
}

void option_on_directory()
{
    mkdir(path("svc").c_str(), 0700);
    option_replaces("empty directory");
}

void no_option_on_link()
{
    QLocalServer server;

    (void)!symlink(path("nowhere").c_str(), path("svc").c_str());
    bool result = server.listen("svc");
    say("dangling link: listen = %d %s, svc is %s", result, name(server.serverError()),
        what(path("svc")).c_str());
}

void option_leaves_no_directory()
{
    QLocalServer server;

    server.setSocketOptions(QLocalServer::WorldAccessOption);
    say("listen = %d", server.listen("svc"));
    server.close();
    int entries = 0;
    for (const char *left : {"svc", "."})
        entries += what(path(left)) != "absent";
    say("entries left, with the directory itself: %d", entries);
}

void close_removes_successor()
{
    auto first = std::make_unique<QLocalServer>();
    QLocalServer second;

    first->listen("svc");
    QLocalServer::removeServer("svc");
    say("successor listens = %d", second.listen("svc"));
    first.reset();
    say("the old object dies: svc is %s, successor isListening %d", what(path("svc")).c_str(),
        second.isListening());
}

void close_removes_what_lies_there()
{
    QLocalServer server;

    server.listen("svc");
    ::unlink(path("svc").c_str());
    writeFile(path("svc"));
    server.close();
    say("a file took the place: svc is %s", what(path("svc")).c_str());
    server.listen("lnk");
    ::unlink(path("lnk").c_str());
    writeFile(path("target"));
    (void)!symlink(path("target").c_str(), path("lnk").c_str());
    server.close();
    say("a link took the place: lnk is %s, its target %s", what(path("lnk")).c_str(),
        what(path("target")).c_str());
}

void close_after_rename()
{
    QLocalServer server;

    server.listen("svc");
    (void)!rename(path("svc").c_str(), path("moved").c_str());
    writeFile(path("svc"));
    server.close();
    say("after close: svc %s, moved %s", what(path("svc")).c_str(), what(path("moved")).c_str());
}

void option_changed_leaves_socket()
{
    QLocalServer server;

    server.listen("svc");
    server.setSocketOptions(QLocalServer::AbstractNamespaceOption);
    server.close();
    say("options changed to abstract, closed: svc is %s", what(path("svc")).c_str());
}

void option_changed_removes_file()
{
    QLocalServer server;

    writeFile(path("qt-probe-opt"));
    server.setSocketOptions(QLocalServer::AbstractNamespaceOption);
    server.listen(absolute("qt-probe-opt"));
    server.setSocketOptions(QLocalServer::NoOptions);
    server.close();
    say("abstract server, options changed, closed: file of that name %s",
        what(path("qt-probe-opt")).c_str());
}

void exit_without_close()
{
    auto *server = new QLocalServer;

    server->listen("svc");
    say("listening, never deleted: svc stays %s", what(path("svc")).c_str());
}

void error_stays_after_success()
{
    QLocalServer server;

    server.listen("");
    say("listen(\"\"): %s", name(server.serverError()));
    say("listen(svc) = %d", server.listen("svc"));
    say("now %s \"%s\"", name(server.serverError()), text(server.errorString()).c_str());
}

} // namespace

int main(int argc, char **argv)
{
#define CASE(function) {#function, function}
    return probe::main(argc, argv,
                       {CASE(nul_client_reaches_prefix),
                        CASE(nul_server_binds_prefix),
                        CASE(nul_two_names_one_socket),
                        CASE(nul_rename_replaces_file),
                        CASE(nul_first),
                        CASE(nul_in_removed_name),
                        CASE(nul_in_set_name),
                        CASE(surrogates_collapse),
                        CASE(abstract_keeps_nul),
                        CASE(abstract_not_utf8),
                        CASE(abstract_at_sign),
                        CASE(abstract_padded),
                        CASE(abstract_remove_touches_file),
                        CASE(abstract_empty),
                        CASE(newline_in_name),
                        CASE(length_limits),
                        CASE(length_error_is_stale_errno),
                        CASE(tmpdir_changes),
                        CASE(tmpdir_relative),
                        CASE(dots_leave_the_base),
                        CASE(slashes),
                        CASE(failed_listen_removes_file),
                        CASE(out_of_descriptors_removes_live_socket),
                        CASE(too_long_for_the_option_removes_live_socket),
                        CASE(option_in_missing_directory),
                        CASE(option_replaces_live_server),
                        CASE(option_replaces_file),
                        CASE(option_replaces_fifo),
                        CASE(option_replaces_link),
                        CASE(option_on_directory),
                        CASE(no_option_on_link),
                        CASE(option_leaves_no_directory),
                        CASE(close_removes_successor),
                        CASE(close_removes_what_lies_there),
                        CASE(close_after_rename),
                        CASE(option_changed_leaves_socket),
                        CASE(option_changed_removes_file),
                        CASE(exit_without_close),
                        CASE(error_stays_after_success)});
}
