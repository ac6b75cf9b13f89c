/* SPDX-License-Identifier: MIT */
/* sunpath audit run: the audit of a program while it runs. */
#ifndef AUDIT_RUN_COMMAND_H
#define AUDIT_RUN_COMMAND_H

/** run_command() - arguments from "run" on; an enum status */
int run_command(int argc, char **argv);

#endif
