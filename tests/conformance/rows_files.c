/* SPDX-License-Identifier: MIT */
/*
 * Rows: files: creating, removing, renaming, modes, identity.
 */
#include "row.h"

/* One step a line. */
/* clang-format off */

ROW(files, list_permission, "reading a directory needs the right to, and a descriptor",
    "mkdir d",
    "create d/f",
    "chmod d 0300",
    "list d      -> EACCES",
    "chmod d 0400",
    "list d      -> f",
    "create f",
    "chmod f 0",
    "list f      -> ENOTDIR",
    "symlink d l",
    "list l      -> f",
    "list none   -> ENOENT",
    "limit 3",
    "list d      -> EMFILE",
    "list none   -> EMFILE",
    "write f 'a' -> EMFILE")

ROW(files, long_name_in_removed, "in a removed directory nothing exists, however long its name",
    "mkdir d",
    "h = handle d",
    "stat_at h {n*256}    -> ENAMETOOLONG",
    "rmdir d",
    "stat_at h {n*256}    -> ENOENT",
    "unlink_at h {n*256}  -> ENOENT",
    "l = lock_at h {n*256}    -> ENOENT",
    "e = open_dir h {n*256}   -> ENOENT",
    "mkdir e",
    "chdir e",
    "rmdir ../e",
    "mkdir {n*256}        -> ENOENT",
    "link / there         -> ENOENT",
    "unlink {n*256}       -> ENOENT",
    "s = socket",
    "bind s a             -> ENOENT")

ROW(files, nodes, "which names lead to one node",
    "create f",
    "link f g",
    "symlink f l",
    "mkdir d",
    "nodes f g l d ./d none d/.. .  -> 1 1 3 4 4 ENOENT 7 7")

ROW(files, create, "files, directories, links",
    "create f",
    "mkdir d",
    "symlink f l",
    "fifo p",
    "lstat f  -> file 0644 me me",
    "lstat d  -> dir 0755 me me",
    "lstat l  -> link 0777 me me",
    "lstat p  -> fifo 0644 me me",
    "stat l   -> file 0644 me me",
    "list .   -> d f l p",
    "list d   -> -")

ROW(files, create_taken, "a name is taken, whatever it is",
    "create f",
    "create f     -> EEXIST",
    "mkdir f      -> EEXIST",
    "symlink x f  -> EEXIST",
    "symlink nowhere l",
    "create l     -> EEXIST",
    "mkdir l      -> EEXIST",
    "fifo .       -> EEXIST",
    "mkdir .      -> EEXIST",
    "mkdir ..     -> EEXIST",
    "mkdir /      -> EEXIST")

ROW(files, create_missing, "directories on the way are not made",
    "create d/f     -> ENOENT",
    "mkdir d/e      -> ENOENT",
    "symlink x d/l  -> ENOENT")

ROW(files, create_slash, "a slash behind the name of a file",
    "create f/  -> ENOENT",
    "mkdir d/",
    "mkdir e//",
    "list .     -> d e")

ROW(files, umask, "takes bits away",
    "umask 077",
    "create f 0666",
    "mkdir d 0777",
    "symlink x l",
    "s = socket",
    "bind s s",
    "umask 0",
    "create g 0666",
    "t = socket",
    "bind t t",
    "lstat f  -> file 0600 me me",
    "lstat d  -> dir 0700 me me",
    "lstat l  -> link 0777 me me",
    "lstat s  -> socket 0700 me me",
    "lstat g  -> file 0666 me me",
    "lstat t  -> socket 0777 me me")

ROW(files, socket_mode, "the mode of the socket, less the umask",
    "s = socket",
    "socket_mode s 0600",
    "bind s a",
    "lstat a  -> socket 0600 me me",
    "t = socket",
    "socket_mode t 0666",
    "bind t b",
    "lstat b  -> socket 0644 me me",
    "umask 0",
    "u = socket",
    "socket_mode u 0666",
    "bind u c",
    "lstat c  -> socket 0666 me me")

ROW(files, socket_mode_after, "after bind it does not reach the file",
    "s = socket",
    "bind s a",
    "socket_mode s 0600",
    "lstat a  -> socket 0755 me me")

ROW(files, socket_mode_bits, "special bits",
    "umask 0",
    "s = socket",
    "socket_mode s 07777",
    "bind s a",
    "lstat a  -> socket 7777 me me")

ROW(files, socket_mode_of_another, "only its owner sets the mode of a socket",
    "root: p = socket",
    "root: ids other other",
    "root: socket_mode p 0600  -> EPERM",
    "root: q = socket",
    "root: socket_mode q 0600")

ROW(files, socket_mode_none, "other descriptors",
    "socket_mode 40 0600  -> EBADF",
    "h = handle .",
    "socket_mode h 0600   -> EBADF")

ROW(files, chmod, "of what is there",
    "create f",
    "chmod f 0600",
    "lstat f             -> file 0600 me me",
    "chmod f 07777",
    "lstat f             -> file 7777 me me",
    "chmod nowhere 0600  -> ENOENT",
    "symlink f l",
    "chmod l 0640",
    "lstat f             -> file 0640 me me",
    "lstat l             -> link 0777 me me")

ROW(files, unlink, "removes a name",
    "create f",
    "unlink f",
    "unlink f  -> ENOENT",
    "list .    -> -",
    "symlink nowhere l",
    "unlink l",
    "list .    -> -")

ROW(files, unlink_directory, "not of a directory",
    "mkdir d",
    "unlink d   -> EISDIR",
    "unlink d/  -> EISDIR",
    "unlink .   -> EISDIR",
    "unlink ..  -> EISDIR",
    "unlink /   -> EISDIR")

ROW(files, unlink_slash, "a slash behind the name of a file",
    "create f",
    "symlink f l",
    "unlink f/  -> ENOTDIR",
    "unlink l/  -> ENOTDIR",
    "list .     -> f l")

ROW(files, unlink_socket, "a socket file",
    "s = socket",
    "bind s a",
    "unlink a",
    "list .  -> -")

ROW(files, rmdir, "an empty directory",
    "mkdir d",
    "rmdir d",
    "rmdir d     -> ENOENT",
    "create f",
    "rmdir f     -> ENOTDIR",
    "mkdir e",
    "create e/f",
    "rmdir e     -> ENOTEMPTY",
    "rmdir .     -> EINVAL",
    "rmdir ..    -> ENOTEMPTY",
    "rmdir e/.   -> EINVAL",
    "rmdir e/..  -> ENOTEMPTY",
    "rmdir /     -> EBUSY")

ROW(files, rmdir_slash, "with a slash",
    "mkdir d",
    "rmdir d/",
    "list .  -> -")

ROW(files, rename, "within a directory",
    "create f",
    "rename f g",
    "list .      -> g",
    "rename f g  -> ENOENT")

ROW(files, rename_over, "replaces what is there",
    "create f 0600",
    "create g 0640",
    "rename f g",
    "list .   -> g",
    "lstat g  -> file 0600 me me")

ROW(files, rename_over_socket, "even a live server",
    "s = socket",
    "bind s a",
    "listen s 1",
    "create f",
    "rename f a",
    "lstat a      -> file 0644 me me",
    "c = socket",
    "connect c a  -> ECONNREFUSED",
    "sockname s   -> 4 'a'")

ROW(files, rename_socket_over_socket, "steals a name",
    "s = socket",
    "bind s a",
    "listen s 1",
    "t = socket",
    "bind t b",
    "listen t 1",
    "rename b a",
    "c = socket",
    "connect c a",
    "p = accept t",
    "q = accept s  -> EAGAIN",
    "list .        -> a")

ROW(files, rename_same, "two names of one file: nothing happens",
    "create f",
    "link f g",
    "rename f g",
    "list .  -> f g",
    "rename f f",
    "list .  -> f g")

ROW(files, rename_directory, "with all it holds",
    "mkdir d",
    "create d/f",
    "rename d e",
    "list .  -> e",
    "list e  -> f",
    "mkdir g",
    "rename e g",
    "list .  -> g",
    "list g  -> f")

ROW(files, rename_kinds, "a directory and something else",
    "mkdir d",
    "create f",
    "rename d f  -> ENOTDIR",
    "rename f d  -> EISDIR",
    "mkdir e",
    "create e/x",
    "rename d e  -> ENOTEMPTY",
    "rename f e  -> EISDIR",
    "list .      -> d e f")

ROW(files, rename_into_itself, "a directory does not go into itself",
    "mkdir d",
    "mkdir d/e",
    "rename d d/e  -> EINVAL",
    "rename d d/x  -> EINVAL",
    "rename d/e d  -> ENOTEMPTY",
    "rename d d",
    "list d        -> e")

ROW(files, rename_dots, "not these",
    "mkdir d",
    "rename . x     -> EBUSY",
    "rename d .     -> EBUSY",
    "rename d/.. x  -> EBUSY",
    "rename / x     -> EBUSY",
    "rename d /     -> EBUSY")

ROW(files, rename_missing, "neither side",
    "rename x y    -> ENOENT",
    "create f",
    "rename f d/x  -> ENOENT",
    "rename d/x f  -> ENOENT")

ROW(files, rename_slash, "a slash behind the name of a file",
    "create f",
    "rename f/ g  -> ENOTDIR",
    "rename f g/  -> ENOTDIR",
    "mkdir d",
    "rename d/ e/",
    "list .       -> e f")

ROW(files, rename_link, "the link, not what it leads to",
    "create f",
    "symlink f l",
    "rename l m",
    "lstat m  -> link 0777 me me",
    "create g",
    "rename g m",
    "lstat m  -> file 0644 me me",
    "list .   -> f m")

ROW(files, link, "a second name",
    "create f",
    "link f g",
    "same f g  -> yes",
    "lstat g   -> file 0644 me me",
    "unlink f",
    "lstat g   -> file 0644 me me",
    "list .    -> g")

ROW(files, link_kinds, "of what",
    "mkdir d",
    "link d e        -> EPERM",
    "link nowhere x  -> ENOENT",
    "create f",
    "link f d        -> EEXIST",
    "link f d/       -> EEXIST",
    "link f x/       -> ENOENT",
    "symlink f l",
    "link l m",
    "lstat m         -> link 0777 me me",
    "list .          -> d f l m")

ROW(files, symlink_text, "kept as given",
    "symlink 'some where' l",
    "readlink l        -> 'some where'",
    "symlink / r",
    "readlink r        -> '/'",
    "symlink '' e      -> ENOENT",
    "symlink {x*1000} t",
    "readlink t        -> 1000 bytes",
    "readlink nowhere  -> ENOENT",
    "create f",
    "readlink f        -> EINVAL",
    "readlink .        -> EINVAL")

ROW(files, inode_kept, "a rename keeps the node",
    "create f",
    "h = handle .",
    "link f keep",
    "rename f g",
    "same g keep  -> yes")

ROW(files, inode_socket, "bind makes a node",
    "s = socket",
    "bind s a",
    "link a b",
    "same a b  -> yes",
    "lstat b   -> socket 0755 me me",
    "unlink a",
    "create a",
    "same a b  -> no")

ROW(files, identity_held, "a handle keeps its node, whatever is at the name",
    "mkdir d",
    "h = handle .",
    "d = open_dir h d",
    "same_at h d d  -> yes",
    "rename d e",
    "mkdir d",
    "same_at h d d  -> no",
    "same_at h e d  -> yes",
    "rmdir e",
    "stat_fd d      -> dir 0755 me me",
    "same_at h d d  -> no")

ROW(files, identity_bound, "as long as the socket lives, no other file has its number",
    "s = socket",
    "bind s a",
    "h = handle .",
    "remember h a old",
    "unlink a",
    "create b",
    "create c",
    "chmod_at h b old 0600  -> ESTALE",
    "chmod_at h c old 0600  -> ESTALE",
    "lstat b                -> file 0644 me me")

ROW(files, open, "what can be opened",
    "open f      -> ENOENT",
    "create f",
    "f = open f",
    "d = open .",
    "s = socket",
    "bind s a",
    "a = open a  -> ENXIO",
    "symlink f l",
    "l = open l",
    "m = handle l",
    "a = handle a",
    "mkdir x 0",
    "x = handle x",
    "y = open x  -> EACCES")

ROW(files, removed_directory, "nothing can be made in a directory that is gone",
    "mkdir d",
    "d = handle d",
    "h = handle .",
    "rmdir d",
    "stat_fd d           -> dir 0755 me me",
    "stat_at d x         -> ENOENT",
    "stat_at d .         -> dir 0755 me me",
    "l = lock_at d lock  -> ENOENT",
    "e = open_dir d .",
    "e = open_dir d ..",
    "same_at h . e       -> yes")

ROW(files, removed_cwd, "nor in a working directory that is gone",
    "mkdir d",
    "chdir d",
    "root: rmdir d",
    "create f     -> ENOENT",
    "s = socket",
    "bind s a     -> ENOENT",
    "stat .       -> dir 0755 me me",
    "list .       -> -",
    "c = socket",
    "connect c a  -> ENOENT",
    "chdir ..",
    "list .       -> -")

ROW(files, removed_cwd_as_target, "nor moved or linked into it",
    "mkdir d",
    "create f",
    "symlink f l",
    "s = socket",
    "bind s a",
    "chdir d",
    "root: rmdir d",
    "rename ../f g    -> ENOENT",
    "rename ../a b    -> ENOENT",
    "rename ../none g -> ENOENT",
    "link ../f g      -> ENOENT",
    "link ../a b      -> ENOENT",
    "link .. g        -> ENOENT",
    "symlink ../f g   -> ENOENT",
    "mkdir e          -> ENOENT",
    "fifo g           -> ENOENT",
    "unlink g         -> ENOENT",
    "rmdir g          -> ENOENT",
    "chdir ..",
    "list .           -> a f l")

ROW(files, chdir, "relative names move",
    "mkdir d",
    "create d/f",
    "chdir d",
    "stat f         -> file 0644 me me",
    "chdir nowhere  -> ENOENT",
    "chdir f        -> ENOTDIR",
    "chdir ..",
    "list .         -> d")

ROW(files, bound_in_other_directory, "so do names of sockets",
    "mkdir d",
    "s = socket",
    "bind s a",
    "listen s 1",
    "chdir d",
    "c = socket",
    "connect c a  -> ENOENT",
    "connect c ../a",
    "peername c   -> 4 'a'")

ROW(files, write, "contents",
    "create f",
    "write f 'text'",
    "write nowhere 'x'  -> ENOENT",
    "mkdir d",
    "write d 'x'        -> EISDIR",
    "s = socket",
    "bind s a",
    "write a 'x'        -> ENXIO",
    "symlink f l",
    "write l 'y'")

ROW(files, rename_same_slash, "a slash is looked at before that",
    "create f",
    "rename f/ f/  -> ENOTDIR",
    "rename f f/   -> ENOTDIR",
    "mkdir d",
    "rename d/ d/")

ROW(files, link_again, "the same name twice",
    "create f",
    "link f f  -> EEXIST",
    "link f g",
    "link f g  -> EEXIST",
    "rename g f",
    "list .    -> f g")
