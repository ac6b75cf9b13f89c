/* SPDX-License-Identifier: MIT */
/*
 * Every bound of the library, in one place.
 *
 * Whatever a peer, the file system or the environment can make grow has a row
 * here: its default, the call that changes it, and what happens at the bound.
 * docs/limits.md prints the same list with reasons.
 */
#ifndef SUNPATH_LIMITS_H
#define SUNPATH_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* Longest path in bytes, without terminator. The kernel takes 108 and then returns a length of 111
 * for them, one more than the structure holds; so a server may use 107, a client may reach 108. */
#define SP_PATH_MAX 108
#define SP_LISTEN_PATH_MAX 107
/* Longest abstract name in bytes: sun_path less its leading NUL. */
#define SP_ABSTRACT_MAX 107
/* Longest printed address with its terminator: '@' or nothing, then "\xHH" for every byte. */
#define SP_ADDRESS_TEXT_MAX (1 + 4 * SP_PATH_MAX + 1)

/* Bytes read ahead for an application that does not read. sp_socket_set_read_limit().
 * At the bound reading stops and the kernel's own queue holds the peer back. */
#define SP_READ_LIMIT_DEFAULT ((size_t)64 * 1024)
/* Bytes accepted for a peer that does not read. sp_socket_set_write_limit().
 * At the bound sp_socket_write() takes less than it was offered. */
#define SP_WRITE_LIMIT_DEFAULT ((size_t)1024 * 1024)
/* Small writes are gathered up to this many bytes, then sent. Fixed. */
#define SP_GATHER_MAX ((size_t)64 * 1024)
/* A write of at least this many bytes is sent from the caller's memory. Fixed. */
#define SP_DIRECT_WRITE_MIN ((size_t)4096)
/* A read of at least this many bytes goes straight to the caller's memory. Fixed. */
#define SP_DIRECT_READ_MIN ((size_t)1024)
/* Bytes one sp_socket_process() moves in each direction before it returns. Fixed. */
#define SP_PROCESS_BYTES_MAX ((size_t)256 * 1024)
/* Undelivered events of one object; past it the oldest are dropped and SP_EVENT_LOST says how many,
 * up to 65,535. Fixed. */
#define SP_EVENTS_MAX 16

/* How long a connect may wait for a full backlog. sp_socket_set_connect_timeout(). */
#define SP_CONNECT_TIMEOUT_MS_DEFAULT 30000
/* How long a graceful close may wait for a peer that does not read. sp_socket_set_close_timeout().
 */
#define SP_CLOSE_TIMEOUT_MS_DEFAULT 30000
/* First and longest pause between two attempts at a full backlog; it doubles. Fixed. */
#define SP_CONNECT_RETRY_MIN_NS ((uint64_t)1000000)
#define SP_CONNECT_RETRY_MAX_NS ((uint64_t)100000000)
/* First and longest pause of a server after accept() failed for want of resources. Fixed. */
#define SP_ACCEPT_RETRY_MIN_NS ((uint64_t)1000000)
#define SP_ACCEPT_RETRY_MAX_NS ((uint64_t)1000000000)

/* Connections accepted but not yet taken. sp_server_set_max_pending(). As in Qt. */
#define SP_MAX_PENDING_DEFAULT 30
/* The largest value that sp_server_set_max_pending() takes. */
#define SP_MAX_PENDING_MAX 65536
/* Argument of listen(); the kernel admits one more. sp_server_set_backlog(). */
#define SP_BACKLOG_DEFAULT 128
/* Connections one sp_server_process() accepts before it returns. Fixed. */
#define SP_ACCEPTS_PER_PROCESS 64

/* Symbolic links followed in one path. Fixed; the kernel has the same number. */
#define SP_LINKS_MAX 40
/* Bytes of a path while links in it are expanded. Fixed; the kernel has the same number. */
#define SP_WALK_PATH_MAX 4096
/* Supplementary groups of a peer that are looked at; a peer with more is refused by a policy that
 * names groups. The kernel allows 65536. Fixed. */
#define SP_PEER_GROUPS_MAX 65536
/* User and group ids in one peer policy. */
#define SP_POLICY_IDS_MAX 64
/* Times an interrupted system call is made again within one call of ours. Fixed. */
#define SP_EINTR_RETRIES 16

#endif
