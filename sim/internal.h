/* SPDX-License-Identifier: MIT */
/*
 * The inside of the simulated kernel: what its files share, and nobody else may see.
 *
 * All tables are arrays of fixed size in struct sim; an element is named by its index and a free
 * one is found through the table's pool. So a reset forgets everything by setting a few counters,
 * and no pointer value can ever decide anything. An element is initialised when it is taken, not
 * when the world is reset.
 *
 * Reference counts work as in Linux:
 *   file    one for each descriptor, and for each message that carries it
 *   socket  one for its file or its place in a listener's queue, one for being a socket's peer
 *   node    one for each file, working directory and bound socket, one for being a parent;
 *           it lives while it has a name or a reference
 */
#ifndef SIM_INTERNAL_H
#define SIM_INTERNAL_H

#include "actor.h"
#include "faults.h"
#include "kernel.h"

#include <errno.h>

typedef uint16_t sim_index;
#define SIM_NIL UINT16_MAX

#define SETGID 02000u

struct sim_pool {
    sim_index top;  /* elements from here on were never taken since the reset */
    sim_index free; /* list of elements that were given back */
    sim_index live;
};

/* ---- files and names ---- */

enum { SIM_NODE_REMOVED = 1, SIM_NODE_READ_ONLY = 2 };

struct sim_node {
    uint64_t ino;
    uint64_t content;
    uint64_t size;
    uint32_t uid;
    uint32_t gid;
    uint32_t text; /* of a link */
    uint16_t text_length;
    uint16_t mode;
    uint16_t names; /* entries that lead here; for a directory 1 or 0 */
    uint16_t refs;
    sim_index entries; /* of a directory: its first entry */
    sim_index parent;  /* of a directory */
    sim_index socket;  /* bound to it; SIM_NIL: none */
    sim_index locker;  /* the file that has the lock */
    uint8_t device;
    uint8_t flags;
};

struct sim_entry {
    uint32_t name;
    uint8_t length;
    sim_index node;
};

/* ---- sockets ---- */

/* With less a socket would never be writable. */
#define SIM_SEND_BUFFER_MIN 4u

enum { SIM_RCV_SHUT = 1, SIM_SEND_SHUT = 2, SIM_BOTH_SHUT = 3 };
enum sim_sock_state { SIM_SOCK_UNCONNECTED, SIM_SOCK_LISTENING, SIM_SOCK_CONNECTED };

struct sim_sock {
    uint64_t ino;
    uint64_t sent;    /* in all */
    uint32_t label;   /* an oracle's */
    uint32_t address; /* sun_path, in the text arena */
    uint32_t send_buffer;
    uint32_t charged; /* buffer space taken by what we sent and the peer has not received */
    uint32_t unread;  /* bytes in our queue */
    uint32_t queued;  /* messages or connections in our queue */
    uint32_t backlog;
    uint32_t uid; /* who made it, which counts when its mode is set */
    uint32_t gid;
    uint16_t mode;
    uint16_t refs;
    sim_index peer;
    sim_index cred;         /* who SO_PEERCRED names; SIM_NIL: nobody */
    sim_index node;         /* bound to */
    sim_index first, last;  /* of our queue: messages, or sockets if we listen */
    sim_index urgent;       /* message that holds the out-of-band byte */
    uint8_t address_length; /* of the whole sockaddr; 0: unnamed */
    uint8_t kind;           /* enum sim_socket_kind */
    uint8_t state;
    uint8_t shut;
    uint8_t error;
    bool bound; /* has a name of its own, not its listener's */
    bool dead;
};

/* A piece of data in a receive queue: Linux's skb. What it takes from the send buffer depends on
 * how it was cut, which is why messages are not merged. */
struct sim_message {
    uint32_t length; /* not yet received */
    uint32_t charge;
    sim_index offset; /* of the first byte in the first block */
    sim_index block;
    sim_index passed; /* file */
};

/* ---- open files ---- */

enum sim_file_kind { SIM_FILE_SOCKET, SIM_FILE_NODE, SIM_FILE_HANDLE, SIM_FILE_PROCESS };

struct sim_file {
    uint16_t refs;
    sim_index target; /* socket, node or actor */
    uint8_t kind;
    bool nonblock;
};

/* ---- actors ---- */

struct sim_cred {
    int32_t pid;
    uint32_t uid;
    uint32_t gid;
    uint32_t groups; /* array in the text arena */
    uint32_t group_count;
};

struct sim_rule_state {
    struct sim_rule rule;
    uint32_t seen;
};

struct sim_faults {
    struct sim_rule_state rules[SIM_RULES_MAX];
    unsigned rule_count;
    const uint8_t *tape;
    size_t tape_length;
    uint64_t hits;
    enum sim_call last;
};

#define SIM_ENVIRONMENT_MAX 16

struct sim_actor {
    struct sim *sim;
    struct sp_os os;
    unsigned number;
    sim_index cred;
    sim_index cwd;
    uint32_t umask;
    unsigned descriptor_limit;
    uint64_t open;    /* bit n: descriptor n is open */
    uint64_t cloexec; /* bit n: it goes with exec */
    sim_index files[SIM_DESCRIPTORS_MAX];
    size_t memory_limit;
    size_t allocations;
    size_t allocated_bytes;
    unsigned environment_count;
    struct {
        uint32_t name, value;
    } environment[SIM_ENVIRONMENT_MAX];
    struct sim_faults faults;
    unsigned misuse[SIM_MISUSE_COUNT];
    uint32_t calls[SIM_CALL_COUNT];
};

/* ---- memory: heap.c ---- */

struct sim_heap_state {
    uint8_t *base;
    size_t used;
    uint64_t first_freed, last_freed; /* offsets of blocks, oldest first; 0: none */
};

/* ---- the world ---- */

struct sim {
    struct sim_options options;
    uint64_t now_ns;
    uint64_t digest;
    uint64_t last_ino;
    uint64_t last_socket_ino;
    uint32_t last_autobind;
    uint32_t text_used;
    unsigned actor_count;
    unsigned full;
    unsigned misused;
    unsigned last_device;
    sim_hook *hook;
    void *hook_user;
    sim_trace *trace;
    void *trace_user;
    sim_witness *witness;
    void *witness_user;
    sim_index root;
    sim_index cred_count;
    struct sim_pool node_pool, entry_pool, file_pool, sock_pool, message_pool, block_pool;
    struct sim_heap_state heap;
    char *text;
    uint8_t *blocks;

    struct sim_actor oracle; /* root, with no descriptors; in no list */
    struct sim_actor actors[SIM_ACTORS_MAX];
    struct sim_cred creds[SIM_CREDS_MAX];
    struct sim_file files[SIM_FILES_MAX];
    struct sim_sock socks[SIM_SOCKETS_MAX];
    struct sim_node nodes[SIM_NODES_MAX];
    struct sim_entry entries[SIM_ENTRIES_MAX];
    struct sim_message messages[SIM_MESSAGES_MAX];
    /* What comes next: in the free list, or in the one list that an element in use is in. */
    sim_index file_links[SIM_FILES_MAX];
    sim_index sock_links[SIM_SOCKETS_MAX];
    sim_index node_links[SIM_NODES_MAX];
    sim_index entry_links[SIM_ENTRIES_MAX];
    sim_index message_links[SIM_MESSAGES_MAX];
    sim_index block_links[SIM_BLOCKS_MAX];
};

/* kernel.c */
/* SIM_NIL when there is none left, which is counted. */
sim_index sim__take(struct sim *sim, struct sim_pool *pool, const sim_index *links,
                    size_t capacity);
void sim__give_back(struct sim_pool *pool, sim_index *links, sim_index index);
/* Copies into the text arena; the offset, or 0 when it is full (offset 0 is never given). */
uint32_t sim__text_add(struct sim *sim, const void *bytes, size_t length);
void sim__misuse(struct sim_actor *actor, enum sim_misuse misuse);
sim_index sim__cred_add(struct sim *sim, const struct sim_cred *cred);

static inline const struct sim_cred *sim__cred(const struct sim_actor *actor)
{
    return &actor->sim->creds[actor->cred];
}

static inline uint64_t sim__mix(uint64_t digest, uint64_t value)
{
    digest = (digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return digest ^ (digest >> 29);
}

/* descriptor.c */
int sim__file_new(struct sim *sim, enum sim_file_kind kind, sim_index target);
void sim__file_unref(struct sim *sim, sim_index file);
/* Lowest free descriptor below the limit, or -EMFILE. */
int sim__descriptor_free(const struct sim_actor *actor);
void sim__descriptor_set(struct sim_actor *actor, int fd, sim_index file, bool cloexec);
/* A new open file at the lowest free descriptor; takes over nothing on failure. */
int sim__descriptor_new(struct sim_actor *actor, enum sim_file_kind kind, sim_index target,
                        bool cloexec, bool nonblock);
/* NULL: not open. */
struct sim_file *sim__file(const struct sim_actor *actor, int fd);
/* The socket behind a descriptor, or NULL with the errno in @ret_error. */
struct sim_sock *sim__sock(const struct sim_actor *actor, int fd, int *ret_error);

/* socket.c, name.c */
sim_index sim__sock_new(struct sim *sim, enum sim_socket_kind kind);
/* Whether a client could come: it listens, and was not shut down. */
bool sim__sock_is_open(const struct sim *sim, sim_index sock);
void sim__sock_unref(struct sim *sim, sim_index index);
/* The last descriptor or the listener has let go. */
void sim__sock_release(struct sim *sim, sim_index index, bool embryo);
int sim__socket(struct sim_actor *actor);
/* The socket a name leads this actor to, or -errno. */
int sim__find_sock(struct sim_actor *actor, const void *name, size_t length,
                   enum sim_socket_kind kind);
int sim__accept(struct sim_actor *actor, int fd, bool cloexec, bool nonblock);

/* stream.c */
struct sim_send {
    const struct sp_os_iov *iov;
    size_t count;
    size_t limit;     /* no more bytes than this */
    sim_index passed; /* a reference that is taken over on success */
    bool urgent;
};
int64_t sim__send(struct sim_actor *actor, int fd, const struct sim_send *what);
int64_t sim__recv(struct sim_actor *actor, int fd, void *ret_bytes, size_t capacity, bool peek);
void sim__queue_drop(struct sim *sim, struct sim_sock *sock);

/* readiness.c */
uint32_t sim__readiness(const struct sim *sim, const struct sim_file *file);

/* node.c: nodes, entries, permissions */
enum { SIM_MAY_SEARCH = 1, SIM_MAY_WRITE = 2, SIM_MAY_READ = 4 };
sim_index sim__node_new(struct sim *sim, uint32_t mode, uint32_t uid, uint32_t gid, uint8_t device);
void sim__node_ref(struct sim *sim, sim_index node);
void sim__node_unref(struct sim *sim, sim_index node);
sim_index sim__node_of(const struct sim_actor *actor, int fd);
bool sim__is(const struct sim *sim, sim_index node, uint32_t type);
bool sim__in_group(const struct sim_actor *actor, uint32_t gid);
bool sim__is_root(const struct sim_actor *actor);
bool sim__has_owner_rights(const struct sim_actor *actor, const struct sim_node *node);
int sim__permission(const struct sim_actor *actor, sim_index node, unsigned wanted);
sim_index sim__entry_find(const struct sim *sim, sim_index dir, const char *name, size_t length);
/* The entry, or -errno: a directory that is removed does not even look how long the name is. */
int sim__lookup(const struct sim *sim, sim_index dir, const char *name, size_t length);
int sim__entry_add(struct sim *sim, sim_index dir, const char *name, size_t length, sim_index node);
void sim__entry_remove(struct sim *sim, sim_index dir, sim_index entry);
void sim__fill_stat(const struct sim *sim, sim_index node, struct sp_os_stat *ret_stat);

/* walk.c: paths */
enum sim_last { SIM_LAST_NAME, SIM_LAST_DOT, SIM_LAST_DOTDOT, SIM_LAST_ROOT };
struct sim_place {
    sim_index dir;    /* that holds the last component */
    const char *name; /* of the last component; valid as long as the path */
    size_t length;
    enum sim_last last;
    bool slash; /* something follows the name: only slashes */
};
/* What is wrong with a path before anybody looks where it leads, or for a free descriptor. */
int sim__check_path(const char *path);
/* Everything but the last component. @at: a relative path starts there. */
int sim__walk_parent(struct sim_actor *actor, sim_index at, const char *path,
                     struct sim_place *ret);
/* The node, or -errno. @follow: also a link at the end. */
int sim__walk(struct sim_actor *actor, sim_index at, const char *path, bool follow);

/* entry.c: names */
/* Tells the witness, if there is one. @place: of a change of mode NULL. */
void sim__witness(const struct sim_actor *actor, enum sim_change_kind kind,
                  const struct sim_place *place, sim_index node, uint32_t mode);
int sim__make_node(struct sim_actor *actor, sim_index at, const char *path, uint32_t mode,
                   sim_index *ret_node);
int sim__unlink(struct sim_actor *actor, sim_index at, const char *path);
/* file.c: what is behind them */
int sim__chmod_node(struct sim_actor *actor, sim_index node, uint32_t mode);
/* A new descriptor for the node. */
int sim__open_node(struct sim_actor *actor, sim_index node, enum sim_file_kind kind, bool cloexec);
int sim__readlink(struct sim_actor *actor, sim_index at, const char *path, char *ret_text,
                  size_t capacity);

/* heap.c */
bool sim__heap_init(struct sim *sim);
void sim__heap_reset(struct sim *sim);
void sim__heap_free(struct sim *sim);
void *sim__alloc(struct sim_actor *actor, size_t size);
void sim__release(struct sim_actor *actor, void *memory, size_t size);

/* seam.c: the frame of a call, for the files that have the members */
struct sim_visit {
    struct sim_actor *actor;
    enum sim_call call;
    int fd;
    struct sim_fault fault;
    const char *name;
};
/* Counts, lets others act, asks the fault plan. sim__enter_with(): @fd must be open. */
struct sim_visit sim__enter(void *ctx, enum sim_call call, int fd);
struct sim_visit sim__enter_with(void *ctx, enum sim_call call, int fd);
/* Whether the call shall fail without effect, with sim__planned_errno(). */
bool sim__fails(const struct sim_visit *visit);
int sim__planned_errno(const struct sim_visit *visit);
/* Into the digest. */
void sim__add(const struct sim_visit *visit, uint64_t value);
void sim__add_bytes(const struct sim_visit *visit, const void *bytes, size_t length);
void sim__add_name(struct sim_visit *visit, const char *name);
/* Counts a breach of the contract. */
void sim__require(const struct sim_visit *visit, bool kept);
void sim__require_open(const struct sim_visit *visit, int fd);
/* Lets others act; whether they did. */
bool sim__act(struct sim_actor *actor, enum sim_call call, enum sim_moment moment);
int64_t sim__leave(const struct sim_visit *visit, int64_t result);
int sim__leave_int(const struct sim_visit *visit, int result);
extern const struct sp_os sim__seam;
/* Its members. seam_socket.c, seam_file.c */
int sim__seam_socket(void *ctx);
int sim__seam_bind(void *ctx, int fd, const void *name, size_t length);
int sim__seam_listen(void *ctx, int fd, int backlog);
int sim__seam_accept(void *ctx, int fd);
int sim__seam_connect(void *ctx, int fd, const void *name, size_t length);
int sim__seam_getsockname(void *ctx, int fd, void *ret_sockaddr, size_t capacity);
int sim__seam_getpeername(void *ctx, int fd, void *ret_sockaddr, size_t capacity);
int64_t sim__seam_send(void *ctx, int fd, const struct sp_os_iov *iov, size_t count);
int64_t sim__seam_recv(void *ctx, int fd, void *ret_bytes, size_t capacity, uint32_t flags);
int sim__seam_close(void *ctx, int fd);
int sim__seam_poll(void *ctx, struct sp_os_pollfd *fds, size_t count, uint64_t deadline_ns);
int sim__seam_sockinfo(void *ctx, int fd, struct sp_os_sockinfo *ret_info);
int sim__seam_set_nonblock(void *ctx, int fd);
int sim__seam_set_cloexec(void *ctx, int fd);
int sim__seam_peer_cred(void *ctx, int fd, struct sp_os_cred *ret_cred);
int sim__seam_peer_groups(void *ctx, int fd, uint32_t *ret_groups, size_t capacity);
int sim__seam_peer_pidfd(void *ctx, int fd);
int sim__seam_set_socket_mode(void *ctx, int fd, uint32_t mode);
int sim__seam_open_dir(void *ctx, int dir, const char *name);
int sim__seam_stat_at(void *ctx, int dir, const char *name, struct sp_os_stat *ret_stat);
int sim__seam_stat_fd(void *ctx, int fd, struct sp_os_stat *ret_stat);
int sim__seam_readlink_at(void *ctx, int dir, const char *name, char *ret_text, size_t capacity);
int sim__seam_unlink_at(void *ctx, int dir, const char *name);
int sim__seam_chmod_at(void *ctx, int dir, const char *name, const struct sp_os_stat *expected,
                       uint32_t mode);
int sim__seam_lock_at(void *ctx, int dir, const char *name);

/* faults.c */
/* What this call shall come to; SIM_FAULT_NONE is the rule. */
struct sim_fault sim__fault_next(struct sim_actor *actor, enum sim_call call);
void sim__faults_reset(struct sim_actor *actor);

#endif
