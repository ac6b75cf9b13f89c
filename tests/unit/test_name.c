/* SPDX-License-Identifier: MIT */
/* Name blocks: what was asked for and what it means, kept together and shared. */
#include "name.h"

#include "address.h"

#include "tests/support/must.h"

#include <criterion/criterion.h>
#include <pthread.h>

static size_t allocated, blocks;
static bool no_memory;

static void *count_alloc(void *ctx, size_t size)
{
    (void)ctx;
    if (no_memory)
        return NULL;
    allocated += size;
    blocks++;
    return malloc(size);
}

static void count_release(void *ctx, void *memory, size_t size)
{
    (void)ctx;
    MUST(blocks > 0 && allocated >= size);
    allocated -= size;
    blocks--;
    free(memory);
}

static const struct sp_os os = {.alloc = count_alloc, .release = count_release};

static void end(void)
{
    cr_assert(blocks == 0 && allocated == 0);
}

TestSuite(name, .fini = end);

static void expect(const struct sp__name *name, const char *request, size_t length,
                   const struct sp_address *address)
{
    struct sp_address resolved;
    size_t got;

    memset(&resolved, 0xa5, sizeof(resolved));
    sp__name_address(name, &resolved);
    cr_assert(sp_address_equal(&resolved, address));
    cr_assert(memcmp(sp__name_request(name, &got), request, length + 1) == 0 && got == length);
    cr_assert_eq(sp__name_request(name, NULL)[length], '\0');
}

/* What is kept is what the kernel gets, to the byte, for an address of either kind. */
static void expect_encoded(const struct sp__name *name, const struct sp_address *address)
{
    uint8_t sun_path[SP_PATH_MAX];
    size_t length = sp__address_encode(address, sun_path);
    size_t got;
    const void *bytes = sp__name_encoded(name, &got);

    cr_assert_eq(got, length);
    cr_assert_arr_eq(bytes, sun_path, length);
}

Test(name, a_short_name_stays_short_beside_its_address)
{
    struct sp_address address;
    struct sp__name *name;

    MUST(sp_address_name(&address, "svc", SP_STRLEN, "/run/user/0", SP_STRLEN, NULL) == SP_OK);
    name = sp__name_new(&os, &address, 3);
    expect(name, "svc", 3, &address);
    expect_encoded(name, &address);
    sp__name_unref(&os, name);
}

Test(name, an_absolute_name_is_its_address)
{
    char path[SP_PATH_MAX + 1];
    struct sp_address address;
    struct sp__name *name;

    memset(path, 'x', SP_PATH_MAX);
    path[0] = '/';
    path[SP_PATH_MAX] = '\0';
    MUST(sp_address_path(&address, path, SP_STRLEN, NULL) == SP_OK);
    name = sp__name_new(&os, &address, SP_PATH_MAX);
    expect(name, path, SP_PATH_MAX, &address);
    expect_encoded(name, &address);
    sp__name_unref(&os, name);
}

/* Covers: ABST-05, ALEN-05 */
Test(name, an_abstract_name_keeps_every_byte)
{
    static const char bytes[] = "a\0b\0";
    struct sp_address address;
    struct sp__name *name;

    MUST(sp_address_abstract(&address, bytes, 4, NULL) == SP_OK);
    name = sp__name_new(&os, &address, 4);
    expect(name, bytes, 4, &address);
    expect_encoded(name, &address);
    sp__name_unref(&os, name);
}

Test(name, no_name_is_empty_and_unnamed)
{
    const struct sp_address unnamed = {.space = SP_NAMESPACE_UNNAMED};

    expect(NULL, "", 0, &unnamed);
    cr_assert_null(sp__name_ref(NULL));
    sp__name_unref(&os, NULL);
}

Test(name, without_memory_there_is_none)
{
    struct sp_address address;

    MUST(sp_address_path(&address, "/x", SP_STRLEN, NULL) == SP_OK);
    no_memory = true;
    cr_assert_null(sp__name_new(&os, &address, 2));
}

/* ---- shared by objects in several threads ---- */

#define THREADS 4
#define ROUNDS 20000

static struct sp__name *shared;

static void *take_and_give(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct sp__name *mine = sp__name_ref(shared);

        MUST(strcmp(sp__name_request(mine, NULL), "/x") == 0);
        sp__name_unref(&os, mine);
    }
    return NULL;
}

/* Covers: REEN-12 */
Test(name, is_shared_between_threads)
{
    pthread_t threads[THREADS];
    struct sp_address address;

    MUST(sp_address_path(&address, "/x", SP_STRLEN, NULL) == SP_OK);
    shared = sp__name_new(&os, &address, 2);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, take_and_give, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    cr_assert_eq(blocks, 1, "freed while somebody had it");
    sp__name_unref(&os, shared);
}
