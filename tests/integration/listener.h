/* SPDX-License-Identifier: MIT */
/* Listening at a path through core/src/sockfile.h, as a server does it, in one call. */
#ifndef TESTS_INTEGRATION_LISTENER_H
#define TESTS_INTEGRATION_LISTENER_H

#include "sockfile.h"

#include <stdbool.h>

struct listener {
    int result; /* of sp__sockfile_listen() */
    struct sp__fault fault;
    int fd; /* listening, or -1 */
    struct sp__sockfile file;
};

struct listen_options {
    unsigned access; /* 0: SP_ACCESS_USER */
    enum sp_trust trust;
    bool take_over;
};

/** listener_open() - works in any process. */
struct listener listener_open(const struct sp_os *os, const char *path,
                              struct listen_options options);
/** listener_close() - as sp_server_close() does it; also after a failure. */
void listener_close(const struct sp_os *os, struct listener *listener);

/** remove_path() - sp__sockfile_remove(); the result, and why in @fault. */
int remove_path(const struct sp_os *os, const char *path, enum sp_remove what,
                struct sp__fault *fault);

#endif
