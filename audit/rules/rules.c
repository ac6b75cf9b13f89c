/* SPDX-License-Identifier: MIT */
/* The table of rules, and what works on all of it: see rule.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "audit/rules/rule.h"

#include "audit/report/escape.h"
#include "audit/rules/path_rules.h"
#include "audit/rules/run_rules.h"
#include "audit/rules/system_rules.h"
#include "audit/rules/unit_rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct rule rules[] = {
    {"UDS001", "Anybody can connect", SEVERITY_LOW, 276, FACTS_PATH,
     "Every local user can open a connection, so the server has to tell friend from foe by itself, "
     "with SO_PEERCRED, and to bound what each peer may use up.",
     "Give the socket mode 0600 or 0660 before it listens, or put it into a directory that only "
     "its users can search.",
     "unix(7), bind(2)", path_rule_connect},
    {"UDS002", "Anybody can replace the socket", SEVERITY_HIGH, 732, FACTS_PATH,
     "Who can remove or rename a name on the way can put a socket of his own there. Clients then "
     "talk to him, and give him what they would give the server.",
     "Take the write permission of others from the directory, or set its sticky bit.",
     "path_resolution(7), unlink(2)", path_rule_replace_anybody},
    {"UDS003", "Another user can replace the socket", SEVERITY_MEDIUM, 732, FACTS_PATH,
     "A user who is neither root nor the owner of the socket owns or may write a directory on the "
     "way, so he can put a socket of his own there.",
     "Let every directory on the way belong to root or to the owner of the socket.",
     "path_resolution(7), acl(5)", path_rule_replace_user},
    {"UDS004", "Members of a group can replace the socket", SEVERITY_LOW, 732, FACTS_PATH,
     "A directory on the way can be written by a group, so each of its members can put a socket of "
     "his own there. Harmless when the group has the owner of the socket as its only member.",
     "Take the write permission of the group from the directory, or set its sticky bit.",
     "path_resolution(7), acl(5)", path_rule_replace_group},
    {"UDS005", "Another user can replace a link on the way", SEVERITY_MEDIUM, 59, FACTS_PATH,
     "The path goes through a symbolic link that a user who is neither root nor the owner of the "
     "socket can replace by one to a place of his choice.",
     "Use the path without the link, or have root make the link in a directory of root's.",
     "symlink(7), proc(5) on protected_symlinks", path_rule_replace_link},
    {"UDS006", "Anybody can take the name while it is free", SEVERITY_MEDIUM, 379, FACTS_PATH,
     "Before the server starts, or after it has removed its socket, every local user can bind this "
     "name: clients then talk to him, and the server cannot start.",
     "Use a directory that only the server's user can write, such as one below /run.",
     "unix(7), systemd.exec(5) on RuntimeDirectory", path_rule_create},
    {"UDS007", "The path is longer than an address holds", SEVERITY_MEDIUM, 170, FACTS_PATH,
     "An address holds 108 bytes with the terminator. A program that cuts the path off uses "
     "another file, perhaps somebody else's.",
     "Shorten the path to at most 107 bytes.",
     "unix(7)", path_rule_too_long},
    {"UDS008", "The path nearly fills an address", SEVERITY_INFO, 170, FACTS_PATH,
     "The path is within eight bytes of the 107 that fit. A longer user name or a suffix such as "
     "\".lock\" does not.",
     "Shorten the path.",
     "unix(7)", path_rule_near_limit},
    {"UDS009", "The name holds control characters, blanks or backslashes", SEVERITY_LOW, 150, FACTS_PATH,
     "Tools that print such a name as it is show something else: /proc/net/unix shows a line more "
     "for each newline, and others cut the name at the first blank.",
     "Use letters, digits, dots, dashes and underscores.",
     "proc(5)", path_rule_bytes},
    {"UDS010", "Stale socket file", SEVERITY_LOW, 459, FACTS_PATH,
     "No socket is bound to the file, in no network namespace that may be looked at; users who are not "
     "root may look at their own only. Clients are refused, and a server that does not remove the "
     "file first cannot start.",
     "Remove the file, and have the server remove it when it ends or starts.",
     "unix(7), sock_diag(7)", path_rule_stale},
    {"UDS011", "The listener of this name has another file", SEVERITY_LOW, 672, FACTS_PATH,
     "A listener bound this name, but the file that is there now is not its own: the file was "
     "replaced, or the listener is in another mount namespace. Who connects here does not reach it.",
     "Restart the server, and find out what replaced its file.",
     "unix(7), sock_diag(7)", path_rule_orphan},
    {"UDS012", "The socket file belongs to somebody else than the listener", SEVERITY_LOW, 708, FACTS_PATH,
     "The owner of the file is not the user who listens and not root. He can change who may "
     "connect, and clients that judge the server by the owner of the file are misled.",
     "Do not change the owner of the file; use its group to let others connect.",
     "unix(7), chown(2)", path_rule_owner},
    {"UDS013", "The directory's default list lets others connect to new sockets", SEVERITY_LOW, 276, FACTS_PATH,
     "A socket that is created here gets the entries of the directory's default access control "
     "list, as far as the group's permissions of its mode go. A program that chooses mode 0660 for "
     "one group lets in whom the list names as well, and its mode does not show that.",
     "Take the entries out of the default list (setfacl -k), or give the socket mode 0600.",
     "acl(5), setfacl(1)", path_rule_inherited},
    {"UDS014", "Another name looks the same", SEVERITY_LOW, 451, FACTS_PATH,
     "A socket or link with a name that prints or is cut off to the same as this one can be taken "
     "for it, by people who read a configuration or a list and by programs that cut names off.",
     "Find out who made the other name and remove it; shorten the path if it does not fit.",
     "unix(7)", path_rule_alike},
    {"UDS015", "Abstract listener of root", SEVERITY_LOW, 306, FACTS_SOCKET,
     "An abstract name has neither owner nor mode: every process of the network namespace can "
     "connect, containers that share it included, and while the listener is away every process can "
     "take its name. A service of root's must look at the credentials of each peer.",
     "Listen at a path in a directory that only the right users can search, or check SO_PEERCRED "
     "of every connection before reading from it.",
     "unix(7), CVE-2020-15257", system_rule_abstract},
    {"UDS016", "The backlog is full", SEVERITY_LOW, 770, FACTS_SOCKET,
     "As many connections wait to be accepted as may: the next client waits or is refused. The "
     "service is stuck, or too slow, or somebody fills its queue.",
     "Find out why the service does not accept; raise its backlog and net.core.somaxconn.",
     "listen(2), unix(7)", system_rule_backlog},
    {"UDS017", "A process of another user holds the listener", SEVERITY_LOW, 403, FACTS_SOCKET,
     "A process that runs as another user than the one who made the socket has it open, perhaps "
     "by inheritance. It can accept connections that are meant for the service, and keeps the name "
     "taken when the service ends. Handing a socket over on purpose, as systemd does, is root's.",
     "Make the socket with SOCK_CLOEXEC, and close it in processes that do not serve it.",
     "socket(2), execve(2)", system_rule_holder},
    {"UDS018", "The listener survives an exec", SEVERITY_INFO, 403, FACTS_SOCKET,
     "The descriptor has no close-on-exec flag, so every program that the service starts gets the "
     "listener, unless the service closes it.",
     "Make the socket with SOCK_CLOEXEC.",
     "socket(2), fcntl(2)", system_rule_exec},
    {"UDS019", "Two listeners have names that look alike", SEVERITY_LOW, 451, FACTS_SOCKET,
     "The names differ only in what tools and people do not see: an abstract name that is written "
     "like a path, bytes that are not printed, blanks at the end, letters of another script. Who "
     "takes one for the other talks to somebody else.",
     "Find out who made the second one.",
     "unix(7)", system_rule_twin},
    {"UDS020", "The name is relative", SEVERITY_LOW, 426, FACTS_SOCKET,
     "The listener bound a path that does not begin at the root, so where its file is depends on "
     "the directory that the service was started in, and clients find it only from there.",
     "Bind an absolute path.",
     "unix(7)", system_rule_relative},
    {"UDS021", "A socket unit does not say who may connect", SEVERITY_LOW, 276, FACTS_UNIT,
     "Without SocketMode= systemd makes the socket with mode 0666, and everybody who can search the "
     "directories can connect, whatever the service was written for.",
     "Set SocketMode=, and SocketUser= or SocketGroup= with it; 0666 if everybody is meant.",
     "systemd.socket(5)", unit_rule_open},
    {"UDS022", "The socket is not as its unit says", SEVERITY_INFO, 710, FACTS_UNIT,
     "The file that is there has another mode or owner than systemd would give it: the unit was "
     "changed and not started again, or something else made or changed the file.",
     "Start the unit again, or say in the unit what is meant.",
     "systemd.socket(5)", unit_rule_differs},
    {"UDS023", "A socket unit makes directories that anybody can write", SEVERITY_MEDIUM, 732,
     FACTS_UNIT,
     "Directories on the way that are missing are made with DirectoryMode=. Who can write one can put "
     "a socket of his own in the place of the service's.",
     "Leave DirectoryMode= at 0755.",
     "systemd.socket(5)", unit_rule_directories},
    {"UDS024", "Somebody is connected who could not connect now", SEVERITY_LOW, 613, FACTS_SOCKET,
     "Taking a permission away ends no connection. Who is connected came before the mode was "
     "tightened, or came another way: by a descriptor that was handed over, a mount or a root "
     "directory of his own, or a capability.",
     "Find out how he came in; close the connection, or restart the service. Set the mode before "
     "the socket listens.",
     "unix(7), listen(2)", system_rule_connected},
    {"UDS025", "A well-known directory is not as it should be", SEVERITY_LOW, 732, FACTS_PATH,
     "Programs rely on /tmp being sticky and root's, on /run/user/UID being closed to everybody but "
     "its user, and on the directories of X, ICE and tmux. Some refuse to start when it is "
     "otherwise, others are open to whoever owns the directory.",
     "Restore owner and mode: systemd-tmpfiles --create does it for those below /tmp and /run.",
     "hier(7), file-hierarchy(7), tmpfiles.d(5)", path_rule_convention},
    {"UDS026", "Abstract listener of a user", SEVERITY_INFO, 306, FACTS_SOCKET,
     "An abstract name has neither owner nor mode: every process of the network namespace can "
     "connect, and take the name while the listener is away. What is meant for one user has to look "
     "at the credentials of each peer.",
     "Listen at a path below the user's runtime directory, or check SO_PEERCRED of every "
     "connection before reading from it.",
     "unix(7)", system_rule_abstract_user},
    {"UDS030", "Listened before the mode was right", SEVERITY_MEDIUM, 362, FACTS_RUN,
     "From listen() on who may write to the file can connect. Who did so before the mode was "
     "changed stays connected.",
     "Set the umask before bind(), or change the mode between bind() and listen().",
     "bind(2), umask(2), unix(7)", run_rule_late_chmod},
    {"UDS031", "Mode or owner were changed by path", SEVERITY_INFO, 367, FACTS_RUN,
     "Between bind() and chmod() or chown() who can write the directory can put another file under "
     "the name, whose mode or owner is then changed.",
     "Use a directory that only the server's user can write, or a umask.",
     "bind(2), chmod(2)", run_rule_chmod_by_path},
    {"UDS032", "The name was removed before bind without a lock", SEVERITY_LOW, 367, FACTS_RUN,
     "Two servers that start at once remove each other's socket: the first goes on listening where "
     "no client reaches it.",
     "Hold a lock on a file beside the socket from before the removal until the end.",
     "unlink(2), flock(2)", run_rule_unlink},
    {"UDS033", "The path is written in two ways", SEVERITY_INFO, 706, FACTS_RUN,
     "One call names the socket's file in other words than bind() did. When a directory or the "
     "working directory changes the two name different files.",
     "Build the path once, absolute, and use it in every call.",
     "path_resolution(7)", run_rule_spelling},
    {"UDS034", "The path was cut off in bind", SEVERITY_MEDIUM, 170, FACTS_RUN,
     "Another call used a longer path that begins with all that was bound: the program binds one "
     "file and changes or removes another.",
     "Refuse paths of more than 107 bytes.",
     "unix(7)", run_rule_truncated},
    {"UDS035", "A wider umask was left", SEVERITY_LOW, 276, FACTS_RUN,
     "The umask that was there when the program started kept others from writing; the one it left "
     "does not. It counts for every file of every thread.",
     "Set the former umask again right after bind().",
     "umask(2)", run_rule_umask},
    {"UDS036", "Another program was given the socket", SEVERITY_LOW, 403, FACTS_RUN,
     "A program was executed while the listener or a connection was open without close-on-exec. "
     "It can accept, read and answer, and keeps the socket alive. Servers that hand a listener over "
     "on purpose do this too.",
     "Make sockets with SOCK_CLOEXEC, accept with accept4().",
     "execve(2), accept4(2)", run_rule_exec},
    {"UDS037", "A socket without close-on-exec", SEVERITY_INFO, 403, FACTS_RUN,
     "Every program that is executed from now on gets the listener or the connection.",
     "Make sockets with SOCK_CLOEXEC, accept with accept4().",
     "socket(2), accept4(2)", run_rule_keeps},
    {"UDS038", "Read before asking who the peer is", SEVERITY_LOW, 306, FACTS_RUN,
     "Others than the owner can connect, and the first read from the connection came before "
     "SO_PEERCRED, SO_PEERPIDFD or SO_PASSCRED. Harmless where everybody is served alike or "
     "the protocol has its own proof.",
     "Ask for SO_PEERCRED right after accept(), or take the right to connect from others.",
     "unix(7)", run_rule_unasked},
    {"UDS039", "A peer that goes away ends the program", SEVERITY_LOW, 755, FACTS_RUN,
     "SIGPIPE is neither ignored, caught nor blocked, and MSG_NOSIGNAL is not given: a peer that "
     "closes at the right moment kills the process.",
     "Send with MSG_NOSIGNAL, or ignore SIGPIPE.",
     "send(2), signal(7)", run_rule_sigpipe},
    {"UDS040", "An abstract name is padded with zeros", SEVERITY_LOW, 130, FACTS_RUN,
     "The length of the address says all 108 bytes belong to the name. Clients that give the true "
     "length do not reach it, and the shorter name is free for somebody else.",
     "Give offsetof(struct sockaddr_un, sun_path) + 1 + the length of the name.",
     "unix(7)", run_rule_padded},
    {"UDS041", "The path has no terminator", SEVERITY_LOW, 170, FACTS_RUN,
     "The path fills the address to its last byte. Programs that take the name for a string read "
     "beyond it.",
     "Shorten the path to at most 107 bytes.",
     "unix(7)", run_rule_open_end},
    {"UDS042", "Descriptors were received without close-on-exec", SEVERITY_INFO, 403, FACTS_RUN,
     "What a peer sent with SCM_RIGHTS goes on to every program that is executed.",
     "Receive with MSG_CMSG_CLOEXEC.",
     "recvmsg(2), unix(7)", run_rule_received},
    {"UDS043", "The mode of the descriptor was changed, not of the file", SEVERITY_MEDIUM, 276,
     FACTS_RUN,
     "fchmod() or fchown() on a socket that has its name already changes nothing that anybody looks "
     "at: the file keeps mode and owner, and who could connect still can.",
     "Use fchmod() before bind(), where it is the mode the file is made with, less the umask.",
     "bind(2), unix(7)", run_rule_not_the_file},
};
/* clang-format on */
const size_t rules_count = sizeof(rules) / sizeof(rules[0]);

static const char *const severity_names[] = {"info", "low", "medium", "high"};

const struct rule *rule_find(const char *id)
{
    for (size_t i = 0; i < rules_count; i++)
        if (strcmp(rules[i].id, id) == 0)
            return &rules[i];
    return NULL;
}

const char *severity_name(enum severity severity)
{
    return severity_names[severity];
}

bool severity_parse(enum severity *ret, const char *name)
{
    for (size_t i = 0; i < sizeof(severity_names) / sizeof(severity_names[0]); i++)
        if (strcmp(severity_names[i], name) == 0) {
            *ret = (enum severity)i;
            return true;
        }
    return false;
}

size_t place_bytes(const struct place *place, char ret[PLACE_BYTES_MAX])
{
    const struct run_subject *run = place->run;
    const struct sp_address *bound =
        place->path == NULL && run == NULL ? &place->bound->name : NULL;
    const bool abstract = run != NULL     ? run->abstract
                          : bound != NULL ? bound->space == SP_NAMESPACE_ABSTRACT
                                          : false;
    const void *bytes = run != NULL     ? (const void *)run->name
                        : bound != NULL ? (const void *)bound->bytes
                                        : (const void *)place->path->path;
    const size_t length = run != NULL     ? run->length
                          : bound != NULL ? bound->length
                                          : place->path->length;

    ret[0] = '\0';
    (void)memcpy(ret + abstract, bytes, length);
    return abstract + length;
}

const char *place_name(const struct place *place, char ret[PLACE_NAME_MAX])
{
    if (place->run != NULL && place->run->abstract) {
        ret[0] = '@';
        (void)escape(ret + 1, place->run->name, place->run->length);
        return ret;
    }
    if (place->run != NULL)
        return escape(ret, place->run->name, place->run->length);
    if (place->path != NULL)
        return escape(ret, place->path->path, place->path->length);
    if (sp_address_format(&place->bound->name, ret, PLACE_NAME_MAX) < 0)
        ret[0] = '\0';
    return ret;
}

bool place_can(const struct place *place, enum deed deed)
{
    if (place->run != NULL)
        return false;
    if (place->path == NULL)
        return deed == DEED_CONNECT;
    return deed != DEED_CONNECT || path_is_socket(place->path);
}

uint32_t place_owner(const struct place *place)
{
    if (place->run != NULL)
        return place->run->owner;
    if (place->path != NULL)
        return path_end_step(place->path)->node.uid;
    return place->bound->has_uid ? place->bound->uid : 0;
}

void place_judge(struct place *place)
{
    if (place->path == NULL) {
        /* A name without a file has no permissions, and nobody can take it from its listener. */
        (void)memset(place->audiences, 0, sizeof(place->audiences));
        place->audiences[DEED_CONNECT].answer = YES;
        if (place->bound->name.space == SP_NAMESPACE_ABSTRACT)
            place->audiences[DEED_CONNECT].who[place->audiences[DEED_CONNECT].count++].kind =
                WHO_ANYBODY;
        return;
    }
    for (size_t i = 0; i < DEEDS; i++)
        audience_of(&place->audiences[i], place->path, (enum deed)i, 0);
}

static bool applies(const struct rule *rule, const struct place *place)
{
    if (rule->facts == FACTS_RUN || place->run != NULL)
        return rule->facts == FACTS_RUN && place->run != NULL;
    if (rule->facts == FACTS_UNIT)
        return place->unit != NULL;
    /* What is there already is judged by itself. */
    return rule->facts == FACTS_PATH ? place->path != NULL && place->unit_found == NULL
                                     : place->of_system;
}

void findings_of(struct findings *ret, const struct place *place)
{
    ret->count = 0;
    for (int severity = SEVERITY_HIGH; severity >= SEVERITY_INFO; severity--)
        for (size_t i = 0; i < rules_count; i++)
            if ((int)rules[i].severity == severity && applies(&rules[i], place))
                rules[i].check(&rules[i], place, ret);
}

void findings_free(struct findings *findings)
{
    while (findings->count > 0)
        free(findings->all[--findings->count].text);
}

void finding_add(struct findings *ret, const struct rule *rule, const char *format, ...)
{
    struct finding *finding = &ret->all[ret->count];
    va_list arguments;

    /* Each rule says one thing of one place at most, and there are fewer rules than room. */
    if (ret->count == FINDINGS_MAX)
        abort();
    va_start(arguments, format);
    if (vasprintf(&finding->text, format, arguments) < 0)
        abort();
    va_end(arguments);
    finding->rule = rule;
    finding->severity = rule->severity;
    finding->allowed = NULL;
    finding->state = NULL;
    ret->count++;
}

_Static_assert(sizeof(rules) / sizeof(rules[0]) <= FINDINGS_MAX, "each may have a finding");
