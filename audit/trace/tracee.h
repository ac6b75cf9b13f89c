/* SPDX-License-Identifier: MIT */
/*
 * What is asked about a stopped process: its memory, its descriptors, its signals.
 *
 * Every read is bounded. What cannot be read is "not known", never an error of the program.
 */
#ifndef AUDIT_TRACE_TRACEE_H
#define AUDIT_TRACE_TRACEE_H

#include "audit/facts/calls.h"

/** tracee_read() - @length bytes of its memory; false when not all of them can be read */
bool tracee_read(pid_t task, uint64_t at, void *to, size_t length);

/** tracee_string() - a path, up to its terminator; its length, or 0 */
size_t tracee_string(pid_t task, uint64_t at, char ret[PATH_MAX]);

/** tracee_socket() - the inode of the socket behind a descriptor, or 0 */
uint64_t tracee_socket(pid_t task, int descriptor);

/** tracee_keeps() - has the descriptor no close-on-exec flag? */
bool tracee_keeps(pid_t task, int descriptor);

/** tracee_absolute() - @path as the process means it, seen from @directory; false: too long */
bool tracee_absolute(struct call *call, pid_t task, int directory, const char *path, size_t length);

/** tracee_mode() - of the file that the process names @path; 0 when there is none */
uint32_t tracee_mode(pid_t task, const char *path);

/** tracee_dies_of_pipe() - is SIGPIPE neither ignored, caught nor blocked? */
bool tracee_dies_of_pipe(pid_t task);

/** tracee_group() - the process that a thread belongs to */
pid_t tracee_group(pid_t task);

/** tracee_listener() - the name of a listener that was there before; false if it is none of ours */
bool tracee_listener(struct call *ret, pid_t process, int descriptor);

/** tracee_program() - the file that it runs */
void tracee_program(pid_t task, char ret[PATH_MAX]);

/** tracee_umask() - of the process */
uint32_t tracee_umask(pid_t task);

/** tracee_each_socket() - every socket that it has open */
void tracee_each_socket(pid_t task, void (*each)(void *arg, uint64_t socket), void *arg);

#endif
