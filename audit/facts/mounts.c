/* SPDX-License-Identifier: MIT */
/* What is mounted where: see mounts.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/mounts.h"

#include <mntent.h>
#include <string.h>

/* Types of file systems by what they can hold. */
static const char *const of_here[] = {
    "tmpfs", "ramfs", "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "bcachefs", "zfs", "overlay",
};
/* Made by the kernel: no program makes a file there. */
static const char *const of_the_kernel[] = {
    "proc",     "sysfs",      "cgroup",  "cgroup2",    "devpts",      "mqueue",
    "devtmpfs", "securityfs", "debugfs", "tracefs",    "binfmt_misc", "hugetlbfs",
    "bpf",      "nsfs",       "pstore",  "efivarfs",   "configfs",    "fusectl",
    "autofs",   "squashfs",   "iso9660", "rpc_pipefs", "selinuxfs",
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_among(const char *type, const char *const *types, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

static bool is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    while (length > 0 && directory[length - 1] == '/')
        length--;
    return strncmp(path, directory, length) == 0 && path[length] == '/' && path[length + 1] != '\0';
}

void mounts_add_files(struct files *to, FILE *mounts, const char *directory)
{
    const struct mntent *mount;

    rewind(mounts);
    while ((mount = getmntent(mounts)) != NULL) {
        if (!is_below(mount->mnt_dir, directory))
            continue;
        if (is_among(mount->mnt_type, of_here, COUNT(of_here)))
            files_add(to, mount->mnt_dir);
        else if (!is_among(mount->mnt_type, of_the_kernel, COUNT(of_the_kernel)))
            to->partial = true;
    }
}

bool mounts_hide_processes(FILE *mounts)
{
    const struct mntent *mount;
    bool hidden = false;

    rewind(mounts);
    while ((mount = getmntent(mounts)) != NULL) {
        const char *option = hasmntopt(mount, "hidepid");

        if (strcmp(mount->mnt_dir, "/proc") == 0 && strcmp(mount->mnt_type, "proc") == 0)
            /* 0 and "off": nothing is hidden. */
            hidden = option != NULL && strncmp(option, "hidepid=0", 9) != 0 &&
                     strncmp(option, "hidepid=off", 11) != 0;
    }
    return hidden;
}
