/* SPDX-License-Identifier: MIT */
/* One answer about a local socket: see diag.h. */
#include "audit/facts/diag.h"

#include <linux/netlink.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

/* TCP_LISTEN; unix_diag uses the states of TCP. */
#define STATE_ESTABLISHED 1
#define STATE_LISTENING 10

/* The kernel's own form of a device number, which is not that of stat(). */
#define KERNEL_MINOR_BITS 20

/* Two flags of an attribute's type are no part of it. The kernel's own macros are signed. */
#define TYPE_BITS 0x3fffu

static size_t aligned(size_t length)
{
    return (length + NLA_ALIGNTO - 1) / NLA_ALIGNTO * NLA_ALIGNTO;
}

static void read_name(struct sp_address *ret, const uint8_t *bytes, size_t length)
{
    struct {
        uint16_t family;
        uint8_t bytes[SP_PATH_MAX];
    } name = {.family = AF_UNIX};

    if (length > sizeof(name.bytes))
        return;
    (void)memcpy(name.bytes, bytes, length);
    if (sp_address_decode(ret, &name, sizeof(name), sizeof(name.family) + length, NULL) != SP_OK)
        *ret = (struct sp_address){.space = SP_NAMESPACE_UNNAMED};
}

static void take_attribute(struct bound_socket *to, unsigned type, const uint8_t *bytes,
                           size_t length)
{
    struct unix_diag_vfs file;
    struct unix_diag_rqlen queue;

    if (type == UNIX_DIAG_VFS && length >= sizeof(file)) {
        (void)memcpy(&file, bytes, sizeof(file));
        to->has_file = true;
        to->inode = file.udiag_vfs_ino;
        to->device = makedev(file.udiag_vfs_dev >> KERNEL_MINOR_BITS,
                             file.udiag_vfs_dev & ((1u << KERNEL_MINOR_BITS) - 1));
    } else if (type == UNIX_DIAG_RQLEN && length >= sizeof(queue)) {
        (void)memcpy(&queue, bytes, sizeof(queue));
        to->has_queue = to->listening; /* of others it counts bytes */
        to->pending = queue.udiag_rqueue;
        to->backlog = queue.udiag_wqueue;
    } else if (type == UNIX_DIAG_UID && length >= sizeof(to->uid)) {
        to->has_uid = true;
        (void)memcpy(&to->uid, bytes, sizeof(to->uid));
    } else if (type == UNIX_DIAG_PEER && length >= sizeof(to->peer)) {
        (void)memcpy(&to->peer, bytes, sizeof(to->peer));
    } else if (type == UNIX_DIAG_NAME) {
        read_name(&to->name, bytes, length);
    }
}

enum diag_kind diag_parse(struct bound_socket *ret, const void *payload, size_t length)
{
    const uint8_t *at = payload;
    struct unix_diag_msg fixed;
    struct nlattr header;

    *ret = (struct bound_socket){.listening = false};
    if (length < sizeof(fixed))
        return DIAG_NOTHING;
    (void)memcpy(&fixed, at, sizeof(fixed));
    ret->listening = fixed.udiag_state == STATE_LISTENING;
    ret->number = fixed.udiag_ino;
    for (size_t i = sizeof(fixed); length >= i && length - i >= sizeof(header);
         i += aligned(header.nla_len)) {
        (void)memcpy(&header, at + i, sizeof(header));
        if (header.nla_len < sizeof(header) || header.nla_len > length - i)
            break;
        take_attribute(ret, header.nla_type & TYPE_BITS, at + i + sizeof(header),
                       header.nla_len - sizeof(header));
    }
    if (fixed.udiag_state == STATE_ESTABLISHED && fixed.udiag_type != SOCK_DGRAM)
        return DIAG_END;
    return ret->has_file || ret->listening || ret->name.space == SP_NAMESPACE_ABSTRACT
               ? DIAG_BOUND
               : DIAG_NOTHING;
}
