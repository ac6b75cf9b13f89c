/* SPDX-License-Identifier: MIT */
/* Access control lists as bytes, and names as text. What lists mean: integration/test_audit_path.
 */
#include "audit/facts/acl.h"
#include "audit/report/escape.h"

#include <sunpath/address.h>

#include <criterion/criterion.h>
#include <string.h>

/* Version 2, then tag, permissions and id of each entry, all little-endian. */
static const uint8_t list[] = {
    2,    0, 0, 0,                         /* */
    0x01, 0, 7, 0, 0xff, 0xff, 0xff, 0xff, /* owner rwx */
    0x02, 0, 6, 0, 0xe8, 0x03, 0,    0,    /* user 1000 rw- */
    0x04, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, /* group --- */
    0x10, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, /* mask r-- */
    0x20, 0, 2, 0, 0xff, 0xff, 0xff, 0xff, /* others -w- */
};

Test(audit_acl, a_list_is_read_as_it_is)
{
    const struct identity named = {.uid = 1000};
    const struct identity other = {.uid = 1001};
    struct acl acl;

    cr_assert(acl_parse(&acl, list, sizeof(list)));
    cr_assert_eq(acl.state, ACL_READ);
    cr_assert_eq(acl.count, 5);
    cr_expect(acl_allows(&acl, 5, 6, &named, 4));
    cr_expect_not(acl_allows(&acl, 5, 6, &named, 2), "the mask takes it");
    cr_expect(acl_allows(&acl, 5, 6, &other, 2));
}

Test(audit_acl, what_is_no_list_is_refused)
{
    uint8_t bytes[ACL_BYTES_MAX + 8] = {2};
    struct acl acl;

    for (size_t length = 0; length < sizeof(list); length++)
        if (length < 4 || (length - 4) % 8 != 0)
            cr_expect_not(acl_parse(&acl, list, length), "%zu bytes", length);
    cr_expect_not(acl_parse(&acl, bytes, sizeof(bytes)), "longer than any");
    cr_expect_eq(acl.state, ACL_UNREADABLE);
    cr_expect(acl_parse(&acl, bytes, 4));
    cr_expect_eq(acl.state, ACL_NONE, "an empty list says nothing");
    for (unsigned tag = 0; tag < 256; tag++) {
        const bool is_tag = tag == 1 || tag == 2 || tag == 4 || tag == 8 || tag == 16 || tag == 32;

        bytes[4] = (uint8_t)tag;
        cr_expect_eq(acl_parse(&acl, bytes, 12), is_tag, "tag %u", tag);
    }
    bytes[4] = 1;
    bytes[6] = 8;
    cr_expect_not(acl_parse(&acl, bytes, 12), "no such permission");
    bytes[6] = 0;
    bytes[0] = 3;
    cr_expect_not(acl_parse(&acl, bytes, 12), "another version");
}

Test(audit_acl, names_are_escaped_as_the_library_prints_them)
{
    for (unsigned byte = 1; byte < 256; byte++) {
        const char name[] = {'/', 'a', (char)byte, 'z'};
        char text[ESCAPED_MAX(sizeof(name))];
        char printed[SP_ADDRESS_TEXT_MAX];
        struct sp_address address;

        cr_assert_eq(sp_address_path(&address, name, sizeof(name), NULL), SP_OK);
        cr_assert_geq(sp_address_format(&address, printed, sizeof(printed)), 0);
        cr_expect_str_eq(escape(text, name, sizeof(name)), printed, "byte %u", byte);
    }
}
