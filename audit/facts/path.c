/* SPDX-License-Identifier: MIT */
/* What is at a path: see path.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/facts/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Where the walk is: in this directory, with these bytes still to go. */
struct walk {
    const char *root; /* where absolute links begin */
    int fd;
    size_t at; /* the step of fd */
    int links;
    char rest[2 * PATH_MAX];
};

/* fgetxattr() refuses a descriptor made with O_PATH; its name below /proc leads to the same file.
 */
static void read_acl(struct acl *ret, int fd, const char *attribute)
{
    uint8_t bytes[ACL_BYTES_MAX];
    char name[32];
    ssize_t length;

    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    length = getxattr(name, attribute, bytes, sizeof(bytes));
    if (length >= 0)
        (void)acl_parse(ret, bytes, (size_t)length);
    else
        *ret = (struct acl){.state = errno == ENODATA || errno == EOPNOTSUPP ? ACL_NONE
                                                                             : ACL_UNREADABLE};
}

static void read_file_system(struct node *node, int fd)
{
    struct statfs of;

    if (fstatfs(fd, &of) != 0)
        return;
    node->read_only = (of.f_flags & ST_RDONLY) != 0;
    node->unmatched = of.f_type == OVERLAYFS_SUPER_MAGIC || of.f_type == BTRFS_SUPER_MAGIC;
}

/* @above is the node of its directory, NULL for the root. 0 or -errno. */
static int read_node(struct node *ret, int fd, const struct node *above)
{
    struct statx of;

    if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
              STATX_BASIC_STATS | STATX_MNT_ID, &of) != 0)
        return -errno;
    *ret = (struct node){.mode = of.stx_mode,
                         .uid = of.stx_uid,
                         .gid = of.stx_gid,
                         .device = makedev(of.stx_dev_major, of.stx_dev_minor),
                         .inode = of.stx_ino,
                         .mount = of.stx_mnt_id,
                         .fixed =
                             (of.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) != 0};
    if (above == NULL || above->mount != ret->mount) {
        read_file_system(ret, fd);
    } else {
        ret->read_only = above->read_only;
        ret->unmatched = above->unmatched;
    }
    if (!S_ISLNK(ret->mode))
        read_acl(&ret->acl, fd, "system.posix_acl_access");
    return 0;
}

/* Takes the next component out of the rest; its length, 0 at the end. */
static size_t next_component(struct walk *walk, const char **ret)
{
    size_t skip = strspn(walk->rest, "/");
    size_t length;

    (void)memmove(walk->rest, walk->rest + skip, strlen(walk->rest + skip) + 1);
    length = strcspn(walk->rest, "/");
    *ret = walk->rest;
    return length;
}

static void drop_component(struct walk *walk, size_t length)
{
    (void)memmove(walk->rest, walk->rest + length, strlen(walk->rest + length) + 1);
}

/* Puts the target of the link @fd before the rest. 0 or -errno. */
static int follow(struct walk *walk, int fd, const struct path_facts *facts)
{
    char target[sizeof(walk->rest)];
    ssize_t length = readlinkat(fd, "", target, PATH_MAX);
    size_t rest = strlen(walk->rest);

    if (length < 0)
        return -errno;
    if (++walk->links > PATH_LINKS_MAX)
        return -ELOOP;
    if ((size_t)length + 1 + rest >= sizeof(target))
        return -ENAMETOOLONG;
    target[length] = '/';
    (void)memcpy(target + length + 1, walk->rest, rest + 1);
    if (rest == 0)
        target[length] = '\0';
    (void)memcpy(walk->rest, target, sizeof(target));
    if (target[0] == '/') {
        int root = open(walk->root, O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (root < 0)
            return -errno;
        (void)close(walk->fd);
        walk->fd = root;
        walk->at = facts->steps[0].same;
    }
    return 0;
}

/* The step that came first to this directory; ".." leads to one that was walked through. */
static size_t first_visit(const struct path_facts *facts, const struct node *node, size_t own)
{
    for (size_t i = 0; i < own; i++)
        if (facts->steps[i].node.inode == node->inode &&
            facts->steps[i].node.device == node->device &&
            facts->steps[i].node.mount == node->mount)
            return facts->steps[i].same;
    return own;
}

/* Looks one name up and goes there. 0, or -errno; -ENOENT when the name itself is missing. */
static int take_step(struct path_facts *facts, struct walk *walk, const char *name, size_t length)
{
    struct path_step *step = &facts->steps[facts->count];
    const size_t own = facts->count;
    bool up;
    int fd;
    int result;

    if (facts->count == PATH_STEPS_MAX)
        return -E2BIG;
    if (length > NAME_MAX)
        return -ENAMETOOLONG;
    *step = (struct path_step){.directory = walk->at, .same = own, .length = length};
    (void)memcpy(step->name, name, length);
    drop_component(walk, length);
    step->last = walk->rest[strspn(walk->rest, "/")] == '\0';

    up = strcmp(step->name, "..") == 0;
    /* Above the root of another process the kernel would go on, since it is not ours. */
    fd = openat(walk->fd, up && walk->at == 0 ? "." : step->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    result = read_node(&step->node, fd, &facts->steps[walk->at].node);
    if (result < 0) {
        (void)close(fd);
        return result;
    }
    facts->count++;
    if (S_ISLNK(step->node.mode)) {
        result = follow(walk, fd, facts);
        (void)close(fd);
        return result;
    }
    if (up || strcmp(step->name, ".") == 0)
        step->same = first_visit(facts, &step->node, own);
    (void)close(walk->fd);
    walk->fd = fd;
    walk->at = step->same;
    return 0;
}

static enum answer read_protects_links(void)
{
    FILE *file = fopen("/proc/sys/fs/protected_symlinks", "re");
    int value;
    enum answer answer = UNKNOWN;

    if (file == NULL)
        return UNKNOWN;
    value = fgetc(file);
    if (value != EOF)
        answer = value == '0' ? NO : YES;
    (void)fclose(file);
    return answer;
}

/* @fd is where the walk ended. -ENOENT comes only from the lookup of a name, the target of a link
 * included. */
static void stop(struct path_facts *facts, int fd, int result)
{
    const struct path_step *next = &facts->steps[facts->count];

    facts->error = -result;
    facts->end = result == -ENOENT ? PATH_MISSING : PATH_UNREADABLE;
    if (facts->end == PATH_MISSING) {
        facts->missing_length = next->length;
        (void)memcpy(facts->missing, next->name, sizeof(facts->missing));
        facts->missing_last = next->last;
        if (next->last)
            read_acl(&facts->inherited, fd, "system.posix_acl_default");
    }
}

bool path_read(struct path_facts *ret, const char *path)
{
    return path_read_in(ret, "/", path);
}

bool path_read_in(struct path_facts *ret, const char *root, const char *path)
{
    const size_t length = strlen(path);
    struct walk walk;
    const char *name;
    size_t taken;
    int result;

    if (path[0] != '/' || length >= PATH_MAX)
        return false;
    /* Steps are filled as they are taken: clearing all of them takes longer than a short walk. */
    (void)memset(ret, 0, offsetof(struct path_facts, steps) + sizeof(ret->steps[0]));
    ret->length = length;
    ret->count = 1;
    ret->protects_links = read_protects_links();
    (void)memcpy(ret->path, path, length + 1);
    (void)memcpy(walk.rest, path, length + 1);

    walk.at = 0;
    walk.links = 0;
    walk.root = root;
    walk.fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    result = walk.fd < 0 ? -errno : read_node(&ret->steps[0].node, walk.fd, NULL);
    while (result == 0 && (taken = next_component(&walk, &name)) > 0) {
        if (!S_ISDIR(ret->steps[walk.at].node.mode))
            result = -ENOTDIR;
        else
            result = take_step(ret, &walk, name, taken);
    }
    if (result < 0)
        stop(ret, walk.fd, result);
    if (walk.fd >= 0)
        (void)close(walk.fd);
    return true;
}

bool path_is_socket(const struct path_facts *facts)
{
    return facts->end == PATH_FOUND && S_ISSOCK(path_end_step(facts)->node.mode);
}

bool path_plan(struct path_facts *facts, uint32_t uid, uint32_t gid, uint32_t mode)
{
    struct path_step *step = &facts->steps[facts->count];
    const struct node *above = &facts->steps[step->directory].node;

    if (facts->end != PATH_MISSING || !facts->missing_last)
        return false;
    step->same = facts->count;
    step->node = (struct node){.mode = S_IFSOCK | (mode & 0777),
                               .uid = uid,
                               .gid = (above->mode & S_ISGID) != 0 ? above->gid : gid,
                               .device = above->device,
                               .mount = above->mount,
                               .read_only = above->read_only};
    acl_inherit(&step->node.acl, &step->node.mode, &facts->inherited);
    facts->count++;
    facts->end = PATH_FOUND;
    facts->planned = true;
    return true;
}

size_t path_step_name(const struct path_facts *facts, size_t step, char ret[PATH_MAX])
{
    size_t way[PATH_STEPS_MAX];
    size_t count = 0;
    size_t length = 0;

    for (step = facts->steps[step].same; step != 0;
         step = facts->steps[facts->steps[step].directory].same)
        way[count++] = step;
    while (count-- > 0) {
        const struct path_step *on = &facts->steps[way[count]];

        /* Only names that are longer than any path once links are followed do not fit. */
        if (length + 1 + on->length >= PATH_MAX)
            break;
        ret[length++] = '/';
        (void)memcpy(ret + length, on->name, on->length);
        length += on->length;
    }
    if (length == 0)
        ret[length++] = '/';
    ret[length] = '\0';
    return length;
}
