/* SPDX-License-Identifier: MIT */
/* What the command can do: the one list. SUBCOMMAND(name, what it is for) */
SUBCOMMAND("audit", "say who can reach, replace or impersonate a socket")
SUBCOMMAND("fuzz", "run a fuzz campaign, with libFuzzer and AFL++ side by side")
SUBCOMMAND("replay", "play inputs of the fuzz targets again: whole corpora, folders, files")
SUBCOMMAND("show", "print inputs as programs that a person can read")
SUBCOMMAND("triage", "say which crashes are the same, minimise them, file them; merge corpora")
