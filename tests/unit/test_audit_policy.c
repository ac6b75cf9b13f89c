/* SPDX-License-Identifier: MIT */
/* A site's own word on findings: what its lines mean, and which are refused with which number. */
#include "audit/rules/policy.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct policy *read_policy(const char *text)
{
    const char *why;
    size_t line;
    struct policy *policy = policy_parse(text, strlen(text), &line, &why);

    cr_assert_not_null(policy, "line %zu: %s", line, why);
    return policy;
}

/* The findings UDS001 and UDS002 at @path, after the policy @text. */
static void apply(struct findings *ret, const char *text, const char *path)
{
    struct policy *policy = read_policy(text);

    ret->count = 0;
    finding_add(ret, rule_find("UDS002"), "replace");
    finding_add(ret, rule_find("UDS001"), "connect");
    policy_apply(policy, path, strlen(path), ret);
    /* The reason is the policy's: nobody looks at it after this. */
    for (size_t i = 0; i < ret->count; i++)
        if (ret->all[i].allowed != NULL)
            ret->all[i].allowed = "yes";
    policy_free(policy);
}

static const struct finding *find(const struct findings *findings, const char *id)
{
    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->all[i].rule->id, id) == 0)
            return &findings->all[i];
    cr_assert(false, "%s is lost", id);
    return NULL;
}

static const struct {
    const char *pattern;
    const char *path;
    bool fits;
} patterns[] = {
    {"/run/app/sock", "/run/app/sock", true},
    {"/run/app/sock", "/run/app/sock2", false},
    {"/run/app/sock2", "/run/app/sock", false},
    {"/run/*/sock", "/run/app/sock", true},
    {"/run/*/sock", "/run//sock", true},
    {"/run/*/sock", "/run/a/b/sock", false},
    {"/run/**/sock", "/run/a/b/sock", true},
    {"/run/**", "/run/", true},
    {"/run/**", "/run", false},
    {"/**", "/", true},
    {"/**/x*/s", "/x/t/a/xy/s", true},
    {"/**/x*/s", "/x/t/a/xy/z/s", false},
    {"/a*b*c", "/abxbc", true},
    {"/a*b*c", "/ab/bc", false},
    {"/*", "/a", true},
    {"/*", "/a/b", false},
    {"/a\\x20b", "/a b", true},
    {"/a\\x2a", "/a*", true},
    {"/a\\x2a", "/ab", false},
    {"/a\\\\b", "/a\\b", true},
    {"/\\xff", "/\xff", true},
};

Test(audit_policy, patterns)
{
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct findings findings;
        char text[100];

        (void)snprintf(text, sizeof(text), "allow UDS001 %s why", patterns[i].pattern);
        apply(&findings, text, patterns[i].path);
        cr_expect_eq(find(&findings, "UDS001")->allowed != NULL, patterns[i].fits, "%s on %s",
                     patterns[i].pattern, patterns[i].path);
        cr_expect_null(find(&findings, "UDS002")->allowed, "another rule");
        findings_free(&findings);
    }
}

/* A pattern of many signs and a path that nearly fits end at once, not in hours. */
Test(audit_policy, signs_do_not_multiply, .timeout = 20)
{
    struct findings findings;
    char text[300] = "allow UDS001 /";
    char path[2000] = "/";

    for (size_t i = 0; i < 50; i++)
        (void)strcat(text, i % 2 == 0 ? "a*" : "a**");
    (void)strcat(text, "b why");
    (void)memset(path + 1, 'a', sizeof(path) - 2);
    apply(&findings, text, path);
    cr_expect_null(find(&findings, "UDS001")->allowed);
    findings_free(&findings);
}

Test(audit_policy, the_last_severity_counts_and_the_worst_is_first)
{
    struct findings findings;

    apply(&findings,
          "# tightened\n\n"
          "severity UDS001 info /** for a start\r\n"
          "\tseverity  UDS001\thigh /a/* it matters \n"
          "severity UDS002 low /** it does not",
          "/a/b");
    cr_expect_eq(findings.all[0].rule, rule_find("UDS001"));
    cr_expect_eq(findings.all[0].severity, SEVERITY_HIGH);
    cr_expect_eq(findings.all[1].severity, SEVERITY_LOW);
    cr_expect_null(findings.all[0].allowed);
    findings_free(&findings);
}

Test(audit_policy, the_first_reason_is_given_and_forges_nothing)
{
    struct policy *policy =
        read_policy("allow UDS001 /a it is\x1b[2J so \n allow UDS001 /a another\n");
    struct findings findings = {.count = 0};

    finding_add(&findings, rule_find("UDS001"), "connect");
    policy_apply(policy, "/a", 2, &findings);
    cr_expect_str_eq(findings.all[0].allowed, "it is\\x1b[2J so");
    findings_free(&findings);
    policy_free(policy);
}

static const struct {
    const char *text;
    size_t line;
    const char *why;
} refused[] = {
    {"allow UDS001 /a", 1, "no reason"},
    {"# x\nallow UDS001 /a  \t\n", 2, "no reason"},
    {"severity UDS001 low /a", 1, "no reason"},
    {"allow UDS000 /a why", 1, "no such rule"},
    {"allow UDS0011 /a why", 1, "no such rule"},
    {"allow", 1, "no such rule"},
    {"severity UDS001 worst /a why", 1, "not a severity"},
    {"allow UDS001 a why", 1, "not an absolute path"},
    {"allow UDS001", 1, "not an absolute path"},
    {"allow UDS001 /a\\x2 why", 1, "backslash"},
    {"allow UDS001 /a\\ why", 1, "backslash"},
    {"allow UDS001 /a\\xfG why", 1, "backslash"},
    {"\n\nforbid UDS001 /a why", 3, "neither"},
    {"allow UDS001 /a why\nallowed UDS001 /a why", 2, "neither"},
};

Test(audit_policy, mistakes_have_a_line)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        const char *why;
        size_t line;

        cr_expect_null(policy_parse(refused[i].text, strlen(refused[i].text), &line, &why), "%s",
                       refused[i].text);
        cr_expect_eq(line, refused[i].line, "%s: line %zu", refused[i].text, line);
        cr_expect_not_null(strstr(why, refused[i].why), "%s: %s", refused[i].text, why);
    }
}
