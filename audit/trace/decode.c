/* SPDX-License-Identifier: MIT */
/* From the arguments of a system call to what happened: see decode.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/trace/decode.h"

#include "audit/trace/options.h"
#include "audit/trace/tracee.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NAME_AT offsetof(struct sockaddr_un, sun_path)

static void tell(struct decoder *decoder, const struct call *call)
{
    if (!run_call(decoder->run, call))
        decoder->failed = true;
}

static int descriptor_of(const struct entered *entered)
{
    return (int)(uint32_t)entered->arguments[0];
}

/* The name in the address of bind() or connect(); false: not one of a local socket. */
static bool read_name(struct call *call, pid_t task, const struct entered *entered)
{
    struct sockaddr_un address = {.sun_family = AF_UNSPEC};
    const size_t given = (uint32_t)entered->arguments[2];
    const size_t taken = given < sizeof(address) ? given : sizeof(address);
    size_t length;

    /* A name of no bytes is chosen by the kernel: nobody can mean it. */
    if (taken <= NAME_AT || !tracee_read(task, entered->arguments[1], &address, taken) ||
        address.sun_family != AF_UNIX)
        return false;
    call->bytes = taken - NAME_AT;
    call->abstract = address.sun_path[0] == '\0';
    if (call->abstract) {
        call->length = call->bytes - 1;
        (void)memcpy(call->path, address.sun_path + 1, call->length);
        return true;
    }
    length = strnlen(address.sun_path, call->bytes);
    call->open = length == sizeof(address.sun_path);
    return tracee_absolute(call, task, AT_FDCWD, address.sun_path, length);
}

/* How much a read takes at most; 0: not known. */
static size_t wanted_by(pid_t task, const struct entered *entered)
{
    struct msghdr message;
    struct iovec part;

    switch (entered->watched) {
    case WATCHED_READ:
    case WATCHED_RECVFROM:
        return entered->arguments[2];
    case WATCHED_RECVMSG:
        if (entered->is_32 ||
            !tracee_read(task, entered->arguments[1], &message, sizeof(message)) ||
            message.msg_iovlen != 1 ||
            !tracee_read(task, (uint64_t)(uintptr_t)message.msg_iov, &part, sizeof(part)))
            return 0;
        return part.iov_len;
    default:
        return 0;
    }
}

/* A call that names one socket and says nothing more. */
static void tell_socket(struct decoder *decoder, pid_t task, pid_t process,
                        const struct entered *entered, enum call_kind kind)
{
    struct call call = {.kind = kind, .process = process};

    call.socket = tracee_socket(task, descriptor_of(entered));
    if (call.socket == 0 || !run_knows(decoder->run, call.socket))
        return;
    if (kind == CALL_READ)
        call.bytes = wanted_by(task, entered);
    if (kind == CALL_READ || kind == CALL_ASK)
        call.keeps = tracee_keeps(task, descriptor_of(entered));
    tell(decoder, &call);
}

static void tell_path(struct decoder *decoder, pid_t task, struct call *call, int directory,
                      uint64_t at)
{
    char path[PATH_MAX];
    const size_t length = tracee_string(task, at, path);

    if (length > 0 && tracee_absolute(call, task, directory, path, length))
        tell(decoder, call);
}

static void on_write(struct decoder *decoder, pid_t task, pid_t process,
                     const struct entered *entered, unsigned flags)
{
    if (decoder->pipe_seen || (entered->arguments[flags] & MSG_NOSIGNAL) != 0 ||
        !run_knows(decoder->run, tracee_socket(task, descriptor_of(entered))) ||
        !tracee_dies_of_pipe(task))
        return;
    decoder->pipe_seen = true;
    tell_socket(decoder, task, process, entered, CALL_WRITE);
}

static void on_option(struct decoder *decoder, pid_t task, pid_t process,
                      const struct entered *entered)
{
    const int name = (int)(uint32_t)entered->arguments[2];
    const bool is_asked = entered->watched == WATCHED_GETSOCKOPT
                              ? name == SO_PEERCRED || name == OPTION_PEERPIDFD ||
                                    name == SO_PEERSEC || name == SO_PEERGROUPS
                              : name == SO_PASSCRED || name == OPTION_PASSPIDFD;

    if (is_asked && (uint32_t)entered->arguments[1] == SOL_SOCKET)
        tell_socket(decoder, task, process, entered, CALL_ASK);
}

static bool is_lock(const struct entered *entered)
{
    const int command = (int)(uint32_t)entered->arguments[1];

    return entered->watched == WATCHED_FLOCK || command == F_SETLK || command == F_SETLKW ||
           command == F_OFD_SETLK || command == F_OFD_SETLKW;
}

static bool is_exclusive(uint64_t flags)
{
    return (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
}

void decode_entry(struct decoder *decoder, pid_t task, pid_t process, struct entered *entered)
{
    struct call call = {.process = process};
    const uint64_t *arguments = entered->arguments;

    entered->wants_result = false;
    switch (entered->watched) {
    case WATCHED_BIND:
    case WATCHED_LISTEN:
    case WATCHED_ACCEPT:
    case WATCHED_ACCEPT4:
    case WATCHED_RENAME:
    case WATCHED_RENAMEAT:
    case WATCHED_LINK:
    case WATCHED_LINKAT:
        entered->wants_result = true;
        break;
    case WATCHED_OPEN:
        entered->wants_result = is_exclusive(arguments[1]);
        break;
    case WATCHED_OPENAT:
        entered->wants_result = is_exclusive(arguments[2]);
        break;
    case WATCHED_CONNECT:
        call.kind = CALL_CONNECT;
        if (read_name(&call, task, entered))
            tell(decoder, &call);
        break;
    case WATCHED_RECVMSG:
        tell_socket(decoder, task, process, entered, CALL_READ);
        entered->wants_result = (arguments[2] & MSG_CMSG_CLOEXEC) == 0;
        break;
    case WATCHED_READ:
    case WATCHED_READV:
    case WATCHED_RECVFROM:
    case WATCHED_RECVMMSG:
        tell_socket(decoder, task, process, entered, CALL_READ);
        break;
    case WATCHED_CLOSE:
        tell_socket(decoder, task, process, entered, CALL_CLOSE);
        break;
    case WATCHED_GETSOCKOPT:
    case WATCHED_SETSOCKOPT:
        on_option(decoder, task, process, entered);
        break;
    case WATCHED_SENDTO:
        on_write(decoder, task, process, entered, 3);
        break;
    case WATCHED_SENDMSG:
        on_write(decoder, task, process, entered, 2);
        break;
    case WATCHED_CHMOD:
        call.kind = CALL_CHMOD;
        call.mode = (uint32_t)arguments[1];
        tell_path(decoder, task, &call, AT_FDCWD, arguments[0]);
        break;
    case WATCHED_FCHMODAT:
    case WATCHED_FCHMODAT2:
        call.kind = CALL_CHMOD;
        call.mode = (uint32_t)arguments[2];
        tell_path(decoder, task, &call, descriptor_of(entered), arguments[1]);
        break;
    case WATCHED_FCHMOD:
    case WATCHED_FCHOWN:
        tell_socket(decoder, task, process, entered, CALL_FCHMOD);
        break;
    case WATCHED_CHOWN:
        call.kind = CALL_CHOWN;
        tell_path(decoder, task, &call, AT_FDCWD, arguments[0]);
        break;
    case WATCHED_FCHOWNAT:
        call.kind = CALL_CHOWN;
        tell_path(decoder, task, &call, descriptor_of(entered), arguments[1]);
        break;
    case WATCHED_UNLINK:
        call.kind = CALL_UNLINK;
        tell_path(decoder, task, &call, AT_FDCWD, arguments[0]);
        break;
    case WATCHED_UNLINKAT:
        call.kind = CALL_UNLINK;
        tell_path(decoder, task, &call, descriptor_of(entered), arguments[1]);
        break;
    case WATCHED_UMASK:
        call.kind = CALL_UMASK;
        call.mode = (uint32_t)arguments[0] & 0777;
        tell(decoder, &call);
        break;
    case WATCHED_FLOCK:
    case WATCHED_FCNTL:
        call.kind = CALL_LOCK;
        if (is_lock(entered))
            tell(decoder, &call);
        break;
    case WATCHED_URING:
        decoder->uring = true;
        break;
    case WATCHED_NONE:
        break;
    }
}

static void on_bound(struct decoder *decoder, pid_t task, struct call *call,
                     const struct entered *entered)
{
    call->kind = CALL_BIND;
    if (read_name(call, task, entered))
        tell(decoder, call);
}

/* rename() and link() have two paths, the others a directory before each. */
static void on_renamed(struct decoder *decoder, pid_t task, struct call *call,
                       const struct entered *entered)
{
    const bool at = entered->watched == WATCHED_RENAMEAT || entered->watched == WATCHED_LINKAT;
    const uint64_t *arguments = entered->arguments;
    struct call former = {.kind = CALL_RENAME};
    char path[PATH_MAX];
    size_t length = tracee_string(task, arguments[at ? 1 : 0], path);

    if (length == 0 ||
        !tracee_absolute(&former, task, at ? descriptor_of(entered) : AT_FDCWD, path, length))
        return;
    call->kind = CALL_RENAME;
    call->linked = entered->watched == WATCHED_LINK || entered->watched == WATCHED_LINKAT;
    call->former = former.path;
    call->former_length = former.length;
    tell_path(decoder, task, call, at ? (int)(uint32_t)arguments[2] : AT_FDCWD,
              arguments[at ? 3 : 1]);
}

/* A file that only one can make is a lock, if that is what its name says. */
static void on_made(struct decoder *decoder, pid_t task, struct call *call, uint64_t path_at)
{
    char path[PATH_MAX];
    const char *name;

    if (tracee_string(task, path_at, path) == 0)
        return;
    name = strrchr(path, '/') != NULL ? strrchr(path, '/') : path;
    call->kind = CALL_LOCK;
    if (strstr(name, "lock") != NULL || strstr(name, ".pid") != NULL)
        tell(decoder, call);
}

static void on_listening(struct decoder *decoder, pid_t task, struct call *call, int descriptor)
{
    const char *path = run_path(decoder->run, call->socket);

    call->kind = CALL_LISTEN;
    call->mode = path != NULL ? tracee_mode(task, path) : 0;
    call->keeps = tracee_keeps(task, descriptor);
    tell(decoder, call);
}

/* Is it one of ours? A listener that was there before is taken over with its name. */
static bool adopt(struct decoder *decoder, pid_t task, pid_t process, int descriptor,
                  uint64_t socket)
{
    struct call call = {.kind = CALL_BIND, .process = process, .socket = socket};
    const size_t room = sizeof(decoder->foreign) / sizeof(decoder->foreign[0]);

    if (socket == 0)
        return false;
    if (run_knows_listener(decoder->run, socket))
        return true;
    for (size_t i = 0; i < decoder->foreign_count && i < room; i++)
        if (decoder->foreign[i] == socket)
            return false;
    if (!tracee_listener(&call, process, descriptor)) {
        decoder->foreign[decoder->foreign_count++ % room] = socket;
        return false;
    }
    tell(decoder, &call);
    on_listening(decoder, task, &call, descriptor);
    return true;
}

static void on_accepted(struct decoder *decoder, pid_t task, struct call *call,
                        const struct entered *entered, int64_t result)
{
    const uint64_t listener = tracee_socket(task, descriptor_of(entered));

    if (!adopt(decoder, task, call->process, descriptor_of(entered), listener))
        return;
    call->kind = CALL_ACCEPT;
    call->listener = listener;
    call->socket = tracee_socket(task, (int)result);
    if (call->socket != 0)
        tell(decoder, call);
}

/* Were descriptors among what came? The kernel has set the length of what it wrote. */
static void on_received(struct decoder *decoder, pid_t task, struct call *call,
                        const struct entered *entered)
{
    struct msghdr message;
    struct cmsghdr control;
    uint32_t message_32[7];
    uint32_t control_32[3];

    if (entered->is_32) {
        if (!tracee_read(task, entered->arguments[1], message_32, sizeof(message_32)) ||
            message_32[5] <= sizeof(control_32) ||
            !tracee_read(task, message_32[4], control_32, sizeof(control_32)))
            return;
        control.cmsg_level = (int)control_32[1];
        control.cmsg_type = (int)control_32[2];
    } else if (!tracee_read(task, entered->arguments[1], &message, sizeof(message)) ||
               message.msg_controllen <= sizeof(control) ||
               !tracee_read(task, (uint64_t)(uintptr_t)message.msg_control, &control,
                            sizeof(control))) {
        return;
    }
    call->kind = CALL_RECEIVE;
    if (control.cmsg_level == SOL_SOCKET && control.cmsg_type == SCM_RIGHTS)
        tell(decoder, call);
}

void decode_result(struct decoder *decoder, pid_t task, pid_t process,
                   const struct entered *entered, int64_t result)
{
    struct call call = {.process = process};

    if (result < 0)
        return;
    if (entered->watched == WATCHED_BIND || entered->watched == WATCHED_LISTEN)
        call.socket = tracee_socket(task, descriptor_of(entered));
    switch (entered->watched) {
    case WATCHED_BIND:
        on_bound(decoder, task, &call, entered);
        break;
    case WATCHED_LISTEN:
        if (run_knows_listener(decoder->run, call.socket))
            on_listening(decoder, task, &call, descriptor_of(entered));
        break;
    case WATCHED_ACCEPT:
    case WATCHED_ACCEPT4:
        on_accepted(decoder, task, &call, entered, result);
        break;
    case WATCHED_OPEN:
        on_made(decoder, task, &call, entered->arguments[0]);
        break;
    case WATCHED_OPENAT:
        on_made(decoder, task, &call, entered->arguments[1]);
        break;
    case WATCHED_RECVMSG:
        on_received(decoder, task, &call, entered);
        break;
    case WATCHED_RENAME:
    case WATCHED_RENAMEAT:
    case WATCHED_LINK:
    case WATCHED_LINKAT:
        on_renamed(decoder, task, &call, entered);
        break;
    default:
        break;
    }
}

struct executed {
    struct decoder *decoder;
    pid_t process;
};

static void on_kept(void *arg, uint64_t socket)
{
    const struct executed *executed = arg;
    const struct call call = {.kind = CALL_EXEC, .process = executed->process, .socket = socket};

    if (run_knows(executed->decoder->run, socket))
        tell(executed->decoder, &call);
}

void decode_exec(struct decoder *decoder, pid_t process)
{
    struct executed executed = {.decoder = decoder, .process = process};

    decoder->pipe_seen = false;
    tracee_each_socket(process, on_kept, &executed);
}
