/* SPDX-License-Identifier: MIT */
/* SARIF 2.1.0: see json.h. */
#include "audit/report/json.h"

#include "audit/report/escape.h"

#include <sunpath/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SARIF_SCHEMA \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"

static const char *level(const struct rule *rule)
{
    static const char *const levels[] = {
        [SEVERITY_INFO] = "note",
        [SEVERITY_LOW] = "note",
        [SEVERITY_MEDIUM] = "warning",
        [SEVERITY_HIGH] = "error",
    };

    return levels[rule->severity];
}

/* The path as a URI: every byte that is not plain becomes %HH. */
static json_t *uri(const struct path_facts *path)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[sizeof("file://") + (size_t)3 * PATH_MAX] = "file://";
    size_t length = strlen(text);

    for (size_t i = 0; i < path->length; i++) {
        const unsigned char byte = (unsigned char)path->path[i];
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

json_t *sarif_result(const struct place *place, const struct finding *finding)
{
    char *fingerprint = json_fingerprint(place, finding);
    json_t *ret = json_pack("{s:s, s:i, s:s, s:{s:s}, s:[{s:{s:{s:o}}}], s:{s:s}}", "ruleId",
                            finding->rule->id, "ruleIndex", (int)(finding->rule - rules), "level",
                            level(finding->rule), "message", "text", finding->text, "locations",
                            "physicalLocation", "artifactLocation", "uri", uri(place->path),
                            "partialFingerprints", "sunpathAudit/v1", fingerprint);

    free(fingerprint);
    return ret;
}

static json_t *rule_descriptor(const struct rule *rule)
{
    char cwe[16];

    (void)snprintf(cwe, sizeof(cwe), "%u", rule->cwe);
    return json_pack("{s:s, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:[{s:{s:s, s:{s:s}}, s:[s]}]}",
                     "id", rule->id, "shortDescription", "text", rule->title, "fullDescription",
                     "text", rule->rationale, "help", "text", rule->remedy, "defaultConfiguration",
                     "level", level(rule), "relationships", "target", "id", cwe, "toolComponent",
                     "name", "CWE", "kinds", "superset");
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
