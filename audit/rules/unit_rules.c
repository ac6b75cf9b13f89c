/* SPDX-License-Identifier: MIT */
/* The rules over one path of a systemd .socket unit: see unit_rules.h. */
#include "audit/rules/unit_rules.h"

#include "audit/report/escape.h"

#include <string.h>
#include <sys/stat.h>

#define FILE_TEXT_MAX ESCAPED_MAX(PATH_MAX)

/* "FILE, line N"; the unit's own listening line where the setting itself stands nowhere. */
static const char *where(const struct place *place, struct unit_at at, char ret[FILE_TEXT_MAX])
{
    const char *file = at.line > 0 ? at.file : place->listen->at.file;

    return escape(ret, file, strnlen(file, PATH_MAX));
}

static size_t line_of(const struct place *place, struct unit_at at)
{
    return at.line > 0 ? at.line : place->listen->at.line;
}

void unit_rule_open(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct unit *unit = &place->unit->unit;
    char file[FILE_TEXT_MAX];

    if (unit->socket_mode_at.line == 0 && (unit->socket_mode & S_IWOTH) != 0 &&
        (!place_can(place, DEED_CONNECT) || audience_has_anybody(&place->audiences[DEED_CONNECT])))
        finding_add(ret, rule, "%s, line %zu: the path has no SocketMode, so it is %04o",
                    where(place, unit->socket_mode_at, file), line_of(place, unit->socket_mode_at),
                    unit->socket_mode);
}

void unit_rule_differs(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct known_unit *unit = place->unit;
    const struct node *found = place->unit_found;
    char file[FILE_TEXT_MAX];

    if (found == NULL || !S_ISSOCK(found->mode) || !unit->knows_owner ||
        ((found->mode & 07777) == unit->unit.socket_mode && found->uid == unit->uid &&
         found->gid == unit->gid))
        return;
    finding_add(ret, rule,
                "%s, line %zu: mode %04o, owner %u, group %u; the file there has mode %04o, owner "
                "%u, group %u",
                where(place, unit->unit.socket_mode_at, file),
                line_of(place, unit->unit.socket_mode_at), unit->unit.socket_mode, unit->uid,
                unit->gid, found->mode & 07777, found->uid, found->gid);
}

void unit_rule_directories(const struct rule *rule, const struct place *place, struct findings *ret)
{
    const struct unit *unit = &place->unit->unit;
    char file[FILE_TEXT_MAX];

    if ((unit->directory_mode & S_IWOTH) != 0 && (unit->directory_mode & S_ISVTX) == 0)
        finding_add(ret, rule, "%s, line %zu: directories on the way are made with mode %04o",
                    where(place, unit->directory_mode_at, file),
                    line_of(place, unit->directory_mode_at), unit->directory_mode);
}
