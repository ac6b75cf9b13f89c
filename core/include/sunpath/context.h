/* SPDX-License-Identifier: MIT */
/*
 * A context: the seam and the base directory that sockets and servers share.
 *
 * Nothing in a context changes after sp_context_new(), so objects of one context may live in
 * different threads. It must outlive them. In place of global state: two contexts know nothing of
 * each other.
 */
#ifndef SUNPATH_CONTEXT_H
#define SUNPATH_CONTEXT_H

#include <sunpath/address.h>
#include <sunpath/io.h>
#include <sunpath/os.h>

SP_BEGIN_DECLS

struct sp_context;

/**
 * sp_context_new() - make a context
 * @ret:    the new context, to be given to sp_context_free()
 * @os:     the seam, or NULL for the real kernel
 * @base:   absolute directory for short names, or NULL to choose it now
 *
 * The directory chosen is $XDG_RUNTIME_DIR when it is absolute, belongs to us and is closed to
 * everybody else; otherwise $TMPDIR when absolute, else "/tmp". It is read here and never again, so
 * the names of this context do not move when the environment does. A Qt peer uses $TMPDIR or /tmp:
 * to meet it, pass that.
 *
 * Return: SP_OK; SP_ERROR_RESOURCE without memory; SP_ERROR_ARGUMENT for a table of another
 * SP_OS_VERSION; SP_ERROR_SERVER_NOT_FOUND for a base that is not absolute or longer than a path
 * may be.
 */
SP_API SP_MUST_CHECK int sp_context_new(struct sp_context **ret, const struct sp_os *os,
                                        const char *base);

/** sp_context_free() - after all its objects; NULL is allowed. */
SP_API void sp_context_free(struct sp_context *context);

/** sp_context_base() - the base directory, NUL-terminated, without trailing slash; owned by the
 * context. */
SP_API const char *sp_context_base(const struct sp_context *context);

/** sp_context_os() - the seam. */
SP_API const struct sp_os *sp_context_os(const struct sp_context *context);

/** sp_context_timeout_ms() - milliseconds from now until a deadline, for poll() and its like; as
 * sp_io_timeout_ms(). The clock is asked only if there is a deadline. */
static inline int sp_context_timeout_ms(const struct sp_context *context, uint64_t deadline)
{
    const struct sp_os *os;

    if (deadline == SP_NEVER)
        return -1;
    os = sp_context_os(context);
    return sp_io_timeout_ms(deadline, os->now_ns(os->ctx));
}

/** sp_context_resolve() - sp_address_name() under this context's base directory. */
SP_API SP_MUST_CHECK int sp_context_resolve(const struct sp_context *context,
                                            struct sp_address *ret, const void *name, size_t length,
                                            enum sp_cause *ret_cause);

SP_END_DECLS

#endif
