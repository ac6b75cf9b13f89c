/* SPDX-License-Identifier: MIT */
/* The rules over a watched program: for each, calls that trip it and calls that nearly do. */
#include "audit/rules/run_rules.h"

#include <criterion/criterion.h>
#include <string.h>

#define PATH "/run/app/socket"
#define LISTENER 10u
#define CONNECTION 11u
#define PROCESS 77

static struct run *run;

static void set_up(void)
{
    run = run_new("/usr/bin/app", 1000, 022);
    cr_assert_not_null(run);
}

static void tear_down(void)
{
    run_free(run);
}

TestSuite(audit_run_rules, .init = set_up, .fini = tear_down);

static struct call call_of(enum call_kind kind, const char *path, size_t length)
{
    struct call call = {.kind = kind, .process = PROCESS, .socket = LISTENER, .length = length};

    (void)memcpy(call.path, path, length);
    return call;
}

static void tell(struct call call)
{
    cr_assert(run_call(run, &call));
}

static void name(enum call_kind kind, const char *path)
{
    tell(call_of(kind, path, strlen(path)));
}

static void change_mode(const char *path, uint32_t mode)
{
    struct call call = call_of(CALL_CHMOD, path, strlen(path));

    call.mode = mode;
    tell(call);
}

static void listens(uint32_t mode, bool keeps)
{
    tell((struct call){.kind = CALL_LISTEN, .socket = LISTENER, .mode = mode, .keeps = keeps});
}

static void accepts(void)
{
    tell((struct call){.kind = CALL_ACCEPT, .socket = CONNECTION, .listener = LISTENER});
}

static void does(enum call_kind kind, uint64_t socket)
{
    tell((struct call){.kind = kind, .process = PROCESS, .socket = socket});
}

static void binds_abstract(size_t length)
{
    static const char padded[108] = "app";
    struct call call = call_of(CALL_BIND, padded, length);

    call.abstract = true;
    call.bytes = length + 1;
    tell(call);
}

static bool is_found(const char *id)
{
    bool found = false;

    for (size_t i = 0; i < run_subjects(run); i++) {
        const struct place place = {.run = run_subject(run, i)};
        struct findings findings = {.count = 0};

        findings_of(&findings, &place);
        for (size_t j = 0; j < findings.count; j++)
            found = found || strcmp(findings.all[j].rule->id, id) == 0;
        findings_free(&findings);
    }
    return found;
}

static void late_trips(void)
{
    name(CALL_BIND, PATH);
    listens(0755 | 0022, false);
    change_mode(PATH, 0600);
}

/* Wider, not narrower, after it listens. */
static void late_nearly(void)
{
    name(CALL_BIND, PATH);
    listens(0700, false);
    change_mode(PATH, 0666);
}

static void early_trips(void)
{
    name(CALL_BIND, PATH);
    change_mode(PATH, 0600);
}

static void early_nearly(void)
{
    name(CALL_BIND, PATH);
    change_mode(PATH "-other", 0600);
}

static void unlink_trips(void)
{
    name(CALL_UNLINK, PATH);
    name(CALL_BIND, PATH);
}

static void unlink_nearly(void)
{
    does(CALL_LOCK, 0);
    unlink_trips();
}

static void spelling_trips(void)
{
    name(CALL_BIND, PATH);
    name(CALL_UNLINK, "/run//app/./socket");
}

static void spelling_nearly(void)
{
    name(CALL_BIND, PATH);
    name(CALL_UNLINK, "/run/app/.socket");
    name(CALL_UNLINK, PATH);
}

static void bind_long(const char *more, size_t length)
{
    char path[256] = "/";

    (void)memset(path + 1, 'a', sizeof(path) - 2);
    tell(call_of(CALL_BIND, path, length));
    (void)memcpy(path + length, more, strlen(more));
    tell(call_of(CALL_UNLINK, path, length + strlen(more)));
}

static void truncated_trips(void)
{
    bind_long("bc", 107);
}

static void truncated_nearly(void)
{
    bind_long("bc", 106);
}

static void umask_of(uint32_t first, uint32_t then)
{
    struct call call = {.kind = CALL_UMASK, .process = PROCESS, .mode = first};

    tell(call);
    name(CALL_BIND, PATH);
    listens(0755, false);
    call.mode = then;
    tell(call);
    run_end(run);
}

static void umask_trips(void)
{
    umask_of(0177, 0);
}

static void umask_nearly(void)
{
    umask_of(0, 027);
}

static void exec_trips(void)
{
    name(CALL_BIND, PATH);
    does(CALL_EXEC, LISTENER);
}

static void exec_nearly(void)
{
    name(CALL_BIND, PATH);
    does(CALL_EXEC, LISTENER + 1);
}

static void keeps_trips(void)
{
    name(CALL_BIND, PATH);
    listens(0700, true);
}

static void keeps_nearly(void)
{
    name(CALL_BIND, PATH);
    listens(0700, false);
}

static void serve(uint32_t mode, enum call_kind before_read)
{
    name(CALL_BIND, PATH);
    listens(mode, false);
    accepts();
    cr_assert(run_is_fresh(run));
    does(before_read, CONNECTION);
    does(CALL_READ, CONNECTION);
    cr_assert_not(run_is_fresh(run));
}

static void unasked_trips(void)
{
    serve(0777, CALL_READ);
    does(CALL_ASK, CONNECTION);
}

static void unasked_nearly(void)
{
    serve(0777, CALL_ASK);
}

static void sigpipe_trips(void)
{
    serve(0700, CALL_WRITE);
}

static void sigpipe_nearly(void)
{
    serve(0700, CALL_READ);
}

static void padded_trips(void)
{
    binds_abstract(107);
}

static void padded_nearly(void)
{
    binds_abstract(3);
}

static void bind_open(bool open)
{
    struct call call = call_of(CALL_BIND, PATH, strlen(PATH));

    call.open = open;
    tell(call);
}

static void open_trips(void)
{
    bind_open(true);
}

static void open_nearly(void)
{
    bind_open(false);
}

static void descriptor_trips(void)
{
    name(CALL_BIND, PATH);
    does(CALL_FCHMOD, LISTENER);
}

/* The same before it has its name. */
static void descriptor_nearly(void)
{
    does(CALL_FCHMOD, LISTENER);
    name(CALL_BIND, PATH);
}

static void received_trips(void)
{
    does(CALL_RECEIVE, 0);
}

static void received_nearly(void)
{
    serve(0700, CALL_READ);
}

static const struct {
    const char *id;
    void (*trips)(void);
    void (*nearly)(void);
} cases[] = {
    {"UDS030", late_trips, late_nearly},           {"UDS031", early_trips, early_nearly},
    {"UDS032", unlink_trips, unlink_nearly},       {"UDS033", spelling_trips, spelling_nearly},
    {"UDS034", truncated_trips, truncated_nearly}, {"UDS035", umask_trips, umask_nearly},
    {"UDS036", exec_trips, exec_nearly},           {"UDS037", keeps_trips, keeps_nearly},
    {"UDS038", unasked_trips, unasked_nearly},     {"UDS039", sigpipe_trips, sigpipe_nearly},
    {"UDS040", padded_trips, padded_nearly},       {"UDS041", open_trips, open_nearly},
    {"UDS042", received_trips, received_nearly},   {"UDS043", descriptor_trips, descriptor_nearly},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

Test(audit_run_rules, every_rule_has_a_case)
{
    size_t count = 0;

    for (size_t i = 0; i < rules_count; i++)
        count += rules[i].facts == FACTS_RUN;
    cr_assert_eq(count, CASES);
}

Test(audit_run_rules, trips)
{
    for (size_t i = 0; i < CASES; i++) {
        cr_expect_not(is_found(cases[i].id), "%s", cases[i].id);
        cases[i].trips();
        cr_expect(is_found(cases[i].id), "%s", cases[i].id);
        tear_down();
        set_up();
    }
}

Test(audit_run_rules, nearly_trips)
{
    for (size_t i = 0; i < CASES; i++) {
        cases[i].nearly();
        cr_expect_not(is_found(cases[i].id), "%s", cases[i].id);
        tear_down();
        set_up();
    }
}

/* Only the owner of the file and root could be there. */
Test(audit_run_rules, nobody_else_need_not_be_asked)
{
    serve(0700, CALL_READ);
    cr_assert_not(is_found("UDS038"));
}

Test(audit_run_rules, one_that_is_never_read_is_given_up)
{
    size_t calls = 0;

    name(CALL_BIND, PATH);
    listens(0777, false);
    accepts();
    for (; run_is_fresh(run) && calls < 1000000; calls++)
        run_tick(run);
    cr_assert_lt(calls, 1000000);
    cr_assert_eq(run_unjudged(run), 1);
    cr_assert_not(is_found("UDS038"));
}

/* The kernel gives the number of a socket that is gone to another one. */
Test(audit_run_rules, a_number_comes_again)
{
    serve(0777, CALL_ASK);
    accepts();
    cr_assert(run_is_fresh(run));
    does(CALL_READ, CONNECTION);
    cr_assert(is_found("UDS038"));
}

static void renames(const char *from, const char *to)
{
    struct call call = call_of(CALL_RENAME, to, strlen(to));

    call.former = from;
    call.former_length = strlen(from);
    tell(call);
}

/* Bound under another name and moved: the new name is the one that is judged from then on. */
Test(audit_run_rules, renamed)
{
    name(CALL_BIND, PATH ".new");
    listens(0777, false);
    renames(PATH ".new", PATH);
    cr_assert_str_eq(run_path(run, LISTENER), PATH);
    change_mode(PATH ".new", 0600);
    cr_assert_not(is_found("UDS030"));
    change_mode(PATH, 0600);
    cr_assert(is_found("UDS030"));
}

Test(audit_run_rules, another_is_renamed)
{
    name(CALL_BIND, PATH);
    renames(PATH ".log", PATH ".log.1");
    cr_assert_str_eq(run_path(run, LISTENER), PATH);
    cr_assert_null(run_path(run, CONNECTION));
}

Test(audit_run_rules, owner_is_changed)
{
    name(CALL_BIND, PATH);
    name(CALL_CHOWN, PATH ".log");
    cr_assert_not(is_found("UDS031"));
    listens(0660, false);
    name(CALL_CHOWN, PATH);
    cr_assert(is_found("UDS031"));
    cr_assert_not(is_found("UDS030"));
}

/* An address is looked at on both sides; a good one makes no subject. */
Test(audit_run_rules, connects)
{
    static const char padded[108] = "app";
    struct call call = call_of(CALL_CONNECT, padded, 107);
    const size_t before = run_subjects(run);

    call.abstract = true;
    call.bytes = 4;
    call.length = 3;
    tell(call);
    cr_assert_eq(run_subjects(run), before);
    call.bytes = 108;
    call.length = 107;
    tell(call);
    cr_assert(is_found("UDS040"));
    cr_assert_not(is_found("UDS041"));
    call = call_of(CALL_CONNECT, PATH, strlen(PATH));
    call.open = true;
    tell(call);
    cr_assert(is_found("UDS041"));
}
