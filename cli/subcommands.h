/* SPDX-License-Identifier: MIT */
/* What the command can do: the one list. SUBCOMMAND(name, what it is for) */
SUBCOMMAND("replay", "play inputs of the fuzz targets again: whole corpora, folders, files")
SUBCOMMAND("show", "print inputs as programs that a person can read")
