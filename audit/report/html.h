/* SPDX-License-Identifier: MIT */
/*
 * The report as one page of HTML: no script, nothing from elsewhere, readable on a narrow screen,
 * in light and in dark.
 *
 * Every text is escaped here, on the way out, whatever it is. Names are in the escaped form of all
 * reports besides, so that none can turn the direction of writing or hide a part of itself.
 *
 * Tests: tests/cli/test_audit_html.py
 */
#ifndef AUDIT_REPORT_HTML_H
#define AUDIT_REPORT_HTML_H

#include "audit/rules/rule.h"

#include <jansson.h>
#include <stdio.h>

/** html_place() - what the page says of one place; @lines are its findings (json_finding()) */
json_t *html_place(const struct place *place, const json_t *lines);

/**
 * html_page() - the whole page
 * @places: what html_place() made, and behind them findings that are gone (json_gone())
 * @summary: as json_summary() makes it
 */
void html_page(FILE *out, const json_t *places, const json_t *summary);

#endif
