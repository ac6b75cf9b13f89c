/* SPDX-License-Identifier: MIT */
/*
 * What waitFor*() returns in each state, with -1, 0 and a few milliseconds, and what it changes.
 *
 * A wait that does not return is an observation: the harness ends the case. Waits with -1 are
 * therefore cases of their own.
 */
#include "probe.h"

#include <memory>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

using namespace probe;

namespace
{

enum Wait { CONNECTED, READY_READ, BYTES_WRITTEN, DISCONNECTED };

const char *const wait_names[] = {"waitForConnected", "waitForReadyRead", "waitForBytesWritten",
                                  "waitForDisconnected"};

bool call(QLocalSocket &socket, Wait which, int ms)
{
    switch (which) {
    case CONNECTED:
        return socket.waitForConnected(ms);
    case READY_READ:
        return socket.waitForReadyRead(ms);
    case BYTES_WRITTEN:
        return socket.waitForBytesWritten(ms);
    case DISCONNECTED:
        return socket.waitForDisconnected(ms);
    }
    return false;
}

struct Scene {
    QLocalSocket socket;
    int listener = -1;
    int peer = -1;
    int fillers[8];
    int filled = 0;

    ~Scene()
    {
        socket.disconnect();
        if (peer >= 0)
            ::close(peer);
        if (listener >= 0)
            ::close(listener);
        for (int i = 0; i < filled; i++)
            ::close(fillers[i]);
    }
    void connect()
    {
        listener = rawListen(path("svc"));
        socket.connectToServer("svc");
        peer = rawAccept(listener);
        pump();
    }
    void peerCloses()
    {
        ::close(peer);
        peer = -1;
    }
};

void unconnected(Scene &)
{
}

void failed(Scene &scene)
{
    scene.socket.connectToServer("nobody");
}

void connecting(Scene &scene)
{
    scene.listener = rawListen(path("svc"), 0);
    scene.filled = rawFill(path("svc"), scene.fillers, 8);
    scene.socket.connectToServer("svc");
}

void idle(Scene &scene)
{
    scene.connect();
}

void data_in_kernel(Scene &scene)
{
    scene.connect();
    rawSend(scene.peer, "12345");
}

void data_buffered(Scene &scene)
{
    scene.connect();
    rawSend(scene.peer, "12345");
    pump();
}

void queued(Scene &scene)
{
    scene.connect();
    scene.socket.write("12345");
}

void queued_stuck(Scene &scene)
{
    scene.connect();
    scene.socket.write(QByteArray(8 << 20, 'w'));
    pump();
}

void closing_stuck(Scene &scene)
{
    queued_stuck(scene);
    scene.socket.disconnectFromServer();
}

void closing_small(Scene &scene)
{
    scene.connect();
    scene.socket.write("12345");
    scene.socket.disconnectFromServer();
}

void peer_gone_unnoticed(Scene &scene)
{
    scene.connect();
    scene.peerCloses();
}

void peer_gone_with_data_unnoticed(Scene &scene)
{
    scene.connect();
    rawSend(scene.peer, "12345");
    scene.peerCloses();
}

void peer_gone_noticed(Scene &scene)
{
    scene.connect();
    scene.peerCloses();
    pump();
}

void peer_gone_noticed_with_data(Scene &scene)
{
    scene.connect();
    rawSend(scene.peer, "12345");
    scene.peerCloses();
    pump();
}

void after_disconnect(Scene &scene)
{
    scene.connect();
    scene.socket.disconnectFromServer();
}

void after_close(Scene &scene)
{
    scene.connect();
    scene.socket.close();
}

/* One row: the same scene afresh for each wait and each time. */
void row(void (*make)(Scene &), std::initializer_list<int> times)
{
    for (Wait which : {CONNECTED, READY_READ, BYTES_WRITTEN, DISCONNECTED}) {
        for (int ms : times) {
            Scene scene;

            ::unlink(path("svc").c_str());
            make(scene);
            std::string events;
            QLocalSocket *s = &scene.socket;
            QObject::connect(s, &QLocalSocket::stateChanged,
                             [&](QLocalSocket::LocalSocketState state) {
                                 events += std::string(" <state ") + name(state) + ">";
                             });
            QObject::connect(s, &QLocalSocket::errorOccurred,
                             [&](QLocalSocket::LocalSocketError error) {
                                 events += std::string(" <error ") + name(error) + ">";
                             });
            QObject::connect(s, &QLocalSocket::connected, [&] { events += " <connected>"; });
            QObject::connect(s, &QLocalSocket::disconnected, [&] { events += " <disconnected>"; });
            QObject::connect(s, &QIODevice::readyRead, [&] { events += " <readyRead>"; });
            QObject::connect(s, &QIODevice::bytesWritten, [&] { events += " <bytesWritten>"; });
            QObject::connect(s, &QIODevice::readChannelFinished,
                             [&] { events += " <readChannelFinished>"; });
            Meter meter;
            bool result = call(*s, which, ms);
            say("%s(%d) = %s; %s; state=%s error=%s;%s", wait_names[which], ms,
                result ? "true" : "false",
                ms > 0 && meter.wall() > ms / 2000.0 ? "waited" : "at once", name(s->state()),
                name(s->error()), events.empty() ? " no signal" : events.c_str());
        }
    }
}

/* A scene that lasts, and one in which a wait for ever ends by itself. */
#define ROW(scene)           \
    void wait_##scene()      \
    {                        \
        row(scene, {0, 60}); \
    }
#define ROW_ENDS(scene)         \
    ROW(scene)                  \
    void wait_forever_##scene() \
    {                           \
        row(scene, {-1});       \
    }

ROW_ENDS(unconnected)
ROW_ENDS(failed)
ROW(connecting)
ROW(idle)
ROW(data_in_kernel)
ROW(data_buffered)
ROW(queued)
ROW(queued_stuck)
ROW(closing_small)
ROW(closing_stuck)
ROW_ENDS(peer_gone_unnoticed)
ROW_ENDS(peer_gone_with_data_unnoticed)
ROW_ENDS(peer_gone_noticed)
ROW_ENDS(peer_gone_noticed_with_data)
ROW_ENDS(after_disconnect)
ROW_ENDS(after_close)

/* -1 where the wait can only end if something happens: a second thread makes it happen. */
void later(Scene &scene, Wait which, const char *what_happens, const std::function<void()> &happen)
{
    std::thread other([&] {
        usleep(100000);
        happen();
    });
    bool result = call(scene.socket, which, -1);
    say("%s(-1), then %s = %s; state=%s error=%s", wait_names[which], what_happens,
        result ? "true" : "false", name(scene.socket.state()), name(scene.socket.error()));
    other.join();
}

void later_data()
{
    Scene scene;

    idle(scene);
    later(scene, READY_READ, "data", [&] { rawSend(scene.peer, "12345"); });
}

void later_data_wait_twice()
{
    Scene scene;

    idle(scene);
    rawSend(scene.peer, "12345");
    say("first waitForReadyRead(60) = %d", scene.socket.waitForReadyRead(60));
    say("second, nothing read and nothing new = %d", scene.socket.waitForReadyRead(60));
    say("avail=%lld", static_cast<long long>(scene.socket.bytesAvailable()));
}

void later_peer_close_read()
{
    Scene scene;

    idle(scene);
    later(scene, READY_READ, "the peer closes", [&] { ::shutdown(scene.peer, 2); });
}

void later_peer_close_disconnected()
{
    Scene scene;

    idle(scene);
    later(scene, DISCONNECTED, "the peer closes", [&] { ::shutdown(scene.peer, 2); });
}

void later_peer_close_written()
{
    Scene scene;

    idle(scene);
    later(scene, BYTES_WRITTEN, "the peer closes", [&] { ::shutdown(scene.peer, 2); });
}

void later_room_connected()
{
    Scene scene;

    connecting(scene);
    later(scene, CONNECTED, "room in the backlog", [&] { ::close(rawAccept(scene.listener)); });
}

void connecting_times_out()
{
    Scene scene;

    connecting(scene);
    Meter meter;
    say("waitForConnected(500) = %d", scene.socket.waitForConnected(500));
    say("%s; state=%s error=%s \"%s\"", meter.load(), name(scene.socket.state()),
        name(scene.socket.error()), text(scene.socket.errorString()).c_str());
}

void bytes_written_one_step()
{
    Scene scene;

    scene.connect();
    scene.socket.write(QByteArray(1 << 20, 'w'));
    bool result = scene.socket.waitForBytesWritten(60);
    say("waitForBytesWritten(60) = %d, bytesToWrite=%s", result,
        scene.socket.bytesToWrite() ? "some" : "none");
}

void bytes_written_also_reads()
{
    Scene scene;
    int ready = 0;

    scene.connect();
    QObject::connect(&scene.socket, &QIODevice::readyRead, [&] { ready++; });
    rawSend(scene.peer, "12345");
    scene.socket.write("12345");
    bool result = scene.socket.waitForBytesWritten(60);
    say("waitForBytesWritten(60) = %d, readyRead %d, avail=%lld", result, ready,
        static_cast<long long>(scene.socket.bytesAvailable()));
}

void ready_read_also_writes()
{
    Scene scene;
    size_t got;

    scene.connect();
    scene.socket.write("12345");
    bool result = scene.socket.waitForReadyRead(60);
    say("waitForReadyRead(60) = %d, bytesToWrite=%lld", result,
        static_cast<long long>(scene.socket.bytesToWrite()));
    say("peer got %s", rawDrain(scene.peer, &got).c_str());
}

} // namespace

int main(int argc, char **argv)
{
#define CASE(function) {#function, function}
    return probe::main(argc, argv,
                       {CASE(wait_unconnected),
                        CASE(wait_forever_unconnected),
                        CASE(wait_failed),
                        CASE(wait_forever_failed),
                        CASE(wait_connecting),
                        CASE(wait_idle),
                        CASE(wait_data_in_kernel),
                        CASE(wait_data_buffered),
                        CASE(wait_queued),
                        CASE(wait_queued_stuck),
                        CASE(wait_closing_small),
                        CASE(wait_closing_stuck),
                        CASE(wait_peer_gone_unnoticed),
                        CASE(wait_forever_peer_gone_unnoticed),
                        CASE(wait_peer_gone_with_data_unnoticed),
                        CASE(wait_forever_peer_gone_with_data_unnoticed),
                        CASE(wait_peer_gone_noticed),
                        CASE(wait_forever_peer_gone_noticed),
                        CASE(wait_peer_gone_noticed_with_data),
                        CASE(wait_forever_peer_gone_noticed_with_data),
                        CASE(wait_after_disconnect),
                        CASE(wait_forever_after_disconnect),
                        CASE(wait_after_close),
                        CASE(wait_forever_after_close),
                        CASE(later_data),
                        CASE(later_data_wait_twice),
                        CASE(later_peer_close_read),
                        CASE(later_peer_close_disconnected),
                        CASE(later_peer_close_written),
                        CASE(later_room_connected),
                        CASE(connecting_times_out),
                        CASE(bytes_written_one_step),
                        CASE(bytes_written_also_reads),
                        CASE(ready_read_also_writes)});
}
