/* SPDX-License-Identifier: MIT */
/* Listening at a path: see listener.h. */
#include "tests/integration/listener.h"

#include "tests/support/must.h"

#define BACKLOG 100

static struct sp_address address_of(const char *path)
{
    struct sp_address address;

    MUST(sp_address_path(&address, path, SP_STRLEN, NULL) == SP_OK);
    return address;
}

struct listener listener_open(const struct sp_os *os, const char *path,
                              struct listen_options options)
{
    struct listener listener = {.fd = -1, .file = {.dir = -1}};
    struct sp_address address = address_of(path);
    /* Memory and the socket come from a server, which has its own tests: not through @os. */
    const struct sp_os *real = sp_os_linux();
    struct sp__name *name = sp__name_new(real, &address, address.length);
    int fd = real->socket(real->ctx);

    MUST(name != NULL && fd >= 0);
    listener.result = sp__sockfile_listen(
        os, fd, name, options.access != 0 ? options.access : SP_ACCESS_USER, BACKLOG, options.trust,
        options.take_over, &listener.file, &listener.fault);
    sp__name_unref(real, name);
    if (listener.result == SP_OK)
        listener.fd = fd;
    else
        MUST(real->close(real->ctx, fd) == 0);
    return listener;
}

void listener_close(const struct sp_os *os, struct listener *listener)
{
    sp__sockfile_remove_own(os, &listener->file);
    if (listener->fd >= 0)
        (void)os->close(os->ctx, listener->fd);
    listener->fd = -1;
}

int remove_path(const struct sp_os *os, const char *path, enum sp_remove what,
                struct sp__fault *fault)
{
    struct sp_address address = address_of(path);

    return sp__sockfile_remove(os, &address, what, fault);
}
