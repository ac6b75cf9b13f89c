/* SPDX-License-Identifier: MIT */
/* The rules over one path: see path_rules.h. */
#include "audit/rules/path_rules.h"

#include "audit/report/audience.h"
#include "audit/report/escape.h"
#include "audit/rules/alike.h"

#include <sys/stat.h>

/* How near to the limit a path is worth a word. */
#define NEAR_LIMIT 8

#define NAME_TEXT_MAX ESCAPED_MAX(PATH_MAX)

static char *name_of(const struct path_facts *path, size_t step, char text[NAME_TEXT_MAX])
{
    char name[PATH_MAX];

    return escape(text, name, path_step_name(path, step, name));
}

/* Where the last name is, or would be. */
static size_t directory_of(const struct path_facts *path)
{
    return path->end == PATH_MISSING ? path->steps[path->count].directory
                                     : path_end_step(path)->directory;
}

/* Root apart, who is meant to be in charge: the owner of the socket, or of where it would be. */
static uint32_t owner_of(const struct path_facts *path)
{
    if (path->end == PATH_FOUND)
        return path_end_step(path)->node.uid;
    return path->steps[directory_of(path)].node.uid;
}

/* Leaves of an audience what a rule asks for: other users than the owner, or groups. */
static void keep(struct audience *audience, bool groups, uint32_t owner)
{
    size_t kept = 0;

    for (size_t i = 0; i < audience->count; i++) {
        const struct who *who = &audience->who[i];
        const bool is_group = who->kind == WHO_GROUP || who->kind == WHO_GROUPS;

        if (groups ? is_group : !is_group && who->id != owner)
            audience->who[kept++] = *who;
    }
    audience->count = kept;
    audience->refused_count = 0;
}

static bool is_link(const struct path_step *step)
{
    return S_ISLNK(step->node.mode);
}

static const char *kind_of(const struct path_step *step)
{
    if (is_link(step))
        return "link";
    return S_ISDIR(step->node.mode) ? "directory" : S_ISSOCK(step->node.mode) ? "socket" : "file";
}

static void say_replace(const struct rule *rule, const struct path_facts *path, size_t step,
                        const struct audience *audience, struct findings *ret)
{
    const struct path_step *on = &path->steps[step];
    const struct node *directory = &path->steps[on->directory].node;
    char who[AUDIENCE_TEXT_MAX];
    char name[NAME_TEXT_MAX];
    char where[NAME_TEXT_MAX];

    finding_add(ret, rule,
                "%s can remove or rename the %s %s: its directory %s has mode %04o%s, owner %u, "
                "group %u",
                audience_format(who, audience), kind_of(on), name_of(path, step, name),
                name_of(path, on->directory, where), directory->mode & 07777,
                directory->acl.state == ACL_READ ? " and an access control list" : "",
                directory->uid, directory->gid);
}

/* The first name on the way that others than the owner can replace. */
static void replace(const struct rule *rule, const struct place *place, struct findings *ret,
                    bool groups, bool links)
{
    const struct path_facts *path = place->path;
    struct audience audience;

    for (size_t i = 1; i < path->count; i++) {
        if (is_link(&path->steps[i]) != links && !groups)
            continue;
        audience_of(&audience, path, DEED_REPLACE, i);
        if (audience_has_anybody(&audience))
            continue;
        keep(&audience, groups, owner_of(path));
        if (audience.count > 0) {
            say_replace(rule, path, i, &audience, ret);
            return;
        }
    }
}

void path_rule_connect(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct audience *audience = &place->audiences[DEED_CONNECT];
    char who[AUDIENCE_TEXT_MAX];

    if (audience_has_anybody(audience))
        finding_add(ret, rule,
                    "%s can connect: the socket has mode %04o, and every directory on the "
                    "way lets others search it",
                    audience_format(who, audience), path_end_step(place->path)->node.mode & 07777);
}

void path_rule_replace_anybody(const struct rule *rule, const struct place *place,
                               struct findings *ret)
{
    struct audience audience;

    for (size_t i = 1; i < place->path->count; i++) {
        audience_of(&audience, place->path, DEED_REPLACE, i);
        if (audience_has_anybody(&audience)) {
            say_replace(rule, place->path, i, &audience, ret);
            return;
        }
    }
}

void path_rule_replace_user(const struct rule *rule, const struct place *place,
                            struct findings *ret)
{
    replace(rule, place, ret, false, false);
}

void path_rule_replace_group(const struct rule *rule, const struct place *place,
                             struct findings *ret)
{
    replace(rule, place, ret, true, false);
}

void path_rule_replace_link(const struct rule *rule, const struct place *place,
                            struct findings *ret)
{
    replace(rule, place, ret, false, true);
}

void path_rule_create(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct path_facts *path = place->path;
    const size_t directory = directory_of(path);
    char who[AUDIENCE_TEXT_MAX];
    char where[NAME_TEXT_MAX];

    /* Who can replace it as well needs no patience. */
    if (!audience_has_anybody(&place->audiences[DEED_CREATE]) ||
        audience_has_anybody(&place->audiences[DEED_REPLACE]))
        return;
    finding_add(ret, rule, "%s can create names in %s, which has mode %04o",
                audience_format(who, &place->audiences[DEED_CREATE]),
                name_of(path, directory, where), path->steps[directory].node.mode & 07777);
}

void path_rule_too_long(const struct rule *rule, const struct place *place, struct findings *ret)
{
    if (place->path->length > SP_LISTEN_PATH_MAX)
        finding_add(ret, rule, "the path has %zu bytes, %d fit", place->path->length,
                    SP_LISTEN_PATH_MAX);
}

void path_rule_near_limit(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const size_t length = place->path->length;

    if (length <= SP_LISTEN_PATH_MAX && length + NEAR_LIMIT > SP_LISTEN_PATH_MAX)
        finding_add(ret, rule, "the path has %zu bytes, %d fit", length, SP_LISTEN_PATH_MAX);
}

void path_rule_bytes(const struct rule *rule, const struct place *place, struct findings *ret)
{
    size_t count = 0;

    for (size_t i = 0; i < place->path->length; i++) {
        const unsigned char byte = (unsigned char)place->path->path[i];

        count += byte <= ' ' || byte == 0x7f || byte == '\\';
    }
    if (count > 0)
        finding_add(ret, rule,
                    "%zu of the path's bytes are control characters, blanks or backslashes", count);
}

void path_rule_stale(const struct rule *rule, const struct place *place, struct findings *ret)
{
    if (path_is_socket(place->path) && place->service == SERVICE_NONE && place->bound == NULL)
        finding_add(ret, rule, "no socket that can be seen from here is bound to the file");
}

void path_rule_orphan(const struct rule *rule, const struct place *place, struct findings *ret)
{
    if (place->bound == NULL || place->service != SERVICE_NONE)
        return;
    if (place->path->end == PATH_MISSING)
        finding_add(ret, rule, "a listener bound this name to inode %u; no file has it now",
                    place->bound->inode);
    else if (place->path->end == PATH_FOUND)
        finding_add(
            ret, rule, "a listener bound this name to inode %u; the file here has inode %llu",
            place->bound->inode, (unsigned long long)path_end_step(place->path)->node.inode);
}

void path_rule_owner(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const uint32_t owner = path_end_step(place->path)->node.uid;

    if (place->service == SERVICE_LISTENS && place->bound->has_uid && owner != 0 &&
        owner != place->bound->uid)
        finding_add(ret, rule, "user %u listens, the file belongs to user %u", place->bound->uid,
                    owner);
}

void path_rule_inherited(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct node *node = &path_end_step(place->path)->node;

    if (!place->path->planned || node->acl.state != ACL_READ)
        return;
    for (size_t i = 0; i < node->acl.count; i++) {
        const struct acl_entry *entry = &node->acl.entries[i];
        const struct identity who = {.uid = entry->tag == ACL_USER ? entry->id : UINT32_MAX,
                                     .count = 1,
                                     .gids = {entry->tag == ACL_GROUP ? entry->id : UINT32_MAX}};

        if ((entry->tag == ACL_USER || entry->tag == ACL_GROUP) &&
            acl_allows(&node->acl, node->uid, node->gid, &who, MAY_WRITE)) {
            finding_add(ret, rule,
                        "with mode %04o the socket can be written by %s %u, whom the directory's "
                        "default access control list names",
                        node->mode & 0777, entry->tag == ACL_USER ? "user" : "group", entry->id);
            return;
        }
    }
}

static const struct name *find_alike(const struct names *among, const struct path_facts *path,
                                     enum alike *ret)
{
    for (size_t i = 0; among != NULL && i < among->count; i++) {
        const struct name *other = &among->all[i];

        *ret = names_alike(path->path, path->length, other->bytes, other->length);
        if (*ret != ALIKE_NOT && other->length < PATH_MAX)
            return other;
    }
    return NULL;
}

void path_rule_alike(const struct rule *rule, const struct place *place, struct findings *ret)
{
    char name[NAME_TEXT_MAX];
    enum alike alike;
    const struct name *other = find_alike(place->beside, place->path, &alike);

    if (other == NULL)
        other = find_alike(place->others, place->path, &alike);
    if (other != NULL)
        finding_add(ret, rule,
                    alike == ALIKE_CUT ? "%s is the same up to the bytes that fit an address"
                                       : "%s prints alike",
                    escape(name, other->bytes, other->length));
}
