/* SPDX-License-Identifier: MIT */
/*
 * Rows: paths, links, handles on directories.
 */
#include "row.h"

/* One step a line. */
/* clang-format off */

ROW(paths, dots, "\".\" and \"..\"",
    "mkdir d",
    "create d/f",
    "stat d/./f       -> file 0644 me me",
    "stat d/../d/f    -> file 0644 me me",
    "stat ./d/f       -> file 0644 me me",
    "stat d/..        -> dir 0755 me me",
    "stat .           -> dir 0755 me me",
    "same .. d/../..  -> yes",
    "stat d/f/.       -> ENOTDIR",
    "stat d/f/..      -> ENOTDIR")

ROW(paths, root_parent, "the root is its own parent",
    "same / /..       -> yes",
    "same /.. /../..  -> yes")

ROW(paths, slashes, "many are one",
    "mkdir d",
    "create d/f",
    "stat d//f        -> file 0644 me me",
    "stat .///d////f  -> file 0644 me me",
    "stat d/          -> dir 0755 me me",
    "stat d//         -> dir 0755 me me",
    "stat f/          -> ENOENT",
    "stat d/f/        -> ENOTDIR")

ROW(paths, empty, "the empty path",
    "stat ''    -> ENOENT",
    "unlink ''  -> ENOENT",
    "chdir ''   -> ENOENT",
    "create ''  -> ENOENT")

ROW(paths, long_name, "255 bytes, not more",
    "create {x*255}",
    "stat {x*255}            -> file 0644 me me",
    "stat {x*256}            -> ENAMETOOLONG",
    "create {x*256}          -> ENAMETOOLONG",
    "unlink {x*256}          -> ENAMETOOLONG",
    "rename {x*255} {x*256}  -> ENAMETOOLONG",
    "rename {x*256} y        -> ENAMETOOLONG",
    "mkdir {x*256}           -> ENAMETOOLONG",
    "symlink t {x*256}       -> ENAMETOOLONG",
    "list .                  -> (long)")

ROW(paths, long_path, "4095 bytes, not more",
    "stat .{/*4093}  -> dir 0755 me me",
    "stat .{/*4094}  -> dir 0755 me me",
    "stat .{/*4095}  -> ENAMETOOLONG")

ROW(paths, links, "followed in the middle, and at the end unless told not to",
    "mkdir d",
    "create d/f",
    "symlink d l",
    "symlink d/f k",
    "stat l/f     -> file 0644 me me",
    "stat k       -> file 0644 me me",
    "lstat k      -> link 0777 me me",
    "lstat l      -> link 0777 me me",
    "stat l/      -> dir 0755 me me",
    "lstat l/     -> dir 0755 me me",
    "lstat k/     -> ENOTDIR",
    "lstat l/.    -> dir 0755 me me",
    "readlink l   -> 'd'",
    "readlink l/  -> EINVAL")

ROW(paths, link_chain, "links to links",
    "create f",
    "symlink f a1",
    "symlink a1 a2",
    "symlink a2 a3",
    "stat a3      -> file 0644 me me",
    "readlink a3  -> 'a2'")

ROW(paths, link_loop, "no end",
    "symlink a b",
    "symlink b a",
    "stat a          -> ELOOP",
    "stat a/x        -> ELOOP",
    "lstat a         -> link 0777 me me",
    "symlink self self",
    "stat self       -> ELOOP",
    "c = socket",
    "connect c self  -> ELOOP",
    "s = socket",
    "bind s self/x   -> ELOOP",
    "bind s self     -> EADDRINUSE",
    "unlink self",
    "list .          -> a b")

ROW(paths, link_limit, "40 links, not more",
    "create f",
    "symlink f l1",
    "symlink l1 l2",
    "symlink l2 l3",
    "symlink l3 l4",
    "symlink l4 l5",
    "symlink l5 l6",
    "symlink l6 l7",
    "symlink l7 l8",
    "symlink l8 l9",
    "symlink l9 l10",
    "symlink . d",
    "stat {d/*30}l10  -> file 0644 me me",
    "stat {d/*31}l10  -> ELOOP",
    "stat {d/*40}f    -> file 0644 me me",
    "stat {d/*41}f    -> ELOOP",
    "lstat {d/*40}l1  -> link 0777 me me")

ROW(paths, link_dots, "\"..\" of where the link leads",
    "mkdir d",
    "mkdir d/e",
    "create d/f",
    "symlink d/e l",
    "stat l/../f  -> file 0644 me me",
    "lstat l/..   -> dir 0755 me me",
    "same l/.. d  -> yes")

ROW(paths, link_absolute, "from the root",
    "symlink / r",
    "same r/. /           -> yes",
    "same r/tmp/. /tmp/.  -> yes")

ROW(paths, link_dangling, "to nowhere",
    "symlink nowhere l",
    "stat l    -> ENOENT",
    "lstat l   -> link 0777 me me",
    "stat l/x  -> ENOENT",
    "create l  -> EEXIST",
    "mkdir l/  -> EEXIST",
    "list .    -> l")

ROW(paths, link_relative_text, "relative to where it lies",
    "mkdir d",
    "create d/f",
    "symlink f d/l",
    "symlink ../g d/k",
    "create g",
    "stat d/l  -> file 0644 me me",
    "stat d/k  -> file 0644 me me")

ROW(paths, link_slash_text, "a link's text with slashes behind",
    "mkdir d",
    "create f",
    "symlink d/ l",
    "symlink f/ k",
    "stat l   -> dir 0755 me me",
    "stat k   -> ENOTDIR",
    "lstat k  -> link 0777 me me")

ROW(paths, link_to_file_in_middle, "a file in the middle",
    "create f",
    "symlink f l",
    "stat l/x   -> ENOTDIR",
    "stat f/x   -> ENOTDIR",
    "stat f/..  -> ENOTDIR")

ROW(paths, socket_in_middle, "or a socket",
    "s = socket",
    "bind s a",
    "stat a/x       -> ENOTDIR",
    "stat a/        -> ENOTDIR",
    "c = socket",
    "connect c a/x  -> ENOTDIR")

ROW(paths, parent_of_removed, "the parent of a directory that is gone",
    "mkdir d",
    "mkdir d/e",
    "h = handle d/e",
    "rmdir d/e",
    "g = open_dir h ..",
    "stat_at g e  -> ENOENT",
    "rmdir d",
    "g = open_dir h ..",
    "stat_fd g    -> dir 0755 me me")

ROW(paths, open_dir_names, "one component, never through a link",
    "mkdir d",
    "create f",
    "symlink d l",
    "symlink nowhere k",
    "s = socket",
    "bind s a",
    "h = handle .",
    "d = open_dir h d",
    "stat_fd d           -> dir 0755 me me",
    "open_dir h f        -> ENOTDIR",
    "open_dir h l        -> ENOTDIR",
    "open_dir h k        -> ENOTDIR",
    "open_dir h a        -> ENOTDIR",
    "open_dir h x        -> ENOENT",
    "e = open_dir d ..",
    "same_at e d d       -> yes",
    "e = open_dir h .",
    "same_at e d d       -> yes",
    "open_dir h {x*255}  -> ENOENT",
    "open_dir h {x*256}  -> ENAMETOOLONG")

ROW(paths, open_dir_root, "from the top",
    "r = open_dir /",
    "stat_fd r        -> dir 0755 root root",
    "t = open_dir r tmp",
    "s = open_dir r ..",
    "same_at s tmp t  -> yes")

ROW(paths, handles_survive, "a handle stays what it was",
    "mkdir d",
    "create d/f",
    "h = handle .",
    "d = open_dir h d",
    "rename d e",
    "mkdir d",
    "stat_at d f  -> file 0644 me me",
    "stat_at h e  -> dir 0755 me me",
    "unlink_at d f",
    "list e       -> -",
    "list d       -> -")

ROW(paths, not_a_handle, "other descriptors",
    "create f",
    "f = open f",
    "stat_at f x       -> ENOTDIR",
    "stat_at 40 x      -> EBADF",
    "open_dir f x      -> ENOTDIR",
    "open_dir 40 x     -> EBADF",
    "c = socket",
    "stat_at c x       -> ENOTDIR",
    "stat_fd f         -> file 0644 me me",
    "stat_fd 40        -> EBADF",
    "unlink_at 40 x    -> EBADF",
    "readlink_at 40 x  -> EBADF",
    "l = lock_at 40 x  -> EBADF",
    "l = lock_at f x   -> ENOTDIR")

ROW(paths, handle_on_file, "a handle on what is no directory",
    "create f",
    "f = handle f",
    "stat_fd f     -> file 0644 me me",
    "stat_at f x   -> ENOTDIR",
    "open_dir f x  -> ENOTDIR",
    "symlink f l",
    "l = handle l",
    "stat_fd l     -> link 0777 me me")

ROW(paths, stat_at, "never through a link",
    "create f",
    "mkdir d",
    "symlink f l",
    "s = socket",
    "bind s a",
    "h = handle .",
    "stat_at h f        -> file 0644 me me",
    "stat_at h d        -> dir 0755 me me",
    "stat_at h l        -> link 0777 me me",
    "stat_at h a        -> socket 0755 me me",
    "stat_at h x        -> ENOENT",
    "stat_at h {x*256}  -> ENAMETOOLONG")

ROW(paths, readlink_at, "the text, as much as fits",
    "symlink somewhere l",
    "create f",
    "mkdir d",
    "h = handle .",
    "readlink_at h l    -> 'somewhere'",
    "readlink_at h l 4  -> 'some'",
    "readlink_at h l 9  -> 'somewhere'",
    "readlink_at h f    -> EINVAL",
    "readlink_at h d    -> EINVAL",
    "readlink_at h x    -> ENOENT")

ROW(paths, unlink_at, "a name, not a directory",
    "create f",
    "mkdir d",
    "symlink f l",
    "s = socket",
    "bind s a",
    "h = handle .",
    "unlink_at h l",
    "unlink_at h f",
    "unlink_at h a",
    "unlink_at h d   -> EISDIR",
    "unlink_at h x   -> ENOENT",
    "unlink_at h .   -> EISDIR",
    "unlink_at h ..  -> EISDIR",
    "list .          -> d")

ROW(paths, chmod_at, "only what was expected",
    "create f",
    "mkdir d",
    "s = socket",
    "bind s a",
    "h = handle .",
    "remember h f f",
    "remember h d d",
    "remember h a a",
    "chmod_at h f f 0600",
    "chmod_at h d d 0700",
    "chmod_at h a a 0666",
    "lstat f               -> file 0600 me me",
    "lstat d               -> dir 0700 me me",
    "lstat a               -> socket 0666 me me",
    "chmod_at h x f 0644   -> ENOENT",
    "chmod_at h d f 0644   -> ESTALE",
    "chmod_at 40 f f 0644  -> EBADF")

ROW(paths, chmod_at_swapped, "not what was put in its place",
    "create f 0600",
    "create victim 0600",
    "h = handle .",
    "remember h f f",
    "rename f g",
    "symlink victim f",
    "chmod_at h f f 0666  -> ESTALE",
    "lstat victim         -> file 0600 me me",
    "unlink f",
    "rename victim f",
    "chmod_at h f f 0666  -> ESTALE",
    "lstat f              -> file 0600 me me",
    "chmod_at h g f 0666",
    "lstat g              -> file 0666 me me")

ROW(paths, chmod_at_link, "a link has no mode of its own",
    "symlink f l",
    "h = handle .",
    "remember h l l",
    "chmod_at h l l 0600  -> EOPNOTSUPP")

ROW(paths, chmod_at_foreign, "what is not ours",
    "root: create f 0644",
    "root: symlink f l",
    "h = handle .",
    "remember h f f",
    "remember h l l",
    "chmod_at h f f 0666  -> EPERM",
    "chmod_at h l l 0666  -> EOPNOTSUPP")

ROW(paths, proc_file, "a handle on the thing itself",
    "s = socket",
    "bind s a",
    "listen s 1",
    "h = handle a",
    "rename a b",
    "c = socket",
    "connect c /proc/self/fd/{h}")

ROW(paths, proc_link, "through a link",
    "mkdir d",
    "h = handle d",
    "symlink /proc/self/fd/{h}/x l",
    "create d/x",
    "stat l                     -> file 0644 me me",
    "rename d e",
    "stat l                     -> file 0644 me me",
    "stat /proc/self/fd/{h}/x   -> file 0644 me me",
    "stat /proc/self/fd/{h}/..  -> dir 0755 me me")
