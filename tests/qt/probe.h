/* SPDX-License-Identifier: MIT */
/*
 * What the probes share: cases in processes of their own, one printed line per observation, and
 * peers made of plain system calls.
 *
 * Rules: a case runs in a child with a fresh directory as $TMPDIR, so that a crash or a hang is an
 * observation like another. A line holds nothing that differs between two runs: no descriptor
 * number, no pid, no time; the directory is printed as $T. Times appear only as a comparison with a
 * wide margin.
 *
 * Not for tests of sunpath: these programs link Qt and look at nothing else.
 */
#ifndef SUNPATH_TESTS_QT_PROBE_H
#define SUNPATH_TESTS_QT_PROBE_H

#include <QLocalServer>
#include <QLocalSocket>

#include <functional>
#include <initializer_list>
#include <string>

namespace probe
{

struct Case {
    const char *name;
    void (*run)();
    unsigned seconds = 10; /* a case that is not done by then hangs */
};

/* Runs the cases named in the arguments, or all; returns the exit status of the program. */
int main(int argc, char **argv, std::initializer_list<Case> cases);

/* ---- saying ---- */

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A number of bytes, or "many": how much a kernel queues differs between machines. */
std::string count(qint64 bytes);
/* All that can be asked of a socket, in one line. */
void show(const char *when, const QLocalSocket &socket);
void show(const char *when, const QLocalServer &server);
const char *name(QLocalSocket::LocalSocketState state);
const char *name(QAbstractSocket::SocketError error);
const char *name(QLocalSocket::LocalSocketError error);
/* Printable; NUL and what is not ASCII are escaped, the case's directory is $T. */
std::string text(const QString &string);
std::string text(const QByteArray &bytes);

/* Prints every signal of the socket (with show()) or the server, as it comes. */
void watch(QLocalSocket &socket);
void watch(QLocalServer &server);

/* ---- time ---- */

/* Runs the event loop until @ms have passed. */
void pump(int ms = 40);
/* Runs the event loop until @done or a generous limit; false if it was the limit. */
bool pumpUntil(const std::function<bool()> &done, int ms = 3000);

/* Wall and processor time of something, said only as comparisons. */
class Meter
{
  public:
    Meter();
    double wall() const;
    double cpu() const;
    /* "cpu busy" when far more time was spent computing than a wait needs, else "cpu idle". */
    const char *load() const;

  private:
    double wallStart, cpuStart;
};

/* ---- the file system and descriptors ---- */

/* $T/@entry */
std::string path(const std::string &entry);
/* "absent", or type and mode of what lies at the path: "socket 0755". */
std::string what(const std::string &path);
void writeFile(const std::string &path);
int openDescriptors();
/* Leaves room for @room more descriptors. */
void limitDescriptors(int room);

/* ---- peers: -1 and a line said on failure ---- */

int rawListen(const std::string &path, int backlog = 8);
int rawListenAbstract(const std::string &name, int backlog = 8);
int rawConnect(const std::string &path);
int rawConnectAbstract(const std::string &name);
/* From a client bound to @self: a path, or else an abstract name. */
int rawConnectAs(const std::string &self, const std::string &path);
int rawAccept(int listener);
void rawPair(int descriptors[2]);
/* Sends everything, or stops at a full queue; the number sent. */
size_t rawSend(int fd, size_t length, char byte = 'x');
void rawSend(int fd, const char *string);
/* Reads until nothing comes for a moment or the end; "N bytes", "N bytes, then end". */
std::string rawDrain(int fd, size_t *ret_count = nullptr);

/* Fills the backlog of a listener so that the next connect meets EAGAIN; returns the fillers. */
int rawFill(const std::string &path, int fillers[], int count);

} // namespace probe

#endif
