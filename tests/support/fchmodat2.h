/* SPDX-License-Identifier: MIT */
/* The number of fchmodat2(), which is newer than the headers of some systems and never changes. */
#ifndef TESTS_SUPPORT_FCHMODAT2_H
#define TESTS_SUPPORT_FCHMODAT2_H

#ifdef __alpha__
#define LINUX_FCHMODAT2 562
#else
#define LINUX_FCHMODAT2 452
#endif

#endif
