/* SPDX-License-Identifier: MIT */
/* ---- the whole ---- */

static void begin(const char *const *steps)
{
    program = steps;
    real = sp_os_linux();
    make_places();
    for (unsigned i = 0; i < PEERS; i++)
        p[i].fd = -1;
    for (unsigned i = 0; i < 2; i++) {
        sides[i].memory_limit = SIZE_MAX;
        sides[i].descriptor_limit = DESCRIPTORS;
    }
    printf("in %s\n", root);
    close(0); /* so that a descriptor can have this number, too */
}

static void print_tree(const char *at)
{
    struct dirent **entries;
    struct stat found;
    int count;

    if (lstat(at, &found) < 0)
        return;
    if (at[strlen(root)] != '\0')
        printf("       %s, mode %o\n", at + strlen(root), (unsigned)found.st_mode);
    count = S_ISDIR(found.st_mode) ? scandir(at, &entries, NULL, alphasort) : 0;
    for (int i = 0; i < count; i++) {
        char below[PATH_MAX];

        if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0 &&
            snprintf(below, sizeof(below), "%s/%s", at, entries[i]->d_name) < PATH_MAX)
            print_tree(below);
        free(entries[i]);
    }
    if (count > 0)
        free(entries);
}

/* Prints line @now of an object unless @before was the same. */
static void print_change(const char *now, char *before, size_t capacity)
{
    if (strcmp(now, before) == 0)
        return;
    snprintf(before, capacity, "%s", now);
    printf("       %s\n", now);
}

/* What the last step has changed in sockets and servers: of what can be seen without acting. */
static void changes(void)
{
    static char before[SOCKETS + SERVERS][512];
    char line[512];

    for (unsigned i = 0; i < SOCKETS + SERVERS; i++) {
        struct sp_socket *socket = i < SOCKETS ? c[i] : NULL;
        struct sp_server *server = i < SOCKETS ? NULL : s[i - SOCKETS];
        struct sp_error_detail why = {SP_OK, 0, 0, 0};
        const char *named = "";
        uint64_t deadline = SP_NEVER;

        if (socket != NULL) {
            sp_socket_error_detail(socket, &why);
            named = sp_socket_name(socket, NULL);
            deadline = sp_socket_deadline(socket);
        } else if (server != NULL) {
            sp_server_error_detail(server, &why);
            named = sp_server_name(server, NULL);
            deadline = sp_server_deadline(server);
        }
        snprintf(line, sizeof(line), "%c%u: \"%s\", %s, %s in %s (%u, %d)%s%s, until %lld ms",
                 i < SOCKETS ? 'c' : 's', i < SOCKETS ? i : i - SOCKETS, named,
                 socket != NULL   ? sp_state_name(sp_socket_state(socket))
                 : server != NULL ? "server"
                                  : "gone",
                 sp_error_name((int)why.error), sp_operation_string(why.operation),
                 (unsigned)why.cause, why.os_errno,
                 socket != NULL && sp_socket_in_transaction(socket) ? ", in a transaction" : "",
                 (socket != NULL && sp_socket_has_events(socket)) ||
                         (server != NULL && sp_server_has_events(server))
                     ? ", has events"
                     : "",
                 deadline == SP_NEVER ? -1 : (long long)(deadline / 1000000));
        if (socket != NULL || server != NULL || *before[i] != '\0')
            print_change(line, before[i], sizeof(before[i]));
    }
}

/* Everybody goes on until there is nothing more to do, so that what is stuck or lost shows. */
static void settle(void)
{
    int goes_on = 1;

    printf("and then\n");
    for (unsigned round = 0; goes_on && round < 64; round++) {
        goes_on = 0;
        for (unsigned i = 0; i < SERVERS; i++)
            goes_on |= server_turn(i) > 0;
        for (unsigned i = 0; i < SOCKETS; i++) {
            goes_on |= socket_turn(i) > 0;
            if (c[i] != NULL && sp_socket_bytes_available(c[i]) > 0)
                goes_on |= got(sp_socket_read(c[i], bytes, sizeof(bytes))) > 0;
            (void)socket_events(i, 64);
        }
        for (unsigned i = 0; i < SERVERS; i++) {
            unsigned into = 0;

            (void)server_events(i);
            while (into < SOCKETS && c[into] != NULL)
                into++;
            if (into < SOCKETS && s[i] != NULL && sp_server_has_pending(s[i]))
                goes_on |= server_take(i, into) == SP_OK;
        }
        for (unsigned i = 0; i < PEERS; i++)
            goes_on |= peer_receive(i, sizeof(bytes)) > 0;
    }
}

/* How everything stands at the end. */
static void look(void)
{
    printf("at the end, after %llu ms\n", (unsigned long long)(now / 1000000));
    for (unsigned i = 0; i < SOCKETS; i++)
        if (c[i] != NULL)
            printf("       c%u: %s, %s, %zu to read, %zu to write, %llu lost, interest %u\n", i,
                   sp_state_name(sp_socket_state(c[i])), sp_error_name(sp_socket_error(c[i])),
                   sp_socket_bytes_available(c[i]), sp_socket_bytes_to_write(c[i]),
                   (unsigned long long)sp_socket_bytes_lost(c[i]), sp_socket_interest(c[i]));
    for (unsigned i = 0; i < SERVERS; i++)
        if (s[i] != NULL)
            printf("       s%u: %s, %s pending, interest %u, refused %llu\n", i,
                   sp_server_is_listening(s[i]) ? "listens" : "does not listen",
                   sp_server_has_pending(s[i]) ? "some" : "none", sp_server_interest(s[i]),
                   (unsigned long long)sp_server_refused(s[i]));
    (void)become(0);
    print_tree(root);
    (void)become(1);
}

static _Noreturn void end(void)
{
    no_faults();
    racing.act = NULL;
    changes();
    settle();
    changes();
    look();
    for (unsigned i = 0; i < SOCKETS; i++)
        socket_free(i);
    for (unsigned i = 0; i < SERVERS; i++)
        server_free(i);
    for (unsigned i = 0; i < 2; i++)
        sp_context_free(sides[i].context);
    for (unsigned i = 0; i < PEERS; i++)
        put_down(i);
    (void)file_unlock();
    leave(was_wrong);
}
