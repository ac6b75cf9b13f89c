/* SPDX-License-Identifier: MIT */
/* JSON lines: see json.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/report/json.h"

#include "audit/report/audience.h"

#include <stdio.h>
#include <stdlib.h>

#define SCHEMA_VERSION 1

char *json_fingerprint(const struct place *place, const struct finding *finding)
{
    char name[PLACE_NAME_MAX];
    char *ret;

    /* An escaped name holds no blank, so the three parts cannot run into one another. */
    if (asprintf(&ret, "%s %s %u", finding->rule->id, place_name(place, name), place_owner(place)) <
        0)
        return NULL;
    return ret;
}

static json_t *hex(const struct place *place)
{
    static const char digits[] = "0123456789abcdef";
    char bytes[PLACE_BYTES_MAX];
    const size_t count = place_bytes(place, bytes);
    char text[2 * PLACE_BYTES_MAX];

    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[(unsigned char)bytes[i] >> 4];
        text[2 * i + 1] = digits[(unsigned char)bytes[i] & 15];
    }
    return json_stringn(text, 2 * count);
}

static json_t *audience(const struct place *place, enum deed deed)
{
    char who[AUDIENCE_TEXT_MAX];

    if (place->run != NULL)
        return json_string("not looked at");
    return json_string(audience_format(who, &place->audiences[deed]));
}

/* A listener's: how many connections each user has. */
static json_t *connected(const struct place *place)
{
    json_t *ret = json_array();

    for (size_t i = 0; i < place->connected_count; i++) {
        const struct connected *row = &place->connected[i];
        json_t *user = row->has_uid ? json_integer((json_int_t)row->uid) : json_null();

        if (json_array_append_new(ret, json_pack("{s:o, s:I}", "user", user, "connections",
                                                 (json_int_t)row->count)) != 0) {
            json_decref(ret);
            return NULL;
        }
    }
    return ret;
}

json_t *json_finding(const struct place *place, const struct finding *finding)
{
    char name[PLACE_NAME_MAX];
    char *fingerprint = json_fingerprint(place, finding);
    json_t *ret =
        json_pack("{s:s, s:i, s:s, s:s, s:s, s:i, s:s, s:o, s:s, s:s, s:s, s:o, s:o, s:o}", "type",
                  "finding", "schema", SCHEMA_VERSION, "rule", finding->rule->id, "severity",
                  severity_name(finding->severity), "title", finding->rule->title, "cwe",
                  (int)finding->rule->cwe, "path", place_name(place, name), "path_hex", hex(place),
                  "message", finding->text, "remedy", finding->rule->remedy, "fingerprint",
                  fingerprint, "connect", audience(place, DEED_CONNECT), "replace",
                  audience(place, DEED_REPLACE), "create", audience(place, DEED_CREATE));

    free(fingerprint);
    if ((place->of_system && json_object_set_new(ret, "connected", connected(place)) != 0) ||
        (finding->allowed != NULL &&
         json_object_set_new(ret, "allowed", json_string(finding->allowed)) != 0) ||
        (finding->state != NULL &&
         json_object_set_new(ret, "state", json_string(finding->state)) != 0)) {
        json_decref(ret);
        return NULL;
    }
    return ret;
}

json_t *json_gone(json_t *line)
{
    json_t *ret = json_copy(line);

    if (ret == NULL || json_object_set_new(ret, "state", json_string("absent")) != 0) {
        json_decref(ret);
        return NULL;
    }
    return ret;
}

json_t *json_summary(size_t places, size_t findings, size_t gone, bool complete)
{
    return json_pack("{s:s, s:i, s:I, s:I, s:I, s:b}", "type", "summary", "schema", SCHEMA_VERSION,
                     "paths", (json_int_t)places, "findings", (json_int_t)findings, "gone",
                     (json_int_t)gone, "complete", complete);
}
