/* SPDX-License-Identifier: MIT */
/* The report as one page: see html.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/report/html.h"

#include "audit/report/audience.h"
#include "audit/report/escape.h"
#include "audit/report/text.h"

#include <stdlib.h>
#include <string.h>

/* Severities differ by word, not by colour alone. */
static const char style[] =
    ":root{color-scheme:light dark;--paper:#fff;--panel:#f3f5f7;--ink:#1a1f24;--muted:#525b65;"
    "--rule:#c6ccd2;--high:#a30d1b;--medium:#8a4600;--low:#0a55a3;--info:#525b65}"
    "@media(prefers-color-scheme:dark){:root{--paper:#14181c;--panel:#1d2329;--ink:#e4e8ec;"
    "--muted:#a5afb9;--rule:#414a53;--high:#ff8f8a;--medium:#ffa04d;--low:#7db8ff;"
    "--info:#a5afb9}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--paper);color:var(--ink);"
    "font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "h1{margin:0;font-size:1.6rem;line-height:1.25}"
    "h2{margin:0;font:600 1.05rem/1.4 ui-monospace,monospace}"
    "h3{margin:1rem 0 .25rem;font-size:1rem}"
    "p,dl{margin:.25rem 0}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}"
    "dt,.muted{color:var(--muted)}dd{margin:0;min-width:0}"
    "article{margin:1.5rem 0;padding:1rem;background:var(--panel);border-left:4px solid "
    "var(--rule)}"
    ".high{color:var(--high)}.medium{color:var(--medium)}.low{color:var(--low)}"
    ".info{color:var(--info)}"
    "@media(max-width:30rem){body{padding:.75rem}article{padding:.6rem}"
    "dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.3rem}}";

static const char *member(const json_t *of, const char *name)
{
    return json_string_value(json_object_get(of, name));
}

static void put(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        case '\'':
            (void)fputs("&#39;", out);
            break;
        default:
            (void)fputc(*text, out);
        }
}

/* <@tag class="@class">@text</@tag>; nothing when there is no text. Tag and class are our words. */
static void put_element(FILE *out, const char *tag, const char *class, const char *text)
{
    if (text == NULL)
        return;
    (void)fprintf(out, class != NULL ? "<%s class=\"%s\">" : "<%s>", tag, class);
    put(out, text);
    (void)fprintf(out, "</%s>\n", tag);
}

static void put_row(FILE *out, const char *name, const char *text)
{
    if (text == NULL)
        return;
    put_element(out, "dt", NULL, name);
    put_element(out, "dd", NULL, text);
}

static enum severity severity_of(const json_t *finding)
{
    enum severity ret = SEVERITY_INFO;

    (void)severity_parse(&ret, member(finding, "severity"));
    return ret;
}

static void put_finding(FILE *out, const json_t *finding)
{
    const char *state = member(finding, "state");

    (void)fprintf(out, "<h3><span class=\"%s\">%s</span> ", severity_name(severity_of(finding)),
                  severity_name(severity_of(finding)));
    put(out, member(finding, "rule"));
    (void)fputc(' ', out);
    put(out, member(finding, "title"));
    if (state != NULL)
        (void)fprintf(out, " <span class=\"muted\">(%s)</span>",
                      strcmp(state, "absent") == 0 ? "gone"
                      : strcmp(state, "new") == 0  ? "new"
                                                   : "unchanged");
    (void)fputs("</h3>\n", out);
    put_element(out, "p", NULL, member(finding, "message"));
    (void)fputs("<dl>\n", out);
    put_row(out, "allowed", member(finding, "allowed"));
    put_row(out, "remedy", member(finding, "remedy"));
    (void)fputs("</dl>\n", out);
}

static void put_place(FILE *out, const json_t *place)
{
    const json_t *findings = json_object_get(place, "findings");

    (void)fputs("<article>\n", out);
    put_element(out, "h2", NULL, member(place, "path"));
    put_element(out, "p", "muted", member(place, "what"));
    (void)fputs("<dl>\n", out);
    put_row(out, "can connect", member(place, "connect"));
    put_row(out, "can replace", member(place, "replace"));
    put_row(out, "can create", member(place, "create"));
    (void)fputs("</dl>\n", out);
    for (size_t i = 0; i < json_array_size(findings); i++)
        put_finding(out, json_array_get(findings, i));
    if (json_array_size(findings) == 0)
        put_element(out, "p", "muted", "Nothing was found.");
    (void)fputs("</article>\n", out);
}

static void put_gone(FILE *out, const json_t *finding)
{
    (void)fputs("<article>\n", out);
    put_element(out, "h2", NULL, member(finding, "path"));
    put_finding(out, finding);
    (void)fputs("</article>\n", out);
}

static bool is_place(const json_t *of)
{
    return strcmp(member(of, "type"), "place") == 0;
}

/* Severity of the worst finding that is not allowed; -1 without one. */
static int worst_of(const json_t *place)
{
    const json_t *findings = json_object_get(place, "findings");
    int worst = -1;

    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *finding = json_array_get(findings, i);

        if (member(finding, "allowed") == NULL && (int)severity_of(finding) > worst)
            worst = (int)severity_of(finding);
    }
    return worst;
}

static void put_head(FILE *out, const json_t *summary)
{
    (void)fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "style-src 'unsafe-inline'\">\n<title>sunpath audit</title>\n<style>",
                out);
    (void)fputs(style, out);
    (void)fprintf(out,
                  "</style>\n</head>\n<body>\n<header>\n<h1>sunpath audit</h1>\n"
                  "<p>%lld paths, %lld findings, %lld gone</p>\n",
                  (long long)json_integer_value(json_object_get(summary, "paths")),
                  (long long)json_integer_value(json_object_get(summary, "findings")),
                  (long long)json_integer_value(json_object_get(summary, "gone")));
    if (!json_is_true(json_object_get(summary, "complete")))
        put_element(out, "p", "high", "Something could not be read: the result is partial.");
    (void)fputs("</header>\n<main>\n", out);
}

void html_page(FILE *out, const json_t *places, const json_t *summary)
{
    put_head(out, summary);
    for (int worst = SEVERITY_HIGH; worst >= -1; worst--)
        for (size_t i = 0; i < json_array_size(places); i++) {
            const json_t *place = json_array_get(places, i);

            if (is_place(place) && worst_of(place) == worst)
                put_place(out, place);
        }
    for (size_t i = 0; i < json_array_size(places); i++)
        if (!is_place(json_array_get(places, i)))
            put_gone(out, json_array_get(places, i));
    (void)fputs("</main>\n</body>\n</html>\n", out);
}

json_t *html_place(const struct place *place, const json_t *lines)
{
    char name[PLACE_NAME_MAX];
    char who[DEEDS][AUDIENCE_TEXT_MAX];
    char *what = NULL;
    size_t length;
    FILE *out = open_memstream(&what, &length);
    json_t *ret;

    if (out == NULL)
        return NULL;
    text_state(out, place);
    if (fclose(out) != 0) {
        free(what);
        return NULL;
    }
    for (size_t i = 0; i < DEEDS; i++)
        (void)audience_format(who[i], &place->audiences[i]);
    ret = json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:O}", "type", "place", "path",
                    place_name(place, name), "what", what, "connect",
                    place_can(place, DEED_CONNECT) ? who[DEED_CONNECT] : NULL, "replace",
                    place_can(place, DEED_REPLACE) ? who[DEED_REPLACE] : NULL, "create",
                    place_can(place, DEED_CREATE) ? who[DEED_CREATE] : NULL, "findings", lines);
    free(what);
    return ret;
}
