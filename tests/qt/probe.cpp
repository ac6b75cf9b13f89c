/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QTimer>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace probe
{

static std::string directory;

/* ---- cases ---- */

/* Some cases make Qt say the same thing tens of thousands of times. */
static const int warnings_shown = 2;

static void onMessage(QtMsgType, const QMessageLogContext &, const QString &message)
{
    static QString last;
    static int count;

    count = message == last ? count + 1 : 1;
    last = message;
    if (count <= warnings_shown)
        say("Qt warns: %s", text(message).c_str());
    if (count == 100)
        say("Qt warns: the same at least 100 times");
}

static int runChild(const Case &which)
{
    int argc = 1;
    char program[] = "probe";
    char *argv[] = {program, nullptr};
    struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    umask(022);
    setvbuf(stdout, nullptr, _IOLBF, 0);
    setenv("TMPDIR", directory.c_str(), 1);
    qInstallMessageHandler(onMessage);
    alarm(which.seconds);
    {
        QCoreApplication application(argc, argv);
        which.run();
    }
    fflush(stdout);
    return 0;
}

static void runCase(const Case &which)
{
    char pattern[] = "/tmp/qt-probe-XXXXXX";
    int status = 0;

    if (!mkdtemp(pattern)) {
        perror("mkdtemp");
        exit(1);
    }
    directory = pattern;
    printf("%s\n", which.name);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(runChild(which));
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        printf("  => hangs\n");
    else if (WIFSIGNALED(status))
        printf("  => killed by %s\n", sigdescr_np(WTERMSIG(status)));
    std::filesystem::remove_all(directory);
}

int main(int argc, char **argv, std::initializer_list<Case> cases)
{
    int ran = 0;

    for (const Case &which : cases) {
        bool wanted = argc < 2;
        for (int i = 1; i < argc; i++)
            wanted = wanted || strcmp(argv[i], which.name) == 0;
        if (!wanted)
            continue;
        runCase(which);
        ran++;
    }
    if (!ran)
        fprintf(stderr, "no such case\n");
    return ran ? 0 : 2;
}

/* ---- saying ---- */

/* A case that has said so much is repeating itself. */
static const int lines_max = 60;

/* Long runs of one character become "nnnn{200}", so that a line can be read. */
static std::string folded(const std::string &in)
{
    static const size_t shown = 4, longest = 24;
    std::string out;

    for (size_t i = 0, run; i < in.size(); i += run) {
        for (run = 1; i + run < in.size() && in[i + run] == in[i];)
            run++;
        out.append(run > longest ? shown : run, in[i]);
        if (run > longest)
            out += "{" + std::to_string(run) + "}";
    }
    return out;
}

static std::string printable(const char *bytes, size_t length)
{
    std::string out;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = static_cast<unsigned char>(bytes[i]);
        if (c == '\\' || c < 0x20 || c > 0x7e) {
            char hex[8];
            snprintf(hex, sizeof(hex), "\\x%02x", c);
            out += hex;
        } else {
            out += static_cast<char>(c);
        }
    }
    return folded(out);
}

std::string text(const QByteArray &bytes)
{
    return printable(bytes.constData(), static_cast<size_t>(bytes.size()));
}

std::string text(const QString &string)
{
    return text(string.toUtf8());
}

void say(const char *format, ...)
{
    char line[2048];
    static int lines;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    std::string out = line;
    for (size_t at = out.find(directory); at != std::string::npos; at = out.find(directory))
        out.replace(at, directory.size(), "$T");
    if (++lines == lines_max)
        printf("  and so on\n");
    if (lines < lines_max)
        printf("  %s\n", out.c_str());
}

const char *name(QLocalSocket::LocalSocketState state)
{
    switch (state) {
    case QLocalSocket::UnconnectedState:
        return "Unconnected";
    case QLocalSocket::ConnectingState:
        return "Connecting";
    case QLocalSocket::ConnectedState:
        return "Connected";
    case QLocalSocket::ClosingState:
        return "Closing";
    }
    return "state?";
}

const char *name(QAbstractSocket::SocketError error)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {QAbstractSocket::ConnectionRefusedError, "ConnectionRefused"},
        {QAbstractSocket::RemoteHostClosedError, "PeerClosed"},
        {QAbstractSocket::HostNotFoundError, "ServerNotFound"},
        {QAbstractSocket::SocketAccessError, "SocketAccess"},
        {QAbstractSocket::SocketResourceError, "SocketResource"},
        {QAbstractSocket::SocketTimeoutError, "SocketTimeout"},
        {QAbstractSocket::DatagramTooLargeError, "DatagramTooLarge"},
        {QAbstractSocket::NetworkError, "Connection"},
        {QAbstractSocket::AddressInUseError, "AddressInUse"},
        {QAbstractSocket::UnsupportedSocketOperationError, "UnsupportedSocketOperation"},
        {QAbstractSocket::OperationError, "Operation"},
        {QAbstractSocket::UnknownSocketError, "Unknown"},
    };

    for (const auto &row : names)
        if (row.number == static_cast<int>(error))
            return row.name;
    return "error?";
}

const char *name(QLocalSocket::LocalSocketError error)
{
    return name(static_cast<QAbstractSocket::SocketError>(error));
}

std::string count(qint64 bytes)
{
    static const qint64 countable = 32768;

    return bytes < countable ? std::to_string(bytes) : "many";
}

void show(const char *when, const QLocalSocket &socket)
{
    say("%-32s state=%s open=%d valid=%d avail=%s towrite=%s fd=%s name=\"%s\" full=\"%s\" "
        "error=%s \"%s\"",
        when, name(socket.state()), socket.isOpen(), socket.isValid(),
        count(socket.bytesAvailable()).c_str(), count(socket.bytesToWrite()).c_str(),
        socket.socketDescriptor() >= 0 ? "yes" : "no", text(socket.serverName()).c_str(),
        text(socket.fullServerName()).c_str(), name(socket.error()),
        text(socket.errorString()).c_str());
}

void show(const char *when, const QLocalServer &server)
{
    say("%-32s listening=%d pending=%d fd=%s name=\"%s\" full=\"%s\" error=%s \"%s\"", when,
        server.isListening(), server.hasPendingConnections(),
        server.socketDescriptor() >= 0 ? "yes" : "no", text(server.serverName()).c_str(),
        text(server.fullServerName()).c_str(), name(server.serverError()),
        text(server.errorString()).c_str());
}

void watch(QLocalSocket &socket)
{
    QLocalSocket *s = &socket;

    QObject::connect(s, &QLocalSocket::stateChanged, s, [s](QLocalSocket::LocalSocketState state) {
        char line[64];
        snprintf(line, sizeof(line), "<stateChanged %s>", name(state));
        show(line, *s);
    });
    QObject::connect(s, &QLocalSocket::connected, s, [s] { show("<connected>", *s); });
    QObject::connect(s, &QLocalSocket::disconnected, s, [s] { show("<disconnected>", *s); });
    QObject::connect(s, &QLocalSocket::errorOccurred, s, [s](QLocalSocket::LocalSocketError error) {
        char line[64];
        snprintf(line, sizeof(line), "<errorOccurred %s>", name(error));
        show(line, *s);
    });
    QObject::connect(s, &QIODevice::readyRead, s, [s] { show("<readyRead>", *s); });
    QObject::connect(s, &QIODevice::bytesWritten, s, [s](qint64 bytes) {
        char line[64];
        snprintf(line, sizeof(line), "<bytesWritten %s>", count(bytes).c_str());
        show(line, *s);
    });
    QObject::connect(s, &QIODevice::aboutToClose, s, [s] { show("<aboutToClose>", *s); });
    QObject::connect(s, &QIODevice::readChannelFinished, s,
                     [s] { show("<readChannelFinished>", *s); });
}

void watch(QLocalServer &server)
{
    QLocalServer *s = &server;

    QObject::connect(s, &QLocalServer::newConnection, s, [s] { show("<newConnection>", *s); });
}

/* ---- time ---- */

void pump(int ms)
{
    QEventLoop loop;

    QTimer::singleShot(ms, Qt::PreciseTimer, &loop, &QEventLoop::quit);
    loop.exec();
}

bool pumpUntil(const std::function<bool()> &done, int ms)
{
    QElapsedTimer timer;

    timer.start();
    while (!done()) {
        if (timer.hasExpired(ms))
            return false;
        pump(5);
    }
    return true;
}

static double seconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

Meter::Meter() : wallStart(seconds(CLOCK_MONOTONIC)), cpuStart(seconds(CLOCK_PROCESS_CPUTIME_ID))
{
}

double Meter::wall() const
{
    return seconds(CLOCK_MONOTONIC) - wallStart;
}

double Meter::cpu() const
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID) - cpuStart;
}

const char *Meter::load() const
{
    /* Other work on the machine takes most of the processor away from a spinning probe; an idle
     * wait needs less than a thousandth. */
    return cpu() > wall() / 30 ? "cpu busy" : "cpu idle";
}

/* ---- the file system and descriptors ---- */

std::string path(const std::string &entry)
{
    return directory + "/" + entry;
}

std::string what(const std::string &file)
{
    struct stat status;
    const char *type = "other";
    char line[64];

    if (lstat(file.c_str(), &status))
        return "absent";
    if (S_ISSOCK(status.st_mode))
        type = "socket";
    else if (S_ISREG(status.st_mode))
        type = "file";
    else if (S_ISLNK(status.st_mode))
        type = "link";
    else if (S_ISDIR(status.st_mode))
        type = "directory";
    snprintf(line, sizeof(line), "%s %04o", type, status.st_mode & 07777);
    return line;
}

void writeFile(const std::string &file)
{
    FILE *stream = fopen(file.c_str(), "w");

    if (!stream) {
        say("cannot write %s", file.c_str());
        return;
    }
    fputs("mine\n", stream);
    fclose(stream);
}

int openDescriptors()
{
    int count = 0;
    DIR *list = opendir("/proc/self/fd");

    while (list && readdir(list))
        count++;
    if (list)
        closedir(list);
    return count - 3; /* ".", "..", and the list's own descriptor */
}

void limitDescriptors(int room)
{
    /* Descriptors may have gaps below the highest: fill up to the lowest free one. */
    int free_one = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = static_cast<rlim_t>(free_one + room);
    close(free_one);
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- peers ---- */

static socklen_t address(struct sockaddr_un *ret, const std::string &name, bool abstract)
{
    memset(ret, 0, sizeof(*ret));
    ret->sun_family = AF_UNIX;
    size_t skip = abstract ? 1 : 0;
    size_t length = std::min(name.size(), sizeof(ret->sun_path) - skip);
    memcpy(ret->sun_path + skip, name.data(), length);
    return static_cast<socklen_t>(offsetof(struct sockaddr_un, sun_path) + skip + length);
}

static int make(const std::string &name, bool abstract, int backlog, bool listening)
{
    struct sockaddr_un where;
    socklen_t length = address(&where, name, abstract);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r;

    if (listening) {
        r = bind(fd, reinterpret_cast<struct sockaddr *>(&where), length);
        if (!r)
            r = listen(fd, backlog);
    } else {
        r = connect(fd, reinterpret_cast<struct sockaddr *>(&where), length);
    }
    if (r) {
        say("raw %s %s: %s", listening ? "listen" : "connect", name.c_str(), strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

int rawListen(const std::string &file, int backlog)
{
    return make(file, false, backlog, true);
}

int rawListenAbstract(const std::string &bytes, int backlog)
{
    return make(bytes, true, backlog, true);
}

int rawConnect(const std::string &file)
{
    return make(file, false, 0, false);
}

int rawConnectAbstract(const std::string &bytes)
{
    return make(bytes, true, 0, false);
}

int rawConnectAs(const std::string &self, const std::string &file)
{
    struct sockaddr_un here, there;
    socklen_t here_length = address(&here, self, self[0] != '/');
    socklen_t there_length = address(&there, file, false);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (bind(fd, reinterpret_cast<struct sockaddr *>(&here), here_length) ||
        connect(fd, reinterpret_cast<struct sockaddr *>(&there), there_length))
        say("raw bind and connect: %s", strerror(errno));
    return fd;
}

int rawAccept(int listener)
{
    struct pollfd ready = {listener, POLLIN, 0};

    if (poll(&ready, 1, 2000) != 1) {
        say("raw accept: nobody came");
        return -1;
    }
    return accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
}

void rawPair(int descriptors[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, descriptors))
        say("socketpair: %s", strerror(errno));
}

size_t rawSend(int fd, size_t length, char byte)
{
    std::string block(std::min<size_t>(length, 65536), byte);
    size_t sent = 0;

    while (sent < length) {
        ssize_t n = send(fd, block.data(), std::min(block.size(), length - sent),
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0)
            break;
        sent += static_cast<size_t>(n);
    }
    return sent;
}

void rawSend(int fd, const char *string)
{
    if (send(fd, string, strlen(string), MSG_NOSIGNAL) < 0)
        say("raw send: %s", strerror(errno));
}

std::string rawDrain(int fd, size_t *ret_count)
{
    char block[65536];
    size_t count = 0;
    const char *end = "";
    struct pollfd ready = {fd, POLLIN, 0};

    while (poll(&ready, 1, 50) == 1) {
        ssize_t n = recv(fd, block, sizeof(block), MSG_DONTWAIT);
        if (n > 0) {
            count += static_cast<size_t>(n);
            continue;
        }
        end = n == 0 ? ", then end" : errno == ECONNRESET ? ", then ECONNRESET" : ", then error";
        break;
    }
    if (ret_count)
        *ret_count = count;
    return std::to_string(count) + " bytes" + end;
}

int rawFill(const std::string &file, int fillers[], int count)
{
    struct sockaddr_un where;
    socklen_t length = address(&where, file, false);
    int made = 0;

    for (; made < count; made++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (connect(fd, reinterpret_cast<struct sockaddr *>(&where), length)) {
            close(fd);
            break;
        }
        fillers[made] = fd;
    }
    return made;
}

} // namespace probe
