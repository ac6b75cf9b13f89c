/* SPDX-License-Identifier: MIT */
/*
 * What the reading and writing calls return: not open, open and empty, with data, after the end;
 * lines, transactions, the read limit, and the three open modes.
 */
#include "probe.h"

#include <unistd.h>

using namespace probe;

namespace
{

struct Pair {
    QLocalSocket socket;
    int listener;
    int peer;

    explicit Pair(QIODevice::OpenMode mode = QIODevice::ReadWrite)
    {
        listener = rawListen(path("svc"));
        socket.connectToServer("svc", mode);
        peer = rawAccept(listener);
        pump();
    }
    ~Pair()
    {
        socket.disconnect();
        if (peer >= 0)
            ::close(peer);
        ::close(listener);
    }
    void arrives(const char *bytes)
    {
        rawSend(peer, bytes);
        pump();
    }
    void peerCloses()
    {
        ::close(peer);
        peer = -1;
        pump();
    }
};

long long number(qint64 n)
{
    return static_cast<long long>(n);
}

void readAll(QLocalSocket &socket)
{
    say("readAll = \"%s\"", text(socket.readAll()).c_str());
}

/* Every reading call once, each on what the call before left. */
void reads(QLocalSocket &socket)
{
    char bytes[16] = "";
    char one = '?';

    say("bytesAvailable = %lld, atEnd = %d, canReadLine = %d", number(socket.bytesAvailable()),
        socket.atEnd(), socket.canReadLine());
    say("peek(16) = %lld", number(socket.peek(bytes, sizeof(bytes))));
    say("read(0) = %lld", number(socket.read(bytes, 0)));
    say("getChar = %d", socket.getChar(&one));
    say("read(2) = %lld", number(socket.read(bytes, 2)));
    say("skip(1) = %lld", number(socket.skip(1)));
    say("readLine(16) = %lld", number(socket.readLine(bytes, sizeof(bytes))));
    say("read(16) = %lld", number(socket.read(bytes, sizeof(bytes))));
    say("readAll = \"%s\"", text(socket.readAll()).c_str());
    say("skip(5) = %lld", number(socket.skip(5)));
    say("peek(16) = %lld", number(socket.peek(bytes, sizeof(bytes))));
    say("getChar = %d", socket.getChar(&one));
    say("bytesAvailable = %lld, atEnd = %d", number(socket.bytesAvailable()), socket.atEnd());
}

void writes(QLocalSocket &socket)
{
    say("write(5) = %lld", number(socket.write("12345")));
    say("write(0) = %lld", number(socket.write("", 0)));
    say("putChar = %d", socket.putChar('c'));
    say("flush = %d", socket.flush());
    say("bytesToWrite = %lld", number(socket.bytesToWrite()));
    show("then", socket);
}

void read_unconnected()
{
    QLocalSocket socket;

    reads(socket);
}

void write_unconnected()
{
    QLocalSocket socket;

    watch(socket);
    writes(socket);
}

void unget_unconnected()
{
    QLocalSocket socket;

    socket.ungetChar('u');
    say("avail=%lld", number(socket.bytesAvailable()));
    readAll(socket);
}

void read_empty()
{
    Pair pair;

    reads(pair.socket);
}

void read_data()
{
    Pair pair;

    pair.arrives("abcdefgh\nijk");
    reads(pair.socket);
}

void read_data_in_kernel()
{
    Pair pair;
    char bytes[16];

    rawSend(pair.peer, "12345");
    say("without an event loop in between: bytesAvailable = %lld",
        number(pair.socket.bytesAvailable()));
    say("read = %lld", number(pair.socket.read(bytes, sizeof(bytes))));
}

void read_end_in_kernel()
{
    Pair pair;
    char bytes[16];

    rawSend(pair.peer, "12345");
    ::close(pair.peer);
    pair.peer = -1;
    watch(pair.socket);
    say("read = %lld", number(pair.socket.read(bytes, sizeof(bytes))));
    say("read = %lld", number(pair.socket.read(bytes, sizeof(bytes))));
    show("then", pair.socket);
    say("read = %lld", number(pair.socket.read(bytes, sizeof(bytes))));
}

void read_after_peer_close()
{
    Pair pair;

    pair.arrives("abcdefgh\nijk");
    pair.peerCloses();
    reads(pair.socket);
}

void read_after_peer_close_empty()
{
    Pair pair;

    pair.peerCloses();
    reads(pair.socket);
}

void read_after_disconnect()
{
    Pair pair;

    pair.arrives("abcdefgh\nijk");
    pair.socket.disconnectFromServer();
    reads(pair.socket);
}

void write_after_disconnect()
{
    Pair pair;

    pair.socket.disconnectFromServer();
    watch(pair.socket);
    writes(pair.socket);
}

void write_while_closing()
{
    Pair pair;

    pair.socket.write(QByteArray(8 << 20, 'w'));
    pump();
    pair.socket.disconnectFromServer();
    qint64 before = pair.socket.bytesToWrite();
    say("write(5) = %lld", number(pair.socket.write("12345")));
    say("bytesToWrite grew by %lld", number(pair.socket.bytesToWrite() - before));
    say("flush = %d, state=%s", pair.socket.flush(), name(pair.socket.state()));
}

void read_while_closing()
{
    Pair pair;

    pair.socket.write(QByteArray(8 << 20, 'w'));
    pump();
    pair.socket.disconnectFromServer();
    int ready = 0;
    QObject::connect(&pair.socket, &QIODevice::readyRead, [&] { ready++; });
    pair.arrives("12345");
    say("data while closing: readyRead %d, avail=%lld", ready,
        number(pair.socket.bytesAvailable()));
    readAll(pair.socket);
}

void write_while_connecting()
{
    int fillers[8];
    int listener = rawListen(path("svc"), 0);
    int filled = rawFill(path("svc"), fillers, 8);
    QLocalSocket socket;

    socket.connectToServer("svc");
    writes(socket);
    char one = '?';
    say("getChar = %d", socket.getChar(&one));
    socket.abort();
    for (int i = 0; i < filled; i++)
        ::close(fillers[i]);
    ::close(listener);
}

void write_connected()
{
    Pair pair;

    writes(pair.socket);
    say("flush with nothing queued = %d", pair.socket.flush());
    say("peer got %s", rawDrain(pair.peer).c_str());
}

void write_negative()
{
    Pair pair;

    say("write(-1) = %lld", number(pair.socket.write("12345", -1)));
    say("write(null, 0) = %lld", number(pair.socket.write(nullptr, 0)));
}

void flush_stuck()
{
    Pair pair;

    pair.socket.write(QByteArray(1 << 20, 'w'));
    say("flush = %d", pair.socket.flush());
    say("flush = %d", pair.socket.flush());
    say("flush = %d, bytesToWrite %s", pair.socket.flush(),
        pair.socket.bytesToWrite() ? "some" : "none");
}

/* ---- lines ---- */

void line_sizes()
{
    char bytes[16];

    for (qint64 size : {0, 1, 2, 3, 4, 5, 6}) {
        Pair pair;
        memset(bytes, '#', sizeof(bytes));
        pair.arrives("abc\nd");
        qint64 got = pair.socket.readLine(bytes, size);
        say("readLine(%lld) of \"abc\\n\" = %lld \"%s\"", number(size), number(got),
            text(QByteArray(bytes, 6)).c_str());
        ::unlink(path("svc").c_str());
    }
}

void line_array()
{
    Pair pair;

    pair.arrives("abc\ndef");
    say("readLine(2) = \"%s\"", text(pair.socket.readLine(2)).c_str());
    say("readLine() = \"%s\"", text(pair.socket.readLine()).c_str());
    say("canReadLine = %d", pair.socket.canReadLine());
    say("readLine() = \"%s\"", text(pair.socket.readLine()).c_str());
    say("readLine() = \"%s\"", text(pair.socket.readLine()).c_str());
}

void line_with_nul()
{
    Pair pair;
    char bytes[16] = "";

    (void)!::write(pair.peer, "a\0b\n", 4);
    pump();
    say("canReadLine = %d", pair.socket.canReadLine());
    say("readLine = %lld", number(pair.socket.readLine(bytes, sizeof(bytes))));
}

void line_at_the_end()
{
    Pair pair;

    pair.arrives("abc\ndef");
    pair.peerCloses();
    for (int i = 0; i < 3; i++) {
        say("canReadLine = %d", pair.socket.canReadLine());
        say("readLine = \"%s\"", text(pair.socket.readLine()).c_str());
    }
}

void line_never_ends()
{
    Pair pair;

    for (int i = 0; i < 64; i++) {
        rawSend(pair.peer, 1 << 20);
        pump(2);
    }
    say("no newline in sight: at least 8 MiB buffered = %d, canReadLine = %d",
        pair.socket.bytesAvailable() >= 8 << 20, pair.socket.canReadLine());
}

void line_limit_reached()
{
    Pair pair;

    pair.socket.setReadBufferSize(8);
    pair.arrives("0123456789\n");
    say("read limit 8: avail=%lld canReadLine = %d", number(pair.socket.bytesAvailable()),
        pair.socket.canReadLine());
    pump(100);
    say("later: avail=%lld canReadLine = %d", number(pair.socket.bytesAvailable()),
        pair.socket.canReadLine());
}

/* ---- transactions, unget, peek ---- */

void transaction()
{
    Pair pair;
    QLocalSocket &s = pair.socket;

    pair.arrives("abcdef");
    s.startTransaction();
    say("read(3) = \"%s\"", text(s.read(3)).c_str());
    say("avail=%lld started=%d", number(s.bytesAvailable()), s.isTransactionStarted());
    s.startTransaction();
    s.rollbackTransaction();
    say("rolled back: avail=%lld started=%d", number(s.bytesAvailable()), s.isTransactionStarted());
    s.startTransaction();
    say("read(2) = \"%s\"", text(s.read(2)).c_str());
    s.commitTransaction();
    say("committed: avail=%lld", number(s.bytesAvailable()));
    readAll(s);
    s.commitTransaction();
    s.rollbackTransaction();
}

void transaction_over_close()
{
    Pair pair;

    pair.arrives("abcdef");
    pair.socket.startTransaction();
    say("read(3) = \"%s\"", text(pair.socket.read(3)).c_str());
    pair.peerCloses();
    pair.socket.rollbackTransaction();
    say("peer closed, rolled back: \"%s\"", text(pair.socket.readAll()).c_str());
}

void transaction_over_reconnect()
{
    Pair pair;

    pair.arrives("abcdef");
    pair.socket.startTransaction();
    pair.socket.read(3);
    pair.peerCloses();
    pair.socket.connectToServer("svc");
    pair.peer = rawAccept(pair.listener);
    say("connected again: started=%d avail=%lld", pair.socket.isTransactionStarted(),
        number(pair.socket.bytesAvailable()));
    pair.arrives("NEW");
    pair.socket.rollbackTransaction();
    say("rolled back: \"%s\"", text(pair.socket.readAll()).c_str());
}

void unget_over_reconnect()
{
    Pair pair;

    pair.arrives("a");
    pair.socket.ungetChar('u');
    pair.peerCloses();
    pair.socket.connectToServer("svc");
    pair.peer = rawAccept(pair.listener);
    pair.arrives("NEW");
    say("connected again: \"%s\"", text(pair.socket.readAll()).c_str());
}

void peek_over_reconnect()
{
    Pair pair;
    char bytes[4];

    pair.arrives("old");
    pair.socket.peek(bytes, 2);
    pair.peerCloses();
    pair.socket.connectToServer("svc");
    pair.peer = rawAccept(pair.listener);
    pair.arrives("NEW");
    say("connected again: \"%s\"", text(pair.socket.readAll()).c_str());
}

void transaction_unconnected()
{
    QLocalSocket socket;

    socket.startTransaction();
    say("started=%d", socket.isTransactionStarted());
    socket.rollbackTransaction();
}

void unget()
{
    Pair pair;

    pair.arrives("bc");
    pair.socket.ungetChar('a');
    say("avail=%lld peek \"%s\"", number(pair.socket.bytesAvailable()),
        text(pair.socket.peek(2)).c_str());
    readAll(pair.socket);
    pair.socket.ungetChar('z');
    say("avail=%lld", number(pair.socket.bytesAvailable()));
    readAll(pair.socket);
}

/* ---- the read limit ---- */

void read_limit()
{
    Pair pair;
    int ready = 0;

    QObject::connect(&pair.socket, &QIODevice::readyRead, [&] { ready++; });
    say("default = %lld", number(pair.socket.readBufferSize()));
    pair.socket.setReadBufferSize(128);
    rawSend(pair.peer, 1000);
    pump();
    say("limit 128, 1000 sent: avail=%lld readyRead %d", number(pair.socket.bytesAvailable()),
        ready);
    pump();
    say("avail=%lld readyRead %d", number(pair.socket.bytesAvailable()), ready);
    say("read(100) gives %lld", number(pair.socket.read(100).size()));
    pump(100);
    say("room for 100 again: avail=%lld readyRead %d", number(pair.socket.bytesAvailable()), ready);
    say("waitForReadyRead(100) = %d", pair.socket.waitForReadyRead(100));
    say("avail=%lld readyRead %d", number(pair.socket.bytesAvailable()), ready);
    say("read(28) gives %lld", number(pair.socket.read(28).size()));
    pump(100);
    say("drained: avail=%lld readyRead %d", number(pair.socket.bytesAvailable()), ready);
    pair.socket.peek(1);
    pump(100);
    say("after peek(1): avail=%lld", number(pair.socket.bytesAvailable()));
    pair.socket.setReadBufferSize(0);
    pump();
    say("limit 0: avail=%lld", number(pair.socket.bytesAvailable()));
    pair.socket.setReadBufferSize(-5);
    say("limit -5 = %lld", number(pair.socket.readBufferSize()));
}

void read_limit_peek()
{
    Pair pair;

    pair.socket.setReadBufferSize(128);
    QObject::connect(&pair.socket, &QIODevice::readyRead, [&] { pair.socket.peek(1); });
    rawSend(pair.peer, 1000);
    pump(100);
    say("limit 128, 1000 sent, peek(1) in readyRead: more than 128 available = %d",
        pair.socket.bytesAvailable() > 128);
}

/* A reader of frames: it waits until a whole frame is there. */
void read_limit_frames()
{
    Pair pair;
    int frames = 0;

    pair.socket.setReadBufferSize(128);
    QObject::connect(&pair.socket, &QIODevice::readyRead, [&] {
        while (pair.socket.bytesAvailable() >= 100) {
            pair.socket.read(100);
            frames++;
        }
    });
    rawSend(pair.peer, 1000);
    pump(300);
    say("10 frames of 100 bytes, read limit 128, read in readyRead: %d arrive", frames);
}

/* The same reader outside the slot. */
void read_limit_frames_polled()
{
    Pair pair;
    int frames = 0;

    pair.socket.setReadBufferSize(128);
    rawSend(pair.peer, 1000);
    for (int i = 0; i < 20; i++) {
        pump(20);
        while (pair.socket.bytesAvailable() >= 100) {
            pair.socket.read(100);
            frames++;
        }
    }
    say("10 frames of 100 bytes, read limit 128, read from a timer: %d arrive", frames);
}

/* ---- modes ---- */

void mode_read_only()
{
    Pair pair(QIODevice::ReadOnly);

    watch(pair.socket);
    pair.arrives("12345");
    say("write = %lld", number(pair.socket.write("x")));
    say("flush = %d", pair.socket.flush());
    readAll(pair.socket);
}

void mode_write_only()
{
    Pair pair(QIODevice::WriteOnly);
    Meter meter;

    watch(pair.socket);
    pair.arrives("12345");
    say("avail=%lld", number(pair.socket.bytesAvailable()));
    readAll(pair.socket);
    say("write = %lld", number(pair.socket.write("abc")));
    pump(400);
    say("idle with unread data: %s", meter.load());
    say("peer got %s", rawDrain(pair.peer).c_str());
    pair.peerCloses();
    show("peer closed", pair.socket);
}

long residentPages()
{
    long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%ld %ld", &total, &resident) != 2)
        say("no /proc/self/statm");
    if (file)
        fclose(file);
    return resident;
}

void mode_write_only_flood()
{
    Pair pair(QIODevice::WriteOnly);
    size_t sent = 0;

    long before = residentPages();
    for (int i = 0; i < 128; i++) {
        sent += rawSend(pair.peer, 1 << 20);
        pump(2);
    }
    long grown = (residentPages() - before) * sysconf(_SC_PAGESIZE);
    say("flooded for a while: the peer got rid of more than 8 MiB = %d; avail=%lld", sent > 8 << 20,
        number(pair.socket.bytesAvailable()));
    say("the process grew by more than half of that = %d", grown > static_cast<long>(sent / 2));
}

void mode_none()
{
    QLocalSocket socket;
    int listener = rawListen(path("svc"));

    watch(socket);
    socket.connectToServer("svc", QIODevice::NotOpen);
    show("after connectToServer(NotOpen)", socket);
    socket.disconnect();
    ::close(listener);
}

void mode_open_name_unset()
{
    QLocalSocket socket;

    watch(socket);
    say("open = %d", socket.open());
    show("then", socket);
}

void mode_open()
{
    QLocalSocket socket;
    int listener = rawListen(path("svc"));

    socket.setServerName("svc");
    say("open = %d", socket.open());
    show("then", socket);
    say("open again = %d", socket.open());
    say("sequential=%d pos=%lld size=%lld", socket.isSequential(), number(socket.pos()),
        number(socket.size()));
    say("seek(0)=%d reset=%d", socket.seek(0), socket.reset());
    socket.disconnect();
    ::close(listener);
}

void mode_text()
{
    Pair pair(QIODevice::ReadWrite | QIODevice::Text);

    pair.arrives("a\r\nb\r\n");
    say("avail=%lld", number(pair.socket.bytesAvailable()));
    readAll(pair.socket);
}

} // namespace

int main(int argc, char **argv)
{
#define CASE(function) {#function, function}
    return probe::main(argc, argv,
                       {CASE(read_unconnected),
                        CASE(write_unconnected),
                        CASE(unget_unconnected),
                        CASE(read_empty),
                        CASE(read_data),
                        CASE(read_data_in_kernel),
                        CASE(read_end_in_kernel),
                        CASE(read_after_peer_close),
                        CASE(read_after_peer_close_empty),
                        CASE(read_after_disconnect),
                        CASE(write_after_disconnect),
                        CASE(write_while_closing),
                        CASE(read_while_closing),
                        CASE(write_while_connecting),
                        CASE(write_connected),
                        CASE(write_negative),
                        CASE(flush_stuck),
                        CASE(line_sizes),
                        CASE(line_array),
                        CASE(line_with_nul),
                        CASE(line_at_the_end),
                        CASE(line_never_ends),
                        CASE(line_limit_reached),
                        CASE(transaction),
                        CASE(transaction_over_close),
                        CASE(transaction_over_reconnect),
                        CASE(unget_over_reconnect),
                        CASE(peek_over_reconnect),
                        CASE(transaction_unconnected),
                        CASE(unget),
                        CASE(read_limit),
                        CASE(read_limit_peek),
                        CASE(read_limit_frames),
                        CASE(read_limit_frames_polled),
                        CASE(mode_read_only),
                        CASE(mode_write_only),
                        CASE(mode_write_only_flood),
                        CASE(mode_none),
                        CASE(mode_open_name_unset),
                        CASE(mode_open),
                        CASE(mode_text)});
}
