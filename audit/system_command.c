/* SPDX-License-Identifier: MIT */
/*
 * sunpath audit system: every listener of the running system, and socket files that nobody serves.
 *
 * Tests: tests/integration/test_audit_system.c, tests/cli/check
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/system_command.h"

#include "audit/command.h"
#include "audit/facts/files.h"
#include "audit/facts/mounts.h"
#include "audit/facts/namespaces.h"
#include "audit/rules/twins.h"
#include "audit/status.h"
#include "audit/watch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where socket files are usually left; what is reached by a link is left out by not following any.
 */
static const char *const usual[] = {"/run", "/tmp", "/var/tmp", "/var/spool", "/dev/shm"};

struct options {
    struct command command;
    bool all; /* in text: places without a finding, too */
    size_t count;
    char **also;       /* further directories; points into the arguments */
    const char *units; /* where to look for units instead of the usual places, or NULL */
};

enum { ALSO = COMMAND_OWN, ALL, UNITS };

static const struct option long_options[] = {
    {"also", required_argument, NULL, ALSO},
    {"all", no_argument, NULL, ALL},
    {"units", required_argument, NULL, UNITS},
    COMMAND_OPTIONS,
    {NULL, 0, NULL, 0},
};

/* Everything that is read before anything is judged. */
struct facts {
    struct bound_sockets sockets;
    struct connections connections;
    struct holders holders;
    struct files files;
    struct units units;
    struct twins twins;
    size_t refused; /* network namespaces that could not be entered */
    bool hidden;    /* /proc does not show us other users' processes */
};

/* Below one directory, whatever is mounted there. */
static void read_below(struct files *to, FILE *mounts, const char *directory)
{
    files_add(to, directory);
    if (mounts != NULL)
        mounts_add_files(to, mounts, directory);
}

static void read_files(struct facts *ret, const struct options *options)
{
    FILE *mounts = fopen("/proc/self/mounts", "re");

    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        read_below(&ret->files, mounts, usual[i]);
    for (size_t i = 0; i < options->count; i++)
        read_below(&ret->files, mounts, options->also[i]);
    ret->files.partial = ret->files.partial || mounts == NULL;
    ret->hidden = mounts != NULL && geteuid() != 0 && mounts_hide_processes(mounts);
    if (mounts != NULL)
        (void)fclose(mounts);
}

static void facts_read(struct facts *ret, const struct options *options)
{
    *ret = (struct facts){.refused = 0};
    ret->sockets.connections = &ret->connections;
    bound_sockets_add(&ret->sockets, 0);
    ret->refused = namespaces_read(&ret->sockets);
    bound_sockets_sort(&ret->sockets);
    connections_join(&ret->connections, &ret->sockets);
    holders_read(&ret->holders, &ret->sockets);
    read_files(ret, options);
    units_read(&ret->units, options->units != NULL ? &options->units : NULL, 1);
}

static void facts_free(struct facts *facts)
{
    twins_free(&facts->twins);
    units_free(&facts->units);
    files_free(&facts->files);
    holders_free(&facts->holders);
    connections_free(&facts->connections);
    bound_sockets_free(&facts->sockets);
}

/* Says on stderr what could not be read; whether there was anything. */
static bool say_missing(const struct facts *facts)
{
    if (facts->sockets.error != 0)
        (void)fprintf(stderr, "sunpath audit: sockets cannot be listed: %s\n",
                      strerror(facts->sockets.error));
    if (facts->connections.partial)
        (void)fputs("sunpath audit: connections cannot be counted: out of memory\n", stderr);
    if (facts->refused > 0)
        (void)fprintf(stderr,
                      "sunpath audit: %zu processes or network namespaces could not be looked at; "
                      "root could\n",
                      facts->refused);
    if (facts->holders.error != 0)
        (void)fprintf(stderr, "sunpath audit: /proc cannot be read: %s\n",
                      strerror(facts->holders.error));
    if (facts->holders.unreadable > 0)
        (void)fprintf(stderr,
                      "sunpath audit: descriptors of %zu processes could not be read; root could\n",
                      facts->holders.unreadable);
    if (facts->hidden)
        (void)fputs("sunpath audit: /proc hides the processes of other users; root sees them\n",
                    stderr);
    if (facts->files.partial)
        (void)fputs("sunpath audit: not every directory could be looked through\n", stderr);
    if (facts->units.partial)
        (void)fputs("sunpath audit: not every socket unit could be read and understood\n", stderr);
    return facts->sockets.error != 0 || facts->connections.partial || facts->refused > 0 ||
           facts->holders.error != 0 || facts->hidden || facts->holders.unreadable > 0 ||
           facts->files.partial || facts->units.partial;
}

static bool judge(const struct options *options, struct output *output, struct place *place)
{
    struct findings findings = {.count = 0};
    bool good = true;

    place_judge(place);
    findings_of(&findings, place);
    if (options->all || findings.count > 0)
        good = output_place(output, place, &findings);
    findings_free(&findings);
    return good;
}

/* The path as the process sees it that listens, where we can. */
static void read_path(struct path_facts *ret, const struct place *place, const char *path)
{
    char root[sizeof("/proc/4294967295/root")];

    for (size_t i = 0; i < place->holders_count; i++)
        if (place->holders[i].other_root) {
            (void)snprintf(root, sizeof(root), "/proc/%d/root", (int)place->holders[i].pid);
            (void)path_read_in(ret, root, path);
            return;
        }
    (void)path_read(ret, path);
}

static bool judge_listener(const struct options *options, const struct facts *facts,
                           struct output *output, const struct bound_socket *socket)
{
    static struct path_facts path;
    struct place place = {.of_system = true};
    char name[SP_PATH_MAX + 1];

    place.holders_count = holders_of(&facts->holders, socket->number, &place.holders);
    place.connected_count = connections_of(&facts->connections, socket->number, &place.connected);
    place.twin = twin_of(&facts->twins, socket);
    place.bound = socket;
    place.service = SERVICE_LISTENS;
    if (socket->name.space == SP_NAMESPACE_PATH && socket->name.bytes[0] == '/') {
        const struct bound_socket *found;

        (void)memcpy(name, socket->name.bytes, socket->name.length);
        name[socket->name.length] = '\0';
        read_path(&path, &place, name);
        place.path = &path;
        /* What the file leads to may be another socket: then this one has lost its name; or we look
         * in the wrong place, not knowing who has it open. */
        place.service = service_at(&facts->sockets, &path, &found);
        if (found != socket && place.service != SERVICE_UNKNOWN)
            place.service = place.holders_count > 0 ? SERVICE_NONE : SERVICE_UNKNOWN;
    }
    return judge(options, output, &place);
}

/* A file that a listener of its own name serves has been judged with that. */
static bool is_served(const struct path_facts *path, enum service service,
                      const struct bound_socket *bound)
{
    struct sp_address name;

    return service == SERVICE_LISTENS &&
           sp_address_path(&name, path->path, path->length, NULL) == SP_OK &&
           sp_address_equal(&name, &bound->name);
}

static bool judge_file(const struct options *options, const struct facts *facts,
                       struct output *output, const char *name)
{
    static struct path_facts path;
    struct place place = {.path = &path};

    if (!path_read(&path, name))
        return true;
    place.service = service_at(&facts->sockets, &path, &place.bound);
    return is_served(&path, place.service, place.bound) || judge(options, output, &place);
}

/* The way to where the unit listens, as it is once the unit has been started: with its mode and
 * owner at the end. The file that is there now goes to @ret_found. */
static bool path_of_unit(struct path_facts *ret, const struct known_unit *unit, const char *path,
                         struct node *ret_found, bool *ret_is_found)
{
    struct node *end;

    *ret_is_found = false;
    if (!path_read(ret, path))
        return false;
    end = &ret->steps[ret->count - 1].node;
    if (!unit->knows_owner || ret->end == PATH_UNREADABLE)
        return true;
    if (ret->end == PATH_MISSING) {
        if (ret->missing_last)
            (void)path_plan(ret, unit->uid, unit->gid, unit->unit.socket_mode);
        return true;
    }
    *ret_found = *end;
    *ret_is_found = true;
    if (path_is_socket(ret)) {
        end->mode = (end->mode & ~(uint32_t)07777) | unit->unit.socket_mode;
        end->uid = unit->uid;
        end->gid = unit->gid;
    }
    return true;
}

static bool judge_unit(const struct options *options, struct output *output,
                       const struct known_unit *unit)
{
    static struct path_facts path;

    for (size_t i = 0; i < unit->unit.count; i++) {
        struct place place = {.path = &path,
                              .unit = unit,
                              .listen = &unit->unit.listens[i],
                              .service = SERVICE_UNKNOWN};
        struct node found;
        bool is_found;

        if (!path_of_unit(&path, unit, place.listen->path, &found, &is_found))
            continue;
        place.unit_found = is_found ? &found : NULL;
        if (!judge(options, output, &place))
            return false;
    }
    return true;
}

struct work {
    const struct options *options;
    const struct facts *facts;
};

static int audit_facts(void *arg, struct output *output, bool *partial)
{
    const struct work *all = arg;
    const struct facts *facts = all->facts;
    bool good = true;

    *partial = say_missing(facts);
    for (size_t i = 0; good && i < facts->sockets.count; i++)
        if (facts->sockets.sockets[i].listening)
            good = judge_listener(all->options, facts, output, &facts->sockets.sockets[i]);
    for (size_t i = 0; good && i < facts->files.count; i++)
        good = judge_file(all->options, facts, output, facts->files.paths[i]);
    for (size_t i = 0; good && i < facts->units.count; i++)
        good = judge_unit(all->options, output, facts->units.all[i]);
    return good ? STATUS_CLEAN : STATUS_INTERNAL;
}

static int audit_all(void *arg)
{
    const struct options *options = arg;
    struct facts facts;
    struct work all = {options, &facts};
    int status = STATUS_INTERNAL;

    facts_read(&facts, options);
    if (twins_read(&facts.twins, &facts.sockets))
        status = command_run(&options->command, audit_facts, &all,
                             facts.sockets.count + facts.files.count +
                                 facts.units.count * UNIT_LISTENS_MAX + 1);
    facts_free(&facts);
    return status;
}

/* STATUS_CLEAN when all is understood. */
static int take_arguments(struct options *to, int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == '?')
            return STATUS_USAGE;
        if (option == ALL)
            to->all = true;
        else if ((option == ALSO || option == UNITS) && optarg[0] != '/')
            return command_complain(&to->command, "not an absolute path", optarg);
        else if (option == ALSO)
            to->also[to->count++] = optarg;
        else if (option == UNITS)
            to->units = optarg;
        else if (!command_take(&to->command, option, optarg))
            return command_complain(&to->command, "not a value of this option", optarg);
    }
    return optind == argc
               ? STATUS_CLEAN
               : command_complain(&to->command, "no argument is wanted here", argv[optind]);
}

int system_command(int argc, char **argv)
{
    struct options options = {.command = command_defaults("system"),
                              .also = calloc((size_t)argc, sizeof(*options.also))};
    int status = STATUS_INTERNAL;

    if (options.also != NULL)
        status = take_arguments(&options, argc, argv);
    if (status == STATUS_CLEAN) {
        status = watch_run(audit_all, &options, options.command.timeout);
        status = status < 0 ? STATUS_PARTIAL : status;
    }
    free(options.also);
    return status;
}
