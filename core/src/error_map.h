/* SPDX-License-Identifier: MIT */
/* The rows of the error map, for the tests that walk them. */
#ifndef SP__ERROR_MAP_H
#define SP__ERROR_MAP_H

#include "fault.h"

#include <stddef.h>

struct sp__error_row {
    int operation; /* enum sp_operation, or -1 for any */
    int os_errno;
    enum sp_error error;
};

extern const struct sp__error_row sp__error_rows[];
extern const size_t sp__error_row_count;

#endif
