/* SPDX-License-Identifier: MIT */
/*
 * What core/src must never do, one call per object: the test compiles this file once for each name
 * in FORBIDDEN_CALL and expects check_imports to name it.
 */
extern int FORBIDDEN_CALL(void);
extern int sp__uses_a_forbidden_call(void);

int sp__uses_a_forbidden_call(void)
{
    return FORBIDDEN_CALL();
}
