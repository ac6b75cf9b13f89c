/* SPDX-License-Identifier: MIT */
/* The bound sockets of this network namespace: see listeners.h. */
#include "audit/facts/listeners.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

/* TCP_LISTEN; unix_diag uses the states of TCP. */
#define STATE_LISTENING 10

/* The kernel's own form of a device number, which is not that of stat(). */
#define KERNEL_MINOR_BITS 20

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

static void read_name(struct sp_address *ret, const struct nlattr *attribute)
{
    struct {
        uint16_t family;
        uint8_t bytes[SP_PATH_MAX];
    } name = {.family = AF_UNIX};
    const size_t length = mnl_attr_get_payload_len(attribute);

    if (length > sizeof(name.bytes))
        return;
    (void)memcpy(name.bytes, mnl_attr_get_payload(attribute), length);
    if (sp_address_decode(ret, &name, sizeof(name), sizeof(name.family) + length, NULL) != SP_OK)
        *ret = (struct sp_address){.space = SP_NAMESPACE_UNNAMED};
}

/* What the attributes of one message say so far. */
struct draft {
    struct bound_socket socket;
    bool has_file;
};

static int take_attribute(const struct nlattr *attribute, void *arg)
{
    struct draft *draft = arg;
    const uint16_t type = mnl_attr_get_type(attribute);
    const uint16_t length = mnl_attr_get_payload_len(attribute);

    if (type == UNIX_DIAG_VFS && length >= sizeof(struct unix_diag_vfs)) {
        const struct unix_diag_vfs *file = mnl_attr_get_payload(attribute);

        draft->has_file = true;
        draft->socket.inode = file->udiag_vfs_ino;
        draft->socket.device = makedev(file->udiag_vfs_dev >> KERNEL_MINOR_BITS,
                                       file->udiag_vfs_dev & ((1u << KERNEL_MINOR_BITS) - 1));
    } else if (type == UNIX_DIAG_UID && length >= sizeof(draft->socket.uid)) {
        draft->socket.has_uid = true;
        draft->socket.uid = mnl_attr_get_u32(attribute);
    } else if (type == UNIX_DIAG_NAME) {
        read_name(&draft->socket.name, attribute);
    }
    return MNL_CB_OK;
}

static int take_message(const struct nlmsghdr *message, void *arg)
{
    struct bound_sockets *to = arg;
    struct draft draft = {.has_file = false};
    const struct unix_diag_msg *fixed;
    struct bound_socket *place;

    if (mnl_nlmsg_get_payload_len(message) < sizeof(*fixed))
        return MNL_CB_OK;
    fixed = mnl_nlmsg_get_payload(message);
    draft.socket.listening = fixed->udiag_state == STATE_LISTENING;
    if (mnl_attr_parse(message, sizeof(*fixed), take_attribute, &draft) == MNL_CB_OK &&
        draft.has_file && (place = one_more(to)) != NULL) {
        *place = draft.socket;
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
