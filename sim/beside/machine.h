/* SPDX-License-Identifier: MIT */
/*
 * What a step needs of a kernel: the seam, and beside it the system calls that the library does not
 * make but other programs do.
 *
 * Two implementations: linux.c makes the system calls, simulated.c asks the simulated
 * kernel. Results are >= 0 or -errno. Every call acts as one process.
 */
#ifndef SIM_BESIDE_MACHINE_H
#define SIM_BESIDE_MACHINE_H

#include <sunpath/os.h>

#include <stdbool.h>

/* Names in a directory that is listed. */
#define LIST_MAX 64

struct beside {
    /* sockets */
    int (*socket)(void *who, int kind); /* enum sim_socket_kind */
    int (*socketpair)(void *who, int ret_fds[2]);
    int (*autobind)(void *who, int fd);
    int (*dup)(void *who, int fd);
    int (*close_all)(void *who);     /* but the standard ones */
    int (*flags)(void *who, int fd); /* SIM_CLOEXEC, SIM_NONBLOCK */
    int (*shutdown)(void *who, int fd, int how);
    int64_t (*send_urgent)(void *who, int fd, const void *bytes, size_t length);
    int64_t (*send_descriptor)(void *who, int fd, const void *bytes, size_t length, int passed);
    int (*take_error)(void *who, int fd);
    int64_t (*unread)(void *who, int fd);
    int64_t (*unsent)(void *who, int fd);
    int (*set_send_buffer)(void *who, int fd, uint32_t bytes);
    /* files */
    int (*chdir)(void *who, const char *path);
    int (*mkdir)(void *who, const char *path, uint32_t mode);
    int (*rmdir)(void *who, const char *path);
    int (*create)(void *who, const char *path, uint32_t type, uint32_t mode);
    int (*write)(void *who, const char *path, const void *bytes, size_t length);
    int (*symlink)(void *who, const char *text, const char *path);
    int (*link)(void *who, const char *from, const char *to);
    int (*unlink)(void *who, const char *path);
    int (*rename)(void *who, const char *from, const char *to);
    int (*chmod)(void *who, const char *path, uint32_t mode);
    int (*chown)(void *who, const char *path, uint32_t uid, uint32_t gid);
    int (*stat)(void *who, const char *path, bool follow, struct sp_os_stat *ret_stat);
    int (*readlink)(void *who, const char *path, char *ret_text, size_t capacity);
    int (*open)(void *who, const char *path, bool handle);
    int (*flock)(void *who, int fd, bool lock);
    /* All names, in any order; how many. */
    int (*list)(void *who, const char *path, char ret_names[LIST_MAX][256]);
    /* the process */
    int (*umask)(void *who, uint32_t mask);
    int (*limit)(void *who, unsigned descriptors);
    int (*ids)(void *who, uint32_t uid, uint32_t gid, const uint32_t *groups, size_t count);
};

/* A descriptor of a process on the real kernel that belongs to none of its steps: the line to the
 * tester. Far from all that a step sees. */
#define LINUX_CHANNEL 500

extern const struct beside beside_linux;
extern const struct beside beside_simulated;

/* Who takes part. The same names on both kernels; numbers may differ. */
enum { CAST_ME, CAST_OTHER, CAST_ROOT, CAST_SIZE };
struct cast_member {
    int32_t pid; /* 0: does not take part */
    uint32_t uid;
    uint32_t gid;
};
extern const char *const cast_names[CAST_SIZE];
/* User and group of each, where the tester can choose. */
extern const uint32_t cast_ids[CAST_SIZE];
/* Where they are at the beginning. */
#define CAST_HOME "/tmp/work"

#define HANDLES_MAX 64
#define REMEMBERED_MAX 8
#define HANDLE_NAME_MAX 16

struct handle {
    char name[HANDLE_NAME_MAX];
    int fd;
    unsigned sent; /* position in the pattern that `send` sends */
};

struct remembered {
    char name[HANDLE_NAME_MAX];
    struct sp_os_stat stat;
};

/* Abstract names are visible to the whole machine: each run puts something of its own in front, of
 * a length that is always the same. */
#define PREFIX_LENGTH 16

/** struct side - one process on one kernel, and the names that steps have given to things in it */
struct side {
    const struct sp_os *os;
    const struct beside *beside;
    void *who;
    struct cast_member cast[CAST_SIZE];
    char prefix[PREFIX_LENGTH + 1];
    struct handle handles[HANDLES_MAX];
    size_t handle_count;
    struct remembered remembered[REMEMBERED_MAX];
    size_t remembered_count;
};

#endif
