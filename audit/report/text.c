/* SPDX-License-Identifier: MIT */
/* The report for people: see text.h. Everything that comes from a file system is escaped. */
#include "audit/report/text.h"

#include "audit/report/audience.h"
#include "audit/report/escape.h"

#include <string.h>
#include <sys/stat.h>

static const char *const deed_names[DEEDS] = {
    [DEED_CONNECT] = "connect",
    [DEED_REPLACE] = "replace",
    [DEED_CREATE] = "create",
};

static const char *const service_names[] = {
    [SERVICE_UNKNOWN] = "",
    [SERVICE_NONE] = ", stale",
    [SERVICE_BOUND] = ", bound",
    [SERVICE_LISTENS] = ", listening",
};

#define HOLDERS_SHOWN 4
#define USERS_SHOWN 8

static void print_connected(FILE *out, const struct place *place)
{
    for (size_t i = 0; i < place->connected_count && i < USERS_SHOWN; i++) {
        const struct connected *row = &place->connected[i];

        (void)fprintf(out, "%s%zu from ", i == 0 ? "; connections: " : ", ", row->count);
        if (row->has_uid)
            (void)fprintf(out, "user %u", row->uid);
        else
            (void)fputs("elsewhere", out);
    }
    if (place->connected_count > USERS_SHOWN)
        (void)fprintf(out, " and %zu more users", place->connected_count - USERS_SHOWN);
}

/* Of a listener of the running system: who made it, who waits, who has it open, who is connected.
 */
static void print_socket(FILE *out, const struct place *place)
{
    const struct bound_socket *socket = place->bound;
    char comm[ESCAPED_MAX(HOLDER_COMM_MAX)];

    (void)fputs("listens", out);
    if (socket->has_uid)
        (void)fprintf(out, ", made by user %u", socket->uid);
    if (socket->has_queue)
        (void)fprintf(out, ", %u waiting of %u", socket->pending, socket->backlog);
    if (socket->netns != 0)
        (void)fprintf(out, ", in network namespace %llu", (unsigned long long)socket->netns);
    for (size_t i = 0; i < place->holders_count && i < HOLDERS_SHOWN; i++)
        (void)fprintf(out, "%s%d (%s)", i == 0 ? "; open in process " : ", ",
                      (int)place->holders[i].pid,
                      escape(comm, place->holders[i].comm, strlen(place->holders[i].comm)));
    if (place->holders_count > HOLDERS_SHOWN)
        (void)fprintf(out, " and %zu more", place->holders_count - HOLDERS_SHOWN);
    print_connected(out, place);
    (void)fputc('\n', out);
}

static void print_path(FILE *out, const struct place *place)
{
    const struct path_facts *path = place->path;
    const struct node *node = &path_end_step(path)->node;
    char missing[ESCAPED_MAX(NAME_MAX)];
    const char *kind = "not a socket";

    switch (path->end) {
    case PATH_UNREADABLE:
        (void)fprintf(out, "could not be read: %s\n", strerror(path->error));
        return;
    case PATH_MISSING:
        (void)fprintf(out, "%s is missing\n", escape(missing, path->missing, path->missing_length));
        return;
    case PATH_FOUND:
        break;
    }
    if (S_ISSOCK(node->mode))
        kind = path->planned ? "planned socket" : "socket";
    (void)fprintf(out, "%s, mode %04o, owner %u, group %u%s", kind, node->mode & 07777, node->uid,
                  node->gid, S_ISSOCK(node->mode) ? service_names[place->service] : "");
    if (place->service == SERVICE_LISTENS && place->bound->has_uid)
        (void)fprintf(out, " by user %u", place->bound->uid);
    (void)fputc('\n', out);
}

void text_state(FILE *out, const struct place *place)
{
    if (place->path != NULL)
        print_path(out, place);
    if (place->path != NULL && place->of_system)
        (void)fputs("    ", out);
    if (place->of_system)
        print_socket(out, place);
}

/* One user with his groups, answered in full. */
static void print_asked(FILE *out, const struct place *place)
{
    static const char *const answers[] = {[NO] = "no", [UNKNOWN] = "unknown", [YES] = "yes"};
    const struct identity *who = place->asked;

    (void)fprintf(out, "    user %u", who->uid);
    for (size_t i = 0; i < who->count; i++)
        (void)fprintf(out, "%s%u", i == 0 ? " in groups " : ",", who->gids[i]);
    for (size_t i = 0; i < DEEDS; i++)
        (void)fprintf(out, "%s %s %s", i == 0 ? ":" : ",", deed_names[i],
                      answers[verdict(place->path, (enum deed)i, who)]);
    (void)fputc('\n', out);
}

void text_place(FILE *out, const struct place *place, const struct findings *findings)
{
    char name[PLACE_NAME_MAX];
    char who[AUDIENCE_TEXT_MAX];

    (void)fprintf(out, "%s\n", place_name(place, name));
    (void)fputs("    ", out);
    text_state(out, place);
    for (size_t i = 0; i < DEEDS; i++)
        if (place_can(place, (enum deed)i))
            (void)fprintf(out, "    %-8s %s\n", deed_names[i],
                          audience_format(who, &place->audiences[i]));
    if (place->asked != NULL)
        print_asked(out, place);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->all[i];

        (void)fprintf(out, "  %s%s%s %s %s\n      %s\n",
                      finding->state != NULL ? finding->state : "",
                      finding->state != NULL ? ": " : "", severity_name(finding->severity),
                      finding->rule->id, finding->rule->title, finding->text);
        if (finding->allowed != NULL)
            (void)fprintf(out, "      allowed: %s\n", finding->allowed);
        else
            (void)fprintf(out, "      remedy: %s\n", finding->rule->remedy);
    }
}

void text_gone(FILE *out, const json_t *line)
{
    (void)fprintf(out, "\n%s\n  gone: %s %s %s\n      %s\n",
                  json_string_value(json_object_get(line, "path")),
                  json_string_value(json_object_get(line, "severity")),
                  json_string_value(json_object_get(line, "rule")),
                  json_string_value(json_object_get(line, "title")),
                  json_string_value(json_object_get(line, "message")));
}

void text_rules(FILE *out)
{
    for (size_t i = 0; i < rules_count; i++)
        (void)fprintf(out, "%s %-6s CWE-%-4u %s\n", rules[i].id, severity_name(rules[i].severity),
                      rules[i].cwe, rules[i].title);
}

void text_rule(FILE *out, const struct rule *rule)
{
    (void)fprintf(out, "%s %s\n\nseverity: %s\nweakness: CWE-%u\n\n%s\n\nremedy: %s\n\nsee %s\n",
                  rule->id, rule->title, severity_name(rule->severity), rule->cwe, rule->rationale,
                  rule->remedy, rule->references);
}

void text_rules_document(FILE *out)
{
    (void)fputs(
        "# Rules of the audit\n\n"
        "Made from the table in `audit/rules/rules.c` by `sunpath audit --list-rules=markdown`; a "
        "test holds\nthe two against each other.\n",
        out);
    for (size_t i = 0; i < rules_count; i++)
        (void)fprintf(out,
                      "\n## %s: %s\n\nSeverity %s, "
                      "[CWE-%u](https://cwe.mitre.org/data/definitions/%u.html).\n\n"
                      "%s\n\nRemedy: %s\n\nSee %s.\n",
                      rules[i].id, rules[i].title, severity_name(rules[i].severity), rules[i].cwe,
                      rules[i].cwe, rules[i].rationale, rules[i].remedy, rules[i].references);
}
