/* SPDX-License-Identifier: MIT */
#ifndef AUDIT_SYSTEM_COMMAND_H
#define AUDIT_SYSTEM_COMMAND_H

/** system_command() - "sunpath audit system"; the exit status */
int system_command(int argc, char **argv);

#endif
