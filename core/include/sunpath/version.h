/* SPDX-License-Identifier: MIT */
/* The one place of the version number: the build, the package files and the manual pages read it
 * here. */
#ifndef SUNPATH_VERSION_H
#define SUNPATH_VERSION_H

#include <sunpath/export.h>

SP_BEGIN_DECLS

#define SP_VERSION_MAJOR 0
#define SP_VERSION_MINOR 1
#define SP_VERSION_PATCH 0
#define SP_VERSION_STRING "0.1.0"

/** sp_version() - the version of the library in use, which may be newer than the header. */
SP_API const char *sp_version(void);

SP_END_DECLS

#endif
