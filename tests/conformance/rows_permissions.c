/* SPDX-License-Identifier: MIT */
/*
 * Rows: who may do what.
 */
#include "row.h"

/* One step a line. */
/* clang-format off */

ROW(permissions, set_ids_written, "who writes to a file takes its set-user-id and set-group-id away",
    "create f 06755",
    "write f 'x'",
    "lstat f       -> file 0755 me me",
    "create g 06745",
    "write g 'x'",
    "lstat g       -> file 2745 me me",
    "root: create h",
    "root: chmod h 07757",
    "root: write h 'x'",
    "lstat h       -> file 7757 root root",
    "write h 'x'",
    "lstat h       -> file 1757 root root",
    "root: chmod h 02646",
    "write h 'x'",
    "lstat h       -> file 0646 root root")

ROW(permissions, set_group_id_made, "in a directory that gives its group to what is made in it",
    "mkdir d",
    "chmod d 02777",
    "other: create d/a 02745",
    "other: create d/b 02755",
    "create d/c 02755",
    "root: create d/d 02755",
    "lstat d/a  -> file 2745 other me",
    "lstat d/b  -> file 0755 other me",
    "lstat d/c  -> file 2755 me me",
    "lstat d/d  -> file 2755 root me")

ROW(permissions, set_ids_chown, "and so does who gives it to somebody",
    "create f 06755",
    "chown f me me",
    "lstat f  -> file 0755 me me",
    "chmod f 06745",
    "chown f me me",
    "lstat f  -> file 2745 me me",
    "chmod f 07755",
    "root: chown f other other",
    "lstat f  -> file 1755 other other",
    "root: chmod f 06644",
    "root: chown f me me",
    "lstat f  -> file 2644 me me",
    "mkdir d",
    "chmod d 06755",
    "root: chown d other other",
    "lstat d  -> dir 6755 other other")

ROW(permissions, connect_write, "connect needs the write bit and nothing else",
    "root: s = socket",
    "root: bind s a",
    "root: listen s 50",
    "c = socket",
    "root: chmod a 0602",
    "connect c a",
    "root: chmod a 0604",
    "d = socket",
    "connect d a  -> EACCES",
    "root: chmod a 0605",
    "connect d a  -> EACCES",
    "root: chmod a 0666",
    "connect d a")

ROW(permissions, connect_owner_class, "the owner's bits are the owner's only",
    "s = socket",
    "bind s a",
    "listen s 50",
    "chmod a 0066",
    "c = socket",
    "connect c a  -> EACCES",
    "other: d = socket",
    "other: connect d a")

ROW(permissions, connect_group_class, "and the group's the group's",
    "root: s = socket",
    "root: bind s a",
    "root: listen s 50",
    "root: chown a other me",
    "root: chmod a 0602",
    "c = socket",
    "connect c a  -> EACCES",
    "root: chmod a 0020",
    "connect c a")

ROW(permissions, connect_group_supplementary, "any of the groups",
    "root: s = socket",
    "root: bind s a",
    "root: listen s 50",
    "root: chown a root 5000",
    "root: chmod a 0020",
    "c = socket",
    "connect c a  -> EACCES",
    "root: ids other other 5000",
    "root: d = socket",
    "root: connect d a")

ROW(permissions, connect_root, "root may",
    "s = socket",
    "bind s a",
    "listen s 50",
    "chmod a 0",
    "root: c = socket",
    "root: connect c a")

ROW(permissions, connect_search, "search permission on every directory",
    "root: mkdir d 0755",
    "root: mkdir d/e 0755",
    "root: s = socket",
    "root: bind s d/e/a",
    "root: listen s 50",
    "root: chmod d/e/a 0666",
    "c = socket",
    "connect c d/e/a",
    "root: chmod d 0744",
    "d = socket",
    "connect d d/e/a  -> EACCES",
    "root: chmod d 0711",
    "root: chmod d/e 0666",
    "connect d d/e/a  -> EACCES",
    "root: chmod d/e 0001",
    "connect d d/e/a")

ROW(permissions, connect_file, "a regular file is first a question of permission",
    "root: create f 0644",
    "root: create g 0666",
    "root: mkdir d 0755",
    "c = socket",
    "root: chmod g 0666",
    "root: chmod d 0777",
    "connect c f  -> EACCES",
    "connect c g  -> ECONNREFUSED",
    "connect c d  -> ECONNREFUSED")

ROW(permissions, connect_missing_behind, "nor does one learn what is behind",
    "root: mkdir d 0700",
    "c = socket",
    "connect c d/nothing    -> EACCES",
    "connect c d/{x*100}/y  -> EACCES")

ROW(permissions, connect_by_handle, "a handle passes by what is above it",
    "root: chmod . 0777",
    "other: mkdir d 0700",
    "other: s = socket",
    "other: mkdir d/e 0777",
    "other: chmod d/e 0777",
    "other: bind s d/e/a",
    "other: listen s 5",
    "other: chmod d/e/a 0666",
    "other: chmod d 0711",
    "h = handle d/e",
    "other: chmod d 0700",
    "c = socket",
    "connect c d/e/a  -> EACCES",
    "connect c /proc/self/fd/{h}/a")

ROW(permissions, abstract, "everybody may",
    "root: s = socket",
    "root: bind s @s",
    "root: listen s 5",
    "c = socket",
    "connect c @s")

ROW(permissions, bind_directory, "bind needs write and search on the directory",
    "root: mkdir d 0755",
    "root: mkdir e",
    "root: chmod e 0703",
    "root: mkdir g",
    "root: chmod g 0702",
    "root: mkdir h",
    "root: chmod h 0701",
    "s = socket",
    "bind s d/a  -> EACCES",
    "bind s g/a  -> EACCES",
    "bind s h/a  -> EACCES",
    "bind s e/a",
    "lstat e/a   -> socket 0755 me me")

ROW(permissions, bind_exists, "a name that is taken is told without permission",
    "root: mkdir d 0755",
    "root: create d/a",
    "s = socket",
    "bind s d/a  -> EADDRINUSE",
    "root: chmod d 0700",
    "bind s d/a  -> EACCES")

ROW(permissions, bind_group, "the group of a directory with the set-group-id bit",
    "root: mkdir d",
    "root: chown d root 5000",
    "root: chmod d 02777",
    "s = socket",
    "bind s d/a",
    "lstat d/a  -> socket 0755 me 5000",
    "mkdir d/e",
    "lstat d/e  -> dir 2755 me 5000",
    "create d/f",
    "lstat d/f  -> file 0644 me 5000")

ROW(permissions, unlink_directory_decides, "removing is a question of the directory",
    "root: create f 0",
    "root: mkdir d 0755",
    "root: create d/f 0666",
    "unlink f",
    "unlink d/f  -> EACCES",
    "list .      -> d")

ROW(permissions, sticky, "in a sticky directory only owners remove",
    "root: mkdir d 01777",
    "root: chmod d 01777",
    "root: create d/r",
    "other: create d/o",
    "create d/m",
    "unlink d/r                -> EPERM",
    "unlink d/o                -> EPERM",
    "unlink d/m",
    "list d                    -> o r",
    "rename d/r d/x            -> EPERM",
    "rename d/o d/x            -> EPERM",
    "other: create d/n",
    "other: rename d/n d/o",
    "create d/mine",
    "rename d/mine d/o         -> EPERM",
    "other: rename d/o d/mine  -> EPERM",
    "list d                    -> mine o r",
    "root: unlink d/r")

ROW(permissions, sticky_own_directory, "the directory's owner removes all",
    "mkdir d",
    "chmod d 01777",
    "other: create d/o",
    "root: create d/r",
    "unlink d/o",
    "unlink d/r",
    "list d  -> -")

ROW(permissions, sticky_socket, "so nobody displaces a server there",
    "root: mkdir d 01777",
    "root: chmod d 01777",
    "other: s = socket",
    "other: bind s d/a",
    "other: listen s 1",
    "unlink d/a      -> EPERM",
    "create d/x",
    "rename d/x d/a  -> EPERM",
    "rename d/a d/b  -> EPERM")

ROW(permissions, missing_in_unwritable, "missing before forbidden",
    "root: mkdir d 0755",
    "unlink d/x      -> ENOENT",
    "rmdir d/x       -> ENOENT",
    "rename d/x d/y  -> ENOENT",
    "root: mkdir e 0600",
    "unlink e/x      -> EACCES")

ROW(permissions, unlink_dir_forbidden, "permission before type",
    "root: mkdir d 0755",
    "root: mkdir d/e",
    "root: create d/f",
    "unlink d/e  -> EACCES",
    "rmdir d/f   -> EACCES",
    "rmdir d/e   -> EACCES")

ROW(permissions, rename_needs_both, "both directories",
    "root: mkdir d 0755",
    "mkdir e",
    "create e/f",
    "rename e/f d/f  -> EACCES",
    "root: create d/g",
    "root: chmod d/g 0666",
    "rename d/g e/g  -> EACCES",
    "list e          -> f",
    "list d          -> g")

ROW(permissions, rename_directory_needs_write, "a directory that moves must be writable",
    "mkdir d",
    "mkdir e",
    "mkdir d/x 0555",
    "rename d/x e/x  -> EACCES",
    "rename d/x d/y",
    "chmod d/y 0755",
    "rename d/y e/y")

ROW(permissions, rename_over_forbidden, "the target's directory decides",
    "root: mkdir d 0755",
    "root: create d/f 0666",
    "create g",
    "rename g d/f    -> EACCES",
    "rename g d/new  -> EACCES")

ROW(permissions, chmod_owner, "only the owner",
    "root: create f 0644",
    "chmod f 0666         -> EPERM",
    "root: s = socket",
    "root: bind s a",
    "chmod a 0666         -> EPERM",
    "other: chmod f 0666  -> EPERM")

ROW(permissions, chmod_setgid, "the set-group-id bit, of a group that is not ours",
    "create f",
    "root: chown f me 5000",
    "chmod f 02755",
    "lstat f  -> file 0755 me 5000",
    "root: chmod f 02755",
    "lstat f  -> file 2755 me 5000")

ROW(permissions, chown, "only root gives away",
    "create f",
    "chown f other me  -> EPERM",
    "chown f me other  -> EPERM",
    "chown f me me",
    "root: chown f other other",
    "lstat f           -> file 0644 other other",
    "chown f me me     -> EPERM",
    "symlink f l",
    "root: chown l root root",
    "lstat l           -> link 0777 root root",
    "lstat f           -> file 0644 other other")

ROW_IF(protected_hardlinks, permissions, link_foreign, "second names of what is not ours",
    "root: create f 0644",
    "root: create g",
    "root: chmod g 0666",
    "root: create x",
    "root: chmod x 06666",
    "root: s = socket",
    "root: bind s a",
    "root: chmod a 0666",
    "link f w   -> EPERM",
    "link g y",
    "link a z   -> EPERM",
    "link x xx  -> EPERM",
    "list .     -> a f g x y")

ROW(permissions, search_cwd, "a directory that cannot be searched",
    "mkdir d",
    "create d/f",
    "chmod d 0600",
    "stat d/f        -> EACCES",
    "stat d/missing  -> EACCES",
    "lstat d         -> dir 0600 me me",
    "chdir d         -> EACCES")

ROW(permissions, search_order, "forbidden before missing, not a directory before both",
    "mkdir d 0",
    "create f",
    "stat d/x  -> EACCES",
    "stat f/x  -> ENOTDIR",
    "stat x/y  -> ENOENT")

ROW(permissions, handle_no_permission, "a handle on a directory needs none on itself",
    "mkdir d 0",
    "h = handle .",
    "d = open_dir h d",
    "stat_fd d         -> dir 0000 me me",
    "stat_at d x       -> EACCES",
    "e = open_dir d x  -> EACCES",
    "stat_at d .       -> EACCES")

ROW(permissions, stat_at_forbidden, "what a handle cannot search",
    "root: mkdir d 0700",
    "root: create d/f",
    "h = handle .",
    "d = open_dir h d",
    "stat_at d f         -> EACCES",
    "readlink_at d f     -> EACCES",
    "unlink_at d f       -> EACCES",
    "l = lock_at d lock  -> EACCES")

ROW(permissions, open_forbidden, "opening for real needs permission",
    "root: create f 0600",
    "f = open f  -> EACCES",
    "g = handle f",
    "root: mkdir d 0700",
    "d = open d  -> EACCES",
    "e = handle d")

ROW(permissions, write_forbidden, "so does writing",
    "root: create f 0644",
    "write f 'x'  -> EACCES",
    "root: chmod f 0666",
    "write f 'x'")

ROW(permissions, ids, "who acts",
    "who         -> me me",
    "root: who   -> root root",
    "other: who  -> other other")

ROW(permissions, root_sees_all, "root needs no permission on directories",
    "mkdir d 0",
    "root: create d/f 0",
    "root: stat d/f  -> file 0000 root root",
    "root: unlink d/f",
    "root: list d    -> -")

ROW(permissions, root_sticky, "nor to be the owner",
    "mkdir d",
    "chmod d 01777",
    "create d/f",
    "root: unlink d/f")

ROW(permissions, root_chmod, "and changes what is others'",
    "create f 0",
    "root: chmod f 0644",
    "lstat f  -> file 0644 me me")

ROW(permissions, owner_without_bits, "the owner's own bits count, not the group's or others'",
    "create f",
    "chmod f 0077",
    "f = open f   -> EACCES",
    "write f 'x'  -> EACCES",
    "mkdir d",
    "chmod d 0077",
    "stat d/x     -> EACCES")

ROW(permissions, link_forbidden, "a second name needs a directory to write to",
    "create f",
    "root: mkdir d 0755",
    "link f d/f        -> EACCES",
    "root: chmod d 0700",
    "link f d/f        -> EACCES",
    "mkdir e 0644",
    "link f e/f        -> EACCES",
    "link f no/f       -> ENOENT",
    "link nowhere d/f  -> ENOENT")

ROW(permissions, write_kinds, "permission before the kind of file",
    "root: s = socket",
    "root: bind s a",
    "root: fifo p",
    "root: mkdir d 0755",
    "write a 'x'  -> EACCES",
    "write d 'x'  -> EISDIR",
    "open a       -> ENXIO",
    "open d")
