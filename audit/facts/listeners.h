/* SPDX-License-Identifier: MIT */
/*
 * The named and listening sockets of a network namespace, from NETLINK_SOCK_DIAG.
 *
 * A file and a socket belong together when device and inode say so; names do not, they stay as they
 * were when a file is renamed. Nothing is connected to. /proc/net/unix is not read: a name with a
 * newline forges a line there.
 *
 * Tests: tests/integration/test_audit_listeners.c
 */
#ifndef AUDIT_FACTS_LISTENERS_H
#define AUDIT_FACTS_LISTENERS_H

#include "audit/facts/connections.h"
#include "audit/facts/path.h"

#include <sunpath/address.h>

struct bound_socket {
    uint64_t device; /* of its file, */
    uint32_t inode;  /* of which the kernel reports the low 32 bits */
    bool has_file;
    bool listening;
    bool has_uid;
    uint32_t uid;     /* of who made the socket */
    uint32_t number;  /* the socket's own inode, as in "socket:[...]" below /proc */
    uint32_t peer;    /* of an end of a connection: the number of the other; 0: gone */
    bool has_queue;   /* of a listener: */
    uint32_t pending; /* connections that wait to be accepted, */
    uint32_t backlog; /* and how many may; one more fits */
    uint64_t netns;   /* inode of its network namespace; 0: ours */
    struct sp_address name;
};

struct bound_sockets {
    int error;   /* the list is not whole */
    bool sorted; /* by .inode first, so that a file's socket is found quickly */
    size_t count;
    size_t room;
    struct bound_socket *sockets;
    struct connections *connections; /* where ends of connections go, or NULL */
};

/** bound_sockets_read() - all of this network namespace; .error is 0 or the errno of what went
 * wrong */
void bound_sockets_read(struct bound_sockets *ret);

/** bound_sockets_add() - those of the namespace that the calling thread is in, behind what is there
 */
void bound_sockets_add(struct bound_sockets *to, uint64_t netns);
void bound_sockets_sort(struct bound_sockets *sockets);
void bound_sockets_free(struct bound_sockets *sockets);

/** listener_like() - the listener with the name and the file of @socket; NULL when there is none.
 * @sockets are sorted. */
const struct bound_socket *listener_like(const struct bound_sockets *sockets,
                                         const struct bound_socket *socket);

enum service {
    SERVICE_UNKNOWN, /* not to be told on this file system, or the list is not whole */
    SERVICE_NONE,    /* stale: nothing is bound to this file here */
    SERVICE_BOUND,   /* a socket is bound to it that does not listen, or one for datagrams */
    SERVICE_LISTENS,
};

/**
 * service_at() - what is behind the socket file that the path leads to
 * @ret: the socket, if there is one; may be NULL. In the other cases NULL, or the listener that was
 *       bound by the same name to another file.
 */
enum service service_at(const struct bound_sockets *sockets, const struct path_facts *facts,
                        const struct bound_socket **ret);

#endif
