/* SPDX-License-Identifier: MIT */
/* ---- where it takes place ---- */

static char root[64]; /* stands for "/" */

/* A path of the program as one of this machine; a short one is below /run/sun. */
static const char *path(const char *bytes, size_t length)
{
    static char paths[2][4096];
    static unsigned next;
    char *result = paths[next++ % 2];

    snprintf(result, sizeof(paths[0]), "%s%s%.*s", root,
             length > 0 && *bytes == '/' ? "" : "/run/sun/", (int)length, bytes);
    return result;
}

/* A name for the library: a short one stays short, and may hold NUL. */
static const char *name(const char *bytes, size_t length, size_t *ret_length)
{
    static char named[4096];
    size_t prefix = length > 0 && *bytes == '/' ? strlen(root) : 0;

    memcpy(named, root, prefix);
    memcpy(named + prefix, bytes, length);
    *ret_length = prefix + length;
    return named;
}

static const unsigned ids[] = {0, 1000, 2000, 2001};
static const struct {
    const char *path;
    unsigned user;
    mode_t mode;
} places[] = {
    {"/run", 0, 0755},  {"/run/sun", 1, 0755}, {"/run/open", 1, 0777},
    {"/tmp", 0, 01777}, {"/home", 0, 0755},    {"/home/mallory", 2, 0755},
};

/* From here on this is user number @user; false if that cannot be. */
static int become(unsigned user)
{
    if (getuid() != 0)
        return user == 1;
    /* u3 is in the group of u1. */
    return seteuid(0) == 0 && setgroups(user == 3, (gid_t[]){ids[1]}) == 0 &&
           setegid(ids[user]) == 0 && seteuid(ids[user]) == 0;
}

static void make_places(void)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(root, sizeof(root), "%.40s/sunpath-XXXXXX", tmp != NULL && *tmp == '/' ? tmp : "/tmp");
    if (mkdtemp(root) == NULL || chmod(root, 0755) < 0) {
        perror(root);
        exit(2);
    }
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        const char *place = path(places[i].path, strlen(places[i].path));

        if (mkdir(place, 0700) < 0 || chmod(place, places[i].mode) < 0 ||
            (getuid() == 0 && chown(place, ids[places[i].user], ids[places[i].user]) < 0))
            perror(place);
    }
    (void)become(1);
}

static void remove_tree(int above, const char *entry)
{
    int fd = openat(above, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *below;

    while (directory != NULL && (below = readdir(directory)) != NULL)
        if (strcmp(below->d_name, ".") != 0 && strcmp(below->d_name, "..") != 0)
            remove_tree(fd, below->d_name);
    if (directory != NULL)
        closedir(directory);
    if (unlinkat(above, entry, directory != NULL ? AT_REMOVEDIR : 0) < 0)
        perror(entry);
}

static _Noreturn void leave(int status)
{
    if (getuid() == 0 && seteuid(0) < 0)
        perror("seteuid");
    remove_tree(AT_FDCWD, root);
    exit(status);
}
