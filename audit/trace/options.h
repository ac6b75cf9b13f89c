/* SPDX-License-Identifier: MIT */
/* Socket options that the C library's headers may be too old for. */
#ifndef AUDIT_TRACE_OPTIONS_H
#define AUDIT_TRACE_OPTIONS_H

#define OPTION_PASSPIDFD 76
#define OPTION_PEERPIDFD 77

#endif
