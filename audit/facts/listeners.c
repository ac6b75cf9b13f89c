/* SPDX-License-Identifier: MIT */
/* The bound sockets of this network namespace: see listeners.h. */
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

static int take_message(const struct nlmsghdr *message, void *arg)
{
    struct bound_sockets *to = arg;
    struct bound_socket found;
    struct bound_socket *place;

    if (diag_parse(&found, mnl_nlmsg_get_payload(message), mnl_nlmsg_get_payload_len(message)) &&
        (place = one_more(to)) != NULL) {
        *place = found;
        to->count++;
    }
    return MNL_CB_OK;
}

static int dump(struct mnl_socket *netlink, struct bound_sockets *to)
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
    what->udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_UID;
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

void bound_sockets_read(struct bound_sockets *ret)
{
    struct mnl_socket *netlink = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
    int error;

    *ret = (struct bound_sockets){.error = 0};
    if (netlink == NULL) {
        ret->error = errno;
        return;
    }
    error = dump(netlink, ret);
    if (ret->error == 0)
        ret->error = error;
    (void)mnl_socket_close(netlink);
}

void bound_sockets_free(struct bound_sockets *sockets)
{
    free(sockets->sockets);
    *sockets = (struct bound_sockets){.error = 0};
}

enum service service_at(const struct bound_sockets *sockets, const struct path_facts *facts,
                        const struct bound_socket **ret)
{
    const struct node *node = &path_end_step(facts)->node;
    const struct bound_socket *found = NULL;
    const struct bound_socket *namesake = NULL;
    struct sp_address name = {.space = SP_NAMESPACE_UNNAMED};
    const bool has_name = sp_address_path(&name, facts->path, facts->length, NULL) == SP_OK;

    for (size_t i = 0; i < sockets->count; i++) {
        const struct bound_socket *one = &sockets->sockets[i];

        if (!node->unmatched && !facts->planned && one->inode == (uint32_t)node->inode &&
            one->device == node->device && (found == NULL || one->listening))
            found = one;
        if (one->listening && has_name && sp_address_equal(&one->name, &name))
            namesake = one;
    }
    if (ret != NULL)
        *ret = found != NULL ? found : namesake;
    if (found != NULL)
        return found->listening ? SERVICE_LISTENS : SERVICE_BOUND;
    return sockets->error != 0 || node->unmatched || facts->planned ? SERVICE_UNKNOWN
                                                                    : SERVICE_NONE;
}
