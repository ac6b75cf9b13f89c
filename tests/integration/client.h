/* SPDX-License-Identifier: MIT */
/*
 * A socket of this library on the real kernel, behind a seam that counts and fails
 * (tests/support/faulty_os.h), with a fresh directory for its short names.
 *
 * client_end() fails the test if a descriptor is open that was not open at client_begin().
 */
#ifndef TESTS_INTEGRATION_CLIENT_H
#define TESTS_INTEGRATION_CLIENT_H

#include <sunpath/sunpath.h>

#include "tests/support/faulty_os.h"
#include "tests/support/snapshot.h"
#include "tests/support/tempdir.h"

struct client {
    struct faulty_os os;
    struct tempdir dir;
    struct sp_context *context; /* its base directory is @dir */
    struct sp_socket *socket;
    struct snapshot descriptors;
};

void client_begin(struct client *client);
void client_end(struct client *client);

/** client_path() - "DIR/leaf", in memory that lasts until the next call. */
const char *client_path(struct client *client, const char *leaf);
/** client_adopt() - one end of a new socket pair; the other, a blocking descriptor, is the test's.
 * Takes the events. */
int client_adopt(struct client *client, enum sp_mode mode);
/** client_expect() - the events since the last look are exactly those: see tests/support/told.h. */
void client_expect(struct client *client, const char *events);
/** client_expect_cause() - the last failure. */
void client_expect_cause(struct client *client, enum sp_error error, enum sp_operation operation,
                         enum sp_cause cause, int os_errno);

#endif
