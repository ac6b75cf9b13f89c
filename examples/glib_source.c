/* SPDX-License-Identifier: MIT */
/* A socket or server as a GSource: see glib_source.h. */
#include "glib_source.h"

struct object_source {
    GSource source; /* first: GLib allocates the whole */
    gpointer tag;   /* of the descriptor, NULL while none is watched */
    int fd;
    void (*advance)(void *user, unsigned ready);
    void *user;
};

static GIOCondition to_glib(unsigned interest)
{
    return (interest & SP_IO_READ ? G_IO_IN : 0) | (interest & SP_IO_WRITE ? G_IO_OUT : 0);
}

static unsigned from_glib(GIOCondition condition)
{
    return (condition & G_IO_IN ? SP_IO_READ : 0u) | (condition & G_IO_OUT ? SP_IO_WRITE : 0u) |
           (condition & (G_IO_HUP | G_IO_ERR) ? SP_IO_HANGUP : 0u);
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    struct object_source *object = (struct object_source *)source;
    GIOCondition condition = 0;

    (void)callback, (void)data;
    if (object->tag != NULL)
        condition = g_source_query_unix_fd(source, object->tag);
    object->advance(object->user, from_glib(condition));
    return G_SOURCE_CONTINUE;
}

struct object_source *object_source_new(void (*advance)(void *user, unsigned ready), void *user)
{
    static GSourceFuncs functions = {.dispatch = dispatch};
    GSource *source = g_source_new(&functions, sizeof(struct object_source));
    struct object_source *object = (struct object_source *)source;

    object->tag = NULL;
    object->fd = -1;
    object->advance = advance;
    object->user = user;
    (void)g_source_attach(source, NULL);
    return object;
}

void object_source_arm(struct object_source *object, int fd, unsigned interest, uint64_t deadline)
{
    GSource *source = &object->source;

    /* Interest 0: not even for a hang-up. */
    if (object->tag != NULL && (fd != object->fd || interest == 0)) {
        g_source_remove_unix_fd(source, object->tag);
        object->tag = NULL;
    }
    object->fd = fd;
    if (object->tag != NULL)
        g_source_modify_unix_fd(source, object->tag, to_glib(interest));
    else if (fd >= 0 && interest != 0)
        object->tag = g_source_add_unix_fd(source, fd, to_glib(interest));
    /* The same clock in microseconds; rounded up, or there would be nothing to do yet. */
    g_source_set_ready_time(source, deadline == SP_NEVER ? -1 : (gint64)(deadline / 1000 + 1));
}

void object_source_free(struct object_source *object)
{
    g_source_destroy(&object->source);
    g_source_unref(&object->source);
}
