/* SPDX-License-Identifier: MIT */
/*
 * Rows: lock_at() and flock().
 */
#include "row.h"

/* One step a line. */
/* clang-format off */

ROW(locks, simple, "makes a file and locks it",
    "h = handle .",
    "a = lock_at h lock",
    "lstat lock  -> file 0600 me me",
    "list .      -> lock")

ROW(locks, taken, "one at a time",
    "h = handle .",
    "a = lock_at h lock",
    "b = lock_at h lock  -> EAGAIN",
    "close a",
    "b = lock_at h lock",
    "list .              -> lock")

ROW(locks, umask, "whatever the umask, the owner can open it",
    "umask 0777",
    "h = handle .",
    "a = lock_at h lock",
    "lstat lock   -> file 0600 me me",
    "umask 0",
    "b = lock_at h lock2",
    "lstat lock2  -> file 0600 me me")

ROW(locks, exit, "gone with the process",
    "root: chmod . 0777",
    "root: ids me me",
    "root: h = handle .",
    "root: a = lock_at h lock",
    "h = handle .",
    "b = lock_at h lock  -> EAGAIN",
    "root: exit",
    "b = lock_at h lock")

ROW(locks, dup, "held until the last descriptor goes",
    "h = handle .",
    "a = lock_at h lock",
    "b = dup a",
    "close a",
    "c = lock_at h lock  -> EAGAIN",
    "close b",
    "c = lock_at h lock")

ROW(locks, not_empty, "somebody's data",
    "create lock",
    "write lock 'data'",
    "h = handle .",
    "a = lock_at h lock  -> EEXIST",
    "list .              -> lock")

ROW(locks, empty_file, "an empty file of ours is one",
    "create lock",
    "h = handle .",
    "a = lock_at h lock",
    "lstat lock  -> file 0644 me me")

ROW(locks, two_names, "not with another name",
    "create f",
    "link f lock",
    "h = handle .",
    "a = lock_at h lock  -> EEXIST",
    "unlink f",
    "a = lock_at h lock")

ROW(locks, kinds, "what is no lock file",
    "mkdir d",
    "symlink f l",
    "create f",
    "symlink f k",
    "fifo p",
    "s = socket",
    "bind s a",
    "h = handle .",
    "lock_at h d        -> EEXIST",
    "lock_at h l        -> EEXIST",
    "lock_at h k        -> EEXIST",
    "lock_at h p        -> EEXIST",
    "lock_at h a        -> EEXIST",
    "lock_at h .        -> EEXIST",
    "lock_at h ..       -> EEXIST",
    "lock_at h {x*256}  -> ENAMETOOLONG",
    "list .             -> a d f k l p")

ROW(locks, unreadable_own, "without permission",
    "create lock 0",
    "h = handle .",
    "lock_at h lock  -> EACCES",
    "chmod lock 0600",
    "lock_at h lock")

ROW(locks, foreign, "another user's",
    "root: create lock 0666",
    "root: chmod lock 0666",
    "h = handle .",
    "a = lock_at h lock  -> EACCES",
    "root: chmod lock 0600",
    "a = lock_at h lock  -> EACCES")

ROW(locks, foreign_root, "not even root takes another's",
    "create lock",
    "root: h = handle .",
    "root: a = lock_at h lock  -> EACCES")

ROW(locks, forbidden_directory, "no permission to make one",
    "root: mkdir d 0755",
    "h = handle d",
    "lock_at h lock  -> EACCES",
    "root: chmod . 0777",
    "root: ids me me",
    "root: g = handle .",
    "lock_at h lock  -> EACCES",
    "list d          -> -")

ROW(locks, foreign_socket, "another user's socket",
    "root: s = socket",
    "root: bind s a",
    "h = handle .",
    "lock_at h a  -> EACCES",
    "root: chmod a 0666",
    "lock_at h a  -> EEXIST")

ROW(locks, removed, "the lock stays with the file, not the name",
    "h = handle .",
    "a = lock_at h lock",
    "unlink lock",
    "b = lock_at h lock",
    "list .  -> lock")

ROW(locks, flock, "plain locks",
    "create f",
    "a = open f",
    "b = open f",
    "flock a",
    "flock b  -> EAGAIN",
    "flock a",
    "funlock a",
    "flock b",
    "close b",
    "flock a")

ROW(locks, flock_against_lock, "are the same",
    "h = handle .",
    "a = lock_at h lock",
    "b = open lock",
    "flock b             -> EAGAIN",
    "funlock a",
    "flock b",
    "c = lock_at h lock  -> EAGAIN")

ROW(locks, flock_none, "not of handles",
    "h = handle .",
    "flock h   -> EBADF",
    "flock 40  -> EBADF",
    "d = open .",
    "flock d")

ROW(locks, flock_socket, "a socket is nobody else's",
    "a = socket",
    "b = dup a",
    "flock a",
    "flock b",
    "close a",
    "flock b")
