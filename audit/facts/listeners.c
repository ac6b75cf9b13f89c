/* SPDX-License-Identifier: MIT */
/* The named and listening sockets of a network namespace: see listeners.h. */
#include "audit/facts/listeners.h"

#include "audit/facts/array.h"
#include "audit/facts/diag.h"
#include "audit/facts/users.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct dump {
    struct bound_sockets *to;
    uint64_t netns;
    uint32_t nobody; /* stands for every user who has no number here; UINT32_MAX: all have one */
};

static void keep(struct bound_sockets *to, const struct bound_socket *socket)
{
    struct bound_socket *all = array_grow(to->sockets, to->count, &to->room, sizeof(*all));

    if (all == NULL) {
        to->error = ENOMEM;
        return;
    }
    to->sockets = all;
    all[to->count++] = *socket;
}

static int take_message(const struct nlmsghdr *message, void *arg)
{
    const struct dump *dump = arg;
    struct bound_socket found;
    const enum diag_kind kind =
        diag_parse(&found, mnl_nlmsg_get_payload(message), mnl_nlmsg_get_payload_len(message));

    found.netns = dump->netns;
    found.has_uid = found.has_uid && found.uid != dump->nobody;
    if (kind == DIAG_BOUND)
        keep(dump->to, &found);
    else if (kind == DIAG_END && dump->to->connections != NULL)
        connections_add(dump->to->connections, &found);
    return MNL_CB_OK;
}

static int dump(struct mnl_socket *netlink, struct dump *to)
{
    uint8_t room[64 * 1024] __attribute__((aligned(8)));
    struct nlmsghdr *request = mnl_nlmsg_put_header(room);
    struct unix_diag_req *what = mnl_nlmsg_put_extra_header(request, sizeof(*what));
    ssize_t length;
    int result = MNL_CB_OK;

    request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    what->sdiag_family = AF_UNIX;
    what->udiag_states = UINT32_MAX;
    what->udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_UID | UDIAG_SHOW_RQLEN;
    if (to->to->connections != NULL)
        what->udiag_show |= UDIAG_SHOW_PEER;
    if (mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
        mnl_socket_sendto(netlink, request, request->nlmsg_len) < 0)
        return errno;
    while (result == MNL_CB_OK) {
        length = mnl_socket_recvfrom(netlink, room, sizeof(room));
        if (length < 0)
            return errno;
        result =
            mnl_cb_run(room, (size_t)length, 0, mnl_socket_get_portid(netlink), take_message, to);
    }
    return result == MNL_CB_ERROR ? errno : 0;
}

void bound_sockets_add(struct bound_sockets *to, uint64_t netns)
{
    struct mnl_socket *netlink = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
    struct dump all = {to, netns, users_nobody()};
    int error;

    to->sorted = false;
    if (netlink == NULL) {
        to->error = errno;
        return;
    }
    error = dump(netlink, &all);
    if (to->error == 0)
        to->error = error;
    (void)mnl_socket_close(netlink);
}

void bound_sockets_read(struct bound_sockets *ret)
{
    *ret = (struct bound_sockets){.error = 0};
    bound_sockets_add(ret, 0);
    bound_sockets_sort(ret);
}

static int compare_inodes(const void *a, const void *b)
{
    const struct bound_socket *x = a;
    const struct bound_socket *y = b;

    return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* By file; what has none, by name. The kernel's order means nothing. */
static int compare(const void *a, const void *b)
{
    const struct bound_socket *x = a;
    const struct bound_socket *y = b;

    if (x->inode != y->inode)
        return compare_inodes(a, b);
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->has_file || y->has_file)
        return x->has_file - y->has_file;
    if (x->netns != y->netns)
        return x->netns < y->netns ? -1 : 1;
    if (x->name.length != y->name.length)
        return x->name.length < y->name.length ? -1 : 1;
    return memcmp(x->name.bytes, y->name.bytes, x->name.length);
}

void bound_sockets_sort(struct bound_sockets *sockets)
{
    if (sockets->count > 0)
        qsort(sockets->sockets, sockets->count, sizeof(*sockets->sockets), compare);
    sockets->sorted = true;
}

/* The first socket whose file has this inode number, or where it would be. */
static size_t first_of(const struct bound_sockets *sockets, uint32_t inode)
{
    const struct bound_socket key = {.inode = inode};

    return array_first(&key, sockets->sockets, sockets->sorted ? sockets->count : 0, sizeof(key),
                       compare_inodes);
}

const struct bound_socket *listener_like(const struct bound_sockets *sockets,
                                         const struct bound_socket *socket)
{
    size_t i = array_first(socket, sockets->sockets, sockets->count, sizeof(*socket), compare);
    const size_t end =
        i + array_equals(socket, sockets->sockets, i, sockets->count, sizeof(*socket), compare);

    for (; i < end; i++)
        if (sockets->sockets[i].listening &&
            sp_address_equal(&sockets->sockets[i].name, &socket->name))
            return &sockets->sockets[i];
    return NULL;
}

void bound_sockets_free(struct bound_sockets *sockets)
{
    free(sockets->sockets);
    *sockets = (struct bound_sockets){.error = 0};
}

/* A listener that bound the same name. */
static const struct bound_socket *namesake_of(const struct bound_sockets *sockets,
                                              const struct path_facts *facts)
{
    struct sp_address name;

    if (sp_address_path(&name, facts->path, facts->length, NULL) != SP_OK)
        return NULL;
    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->sockets[i].listening && sp_address_equal(&sockets->sockets[i].name, &name))
            return &sockets->sockets[i];
    return NULL;
}

enum service service_at(const struct bound_sockets *sockets, const struct path_facts *facts,
                        const struct bound_socket **ret)
{
    const struct node *node = &path_end_step(facts)->node;
    const struct bound_socket *found = NULL;
    const bool can_match = !node->unmatched && !facts->planned;

    for (size_t i = first_of(sockets, (uint32_t)node->inode); can_match && i < sockets->count;
         i++) {
        const struct bound_socket *one = &sockets->sockets[i];

        if (one->has_file && one->inode == (uint32_t)node->inode && one->device == node->device &&
            (found == NULL || one->listening))
            found = one;
        else if (sockets->sorted && one->inode != (uint32_t)node->inode)
            break;
    }
    if (ret != NULL)
        *ret = found != NULL ? found : namesake_of(sockets, facts);
    if (found != NULL)
        return found->listening ? SERVICE_LISTENS : SERVICE_BOUND;
    return sockets->error != 0 || node->unmatched || facts->planned ? SERVICE_UNKNOWN
                                                                    : SERVICE_NONE;
}
