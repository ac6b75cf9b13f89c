/* SPDX-License-Identifier: MIT */
/*
 * Failures inside the library: the compact form of struct sp_error_detail.
 *
 * A function that can fail takes a struct sp__fault * (never NULL), fills it on failure and returns
 * the enum sp_error it filled in. On success the fault is untouched.
 */
#ifndef SP__FAULT_H
#define SP__FAULT_H

#include <sunpath/error.h>

struct sp__fault {
    int16_t os_errno;
    int8_t error; /* enum sp_error */
    uint8_t operation;
    uint8_t cause;
};

/** sp__fail() - record a failure that no errno explains. Returns @error. */
int sp__fail(struct sp__fault *fault, enum sp_error error, enum sp_operation operation,
             enum sp_cause cause);

/** sp__fail_os() - record the failure of a seam call; @result is its negative errno. Returns the
 * error that the error map gives. */
int sp__fail_os(struct sp__fault *fault, enum sp_operation operation, int64_t result);

/** sp__fault_detail() - the public form. */
void sp__fault_detail(const struct sp__fault *fault, struct sp_error_detail *ret);

#endif
