/* SPDX-License-Identifier: MIT */
/*
 * What the command can do: the one list.
 *
 * SUBCOMMAND(name, what it is for, what runs its program or NULL, what it takes to have it)
 */
SUBCOMMAND("audit", "say who can reach, replace or impersonate a socket", NULL,
           "a build that finds libmnl, Jansson, libseccomp and pkg-config")
SUBCOMMAND("fuzz", "run a fuzz campaign, with libFuzzer and AFL++ side by side", "python3",
           "Python 3")
SUBCOMMAND("replay", "play inputs of the fuzz targets again: whole corpora, folders, files",
           "python3", "Python 3")
SUBCOMMAND("show", "print inputs as programs that a person can read", "python3", "Python 3")
SUBCOMMAND("triage", "say which crashes are the same, minimise them, file them; merge corpora",
           "python3", "Python 3")
