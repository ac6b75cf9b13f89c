/* SPDX-License-Identifier: MIT */
/* Everything at once. Each header stands alone too. */
#ifndef SUNPATH_SUNPATH_H
#define SUNPATH_SUNPATH_H

#include <sunpath/address.h>
#include <sunpath/context.h>
#include <sunpath/dispatch.h>
#include <sunpath/error.h>
#include <sunpath/event.h>
#include <sunpath/io.h>
#include <sunpath/limits.h>
#include <sunpath/os.h>
#include <sunpath/peer.h>
#include <sunpath/server.h>
#include <sunpath/socket.h>
#include <sunpath/trust.h>
#include <sunpath/version.h>

#endif
