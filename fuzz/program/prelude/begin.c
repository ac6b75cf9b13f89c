/* SPDX-License-Identifier: MIT */
/*
 * A program of sunpath's fuzz targets, to be played on the real kernel with nothing but the
 * library.
 *
 *   cc this.c $(pkg-config --cflags --libs sunpath) && ./a.out
 *
 * It works in a directory of its own below $TMPDIR or /tmp, which stands for "/", and removes it at
 * the end. Each step is printed with what it came to: a result or a count, or the error; and above
 * that, behind a dot, the system calls that the library made for it. The clock
 * of the library stands still but for "advance", for what its waits sleep, which takes no real
 * time, and for a moment that each call takes. Faults are planned for the calls of its seam
 * (sunpath/os.h).
 *
 * u1 is who you are. What another user does is done when root starts this, and skipped otherwise;
 * the library then runs as user 1000. Skipped are also tapes of faults, and passing descriptors.
 *
 * Exit status: 0; 1 if a claim ("expect") does not hold though nothing was skipped before it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sunpath/sunpath.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Most programs use a part of this. */
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-const-variable"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Results that are none. */
#define NOTHING LLONG_MIN       /* there was nothing to do it with */
#define SKIPPED (LLONG_MIN + 1) /* it cannot be done here */
