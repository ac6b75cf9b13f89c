/* SPDX-License-Identifier: MIT */
/*
 * Name blocks: see name.h.
 *
 * Tests: tests/unit/test_name.c
 */
#include "name.h"

#include "check.h"

#include <assert.h>
#include <string.h>

static_assert(offsetof(struct sp__name, bytes) == offsetof(struct sp__name, nul) + 1,
              "an abstract name is in the block as the kernel takes it");

static size_t block_size(size_t length)
{
    return sizeof(struct sp__name) + length + 1;
}

struct sp__name *sp__name_new(const struct sp_os *os, const struct sp_address *address,
                              size_t request_length)
{
    struct sp__name *name;

    SP__CHECK(address->length <= SP_PATH_MAX && request_length <= address->length);
    name = os->alloc(os->ctx, block_size(address->length));
    if (name == NULL)
        return NULL;
    atomic_init(&name->references, 1);
    name->space = (uint8_t)address->space;
    name->length = address->length;
    name->request = (uint8_t)(address->length - request_length);
    name->nul = '\0';
    memcpy(name->bytes, address->bytes, address->length);
    name->bytes[address->length] = '\0';
    return name;
}

struct sp__name *sp__name_ref(struct sp__name *name)
{
    if (name != NULL)
        atomic_fetch_add_explicit(&name->references, 1, memory_order_relaxed);
    return name;
}

void sp__name_unref(const struct sp_os *os, struct sp__name *name)
{
    /* Release before the last one frees, acquire in the one that does: the usual pair. */
    if (name != NULL && atomic_fetch_sub_explicit(&name->references, 1, memory_order_acq_rel) == 1)
        os->release(os->ctx, name, block_size(name->length));
}

void sp__name_address(const struct sp__name *name, struct sp_address *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (name == NULL)
        return;
    ret->space = (enum sp_namespace)name->space;
    ret->length = name->length;
    memcpy(ret->bytes, name->bytes, name->length);
}

const void *sp__name_encoded(const struct sp__name *name, size_t *ret_length)
{
    size_t before = name->space == SP_NAMESPACE_ABSTRACT ? 1 : 0;

    *ret_length = name->length + before;
    return (const char *)name + offsetof(struct sp__name, bytes) - before;
}

const char *sp__name_request(const struct sp__name *name, size_t *ret_length)
{
    if (ret_length != NULL)
        *ret_length = name != NULL ? (size_t)name->length - name->request : 0;
    return name != NULL ? name->bytes + name->request : "";
}
