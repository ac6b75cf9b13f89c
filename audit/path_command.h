/* SPDX-License-Identifier: MIT */
/* sunpath audit path: the audit of single paths. */
#ifndef AUDIT_PATH_COMMAND_H
#define AUDIT_PATH_COMMAND_H

/** path_command() - arguments from "path" on; an enum status */
int path_command(int argc, char **argv);

#endif
