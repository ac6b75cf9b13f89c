/* SPDX-License-Identifier: MIT */
/* The named and listening sockets of a network namespace: see listeners.h. */
#include "audit/facts/listeners.h"

#include "audit/facts/diag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct bound_socket *one_more(struct bound_sockets *to)
{
    if (to->count == to->room) {
        const size_t room = to->room == 0 ? 256 : to->room * 2;
        struct bound_socket *grown = realloc(to->sockets, room * sizeof(*grown));

        if (grown == NULL) {
            to->error = ENOMEM;
            return NULL;
        }
        to->sockets = grown;
        to->room = room;
    }
    return &to->sockets[to->count];
}

struct dump {
    struct bound_sockets *to;
    uint64_t netns;
};

static int take_message(const struct nlmsghdr *message, void *arg)
{
    const struct dump *dump = arg;
    struct bound_sockets *to = dump->to;
    struct bound_socket found;
    struct bound_socket *place;

    if (diag_parse(&found, mnl_nlmsg_get_payload(message), mnl_nlmsg_get_payload_len(message)) &&
        (place = one_more(to)) != NULL) {
        *place = found;
        place->netns = dump->netns;
        to->count++;
    }
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
    struct dump all = {to, netns};
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

static int compare(const void *a, const void *b)
{
    const struct bound_socket *x = a;
    const struct bound_socket *y = b;

    return x->inode < y->inode ? -1 : x->inode > y->inode;
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
    size_t low = 0;
    size_t high = sockets->sorted ? sockets->count : 0;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (sockets->sockets[middle].inode < inode)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
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
