/* SPDX-License-Identifier: MIT */
/* The rules of the audit over one path: for each, facts that trip it and facts that nearly do. */
#include "audit/rules/rule.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>

#define OWNER 1000u
#define STRANGER 7u

enum { ROOT, RUN, APP, SOCK, LINKED };

static struct path_facts path;
static struct bound_socket bound;
static struct place place;
static struct known_unit unit;
static struct node unit_found;
static struct connected connected;
static struct findings findings;

static void put(size_t at, size_t directory, const char *name, uint32_t mode, uint32_t uid)
{
    struct path_step *step = &path.steps[at];

    *step = (struct path_step){.directory = directory,
                               .same = at,
                               .length = strlen(name),
                               .node = {.mode = mode, .uid = uid, .inode = at + 1, .mount = 1}};
    (void)memcpy(step->name, name, step->length);
}

/* /run/app/sock as it should be: only its owner and root can do anything. */
static void set_up(void)
{
    path = (struct path_facts){.path = "/run/app/sock", .length = 13, .count = 4};
    put(ROOT, ROOT, "", S_IFDIR | 0755, 0);
    put(RUN, ROOT, "run", S_IFDIR | 0755, 0);
    put(APP, RUN, "app", S_IFDIR | 0755, OWNER);
    put(SOCK, APP, "sock", S_IFSOCK | 0600, OWNER);
    bound =
        (struct bound_socket){.inode = SOCK + 1, .listening = true, .has_uid = true, .uid = OWNER};
    place = (struct place){.path = &path, .service = SERVICE_LISTENS, .bound = &bound};
}

static void judge(void)
{
    place_judge(&place);
    findings_free(&findings);
    findings_of(&findings, &place);
}

static void tear_down(void)
{
    findings_free(&findings);
}

TestSuite(audit_rules, .init = set_up, .fini = tear_down);

static bool is_found(const char *id)
{
    for (size_t i = 0; i < findings.count; i++)
        if (strcmp(findings.all[i].rule->id, id) == 0)
            return true;
    return false;
}

static struct node *node(size_t at)
{
    return &path.steps[at].node;
}

static void set_length(size_t length)
{
    (void)memset(path.path, 'a', length);
    path.length = length;
}

static void connect_trips(void)
{
    node(SOCK)->mode = S_IFSOCK | 0602;
}

static void connect_near(void)
{
    node(SOCK)->mode = S_IFSOCK | 0666;
    node(APP)->mode = S_IFDIR | 0750;
}

static void anybody_trips(void)
{
    node(RUN)->mode = S_IFDIR | 0777;
}

static void anybody_near(void)
{
    node(RUN)->mode = S_IFDIR | 01777;
}

static void user_trips(void)
{
    node(RUN)->uid = STRANGER;
}

static void user_near(void)
{
    node(RUN)->uid = OWNER;
}

static void group_trips(void)
{
    node(APP)->mode = S_IFDIR | 0775;
    node(APP)->gid = 50;
}

static void group_near(void)
{
    group_trips();
    node(APP)->mode = S_IFDIR | 01775;
}

/* /run/app is a link to /srv. */
static void through_link(uint32_t owner)
{
    node(RUN)->mode = S_IFDIR | 01777;
    put(APP, RUN, "app", S_IFLNK | 0777, owner);
    put(SOCK, ROOT, "srv", S_IFDIR | 0755, 0);
    put(LINKED, SOCK, "sock", S_IFSOCK | 0600, OWNER);
    path.count = 5;
}

static void link_trips(void)
{
    through_link(STRANGER);
}

static void link_near(void)
{
    through_link(OWNER);
}

static void create_trips(void)
{
    node(APP)->mode = S_IFDIR | 01777;
}

static void create_near(void)
{
    node(APP)->mode = S_IFDIR | 01775;
}

static void long_trips(void)
{
    set_length(108);
}

static void long_near(void)
{
    set_length(107);
}

static void near_limit_trips(void)
{
    set_length(100);
}

static void near_limit_near(void)
{
    set_length(99);
}

static void bytes_trip(void)
{
    path.path[9] = '\x7f';
}

static void bytes_near(void)
{
    path.path[9] = '\xc3';
    path.path[10] = '!';
}

static void stale_trips(void)
{
    place.service = SERVICE_NONE;
    place.bound = NULL;
}

static void stale_near(void)
{
    place.service = SERVICE_UNKNOWN;
    place.bound = NULL;
}

static void orphan_trips(void)
{
    place.service = SERVICE_NONE;
    bound.inode = 99;
}

static void orphan_near(void)
{
    place.service = SERVICE_UNKNOWN;
    bound.inode = 99;
}

static void owner_trips(void)
{
    bound.uid = 0;
}

static void owner_near(void)
{
    bound.uid = STRANGER;
    node(SOCK)->uid = 0;
}

/* As in a directory whose default list names user 7. */
static void plan(uint32_t mode)
{
    path.planned = true;
    node(SOCK)->mode = S_IFSOCK | mode;
    path.inherited = (struct acl){.state = ACL_READ,
                                  .count = 5,
                                  .entries = {{.tag = ACL_USER_OBJ, .allowed = 7},
                                              {.tag = ACL_USER, .allowed = 6, .id = STRANGER},
                                              {.tag = ACL_GROUP_OBJ, .allowed = 5},
                                              {.tag = ACL_MASK, .allowed = 7},
                                              {.tag = ACL_OTHER, .allowed = 0}}};
    acl_inherit(&node(SOCK)->acl, &node(SOCK)->mode, &path.inherited);
}

static void inherited_trips(void)
{
    plan(0660);
}

static void inherited_near(void)
{
    plan(0600);
}

static struct name other;
static const struct names around = {.count = 1, .all = &other};

static void put_around(const char *name)
{
    other = (struct name){strlen(name), (char *)(uintptr_t)name};
    place.beside = &around;
}

static void alike_trips(void)
{
    put_around("/run/app/so\xd1\x81k"); /* with a Cyrillic letter */
}

static void alike_near(void)
{
    put_around("/run/app/sock1");
}

static struct holder holder;
static struct bound_socket twin;

/* What place is when it is about a listener of the running system with an abstract name. */
static void abstract_of(uint32_t uid)
{
    place.of_system = true;
    place.path = NULL;
    bound.uid = uid;
    bound.name = (struct sp_address){.space = SP_NAMESPACE_ABSTRACT, .length = 1, .bytes = "a"};
}

static void abstract_trips(void)
{
    abstract_of(0);
}

static void abstract_near(void)
{
    abstract_of(OWNER);
}

static void queue_of(uint32_t pending)
{
    place.of_system = true;
    bound.has_queue = true;
    bound.backlog = 5;
    bound.pending = pending;
}

static void backlog_trips(void)
{
    queue_of(6);
}

static void backlog_near(void)
{
    queue_of(5);
}

static void held_by(uint32_t uid, bool survives_exec)
{
    holder = (struct holder){.pid = 7, .uid = uid, .survives_exec = survives_exec, .comm = "a b"};
    place.of_system = true;
    place.holders = &holder;
    place.holders_count = 1;
}

static void holder_trips(void)
{
    held_by(STRANGER, false);
}

static void holder_near(void)
{
    held_by(0, false);
}

static void exec_trips(void)
{
    held_by(OWNER, true);
}

static void exec_near(void)
{
    held_by(OWNER, false);
}

static void twin_trips(void)
{
    twin = (struct bound_socket){
        .name = {.space = SP_NAMESPACE_ABSTRACT, .length = 13, .bytes = "/run/app/sock"}};
    place.of_system = true;
    place.twin = &twin;
}

static void twin_near(void)
{
    place.of_system = true;
}

static void bound_to(const char *name)
{
    place.of_system = true;
    bound.name = (struct sp_address){.space = SP_NAMESPACE_PATH, .length = (uint8_t)strlen(name)};
    (void)memcpy(bound.name.bytes, name, strlen(name));
}

static void relative_trips(void)
{
    bound_to("sock");
    place.path = NULL;
}

static void relative_near(void)
{
    bound_to("/sock");
}

static void connected_from(uint32_t uid)
{
    connected = (struct connected){.has_uid = true, .uid = uid, .count = 1};
    place.of_system = true;
    place.service = SERVICE_LISTENS;
    place.connected = &connected;
    place.connected_count = 1;
    node(SOCK)->mode = S_IFSOCK | 0600;
}

static void connected_trips(void)
{
    connected_from(STRANGER);
}

static void connected_near(void)
{
    connected_from(OWNER);
}

/* /run/user/1000/sock */
static void runtime_directory(uint32_t owner, uint32_t mode)
{
    put(APP, RUN, "user", S_IFDIR | 0755, 0);
    put(SOCK, APP, "1000", S_IFDIR | mode, owner);
    put(LINKED, SOCK, "sock", S_IFSOCK | 0600, owner);
    path.count = 5;
}

static void convention_trips(void)
{
    runtime_directory(OWNER, 0711);
}

static void convention_near(void)
{
    runtime_directory(OWNER, 0700);
}

/* A unit that listens at the path, of which there is no file yet. */
static void listened_at(uint32_t mode, size_t mode_line)
{
    unit_init(&unit.unit);
    unit.unit.socket_mode = mode;
    unit.unit.socket_mode_at = (struct unit_at){.file = "/etc/a.socket", .line = mode_line};
    unit.unit.listens[0].at = (struct unit_at){.file = "/etc/a.socket", .line = 4};
    unit.uid = OWNER;
    unit.gid = 0;
    unit.knows_owner = true;
    node(SOCK)->mode = S_IFSOCK | mode;
    place.unit = &unit;
    place.listen = &unit.unit.listens[0];
    place.service = SERVICE_UNKNOWN;
}

static void unsaid_trips(void)
{
    listened_at(0666, 0);
}

static void unsaid_near(void)
{
    listened_at(0666, 5);
}

static void differs(uint32_t mode, uint32_t uid)
{
    listened_at(0660, 5);
    unit_found = (struct node){.mode = S_IFSOCK | mode, .uid = uid};
    place.unit_found = &unit_found;
}

static void differs_trips(void)
{
    differs(0660, STRANGER);
}

static void differs_near(void)
{
    differs(0660, OWNER);
}

static void directories_trip(void)
{
    listened_at(0600, 5);
    unit.unit.directory_mode = 0777;
}

static void directories_near(void)
{
    listened_at(0600, 5);
    unit.unit.directory_mode = 01777;
}

static const struct {
    const char *id;
    void (*trips)(void);
    void (*near)(void);
} rows[] = {
    {"UDS001", connect_trips, connect_near},
    {"UDS002", anybody_trips, anybody_near},
    {"UDS003", user_trips, user_near},
    {"UDS004", group_trips, group_near},
    {"UDS005", link_trips, link_near},
    {"UDS006", create_trips, create_near},
    {"UDS007", long_trips, long_near},
    {"UDS008", near_limit_trips, near_limit_near},
    {"UDS009", bytes_trip, bytes_near},
    {"UDS010", stale_trips, stale_near},
    {"UDS011", orphan_trips, orphan_near},
    {"UDS012", owner_trips, owner_near},
    {"UDS013", inherited_trips, inherited_near},
    {"UDS014", alike_trips, alike_near},
    {"UDS015", abstract_trips, abstract_near},
    {"UDS016", backlog_trips, backlog_near},
    {"UDS017", holder_trips, holder_near},
    {"UDS018", exec_trips, exec_near},
    {"UDS019", twin_trips, twin_near},
    {"UDS020", relative_trips, relative_near},
    {"UDS021", unsaid_trips, unsaid_near},
    {"UDS022", differs_trips, differs_near},
    {"UDS023", directories_trip, directories_near},
    {"UDS024", connected_trips, connected_near},
    {"UDS025", convention_trips, convention_near},
    {"UDS026", abstract_near, abstract_trips},
};

Test(audit_rules, nothing_is_found_where_all_is_well)
{
    judge();
    cr_assert_eq(findings.count, 0, "%s", findings.count > 0 ? findings.all[0].text : "");
}

Test(audit_rules, each_is_tripped_and_nearly_so)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        set_up();
        rows[i].trips();
        judge();
        cr_expect(is_found(rows[i].id), "%s is not found", rows[i].id);
        set_up();
        rows[i].near();
        judge();
        cr_expect_not(is_found(rows[i].id), "%s is found", rows[i].id);
    }
}

Test(audit_rules, every_row_of_the_table_is_tested_and_complete)
{
    size_t count = 0;

    /* Those over a watched program are at the end: test_audit_run_rules.c. */
    while (count < rules_count && rules[count].facts != FACTS_RUN)
        count++;
    cr_assert_eq(count, sizeof(rows) / sizeof(rows[0]));
    for (size_t i = 0; i < rules_count; i++) {
        cr_expect(i < count ? strcmp(rules[i].id, rows[i].id) == 0 : rules[i].facts == FACTS_RUN);
        cr_expect_eq(rule_find(rules[i].id), &rules[i]);
        cr_expect(rules[i].cwe > 0 && rules[i].title[0] != '\0' && rules[i].rationale[0] != '\0' &&
                  rules[i].remedy[0] != '\0' && rules[i].references[0] != '\0');
    }
    cr_expect_null(rule_find("UDS000"));
}

Test(audit_rules, the_worst_comes_first)
{
    connect_trips();
    anybody_trips();
    judge();
    cr_assert_geq(findings.count, 2);
    cr_expect_str_eq(findings.all[0].rule->id, "UDS002");
    for (size_t i = 1; i < findings.count; i++)
        cr_expect_leq((int)findings.all[i].rule->severity, (int)findings.all[i - 1].rule->severity);
}

Test(audit_rules, what_could_not_be_read_is_unknown_and_not_no)
{
    const struct identity stranger = {.uid = STRANGER};

    node(APP)->acl.state = ACL_UNREADABLE;
    judge();
    cr_expect_eq(verdict(&path, DEED_CONNECT, &stranger), NO, "the socket itself says no");
    cr_expect_eq(verdict(&path, DEED_REPLACE, &stranger), UNKNOWN);
    cr_expect_eq(place.audiences[DEED_REPLACE].answer, UNKNOWN);
}

/* fs.protected_symlinks cannot be set for one test, so the kernel is not asked. */
Test(audit_rules, protected_links_in_shared_directories)
{
    const struct identity stranger = {.uid = 8};
    const struct identity owner = {.uid = STRANGER};
    struct path_step *link = &path.steps[SOCK];

    put(SOCK, RUN, "sock", S_IFLNK | 0777, STRANGER);
    put(LINKED, RUN, "real", S_IFSOCK | 0666, OWNER);
    path.count = 5;
    link->last = true;
    node(RUN)->mode = S_IFDIR | 01777;
    path.protects_links = NO;
    cr_expect_eq(verdict(&path, DEED_CONNECT, &stranger), YES);
    path.protects_links = UNKNOWN;
    cr_expect_eq(verdict(&path, DEED_CONNECT, &stranger), UNKNOWN);
    path.protects_links = YES;
    cr_expect_eq(verdict(&path, DEED_CONNECT, &stranger), NO);
    cr_expect_eq(verdict(&path, DEED_CONNECT, &owner), YES);
    node(RUN)->mode = S_IFDIR | 01775;
    cr_expect_eq(verdict(&path, DEED_CONNECT, &stranger), YES);
    node(RUN)->mode = S_IFDIR | 01777;
    link->last = false;
    cr_expect_eq(verdict(&path, DEED_CONNECT, &stranger), YES);
}

Test(audit_rules, mounts_and_attributes_hold_a_name_in_place)
{
    const struct identity root = {.uid = 0};

    cr_expect_eq(verdict_replace_at(&path, APP, &root), YES);
    node(APP)->mount = 2;
    cr_expect_eq(verdict_replace_at(&path, APP, &root), NO);
    node(APP)->mount = 1;
    node(APP)->fixed = true;
    cr_expect_eq(verdict_replace_at(&path, APP, &root), NO);
    cr_expect_eq(verdict_replace_at(&path, SOCK, &root), NO);
    node(APP)->fixed = false;
    node(APP)->read_only = true;
    cr_expect_eq(verdict_replace_at(&path, SOCK, &root), NO);
    cr_expect_eq(verdict(&path, DEED_CREATE, &root), NO);
}

Test(audit_rules, a_well_known_directory_is_its_users)
{
    runtime_directory(STRANGER, 0700);
    judge();
    cr_expect(is_found("UDS025"), "of another user than the name says");
    path.steps[SOCK].length = strlen("1000x");
    (void)strcpy(path.steps[SOCK].name, "1000x");
    judge();
    cr_expect_not(is_found("UDS025"), "another name");
    set_up();
    put(RUN, ROOT, "tmp", S_IFDIR | 0755, 0);
    judge();
    cr_expect(is_found("UDS025"), "not sticky");
    node(RUN)->mode |= S_ISVTX;
    judge();
    cr_expect_not(is_found("UDS025"));
}

/* Who is in a group that could connect is in doubt, and in doubt nothing is said. */
Test(audit_rules, connections_of_groups_and_of_the_unknown)
{
    connected_from(STRANGER);
    node(SOCK)->mode = S_IFSOCK | 0660;
    judge();
    cr_expect_not(is_found("UDS024"));
    connected_trips();
    connected.has_uid = false;
    judge();
    cr_expect_not(is_found("UDS024"));
    connected_from(0);
    judge();
    cr_expect_not(is_found("UDS024"), "root may always");
    connected_trips();
    place.service = SERVICE_NONE;
    judge();
    cr_expect_not(is_found("UDS024"), "UDS011 says that there is no file any more");
}

/* A file that is there is judged by itself: of its unit only what the unit says counts. */
Test(audit_rules, a_unit_does_not_repeat_what_is_said_of_the_file)
{
    listened_at(0666, 5);
    judge();
    cr_expect(is_found("UDS001"), "there is no file: the unit is all that can be judged");
    unit_found = *node(SOCK);
    place.unit_found = &unit_found;
    judge();
    cr_expect_not(is_found("UDS001"));
}
