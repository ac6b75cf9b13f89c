/* SPDX-License-Identifier: MIT */
/* Access modes on names that have no file: the kernel's rule for a socket file, in every case. */
#include <sunpath/peer.h>

#include <criterion/criterion.h>

#define ANNA 1000u
#define BERT 1001u

/* Who asks, and the one bit that decides: 0 if nobody can keep him out. */
struct asker {
    uint32_t owner;
    uint32_t uid;
    bool in_group;
    uint32_t bit;
};

static const struct asker askers[] = {
    {ANNA, ANNA, false, 0200}, {ANNA, ANNA, true, 0200},  {ANNA, BERT, true, 0020},
    {ANNA, BERT, false, 0002}, {ANNA, 0, false, 0},       {ANNA, 0, true, 0},
    {0, ANNA, false, 0002},    {0, ANNA, true, 0020},     {0, 0, false, 0},
    {BERT, ANNA, true, 0020},  {UINT32_MAX, 1, false, 2}, {UINT32_MAX, UINT32_MAX, false, 0200},
};

/* Covers: PERM-13 */
Test(access, every_mode_for_everybody)
{
    for (size_t i = 0; i < sizeof(askers) / sizeof(askers[0]); i++) {
        const struct asker *asker = &askers[i];

        for (uint32_t mode = 0; mode <= 07777; mode++) {
            bool expected = asker->bit == 0 || (mode & asker->bit) != 0;

            if (sp_access_mode_allows(mode, asker->owner, asker->uid, asker->in_group) != expected)
                cr_assert_fail("mode %04o, owner %u, peer %u, in group %d", mode, asker->owner,
                               asker->uid, asker->in_group);
        }
    }
}

/* Covers: PERM-13 */
Test(access, only_the_write_bits_count)
{
    cr_assert(sp_access_mode_allows(0602, ANNA, BERT, false));
    cr_assert_not(sp_access_mode_allows(0644, ANNA, BERT, false));
    cr_assert_not(sp_access_mode_allows(0555, ANNA, ANNA, true));
    cr_assert(sp_access_mode_allows(0222, ANNA, BERT, false));
}

/* As in the kernel: an owner without the bit is refused where others have it. */
/* Covers: PERM-13 */
Test(access, the_first_class_that_fits_decides)
{
    cr_assert_not(sp_access_mode_allows(0066, ANNA, ANNA, true));
    cr_assert_not(sp_access_mode_allows(0606, ANNA, BERT, true));
    cr_assert(sp_access_mode_allows(0606, ANNA, BERT, false));
}

/* Type and special bits of a mode change nothing. */
Test(access, other_bits_do_not_count)
{
    cr_assert_not(sp_access_mode_allows(~0222u, ANNA, ANNA, false));
    cr_assert_not(sp_access_mode_allows(~0222u, ANNA, BERT, true));
    cr_assert_not(sp_access_mode_allows(~0222u, ANNA, BERT, false));
    cr_assert(sp_access_mode_allows(0140666, ANNA, BERT, false));
}
