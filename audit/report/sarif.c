/* SPDX-License-Identifier: MIT */
/* SARIF 2.1.0: see json.h. */
#include "audit/report/json.h"

#include <sunpath/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SARIF_SCHEMA \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"

static const char *level(enum severity severity)
{
    static const char *const levels[] = {
        [SEVERITY_INFO] = "note",
        [SEVERITY_LOW] = "note",
        [SEVERITY_MEDIUM] = "warning",
        [SEVERITY_HIGH] = "error",
    };

    return levels[severity];
}

/* The path as a URI: every byte that is not plain becomes %HH. */
static json_t *uri(const char *path, size_t path_length)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[sizeof("file://") + (size_t)3 * PATH_MAX] = "file://";
    size_t length = strlen(text);

    for (size_t i = 0; i < path_length; i++) {
        const unsigned char byte = (unsigned char)path[i];
        const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                           (byte >= '0' && byte <= '9') ||
                           (byte != '\0' && strchr("/-._~", byte) != NULL);

        if (plain) {
            text[length++] = (char)byte;
        } else {
            text[length++] = '%';
            text[length++] = digits[byte >> 4];
            text[length++] = digits[byte & 15];
        }
    }
    return json_stringn(text, length);
}

static json_t *file_location(const char *path, size_t length)
{
    return json_pack("{s:{s:{s:o}}}", "physicalLocation", "artifactLocation", "uri",
                     uri(path, length));
}

static json_t *name_location(const char *name)
{
    return json_pack("{s:[{s:s, s:s}]}", "logicalLocations", "fullyQualifiedName", name, "kind",
                     "resource");
}

/* A file has a place on the disk, an abstract name only one in its namespace. */
static json_t *location(const struct place *place)
{
    char name[PLACE_NAME_MAX];

    return place->path != NULL ? file_location(place->path->path, place->path->length)
                               : name_location(place_name(place, name));
}

json_t *sarif_result(const struct place *place, const struct finding *finding)
{
    char *fingerprint = json_fingerprint(place, finding);
    json_t *ret = json_pack("{s:s, s:i, s:s, s:{s:s}, s:[o], s:{s:s}}", "ruleId", finding->rule->id,
                            "ruleIndex", (int)(finding->rule - rules), "level",
                            level(finding->severity), "message", "text", finding->text, "locations",
                            location(place), "partialFingerprints", "sunpathAudit/v1", fingerprint);

    free(fingerprint);
    if ((finding->state != NULL &&
         json_object_set_new(ret, "baselineState", json_string(finding->state)) != 0) ||
        (finding->allowed != NULL &&
         json_object_set_new(ret, "suppressions",
                             json_pack("[{s:s, s:s, s:s}]", "kind", "external", "status",
                                       "accepted", "justification", finding->allowed)) != 0)) {
        json_decref(ret);
        return NULL;
    }
    return ret;
}

static size_t from_hex(char ret[PATH_MAX], const char *hex)
{
    const size_t length = strlen(hex) / 2;

    for (size_t i = 0; i < length; i++) {
        const char two[] = {hex[2 * i], hex[2 * i + 1], '\0'};

        ret[i] = (char)strtoul(two, NULL, 16);
    }
    return length;
}

/* baseline_take() has looked at what is used here. Its rule may be one that is no more. */
json_t *sarif_gone(const json_t *line)
{
    const char *id = json_string_value(json_object_get(line, "rule"));
    const struct rule *rule = rule_find(id);
    enum severity severity = SEVERITY_INFO;
    char path[PATH_MAX];
    const size_t length = from_hex(path, json_string_value(json_object_get(line, "path_hex")));
    json_t *where;
    json_t *ret;

    (void)severity_parse(&severity, json_string_value(json_object_get(line, "severity")));
    where = path[0] == '/' ? file_location(path, length)
                           : name_location(json_string_value(json_object_get(line, "path")));
    ret = json_pack("{s:s, s:s, s:s, s:{s:O}, s:[o], s:{s:O}}", "ruleId", id, "baselineState",
                    "absent", "level", level(severity), "message", "text",
                    json_object_get(line, "message"), "locations", where, "partialFingerprints",
                    "sunpathAudit/v1", json_object_get(line, "fingerprint"));
    if (rule != NULL && json_object_set_new(ret, "ruleIndex", json_integer(rule - rules)) != 0) {
        json_decref(ret);
        return NULL;
    }
    return ret;
}

static json_t *rule_descriptor(const struct rule *rule)
{
    char cwe[16];

    (void)snprintf(cwe, sizeof(cwe), "%u", rule->cwe);
    return json_pack("{s:s, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:[{s:{s:s, s:{s:s}}, s:[s]}]}",
                     "id", rule->id, "shortDescription", "text", rule->title, "fullDescription",
                     "text", rule->rationale, "help", "text", rule->remedy, "defaultConfiguration",
                     "level", level(rule->severity), "relationships", "target", "id", cwe,
                     "toolComponent", "name", "CWE", "kinds", "superset");
}

/* The weaknesses that the rules name, each once. */
static json_t *taxa(void)
{
    json_t *ret = json_array();

    for (size_t i = 0; i < rules_count; i++) {
        char cwe[16];
        bool known = false;

        for (size_t j = 0; j < i; j++)
            known = known || rules[j].cwe == rules[i].cwe;
        (void)snprintf(cwe, sizeof(cwe), "%u", rules[i].cwe);
        if (!known && json_array_append_new(ret, json_pack("{s:s}", "id", cwe)) != 0) {
            json_decref(ret);
            return NULL;
        }
    }
    return ret;
}

static json_t *rule_descriptors(void)
{
    json_t *ret = json_array();

    for (size_t i = 0; i < rules_count; i++)
        if (json_array_append_new(ret, rule_descriptor(&rules[i])) != 0) {
            json_decref(ret);
            return NULL;
        }
    return ret;
}

json_t *sarif_log(json_t *results, bool complete)
{
    json_t *notes = complete ? json_array()
                             : json_pack("[{s:s, s:{s:s}}]", "level", "error", "message", "text",
                                         "something could not be read: the result is partial");

    return json_pack(
        "{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o, s:[{s:s}]}}, s:[{s:s, s:s, s:{s:s}, s:o}], "
        "s:[{s:b, s:o}], s:o}]}",
        "$schema", SARIF_SCHEMA, "version", "2.1.0", "runs", "tool", "driver", "name",
        "sunpath audit", "version", SP_VERSION_STRING, "rules", rule_descriptors(),
        "supportedTaxonomies", "name", "CWE", "taxonomies", "name", "CWE", "organization", "MITRE",
        "shortDescription", "text", "Common Weakness Enumeration", "taxa", taxa(), "invocations",
        "executionSuccessful", complete, "toolExecutionNotifications", notes, "results", results);
}
