/* SPDX-License-Identifier: MIT */
/*
 * What the auditor parses: bytes that come from the kernel, from a file system, from a file of
 * rules.
 *
 * Under test:   audit/facts/acl.c, audit/facts/diag.c, audit/facts/proc_text.c,
 *               audit/facts/unit.c, audit/report/baseline.c, audit/report/escape.c,
 *               audit/rules/alike.c, audit/rules/policy.c
 * Not covered:  how facts are got (tests/integration)
 * Input:        a letter that says what the rest is:
 *                 a  an access control list, and the mode of what inherits it in the last two bytes
 *                 n  one answer of NETLINK_SOCK_DIAG, without its header
 *                 p  a path, a NUL, a policy
 *                 l  the length of a name, and two names
 *                 u  a socket unit
 *                 b  the lines of a baseline
 *                 f  a text below /proc: audit_facts_proc.c
 * Oracle:       - a list that is read is the bytes it was read from; inheriting takes permissions
 *                 away and never gives any
 *               - a socket that is reported has a name of the library's, or none
 *               - a policy is refused with one of its lines, or read; then it neither loses nor
 *                 invents a finding, the worst is first, and a reason is printable
 *               - a path fits its own escaped form, and that of another path never
 *               - two names are alike in both directions, and when the same is seen of both; no name
 *                 is alike itself; escaped names
 *                 differ when the names do
 *               - of a baseline only printable lines are printed, as many as an audit prints; what it
 *                 knows is found again
 *               - a text of the kernel's form is understood, whatever stands around it
 *               - a unit listens at absolute paths, each a piece of the text but for specifiers, in
 *                 the order of their lines; lines in front move them and change nothing else; an
 *                 empty assignment behind leaves none
 *               - nothing is read outside of what was handed over (guard.h)
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem() */
#endif
#include "audit/facts/diag.h"
#include "audit/facts/unit.h"
#include "audit/report/escape.h"
#include "audit/rules/alike.h"
#include "audit/rules/policy.h"
#include "fuzz/engine/digest.h"
#include "fuzz/engine/guard.h"
#include "fuzz/engine/target.h"
#include "fuzz/targets/audit_facts.h"

#include <stdio.h>
#include <string.h>

const struct step_language *const fuzz_language = NULL;

static void check_list(const uint8_t *bytes, size_t length)
{
    const size_t mode_at = length < 2 ? 0 : length - 2;
    uint32_t mode = 0;
    uint32_t before;
    struct acl made;
    struct acl list;

    for (size_t i = mode_at; i < length; i++)
        mode = mode << 8 | bytes[i];
    mode = before = mode & 0777;
    if (!acl_parse(&list, guard_copy(GUARD_NAME, bytes, mode_at), mode_at)) {
        FUZZ_CHECK(list.state == ACL_UNREADABLE, "a list that is none has state %d",
                   (int)list.state);
        return;
    }
    FUZZ_CHECK(list.count == (mode_at - 4) / 8, "%zu entries of %zu bytes", list.count, mode_at);
    for (size_t i = 0; i < list.count; i++) {
        const uint8_t *at = bytes + 4 + 8 * i;
        const struct acl_entry *entry = &list.entries[i];

        FUZZ_CHECK(entry->tag == (at[0] | at[1] << 8) && entry->allowed == (at[2] | at[3] << 8) &&
                       entry->allowed <= 7 &&
                       entry->id == (at[4] | (uint32_t)at[5] << 8 | (uint32_t)at[6] << 16 |
                                     (uint32_t)at[7] << 24),
                   "entry %zu is not what stands there", i);
    }
    acl_inherit(&made, &mode, &list);
    FUZZ_CHECK((mode & ~before) == 0, "mode %o became %o", before, mode);
    FUZZ_CHECK(made.count == 0 || made.count == list.count, "entries are lost");
    for (size_t i = 0; i < made.count; i++)
        FUZZ_CHECK((made.entries[i].allowed & ~list.entries[i].allowed) == 0,
                   "entry %zu allows more than the list it comes from", i);
    fuzz_note(mode);
}

static void check_answer(const uint8_t *bytes, size_t length)
{
    struct bound_socket found;
    char text[SP_ADDRESS_TEXT_MAX];
    const enum diag_kind kind = diag_parse(&found, guard_copy(GUARD_NAME, bytes, length), length);

    if (kind == DIAG_NOTHING)
        return;
    FUZZ_CHECK(kind == DIAG_BOUND || !found.listening, "a listener is an end of a connection");
    fuzz_note((uint64_t)kind << 32 | found.peer);
    FUZZ_CHECK(found.name.length <= SP_PATH_MAX, "a name of %zu bytes", (size_t)found.name.length);
    FUZZ_CHECK(sp_address_format(&found.name, text, sizeof(text)) >= 0,
               "a name that cannot be printed");
    fuzz_note(found.inode);
}

static void fill(struct findings *findings)
{
    findings->count = 0;
    for (size_t i = 0; i < rules_count && i < 2; i++)
        findings->all[findings->count++] =
            (struct finding){.rule = &rules[i], .severity = rules[i].severity};
}

static void check_applied(const struct policy *policy, const char *path, size_t length)
{
    struct findings findings;
    unsigned seen = 0;

    fill(&findings);
    policy_apply(policy, path, length, &findings);
    for (size_t i = 0; i < findings.count; i++) {
        const struct finding *finding = &findings.all[i];

        seen |= 1u << (finding->rule - rules);
        FUZZ_CHECK(finding->severity <= SEVERITY_HIGH, "severity %d", (int)finding->severity);
        FUZZ_CHECK(i == 0 || findings.all[i - 1].severity >= finding->severity,
                   "the worst is not first");
        for (const char *at = finding->allowed; at != NULL && *at != '\0'; at++)
            FUZZ_CHECK(*at >= ' ' && *at <= '~', "a reason with byte %02x", (unsigned char)*at);
        FUZZ_CHECK(finding->allowed == NULL || finding->allowed[0] != '\0', "an empty reason");
        fuzz_note((uint64_t)finding->severity * 2 + (finding->allowed != NULL));
    }
    FUZZ_CHECK(seen == 3, "findings are lost");
}

/* Only bytes that stand for themselves, so that the escaped path is a pattern for it alone. */
static void check_own_pattern(const char *path, size_t length)
{
    char text[32 + ESCAPED_MAX(GUARD_MAX)] = "allow UDS001 ";
    char other[GUARD_MAX];
    struct findings findings;
    struct policy *policy;
    const char *why;
    size_t line;

    if (length == 0 || path[0] != '/' || memchr(path, '*', length) != NULL)
        return;
    (void)escape(text + strlen(text), path, length);
    (void)strcat(text, " x");
    policy = policy_parse(text, strlen(text), &line, &why);
    FUZZ_CHECK(policy != NULL, "an escaped path is no pattern: %s", why);
    fill(&findings);
    policy_apply(policy, path, length, &findings);
    FUZZ_CHECK(findings.all[0].allowed != NULL || findings.all[1].allowed != NULL,
               "a path does not fit its own pattern");
    (void)memcpy(other, path, length);
    other[length - 1] ^= 1;
    fill(&findings);
    policy_apply(policy, other, length, &findings);
    FUZZ_CHECK(findings.all[0].allowed == NULL && findings.all[1].allowed == NULL,
               "another path fits the pattern");
    policy_free(policy);
}

static void check_policy(const uint8_t *bytes, size_t length)
{
    const uint8_t *nul = memchr(bytes, '\0', length);
    const size_t path_length = nul != NULL ? (size_t)(nul - bytes) : length;
    const size_t text_length = nul != NULL ? length - path_length - 1 : 0;
    const char *path = guard_copy(GUARD_NAME, bytes, path_length);
    const char *text = guard_copy(GUARD_TEXT, bytes + length - text_length, text_length);
    const char *why = NULL;
    size_t lines = 1;
    size_t line = 0;
    struct policy *policy = policy_parse(text, text_length, &line, &why);

    for (size_t i = 0; i < text_length; i++)
        lines += text[i] == '\n';
    if (policy == NULL)
        FUZZ_CHECK(line > 0 && line <= lines && why != NULL, "refused for line %zu of %zu", line,
                   lines);
    else
        check_applied(policy, path, path_length);
    policy_free(policy);
    check_own_pattern(path, path_length);
}

static bool looks_same(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int32_t look_a[GUARD_MAX];
    int32_t look_b[GUARD_MAX];
    const size_t a_look = name_look(look_a, a, a_length);
    const size_t b_look = name_look(look_b, b, b_length);

    FUZZ_CHECK(a_look <= a_length && b_look <= b_length, "more is seen than there is");
    return a_look == b_look && memcmp(look_a, look_b, a_look * sizeof(look_a[0])) == 0;
}

static void check_names(const uint8_t *bytes, size_t length)
{
    const size_t first = length == 0 ? 0 : bytes[0] % length;
    const size_t second = length == 0 ? 0 : length - 1 - first;
    const char *a = guard_copy(GUARD_NAME, bytes + (length > 0), first);
    const char *b = guard_copy(GUARD_TEXT, bytes + length - second, second);
    const bool same = first == second && memcmp(a, b, first) == 0;
    const enum alike alike = names_alike(a, first, b, second);
    char escaped_a[ESCAPED_MAX(GUARD_MAX)];
    char escaped_b[ESCAPED_MAX(GUARD_MAX)];

    FUZZ_CHECK(alike == names_alike(b, second, a, first), "alike in one direction only");
    FUZZ_CHECK(!same || alike == ALIKE_NOT, "a name is alike itself");
    FUZZ_CHECK(same == (strcmp(escape(escaped_a, a, first), escape(escaped_b, b, second)) == 0),
               "two names have one escaped form");
    FUZZ_CHECK(same || alike == ALIKE_CUT ||
                   (alike == ALIKE_PRINTED) == looks_same(a, first, b, second),
               "alike, and what is seen of them differs, or the other way round");
    fuzz_note(alike);
}

static void check_listens(const struct unit *unit, const uint8_t *bytes, size_t length,
                          size_t lines)
{
    for (size_t i = 0; i < unit->count; i++) {
        const struct unit_listen *listen = &unit->listens[i];

        FUZZ_CHECK(listen->length < sizeof(listen->path) && listen->path[0] == '/' &&
                       strlen(listen->path) == listen->length,
                   "path %zu is none", i);
        FUZZ_CHECK(listen->at.line > (i > 0 ? unit->listens[i - 1].at.line : 0) &&
                       listen->at.line <= lines,
                   "path %zu stands in line %zu of %zu", i, listen->at.line, lines);
        FUZZ_CHECK(memchr(bytes, '%', length) != NULL || memchr(bytes, '\\', length) != NULL ||
                       memmem(bytes, length, listen->path, listen->length) != NULL,
                   "\"%s\" stands nowhere", listen->path);
    }
}

static void check_unit(const uint8_t *bytes, size_t length)
{
    static const char front[] = "# in front\n[Socket]\nSocketMode=0600\nSocketMode=\n[Other]\n";
    static const char behind[] = "[Socket]\nListenStream=\nSocketMode=\n";
    static struct unit unit;
    static struct unit again;
    size_t lines = 1;

    for (size_t i = 0; i < length; i++)
        lines += bytes[i] == '\n';
    unit_init(&unit);
    unit_parse(&unit, "unit", guard_copy(GUARD_TEXT, bytes, length), length);
    FUZZ_CHECK(unit.count <= UNIT_LISTENS_MAX && unit.socket_mode <= 07777 &&
                   unit.directory_mode <= 07777,
               "%zu paths, modes %o and %o", unit.count, unit.socket_mode, unit.directory_mode);
    check_listens(&unit, bytes, length, lines);
    unit_init(&again);
    unit_parse(&again, "front", front, sizeof(front) - 1);
    unit_parse(&again, "unit", (const char *)bytes, length);
    FUZZ_CHECK(again.count == unit.count && again.socket_mode == unit.socket_mode &&
                   again.unclear == unit.unclear && strcmp(again.user, unit.user) == 0,
               "what is the default before changes what comes behind");
    unit_parse(&again, "behind", behind, sizeof(behind) - 1);
    FUZZ_CHECK(again.count == 0 && again.socket_mode == 0666 && again.socket_mode_at.line == 0,
               "an empty assignment leaves something");
    fuzz_note(unit.count * 8 + unit.unclear);
    fuzz_note(unit.socket_mode);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t length = size < GUARD_MAX ? size : GUARD_MAX;

    fuzz_at(FUZZ_NO_STEP);
    if (length == 0)
        return 0;
    switch (data[0]) {
    case 'a':
        check_list(data + 1, length - 1);
        break;
    case 'n':
        check_answer(data + 1, length - 1);
        break;
    case 'p':
        check_policy(data + 1, length - 1);
        break;
    case 'l':
        check_names(data + 1, length - 1);
        break;
    case 'u':
        check_unit(data + 1, length - 1);
        break;
    case 'b':
        audit_facts_baseline(data + 1, length - 1);
        break;
    case 'f':
        audit_facts_proc(data + 1, length - 1);
        break;
    default:
        break;
    }
    return 0;
}
