/* SPDX-License-Identifier: MIT */
/*
 * Contexts, and the choice of the base directory.
 *
 * Tests: tests/unit/test_context.c
 */
#include "context.h"

#include "fault.h"
#include "retry.h"
#include "walk.h"

#include <sunpath/version.h>

#include <string.h>

#define LAST_RESORT "/tmp"

const char *sp_version(void)
{
    return SP_VERSION_STRING;
}

/* Length of a directory's name without trailing slashes; "/" has length 0, so that base + "/" +
 * name is right for it too. */
static size_t base_length(const char *path)
{
    size_t length = strlen(path);

    while (length > 0 && path[length - 1] == '/')
        length--;
    return length;
}

/* $XDG_RUNTIME_DIR is only worth its name when it is ours and closed to everybody else; systems
 * exist on which it is inherited from another user by su, or is missing. */
static bool is_private(const struct sp_os *os, const char *path)
{
    struct sp_os_stat stat;
    struct sp__place place;
    struct sp__fault fault;
    int dir;
    bool private;

    if (sp__walk(os, path, base_length(path), SP_TRUST_OFF, &place, &fault) < 0)
        return false;
    dir = SP__RETRY(os->open_dir(os->ctx, place.dir, place.leaf));
    private = dir >= 0 && SP__RETRY(os->stat_fd(os->ctx, dir, &stat)) >= 0 &&
              stat.uid == os->euid(os->ctx) && (stat.mode & 077) == 0;
    if (dir >= 0)
        (void)os->close(os->ctx, dir);
    sp__walk_end(os, &place);
    return private;
}

static bool usable(const char *path)
{
    return path != NULL && path[0] == '/' && base_length(path) <= SP_PATH_MAX;
}

static const char *choose_base(const struct sp_os *os)
{
    const char *path = os->environment(os->ctx, "XDG_RUNTIME_DIR");

    if (usable(path) && base_length(path) > 0 && is_private(os, path))
        return path;
    path = os->environment(os->ctx, "TMPDIR");
    if (usable(path))
        return path;
    return LAST_RESORT;
}

int sp_context_new(struct sp_context **ret, const struct sp_os *os, const char *base)
{
    struct sp_context *context;
    size_t length;

    if (os == NULL)
        os = sp_os_linux();
    if (os->version != SP_OS_VERSION)
        return SP_ERROR_ARGUMENT;
    if (base == NULL)
        base = choose_base(os);
    else if (!usable(base))
        return SP_ERROR_SERVER_NOT_FOUND;
    length = base_length(base);
    context = os->alloc(os->ctx, sizeof(*context) + length + 2);
    if (context == NULL)
        return SP_ERROR_RESOURCE;
    context->os = os;
    context->base_length = (uint16_t)length;
    memcpy(context->base, base, length);
    /* The root directory keeps the one slash it consists of. */
    context->base[length] = length == 0 ? '/' : '\0';
    context->base[length + 1] = '\0';
    *ret = context;
    return SP_OK;
}

void sp_context_free(struct sp_context *context)
{
    if (context != NULL)
        context->os->release(context->os->ctx, context,
                             sizeof(*context) + context->base_length + 2);
}

const char *sp_context_base(const struct sp_context *context)
{
    return context->base;
}

const struct sp_os *sp_context_os(const struct sp_context *context)
{
    return context->os;
}

int sp_context_resolve(const struct sp_context *context, struct sp_address *ret, const void *name,
                       size_t length, enum sp_cause *ret_cause)
{
    return sp_address_name(ret, name, length, context->base, SP_STRLEN, ret_cause);
}
